//! Tests over blocks of rows. One test over a short chain of operands, which is what most rules with several instruments are, has a loop of its
//! own for each chain; all other tests are gone through one after the other.

use ascep_native::{Columns, Lookup, Pair, Slot, Two, bits};

use super::routine::{LITERAL, Link, LinkFn, Links, Plain, Routine, Scan, Side, Test, With};
use super::{Masks, Rows};
use crate::columns::{Head, LANES};
use crate::value::{FALSE, TRUE};

/// Pairs of a full block.
const FULL: usize = LANES / 2;

/// The levels in slots.
fn levels<T: Slot, const N: usize>(columns: Columns<'_, T, N>, column: u16) -> Option<Masks> {
    let mut masks = Masks::default();
    for (lane, level) in columns.bits(usize::from(column))?.as_flattened().iter().enumerate() {
        masks.yes |= u8::from(*level == u64::from(TRUE)) << lane;
        masks.no |= u8::from(*level == u64::from(FALSE)) << lane;
    }
    Some(masks)
}

#[inline(always)]
fn zip<T: Copy, const N: usize>(x: [Pair; N], y: [Pair; N], function: impl Fn(Pair, Pair) -> T) -> [T; N] {
    std::array::from_fn(|at| match (x.get(at), y.get(at)) {
        (Some(x), Some(y)) => function(*x, *y),
        // There is no such place.
        _ => function(Pair::splat(0.0), Pair::splat(0.0)),
    })
}

/// The levels of a block of `2 * N` rows whose routine consists of tests.
#[inline(always)]
pub(super) fn masks<T: Slot, const N: usize>(routine: &Routine, operands: Lookup<'_, T>, constants: &[f64]) -> Option<Masks> {
    let (operands, constants) = (operands.columns::<N>(), constants.as_chunks::<2>().0.as_chunks::<N>().0);
    let number = |with: With| match with {
        With::Operand(k) => operands.numbers(usize::from(k)),
        With::Constant(k) => Some(constants.get(usize::from(k))?.map(Pair::new)),
        With::Literal(x) => Some([Pair::splat(x); N]),
    };
    let side = |side: Side| {
        let mut x = number(side.start)?;
        if side.chain.0 == side.chain.1 {
            return Some(x);
        }
        for link in routine.chain.get(usize::from(side.chain.0)..usize::from(side.chain.1))? {
            x = link.apply(x, number(link.with)?);
        }
        Some(x.map(Pair::finite))
    };
    let mut all = Masks { yes: u8::MAX, no: 0 };
    for test in &routine.tests {
        let masks = match *test {
            Test::Level(operand) => levels(operands, operand)?,
            Test::Above { more, less, or_equal } => {
                let (more, less) = (side(more)?, side(less)?);
                let holds = if or_equal { bits::<Pair, N>(zip(more, less, Pair::ge)) } else { bits::<Pair, N>(zip(more, less, Pair::gt)) };
                let known = bits::<Pair, N>(zip(more, less, Pair::known));
                Masks { yes: holds & known, no: !holds & known }
            }
        };
        all = routine.join(all, masks);
    }
    Some(routine.joined(all))
}

impl Routine {
    /// The levels of some tests and of one more. Where one of them is enough, levels are kept as their opposites.
    #[inline(always)]
    pub(super) fn join(&self, all: Masks, Masks { yes, no }: Masks) -> Masks {
        let (yes, no) = if self.any { (no, yes) } else { (yes, no) };
        Masks { yes: all.yes & yes, no: all.no | no }
    }

    /// What all tests together come to.
    #[inline(always)]
    pub(super) fn joined(&self, Masks { yes, no }: Masks) -> Masks {
        if self.any { Masks { yes: no, no: yes } } else { Masks { yes, no } }
    }
}

impl Link {
    #[inline(always)]
    fn apply<const N: usize>(&self, x: [Pair; N], y: [Pair; N]) -> [Pair; N] {
        match self.function {
            LinkFn::Add => zip(x, y, Pair::add),
            LinkFn::Sub => zip(x, y, Pair::sub),
            LinkFn::Mul => zip(x, y, Pair::mul),
            LinkFn::Div => zip(x, y, Pair::div),
        }
    }
}

