//! Closed ways of any length, kept track of without going through them: incremental feasible potentials.
//!
//! While no way round multiplies to more than 1 there are numbers `q`, one for each node, such that each edge has `q(to) >= rate * q(from)`; and only then.
//! They are kept as rates change: an edge that gets dearer breaks nothing, one that gets cheaper may have to raise `q(to)`, and with it what follows.
//! Where that comes back to the node the edge starts from, the edge closes a way that pays; it is left out until that way no longer pays, or the search
//! would find the way again and again. S. Cotton and O. Maler, "Fast and flexible difference constraint propagation
//! for DPLL(T)", SAT 2006, section 3, with products in place of sums of logarithms.

mod heap;
mod save;
#[cfg(test)]
mod tests;

use crate::memory::flat;
use heap::Heap;

const NONE: u32 = u32::MAX;
/// What falls short by less than this part is rounding.
const SLACK: f64 = 1e-12;
/// A way whose rates multiply to more than this pays, however they are rounded.
const PLAIN: f64 = 1.0 + 1e-9;
/// From where on all potentials are scaled down, by a power of 2, which rounds nothing.
const HIGH: f64 = f64::from_bits((1023 + 256) << 52);
/// From where on scaling would leave what floating point can tell apart.
const LOW: f64 = f64::from_bits((1023 - 600) << 52);
/// The longest way that is remembered edge by edge; an edge left out for a longer one is tried anew whenever any edge gets dearer.
const REMEMBERED: usize = 16;

/// Why potentials can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("edge {edge} does not lead from one of {nodes} nodes to another")]
pub struct PotentialsError {
    /// Which edge.
    pub edge: usize,
    /// How many nodes there are.
    pub nodes: usize,
}

/// Counts since they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PotentialsCounters {
    /// Ways that were found.
    pub found: u64,
    /// Repairs: edges that got so much cheaper that potentials had to be raised.
    pub repairs: u64,
    /// Potentials that repairs raised.
    pub raised: u64,
    /// Edges tried anew after they had been left out.
    pub retried: u64,
    /// Rates that are no finite number from 0 on, and steps whose product is none: taken as closed.
    pub refused: u64,
}

/// An edge where its node lists it.
#[derive(Debug, Clone, Copy)]
struct Out {
    /// The rate that the potentials hold for; 0 while the edge is closed or left out.
    active: f64,
    to: u32,
    edge: u32,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    rate: f64,
    from: u32,
    to: u32,
    /// Where `from` lists it.
    place: u32,
    /// Where it stands among those left out, or [`NONE`].
    left_out: u32,
    /// Of how many remembered ways it is part.
    marks: u32,
}

/// An edge that closes a way which pays.
#[derive(Debug, Clone, Copy)]
struct LeftOut {
    edge: u32,
    /// How many edges the way has; above [`REMEMBERED`] they are not there.
    len: u32,
    way: [u32; REMEMBERED],
}

impl LeftOut {
    fn way(&self) -> Option<&[u32]> {
        self.way.get(..self.len as usize)
    }
}

/// See the module. Nothing is allocated after [`new`](Self::new).
#[derive(Debug)]
pub struct Potentials {
    q: Vec<f64>,
    edges: Vec<Edge>,
    /// The edges out of each node.
    out: Vec<Out>,
    /// Where each node's begin, and where the last one's end.
    starts: Vec<u32>,
    left_out: Vec<LeftOut>,
    /// Those among them whose way is not remembered.
    long: u32,
    retry: Vec<u32>,
    heap: Heap,
    /// What the repair at hand would raise each node to, and by which edge.
    raised: Vec<(f64, u32)>,
    /// The nodes it raised, and what they were.
    journal: Vec<(u32, f64)>,
    /// The repair that raised each node last.
    stamps: Vec<u64>,
    way: Vec<u32>,
    counters: PotentialsCounters,
}

