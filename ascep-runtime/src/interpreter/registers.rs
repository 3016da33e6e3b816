//! Routines that are more than tests: steps over registers of eight numbers, and of levels as masks.

use ascep_lang::program::{CmpOp, NumFn};

use ascep_native::{Lookup, Pair, Slot, Two};

use super::Masks;
use super::routine::{Routine, Step};
use crate::columns::{LANES, Lanes};
use crate::ops::num;
use crate::value::{FALSE, TRUE};

/// Registers for the largest routine.
#[derive(Debug)]
pub(crate) struct Registers {
    nums: Vec<Lanes<f64>>,
    levels: Vec<Masks>,
}

impl Registers {
    fn sizes(routines: &[Routine]) -> (usize, usize) {
        let most = |size: fn(&Routine) -> usize| routines.iter().map(size).max().unwrap_or(0);
        (most(|routine| routine.nums), most(|routine| routine.levels))
    }

    /// For these routines.
    pub(crate) fn new(routines: &[Routine]) -> Self {
        let (nums, levels) = Self::sizes(routines);
        Self { nums: vec![[f64::NAN; LANES]; nums], levels: vec![Masks::default(); levels] }
    }

    pub(crate) fn bytes(routines: &[Routine]) -> usize {
        let (nums, levels) = Self::sizes(routines);
        nums * size_of::<Lanes<f64>>() + levels * size_of::<Masks>()
    }
}

/// Runs the steps of a routine over a block of `L` lanes.
#[inline(always)]
pub(super) fn run<T: Slot, const L: usize>(
    routine: &Routine,
    operands: Lookup<'_, T>,
    constants: &[f64],
    registers: &mut Registers,
) -> Option<Masks> {
    let Registers { nums, levels } = registers;
    let mut bank = Banks { nums, levels, next_num: 0, next_level: 0, last: Masks::default() };
    for column in 0..usize::from(routine.operands) {
        bank.set_num(operands.lanes::<L>(column * L)?.map(f64::from_bits));
    }
    for lanes in constants.as_chunks::<L>().0.get(..usize::from(routine.constants))? {
        bank.set_num(*lanes);
    }
    routine.literals.iter().for_each(|x| bank.set_num([*x; L]));
    for step in &routine.steps {
        bank.take::<L>(*step);
    }
    Some(bank.last)
}

/// The registers, and which are written next.
struct Banks<'r> {
    nums: &'r mut [Lanes<f64>],
    levels: &'r mut [Masks],
    next_num: usize,
    next_level: usize,
    /// The level that was written last.
    last: Masks,
}

