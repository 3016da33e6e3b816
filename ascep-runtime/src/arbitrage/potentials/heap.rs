//! A heap of nodes by a number, the greatest first, in which a node's number can be raised.

const OUTSIDE: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(super) struct Heap {
    entries: Vec<(f64, u32)>,
    /// Where each node stands, or [`OUTSIDE`].
    places: Vec<u32>,
}

impl Heap {
    /// Bytes for each node.
    pub(super) const BYTES: usize = size_of::<(f64, u32)>() + 4;

    /// For the nodes below `nodes`.
    pub(super) fn new(nodes: usize) -> Self {
        Self { entries: Vec::with_capacity(nodes), places: vec![OUTSIDE; nodes] }
    }

    pub(super) fn clear(&mut self) {
        for (_, node) in self.entries.drain(..) {
            if let Some(place) = self.places.get_mut(node as usize) {
                *place = OUTSIDE;
            }
        }
    }

    /// Puts a node in, or raises its number; whether it is in with this number now.
    #[inline]
    pub(super) fn raise(&mut self, node: u32, number: f64) -> bool {
        let Some(place) = self.places.get(node as usize).copied() else { return false };
        let place = if place == OUTSIDE {
            // At most one entry a node: the push stays within the capacity.
            self.entries.push((number, node));
            self.entries.len() - 1
        } else {
            match self.entries.get_mut(place as usize) {
                Some(entry) if number > entry.0 => entry.0 = number,
                _ => return false,
            }
            place as usize
        };
        self.up(place);
        true
    }

    /// Takes the node with the greatest number.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        let last = self.entries.pop()?;
        let top = match self.entries.first_mut() {
            Some(first) => {
                let top = std::mem::replace(first, last);
                self.down();
                top
            }
            None => last,
        };
        if let Some(place) = self.places.get_mut(top.1 as usize) {
            *place = OUTSIDE;
        }
        Some(top.1)
    }

    fn set(&mut self, place: usize, entry: (f64, u32)) {
        if let (Some(to), Some(at)) = (self.entries.get_mut(place), self.places.get_mut(entry.1 as usize)) {
            *to = entry;
            *at = u32::try_from(place).unwrap_or(OUTSIDE);
        }
    }

    fn up(&mut self, mut place: usize) {
        let Some(moving) = self.entries.get(place).copied() else { return };
        while place > 0 {
            let parent = (place - 1) / 2;
            match self.entries.get(parent).copied() {
                Some(above) if above.0 < moving.0 => self.set(place, above),
                _ => break,
            }
            place = parent;
        }
        self.set(place, moving);
    }

    fn down(&mut self) {
        let Some(moving) = self.entries.first().copied() else { return };
        let mut place = 0;
        loop {
            let left = 2 * place + 1;
            let number = |at: usize| self.entries.get(at).map(|entry| entry.0);
            let Some(one) = number(left) else { break };
            let child = if number(left + 1).is_some_and(|other| other > one) { left + 1 } else { left };
            match self.entries.get(child).copied() {
                Some(below) if below.0 > moving.0 => self.set(place, below),
                _ => break,
            }
            place = child;
        }
        self.set(place, moving);
    }
}