impl Potentials {
    /// For the nodes below `nodes` and edges from the first of each pair to the second, all closed.
    ///
    /// # Errors
    /// Where an edge leads from or to no node, or back to its own.
    pub fn new(nodes: usize, edges: &[(u32, u32)]) -> Result<Self, PotentialsError> {
        let mut starts = vec![0_u32; nodes + 1];
        for (edge, (from, to)) in edges.iter().enumerate() {
            let good = (*from as usize) < nodes && (*to as usize) < nodes && from != to && edge < NONE as usize;
            match starts.get_mut(*from as usize + 1) {
                Some(count) if good => *count += 1,
                _ => return Err(PotentialsError { edge, nodes }),
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut ends = starts.clone();
        let mut out = vec![Out { active: 0.0, to: 0, edge: 0 }; edges.len()];
        let mut list = Vec::with_capacity(edges.len());
        for (edge, (from, to)) in (0..).zip(edges) {
            let Some(place) = ends.get_mut(*from as usize) else { continue };
            if let Some(out) = out.get_mut(*place as usize) {
                *out = Out { active: 0.0, to: *to, edge };
            }
            list.push(Edge { rate: 0.0, from: *from, to: *to, place: *place, left_out: NONE, marks: 0 });
            *place += 1;
        }
        Ok(Self {
            q: vec![1.0; nodes],
            edges: list,
            out,
            starts,
            left_out: Vec::with_capacity(edges.len()),
            long: 0,
            retry: Vec::with_capacity(edges.len()),
            heap: Heap::new(nodes),
            raised: vec![(0.0, NONE); nodes],
            journal: Vec::with_capacity(nodes),
            stamps: vec![0; nodes],
            way: Vec::with_capacity(nodes),
            counters: PotentialsCounters::default(),
        })
    }

    /// Sets what an edge gives for 1; 0 closes it. Each way found to multiply to more than 1 goes to `found` as its edges in order: at least one where the
    /// edge got cheaper and closes one without those that are left out, which close another.
    #[inline]
    pub fn set(&mut self, edge: u32, rate: f64, found: &mut dyn FnMut(&[u32])) {
        let rate = if (0.0..f64::INFINITY).contains(&rate) {
            rate
        } else {
            self.counters.refused += 1;
            0.0
        };
        let Some(this) = self.edges.get_mut(edge as usize) else { return };
        let before = std::mem::replace(&mut this.rate, rate);
        let Edge { from, to, place, left_out, marks, .. } = *this;
        if rate > before {
            // What is left out closes its way all the more.
            if left_out == NONE && !self.holds(from, to, place, rate) {
                self.repair(edge, found);
                self.scale(found);
            }
        } else if rate < before {
            // One whose product was none before has to be looked at like one that got cheaper.
            if left_out == NONE && !self.holds(from, to, place, rate) {
                self.repair(edge, found);
            }
            if marks > 0 || self.long > 0 {
                self.dearer(edge, found);
                self.scale(found);
            }
        }
    }

    /// Whether the potentials hold for an edge at this rate; it is in force then.
    #[inline]
    fn holds(&mut self, from: u32, to: u32, place: u32, rate: f64) -> bool {
        let (Some(from), Some(to)) = (self.q.get(from as usize), self.q.get(to as usize)) else { return true };
        let holds = rate * from <= to * (1.0 + SLACK);
        if holds && let Some(out) = self.out.get_mut(place as usize) {
            out.active = rate;
        }
        holds
    }

    /// How many edges are left out, each of which closes a way that pays. Where there is none, no way does.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out.len()
    }

    /// The potential of a node, for as long as nothing is set.
    #[must_use]
    pub fn potential(&self, node: u32) -> Option<f64> {
        self.q.get(node as usize).copied()
    }

    /// The rate of an edge, as it was set.
    #[must_use]
    pub fn rate(&self, edge: u32) -> Option<f64> {
        self.edges.get(edge as usize).map(|edge| edge.rate)
    }

    /// Counts since they were made.
    #[must_use]
    pub fn counters(&self) -> PotentialsCounters {
        self.counters
    }

    /// Bytes held. They do not change.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Self { q, edges, out, starts, left_out, long: _, retry, heap: _, raised, journal, stamps, way, counters: _ } = self;
        let nodes = flat(q) + flat(starts) + flat(raised) + flat(journal) + flat(stamps) + flat(way) + q.len() * Heap::BYTES;
        nodes + flat(edges) + flat(out) + flat(left_out) + flat(retry)
    }