/// Looks through the rows of a group whose routine is one test, from block `from` on; see [`Rows::detect`]. Stops as well before a block in which a result is
/// unknown, and where the rows are not as the plan says; so gives the first block that was not looked at, and whether it is known to change.
pub(super) fn scan<T: Slot>(rows: Rows<'_, T>, scan: &Scan, heads: &[Head], from: usize) -> (usize, bool) {
    let plain = &scan.plain;

    /// Names the function of a link, so that what is made of it has it built in.
    macro_rules! with {
        ($link:expr, $name:ident, $body:expr) => {
            match $link {
                LinkFn::Add => {
                    let $name = |x: Pair, y: Pair| x.add(y);
                    $body
                }
                LinkFn::Sub => {
                    let $name = |x: Pair, y: Pair| x.sub(y);
                    $body
                }
                LinkFn::Mul => {
                    let $name = |x: Pair, y: Pair| x.mul(y);
                    $body
                }
                LinkFn::Div => {
                    let $name = |x: Pair, y: Pair| x.div(y);
                    $body
                }
            }
        };
    }
    match scan.links {
        Links::None => scan_chain(rows, plain, heads, from, |[x]: [Pair; 1]| x),
        Links::One(one) => with!(one, one, scan_chain(rows, plain, heads, from, |[x, y]: [Pair; 2]| one(x, y))),
        Links::Two(one, two) => {
            with!(one, one, with!(two, two, scan_chain(rows, plain, heads, from, |[x, y, z]: [Pair; 3]| two(one(x, y), z))))
        }
    }
}

#[inline(never)]
fn scan_chain<T: Slot, const K: usize>(
    rows: Rows<'_, T>,
    plain: &Plain,
    heads: &[Head],
    from: usize,
    chain: impl Fn([Pair; K]) -> Pair + Copy,
) -> (usize, bool) {
    let Some((operands, constants)) = rows.from(from) else { return (from, false) };
    // Five rows and more take a full block.
    let full = (rows.rows + 3) / LANES;
    // The constants of a block are the literal or those of the block.
    let literal = [[[plain.literal; 2]; FULL]];
    let columns = constants.as_chunks::<2>().0.as_chunks::<FULL>().0;
    let (columns, step) = if plain.constant == LITERAL { (&literal[..], 0) } else { (columns, usize::MAX) };
    let look = Look { turned: Pair::splat(f64::from_bits(plain.turned)), inverted: if plain.inverted { u8::MAX } else { 0 } };
    let blocks = operands.columns::<FULL>().blocks::<K>();
    for (at, (block, head)) in blocks.zip(heads.get(from..full).unwrap_or_default()).enumerate() {
        let Some(c) = columns.get(at & step) else { return (from + at, false) };
        match look.at(block.map(chain), c.map(Pair::new), *head) {
            Some(0) => {}
            Some(_) => return (from + at, true),
            None => return (from + at, false),
        }
    }
    let block = full.max(from);
    if block * LANES >= rows.rows {
        return (block, false);
    }
    match scan_tail(rows, look, plain, heads, block, chain) {
        Some(0) => (block + 1, false),
        Some(_) => (block, true),
        None => (block, false),
    }
}

/// What [`Look::at`] gives for a last block that is not full.
#[inline(always)]
fn scan_tail<T: Slot, const K: usize>(
    rows: Rows<'_, T>,
    look: Look,
    plain: &Plain,
    heads: &[Head],
    block: usize,
    chain: impl Fn([Pair; K]) -> Pair + Copy,
) -> Option<u8> {
    let (operands, constants) = rows.from(block)?;
    let head = *heads.get(block)?;
    let constant = |at: usize| if plain.constant == LITERAL { Some(plain.literal) } else { constants.get(at).copied() };
    let pair = |at: usize| Some(Pair::new([constant(at)?, constant(at + 1)?]));
    match rows.rows - block * LANES {
        1 => {
            // The lane twice; the head says that the second is no row.
            let mut x = [Pair::splat(0.0); K];
            for (k, x) in x.iter_mut().enumerate() {
                *x = Pair::splat(f64::from_bits(operands.get(k)?));
            }
            look.at([chain(x)], [Pair::splat(constant(0)?)], head)
        }
        2 => look.at(operands.columns::<1>().blocks::<K>().next()?.map(chain), [pair(0)?], head),
        _ => look.at(operands.columns::<2>().blocks::<K>().next()?.map(chain), [pair(0)?, pair(2)?], head),
    }
}

/// How numbers are compared with constants.
#[derive(Clone, Copy)]
struct Look {
    /// The signs to turn, see [`Plain::turned`].
    turned: Pair,
    /// Whether the comparison says the opposite.
    inverted: u8,
}

impl Look {
    /// The rows of a block that change; nothing where one of them is unknown, or might be.
    #[inline(always)]
    fn at<const N: usize>(self, x: [Pair; N], c: [Pair; N], head: Head) -> Option<u8> {
        // A difference is above 0 where one number is above the other: what is too small for a normal number does not become 0. The sum of all of them tells
        // whether they are finite. Where it is too large by itself, nothing is lost but time.
        let above = zip(x, c, |x, c| x.sub(c).xor(self.turned));
        let sum = above.into_iter().reduce(Pair::add)?;
        let rest = sum.sub(sum);
        if Pair::bits(rest.known(rest)) != 0b11 {
            return None;
        }
        let yes = bits::<Pair, N>(above.map(|above| above.gt(Pair::splat(0.0)))) ^ self.inverted;
        Some(((yes ^ head.truth) | head.first) & head.valid)
    }
}
