//! The tests of a row or two by themselves, which is what a group holds where rules differ by instrument. Numbers go one by one, without lanes.

use ascep_native::{Lookup, Pair, Slot, Two};

use super::Masks;
use super::registers::finite;
use super::routine::{Duo, LITERAL, Link, LinkFn, Routine, Side, Test, With};
use crate::columns::Group;
use crate::value::{FALSE, TRUE, UNKNOWN};

/// The levels of the rows of a group that has one or two. None for other groups, and for routines that are more than tests.
#[inline(always)]
pub(crate) fn few<T: Copy + Into<u32>>(
    routine: &Routine,
    group: &Group,
    operands: &[T],
    constants: &[f64],
    slots: &[u64],
) -> Option<Masks> {
    if group.rows > 2 || !routine.has_tests() {
        return None;
    }
    let (operands, constants) = (operands.get(group.operands as usize..)?, constants.get(group.constants as usize..)?);
    Some(if group.rows == 1 { one(routine, operands, constants, slots) } else { two(routine, operands, constants, slots) })
}

/// The level of a row. By itself and not within the loop over events, whose own values leave it no registers.
#[inline(never)]
fn one<T: Copy + Into<u32>>(routine: &Routine, operands: &[T], constants: &[f64], slots: &[u64]) -> Masks {
    let known = match &routine.duo {
        Some(duo) => duo.holds(operands, constants, slots),
        None => all_hold(routine, operands, constants, slots),
    };
    match known {
        Some(yes) => Masks::of(yes),
        None => rows::<T, 1>(routine, operands, constants, slots).unwrap_or_default(),
    }
}

/// Whether all plain tests of a row hold; nothing where there are none, or one of them is unknown.
#[inline(always)]
fn all_hold<T: Copy + Into<u32>>(routine: &Routine, operands: &[T], constants: &[f64], slots: &[u64]) -> Option<bool> {
    let (mut yes, mut known) = (true, !routine.plain.is_empty());
    for plain in &routine.plain {
        let bits = *slots.get(slot(*operands.get(usize::from(plain.operand))?))?;
        if plain.is_level {
            yes &= bits == u64::from(TRUE);
            known &= bits != u64::from(UNKNOWN);
            continue;
        }
        let c = if plain.constant == LITERAL { plain.literal } else { *constants.get(usize::from(plain.constant))? };
        let above = f64::from_bits((f64::from_bits(bits) - c).to_bits() ^ plain.turned);
        yes &= (above > 0.0) ^ plain.inverted;
        known &= !above.is_nan();
    }
    known.then_some(yes)
}

impl Duo {
    /// Whether both tests hold; nothing where one of them is unknown.
    #[inline(always)]
    fn holds<T: Copy + Into<u32>>(&self, operands: &[T], constants: &[f64], slots: &[u64]) -> Option<bool> {
        let [first, second] = *operands.first_chunk::<2>()?;
        let x = Pair::new([first, second].map(|operand| f64::from_bits(slots.get(slot(operand)).copied().unwrap_or(f64::NAN.to_bits()))));
        let [first, second] = self.constants;
        let first = if first == LITERAL { self.literals[0] } else { *constants.get(usize::from(first))? };
        let second = if second == LITERAL { self.literals[1] } else { *constants.get(usize::from(second))? };
        let above = x.sub(Pair::new([first, second])).xor(Pair::new(self.turned));
        let yes = Pair::bits(above.gt(Pair::splat(0.0))) ^ self.inverted;
        (Pair::bits(above.known(above)) == 0b11).then_some(yes == 0b11)
    }
}

/// The levels of two rows.
#[inline(never)]
fn two<T: Copy + Into<u32>>(routine: &Routine, operands: &[T], constants: &[f64], slots: &[u64]) -> Masks {
    match two_plain(routine, operands, constants, slots) {
        Some(yes) => Masks { yes, no: yes ^ 0b11 },
        None => rows::<T, 2>(routine, operands, constants, slots).unwrap_or_default(),
    }
}