impl Banks<'_> {
    #[inline(always)]
    fn take<const L: usize>(&mut self, step: Step) {
        use CmpOp::{Eq, Ge, Gt, Le, Lt, Ne};
        use NumFn::{Add, Div, Mul, Sub};
        match step {
            // The four that nearly every rule consists of get loops of their own, without a choice inside.
            Step::Binary(Add, x, y) => self.zip::<L>(x, y, |x, y| finite(x + y)),
            Step::Binary(Sub, x, y) => self.zip::<L>(x, y, |x, y| finite(x - y)),
            Step::Binary(Mul, x, y) => self.zip::<L>(x, y, |x, y| finite(x * y)),
            Step::Binary(Div, x, y) => self.zip::<L>(x, y, |x, y| finite(x / y)),
            Step::Binary(function, x, y) => self.zip::<L>(x, y, |x, y| num::binary(function, x, y)),
            Step::Unary(function, x) => self.set_num(self.num::<L>(x).map(|x| num::unary(function, x))),
            Step::Clamp(x, low, high) => {
                let mut clamped = self.num::<L>(x);
                for ((x, low), high) in clamped.iter_mut().zip(self.num::<L>(low)).zip(self.num::<L>(high)) {
                    *x = num::clamp(*x, low, high);
                }
                self.set_num(clamped);
            }
            Step::Coalesce(x, y) => self.zip::<L>(x, y, |x, y| if x.is_nan() { y } else { x }),
            Step::Compare(op, x, y) => {
                let (x, y) = (self.num::<L>(x), self.num::<L>(y));
                let known = known(x, y);
                let yes = holds(op, x, y) & known;
                self.set_level(Masks { yes, no: known & !yes });
            }
            Step::Known(x) => {
                let x = self.num::<L>(x);
                let yes = known(x, x);
                self.set_level(Masks { yes, no: !yes });
            }
            Step::Level(k) => {
                let bits = self.num::<L>(k).map(f64::to_bits);
                let of = |truth: u8| bits.iter().rev().fold(0, |mask, bits| mask << 1 | u8::from(*bits == u64::from(truth)));
                self.set_level(Masks { yes: of(TRUE), no: of(FALSE) });
            }
            Step::ConstLevel(masks) => self.set_level(masks),
            Step::CompareLevel(op, x, y) => {
                let (x, y) = (self.level(x), self.level(y));
                let known = x.known() & y.known();
                let yes = known
                    & match op {
                        Lt => x.no & y.yes,
                        Le => !(x.yes & y.no),
                        Gt => x.yes & y.no,
                        Ge => !(x.no & y.yes),
                        Eq => !(x.yes ^ y.yes),
                        Ne => x.yes ^ y.yes,
                    };
                self.set_level(Masks { yes, no: known & !yes });
            }
            Step::And(x, y) => self.join(x, y, |x, y| Masks { yes: x.yes & y.yes, no: x.no | y.no }),
            Step::Or(x, y) => self.join(x, y, |x, y| Masks { yes: x.yes | y.yes, no: x.no & y.no }),
            Step::Not(x) => {
                let Masks { yes, no } = self.level(x);
                self.set_level(Masks { yes: no, no: yes });
            }
            Step::CoalesceLevel(x, y) => self.join(x, y, |x, y| {
                let known = x.known();
                Masks { yes: x.yes | (y.yes & !known), no: x.no | (y.no & !known) }
            }),
            Step::KnownLevel(x) => {
                let known = self.level(x).known();
                self.set_level(Masks { yes: known, no: !known });
            }
        }
    }

    #[inline(always)]
    fn num<const L: usize>(&self, register: u16) -> [f64; L] {
        self.nums.get(usize::from(register)).and_then(|lanes| lanes.first_chunk().copied()).unwrap_or([f64::NAN; L])
    }

    #[inline(always)]
    fn level(&self, register: u16) -> Masks {
        self.levels.get(usize::from(register)).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn set_num<const L: usize>(&mut self, lanes: [f64; L]) {
        if let Some(place) = self.nums.get_mut(self.next_num).and_then(|lanes| lanes.first_chunk_mut()) {
            *place = lanes;
        }
        self.next_num += 1;
    }

    #[inline(always)]
    fn set_level(&mut self, masks: Masks) {
        if let Some(place) = self.levels.get_mut(self.next_level) {
            *place = masks;
        }
        self.next_level += 1;
        self.last = masks;
    }

    #[inline(always)]
    fn zip<const L: usize>(&mut self, x: u16, y: u16, function: impl Fn(f64, f64) -> f64) {
        self.set_num(zip(self.num::<L>(x), self.num::<L>(y), function));
    }

    #[inline(always)]
    fn join(&mut self, x: u16, y: u16, function: impl Fn(Masks, Masks) -> Masks) {
        self.set_level(function(self.level(x), self.level(y)));
    }
}

#[inline(always)]
fn zip<const L: usize>(x: [f64; L], y: [f64; L], function: impl Fn(f64, f64) -> f64) -> [f64; L] {
    let mut out = [0.0; L];
    for (out, (x, y)) in out.iter_mut().zip(x.into_iter().zip(y)) {
        *out = function(x, y);
    }
    out
}

/// `x` where it is finite, else some NaN: the difference is 0 for finite numbers and NaN for all others. The sign of a zero is
/// lost, which no comparison sees.
#[inline(always)]
#[expect(clippy::eq_op, reason = "the difference tells finite numbers from the others")]
pub(super) fn finite(x: f64) -> f64 {
    x + (x - x)
}

/// A bit for each lane of what a function gives for a pair.
#[inline(always)]
fn mask<const L: usize>(x: [f64; L], y: [f64; L], function: impl Fn(Pair, Pair) -> <Pair as Two>::Mask) -> u8 {
    let (xs, x_rest) = x.as_chunks::<2>();
    let (ys, y_rest) = y.as_chunks::<2>();
    let mut mask = 0;
    for (at, (x, y)) in xs.iter().zip(ys).enumerate() {
        mask |= Pair::bits(function(Pair::new(*x), Pair::new(*y))) << (2 * at);
    }
    if let (&[x], &[y]) = (x_rest, y_rest) {
        mask |= (Pair::bits(function(Pair::splat(x), Pair::splat(y))) & 1) << (2 * xs.len());
    }
    mask
}

/// A bit for each lane in which a comparison holds; of unknown numbers none does but `!=`.
#[inline(always)]
fn holds<const L: usize>(op: CmpOp, x: [f64; L], y: [f64; L]) -> u8 {
    match op {
        CmpOp::Lt => mask(y, x, Pair::gt),
        CmpOp::Le => mask(y, x, Pair::ge),
        CmpOp::Gt => mask(x, y, Pair::gt),
        CmpOp::Ge => mask(x, y, Pair::ge),
        CmpOp::Eq => mask(x, y, Pair::eq),
        CmpOp::Ne => !mask(x, y, Pair::eq),
    }
}

/// A bit for each lane in which both are numbers.
#[inline(always)]
fn known<const L: usize>(x: [f64; L], y: [f64; L]) -> u8 {
    mask(x, y, Pair::known)
}