    /// An edge got dearer: what was left out for a way through it that pays no longer is tried anew.
    #[cold]
    fn dearer(&mut self, edge: u32, found: &mut dyn FnMut(&[u32])) {
        self.retry.clear();
        let rate = |edge: &u32| self.edges.get(*edge as usize).map_or(0.0, |edge| edge.rate);
        // Where rounding could be all there is to it, it is tried.
        let pays = |way: &[u32]| way.iter().map(rate).product::<f64>() > PLAIN;
        let concerns = |out: &&LeftOut| out.way().is_none_or(|way| way.contains(&edge) && !pays(way));
        self.retry.extend(self.left_out.iter().filter(concerns).map(|out| out.edge));
        self.retry(found);
    }

    /// Tries the edges of the list anew, in order.
    fn retry(&mut self, found: &mut dyn FnMut(&[u32])) {
        let retry = std::mem::take(&mut self.retry);
        for edge in &retry {
            self.take_back(*edge);
            self.counters.retried += 1;
            let Some(Edge { from, to, place, rate, .. }) = self.edges.get(*edge as usize).copied() else { continue };
            if !self.holds(from, to, place, rate) {
                self.repair(*edge, found);
            }
        }
        self.retry = retry;
    }

    /// Raises what has to be raised for an edge to hold, or finds that it closes a way and leaves it out.
    #[cold]
    fn repair(&mut self, edge: u32, found: &mut dyn FnMut(&[u32])) {
        self.counters.repairs += 1;
        let stamp = self.counters.repairs;
        let Some(Edge { from: source, to, place, rate, .. }) = self.edges.get(edge as usize).copied() else { return };
        self.heap.clear();
        self.journal.clear();
        let q = |q: &[f64], node: u32| q.get(node as usize).copied().unwrap_or(f64::INFINITY);
        let first = q(&self.q, source) * rate;
        if !first.is_finite() {
            self.counters.refused += 1;
            return;
        }
        self.put_raised(to, first, edge);
        self.heap.raise(to, first / q(&self.q, to));
        let mut closes = false;
        'search: while let Some(node) = self.heap.pop() {
            let Some((value, _)) = self.raised.get(node as usize).copied() else { continue };
            if let (Some(q), Some(mark)) = (self.q.get_mut(node as usize), self.stamps.get_mut(node as usize)) {
                self.journal.push((node, std::mem::replace(q, value)));
                *mark = stamp;
            }
            let range = self.starts.get(node as usize).zip(self.starts.get(node as usize + 1));
            let list = range.and_then(|(start, end)| self.out.get(*start as usize..*end as usize)).unwrap_or(&[]);
            for out in list {
                let reach = value * out.active;
                let now = q(&self.q, out.to);
                if reach <= now * (1.0 + SLACK) || self.stamps.get(out.to as usize).is_none_or(|mark| *mark == stamp) {
                    continue;
                }
                if out.to == source {
                    if let Some(raised) = self.raised.get_mut(source as usize) {
                        *raised = (reach, out.edge);
                    }
                    closes = true;
                    break 'search;
                }
                if !reach.is_finite() {
                    self.counters.refused += 1;
                } else if self.heap.raise(out.to, reach / now)
                    && let Some(raised) = self.raised.get_mut(out.to as usize)
                {
                    *raised = (reach, out.edge);
                }
            }
        }
        if closes {
            for (node, before) in self.journal.drain(..).rev() {
                if let Some(q) = self.q.get_mut(node as usize) {
                    *q = before;
                }
            }
            self.leave_out(edge, source, to);
            self.counters.found += 1;
            found(&self.way);
        } else {
            self.counters.raised += self.journal.len() as u64;
            if let Some(out) = self.out.get_mut(place as usize) {
                out.active = rate;
            }
        }
    }

    fn put_raised(&mut self, node: u32, value: f64, edge: u32) {
        if let Some(raised) = self.raised.get_mut(node as usize) {
            *raised = (value, edge);
        }
    }

    /// Remembers an edge, and the way that it closes, as what the repair went through last says.
    fn leave_out(&mut self, edge: u32, source: u32, to: u32) {
        self.way.clear();
        let mut node = source;
        while node != to && self.way.len() < self.q.len() {
            let Some((_, by)) = self.raised.get(node as usize).copied() else { break };
            self.way.push(by);
            node = self.edges.get(by as usize).map_or(to, |edge| edge.from);
        }
        self.way.push(edge);
        self.way.reverse();
        let mut left_out = LeftOut { edge, len: u32::try_from(self.way.len()).unwrap_or(NONE), way: [NONE; REMEMBERED] };
        if self.way.len() > REMEMBERED {
            self.long += 1;
        } else {
            for (place, edge) in left_out.way.iter_mut().zip(&self.way) {
                *place = *edge;
                if let Some(edge) = self.edges.get_mut(*edge as usize) {
                    edge.marks += 1;
                }
            }
        }
        if let Some(this) = self.edges.get_mut(edge as usize) {
            this.left_out = u32::try_from(self.left_out.len()).unwrap_or(NONE);
            if let Some(out) = self.out.get_mut(this.place as usize) {
                out.active = 0.0;
            }
        }
        self.left_out.push(left_out);
    }

    /// Forgets that an edge was left out.
    fn take_back(&mut self, edge: u32) {
        let Some(this) = self.edges.get_mut(edge as usize) else { return };
        let place = std::mem::replace(&mut this.left_out, NONE) as usize;
        if place >= self.left_out.len() {
            return;
        }
        // In order, so that what is tried anew does not depend on what was taken back before.
        let gone = self.left_out.remove(place);
        for (n, other) in (0..).zip(&self.left_out).skip(place) {
            if let Some(edge) = self.edges.get_mut(other.edge as usize) {
                edge.left_out = n;
            }
        }
        match gone.way() {
            None => self.long -= 1,
            Some(way) => {
                for edge in way {
                    if let Some(edge) = self.edges.get_mut(*edge as usize) {
                        edge.marks -= 1;
                    }
                }
            }
        }
    }

    /// Brings potentials that rose far back to where floating point has room.
    fn scale(&mut self, found: &mut dyn FnMut(&[u32])) {
        let highest = self.journal.iter().filter_map(|(node, _)| self.q.get(*node as usize)).fold(0.0, |a: f64, b| a.max(*b));
        if highest > HIGH {
            self.scale_down(found);
        }
    }

    #[cold]
    fn scale_down(&mut self, found: &mut dyn FnMut(&[u32])) {
        if self.q.iter().all(|q| *q >= LOW) {
            for q in &mut self.q {
                *q /= HIGH;
            }
            return;
        }
        // Some nodes were cut off from the others while those rose: all begins anew.
        self.retry.clear();
        self.left_out.clear();
        self.long = 0;
        self.q.fill(1.0);
        for (n, edge) in (0..).zip(&mut self.edges) {
            (edge.left_out, edge.marks) = (NONE, 0);
            self.retry.push(n);
            if let Some(out) = self.out.get_mut(edge.place as usize) {
                out.active = 0.0;
            }
        }
        self.retry(found);
    }
}