/// In which of two rows all plain tests hold; nothing where there are none, or one of them is unknown.
#[inline(always)]
fn two_plain<T: Copy + Into<u32>>(routine: &Routine, operands: &[T], constants: &[f64], slots: &[u64]) -> Option<u8> {
    let (columns, constants) = (operands.as_chunks::<2>().0, constants.as_chunks::<2>().0);
    let (mut yes, mut known) = (0b11, if routine.plain.is_empty() { 0 } else { 0b11 });
    for plain in &routine.plain {
        let [low, high] = *columns.get(usize::from(plain.operand))?;
        let (low, high) = (*slots.get(slot(low))?, *slots.get(slot(high))?);
        if plain.is_level {
            let both = |holds: fn(u64) -> bool| u8::from(holds(low)) | u8::from(holds(high)) << 1;
            yes &= both(|level| level == u64::from(TRUE));
            known &= both(|level| level != u64::from(UNKNOWN));
            continue;
        }
        let c = if plain.constant == LITERAL { [plain.literal; 2] } else { *constants.get(usize::from(plain.constant))? };
        let above = Pair::new([low, high].map(f64::from_bits)).sub(Pair::new(c)).xor(Pair::splat(f64::from_bits(plain.turned)));
        yes &= Pair::bits(above.gt(Pair::splat(0.0))) ^ (u8::from(plain.inverted) * 0b11);
        known &= Pair::bits(above.known(above));
    }
    (known == 0b11).then_some(yes)
}

#[inline(always)]
fn slot<T: Into<u32>>(operand: T) -> usize {
    let slot: u32 = operand.into();
    slot as usize
}

/// The same, whatever the tests are.
#[inline(never)]
fn rows<T: Copy + Into<u32>, const W: usize>(routine: &Routine, operands: &[T], constants: &[f64], slots: &[u64]) -> Option<Masks> {
    if !routine.has_tests() {
        return None;
    }
    let mut all = Masks::default();
    for lane in 0..W {
        let slot = |operand: usize| slots.get(slot(*operands.get(operand * W + lane)?)).copied();
        let Masks { yes, no } = Row { slot, constant: |column| constants.get(column * W + lane).copied() }.tests(routine)?;
        all = Masks { yes: all.yes | yes << lane, no: all.no | no << lane };
    }
    Some(all)
}

/// The level of a row alone.
pub(super) fn masks<T: Slot>(routine: &Routine, operands: Lookup<'_, T>, constants: &[f64]) -> Option<Masks> {
    Row { slot: |operand| operands.get(operand), constant: |column| constants.get(column).copied() }.tests(routine)
}

/// A row: what stands in the slot of an operand, and what in a column of constants.
#[derive(Clone, Copy)]
struct Row<S, C> {
    slot: S,
    constant: C,
}

impl<S: Fn(usize) -> Option<u64>, C: Fn(usize) -> Option<f64>> Row<S, C> {
    /// The level of all tests together, of whatever kind they are.
    #[inline(always)]
    fn tests(&self, routine: &Routine) -> Option<Masks> {
        let mut all = Masks::of(true);
        for test in &routine.tests {
            let masks = match *test {
                Test::Level(operand) => match (self.slot)(usize::from(operand))? {
                    level if level == u64::from(TRUE) => Masks::of(true),
                    level if level == u64::from(FALSE) => Masks::of(false),
                    _ => Masks::default(),
                },
                Test::Above { more, less, or_equal } => {
                    let (more, less) = (self.side(routine, more)?, self.side(routine, less)?);
                    let holds = if or_equal { more >= less } else { more > less };
                    if more.is_nan() | less.is_nan() { Masks::default() } else { Masks::of(holds) }
                }
            };
            all = routine.join(all, masks);
        }
        Some(routine.joined(all))
    }

    #[inline(always)]
    fn number(&self, with: With) -> Option<f64> {
        match with {
            With::Operand(k) => (self.slot)(usize::from(k)).map(f64::from_bits),
            With::Constant(k) => (self.constant)(usize::from(k)),
            With::Literal(x) => Some(x),
        }
    }

    #[inline(always)]
    fn side(&self, routine: &Routine, side: Side) -> Option<f64> {
        let mut x = self.number(side.start)?;
        if side.chain.0 == side.chain.1 {
            return Some(x);
        }
        for Link { function, with } in routine.chain.get(usize::from(side.chain.0)..usize::from(side.chain.1))? {
            let y = self.number(*with)?;
            x = match function {
                LinkFn::Add => x + y,
                LinkFn::Sub => x - y,
                LinkFn::Mul => x * y,
                LinkFn::Div => x / y,
            };
        }
        Some(finite(x))
    }
}

impl Masks {
    /// Of one lane.
    #[inline(always)]
    fn of(truth: bool) -> Self {
        Self { yes: u8::from(truth), no: u8::from(!truth) }
    }
}
