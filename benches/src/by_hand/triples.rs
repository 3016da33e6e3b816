//! A product of two mids over a third one against a constant, many rules an instrument.
//!
//! The rows of an instrument stand in blocks of four, apart by whether it is a factor or the divisor: so its own price is read once, and two products of two
//! numbers are made at once. A block knows which of its rules were true and tells only of a change, which is rare.
#![expect(clippy::indexing_slicing, reason = "ids of 16 bits are within their arrays, blocks are made in `new`")]

use ascep_runtime::event::{Event, InstrumentId, Payload};

use super::{IDS, by_id};
use crate::rules::Triple;

/// Rows of a block.
const LANES: usize = 4;

/// The rules of [`triple_rules`](crate::rules::triple_rules).
#[derive(Debug, Clone)]
pub struct Triples {
    /// The sum of bid and ask of each instrument: twice its mid. A price that was never seen makes every comparison false.
    sums: Box<[f64; IDS]>,
    /// Where the blocks of each instrument begin, where those begin in which it divides, and where they end.
    first: Box<[[u32; 3]; IDS]>,
    blocks: Vec<Block>,
    /// The rules of each block.
    rules: Vec<[u16; LANES]>,
    /// Where each rule stands: block and lane, for each of its legs.
    places: Vec<[(u32, u8); 3]>,
    fired: u64,
}

/// One line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Block {
    /// Twice the thresholds: both sides of a comparison are four times as large.
    twice: [f64; LANES],
    /// The other two legs of each row; where the instrument is a factor, the divisor second. A row that is none compares with a price that is never seen.
    others: [[u16; 2]; LANES],
    /// A bit for each row that was true.
    was: u8,
}

impl Triples {
    /// `ids[i]` is instrument `i` of the triples.
    #[must_use]
    pub fn new(triples: &[Triple], ids: &[InstrumentId]) -> Self {
        type Row = (f64, [u16; 2], u16);
        let mut of: Vec<[Vec<Row>; 2]> = vec![[Vec::new(), Vec::new()]; ids.len()];
        for (rule, triple) in (0_u16..).zip(triples) {
            let [a, b, c] = triple.legs.map(|leg| ids[leg].0 as u16);
            let twice = triple.threshold * 2.0;
            of[usize::from(a)][0].push((twice, [b, c], rule));
            of[usize::from(b)][0].push((twice, [a, c], rule));
            of[usize::from(c)][1].push((twice, [a, b], rule));
        }
        let (first, places) = (by_id([0; 3]), vec![[(0, 0); 3]; triples.len()]);
        let mut new = Self { sums: by_id(f64::NAN), first, blocks: Vec::new(), rules: Vec::new(), places, fired: 0 };
        let mut legs = vec![0; triples.len()];
        for (instrument, roles) in of.iter().enumerate() {
            let mut starts = [new.blocks.len() as u32; 3];
            for (role, rows) in roles.iter().enumerate() {
                for rows in rows.chunks(LANES) {
                    let mut block = Block { twice: [0.0; LANES], others: [[u16::MAX; 2]; LANES], was: 0 };
                    let mut rules = [u16::MAX; LANES];
                    for (lane, (twice, others, rule)) in rows.iter().enumerate() {
                        (block.twice[lane], block.others[lane], rules[lane]) = (*twice, *others, *rule);
                        let leg = &mut legs[usize::from(*rule)];
                        new.places[usize::from(*rule)][*leg] = (new.blocks.len() as u32, lane as u8);
                        *leg += 1;
                    }
                    new.blocks.push(block);
                    new.rules.push(rules);
                }
                starts[role + 1] = new.blocks.len() as u32;
            }
            new.first[instrument] = starts;
        }
        new
    }

    /// What blocks, and what is needed when a rule changes, take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.blocks.len() * (size_of::<Block>() + size_of::<[u16; LANES]>()) + self.places.len() * size_of::<[(u32, u8); 3]>()
    }

    /// Takes events; the number of signals.
    pub fn on_events(&mut self, events: &[Event<'_>]) -> u64 {
        let before = self.fired;
        for event in events {
            let Payload::Quote(quote) = &event.payload else { continue };
            let instrument = usize::from(event.instrument.0 as u16);
            let own = quote.bid + quote.ask;
            self.sums[instrument] = own;
            let [factor, divisor, end] = self.first[instrument].map(|at| at as usize);
            // a * b / c > k: prices are positive.
            for at in factor..divisor {
                let (block, [x, y]) = self.block(at);
                let now: [bool; LANES] = std::array::from_fn(|lane| own * x[lane] > block.twice[lane] * y[lane]);
                self.see(at, now);
            }
            for at in divisor..end {
                let (block, [x, y]) = self.block(at);
                let now: [bool; LANES] = std::array::from_fn(|lane| x[lane] * y[lane] > block.twice[lane] * own);
                self.see(at, now);
            }
        }
        self.fired - before
    }

    /// A block and the prices of its other legs.
    #[inline(always)]
    fn block(&self, at: usize) -> (&Block, [[f64; LANES]; 2]) {
        let block = &self.blocks[at];
        (block, [0, 1].map(|leg| std::array::from_fn(|lane| self.sums[usize::from(block.others[lane][leg])])))
    }

    #[inline(always)]
    fn see(&mut self, at: usize, now: [bool; LANES]) {
        let mask = now.iter().enumerate().fold(0, |mask, (lane, now)| mask | (u8::from(*now) << lane));
        if mask != self.blocks[at].was {
            self.change(at, mask);
        }
    }

    /// Counts the rules of a block that became true, and tells the other blocks in which the changed ones stand.
    #[cold]
    #[inline(never)]
    fn change(&mut self, at: usize, now: u8) {
        let mut differ = now ^ self.blocks[at].was;
        while differ != 0 {
            let lane = differ.trailing_zeros();
            differ &= differ - 1;
            let is = now >> lane & 1;
            self.fired += u64::from(is);
            for (block, lane) in self.places[usize::from(self.rules[at][lane as usize])] {
                let was = &mut self.blocks[block as usize].was;
                *was = *was & !(1 << lane) | is << lane;
            }
        }
    }
}
