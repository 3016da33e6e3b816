//! Potentials as words, for snapshots of the engine of rules. What they find depends on how they came to be what they are, so all of it is kept.

use super::{LeftOut, NONE, Potentials, REMEMBERED};
use crate::snapshot::{Reader, Writer};

impl Potentials {
    pub(crate) fn write(&self, out: &mut Writer) {
        self.q.iter().for_each(|q| out.num(*q));
        for edge in &self.edges {
            out.num(edge.rate);
            out.num(self.out.get(edge.place as usize).map_or(0.0, |out| out.active));
        }
        out.count(self.left_out.len());
        for LeftOut { edge, len, way } in &self.left_out {
            out.word(u64::from(*edge));
            out.word(u64::from(*len));
            way.iter().take(*len as usize).filter(|_| *len as usize <= REMEMBERED).for_each(|edge| out.word(u64::from(*edge)));
        }
    }

    /// Takes over what [`write`](Self::write) wrote of the same nodes and edges; nothing where it can't be that.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for q in &mut self.q {
            *q = from.num().filter(|q| q.is_finite() && *q > 0.0)?;
        }
        let mut rate = || from.num().filter(|rate| (0.0..f64::INFINITY).contains(rate));
        for edge in &mut self.edges {
            edge.rate = rate()?;
            self.out.get_mut(edge.place as usize)?.active = rate()?;
            (edge.left_out, edge.marks) = (NONE, 0);
        }
        self.left_out.clear();
        self.long = 0;
        let count = from.count(self.edges.len())?;
        for n in (0..).take(count) {
            let (edge, len) = (u32::try_from(from.word()?).ok()?, u32::try_from(from.word()?).ok()?);
            let mut left_out = LeftOut { edge, len, way: [NONE; REMEMBERED] };
            let this = self.edges.get_mut(edge as usize).filter(|edge| edge.left_out == NONE)?;
            this.left_out = n;
            if len as usize > REMEMBERED {
                self.long += 1;
            } else {
                for place in left_out.way.iter_mut().take(len as usize) {
                    *place = u32::try_from(from.word()?).ok()?;
                    self.edges.get_mut(*place as usize)?.marks += 1;
                }
            }
            self.left_out.push(left_out);
        }
        Some(())
    }
}
