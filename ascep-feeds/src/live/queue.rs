//! The bounded queue between the threads of live feeds and the one that evaluates. When it is full, a newer quote or book takes the place of
//! one of the same symbol that still waits (it goes to the end, so times stay in order); a trade is never dropped, the feed waits.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tokio::sync::Notify;

use super::{LiveError, LiveItem};
use crate::event::Payload;
use crate::symbols::SymbolId;

/// The size that suits most uses, in items.
pub const DEFAULT_QUEUE: usize = 65_536;

/// What a receiver got.
#[derive(Debug)]
pub enum Recv {
    /// An event.
    Item(LiveItem),
    /// A feed has failed for good; other feeds go on.
    Failed {
        /// Which, as it was numbered when it was started.
        feed: usize,
        /// Why.
        error: LiveError,
    },
    /// Nothing came in time.
    Timeout,
    /// All feeds have ended and everything was received.
    Ended,
}

/// Which items may take each other's place.
type Key = (usize, SymbolId, bool);

#[derive(Default)]
struct State {
    /// Gaps are items whose place was taken by a newer one.
    items: VecDeque<Option<LiveItem>>,
    /// The number of the first of them, counted from the start.
    first: u64,
    /// How many are no gaps.
    waiting: usize,
    /// Where the newest quote and book of each symbol stand.
    newest: FxHashMap<Key, u64>,
    failures: VecDeque<(usize, LiveError)>,
    senders: usize,
    receiver_gone: bool,
}

struct Queue {
    state: Mutex<State>,
    capacity: usize,
    /// Something came, or the last sender went.
    filled: Condvar,
    /// There is room, or the receiver went.
    room: Notify,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that feeds write to; each feed has its own.
pub struct LiveSender(Arc<Queue>);

/// The end that the evaluating thread reads.
pub struct LiveReceiver(Arc<Queue>);

/// A queue for so many items. Each feed gets a clone of the sender; the queue ends when the last one is dropped, the host's own included.
#[must_use]
pub fn channel(capacity: usize) -> (LiveSender, LiveReceiver) {
    let state = Mutex::new(State { senders: 1, ..State::default() });
    let queue = Arc::new(Queue { state, capacity: capacity.max(1), filled: Condvar::new(), room: Notify::new() });
    (LiveSender(Arc::clone(&queue)), LiveReceiver(queue))
}

/// The receiver is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

/// What had to be done to send an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sent {
    pub(super) conflated: bool,
    pub(super) waited: bool,
}

impl LiveSender {
    /// Sends, waiting for room if it must.
    pub(super) async fn send(&self, item: LiveItem) -> Result<Sent, Gone> {
        let mut sent = Sent::default();
        let mut item = Some(item);
        loop {
            // Asked for before the look at the queue, so that room made in between wakes this up.
            let room = self.0.room.notified();
            match self.try_send(&mut item) {
                Ok(Some(conflated)) => {
                    sent.conflated = conflated;
                    return Ok(sent);
                }
                Ok(None) => {}
                Err(gone) => return Err(gone),
            }
            sent.waited = true;
            room.await;
        }
    }

    /// Takes the item if there is a place for it; says whether it took that of an older one.
    fn try_send(&self, item: &mut Option<LiveItem>) -> Result<Option<bool>, Gone> {
        let mut state = self.0.lock();
        if state.receiver_gone {
            return Err(Gone);
        }
        let Some(next) = item else { return Ok(Some(false)) };
        let key = picture(next);
        let full = state.waiting >= self.0.capacity;
        let older = key.and_then(|key| state.newest.get(&key).copied());
        if full {
            match older {
                Some(at) => state.remove(at),
                None => return Ok(None),
            }
        }
        let Some(item) = item.take() else { return Ok(Some(false)) };
        state.push(item, key);
        state.compact(self.0.capacity);
        drop(state);
        self.0.filled.notify_one();
        Ok(Some(full))
    }

    pub(super) fn fail(&self, feed: usize, error: LiveError) {
        self.0.lock().failures.push_back((feed, error));
        self.0.filled.notify_one();
    }
}

/// The key of an item of which only the newest matters.
fn picture(item: &LiveItem) -> Option<Key> {
    match item.event.payload {
        Payload::Quote(_) => Some((item.feed, item.event.symbol, false)),
        Payload::Book(_) => Some((item.feed, item.event.symbol, true)),
        Payload::Trade(_) | Payload::Status(_) => None,
    }
}

impl State {
    fn push(&mut self, item: LiveItem, key: Option<Key>) {
        if let Some(key) = key {
            self.newest.insert(key, self.first + self.items.len() as u64);
        }
        self.items.push_back(Some(item));
        self.waiting += 1;
    }

    /// Makes a gap of an item by its number.
    fn remove(&mut self, at: u64) {
        let place = at.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        if let Some(place) = place.and_then(|place| self.items.get_mut(place))
            && place.take().is_some()
        {
            self.waiting -= 1;
        }
    }

    fn pop(&mut self) -> Option<LiveItem> {
        while let Some(item) = self.items.pop_front() {
            let at = self.first;
            self.first += 1;
            if let Some(item) = item {
                self.waiting -= 1;
                if let Some(key) = picture(&item)
                    && self.newest.get(&key) == Some(&at)
                {
                    self.newest.remove(&key);
                }
                return Some(item);
            }
        }
        None
    }

    /// Closes the gaps once they are more than the items can be.
    fn compact(&mut self, capacity: usize) {
        if self.items.len() < 2 * capacity + 16 {
            return;
        }
        let items = std::mem::take(&mut self.items);
        self.newest.clear();
        self.first += items.len() as u64;
        self.waiting = 0;
        for item in items.into_iter().flatten() {
            let key = picture(&item);
            self.push(item, key);
        }
    }
}

impl Clone for LiveSender {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for LiveSender {
    fn drop(&mut self) {
        self.0.lock().senders -= 1;
        self.0.filled.notify_one();
    }
}

impl LiveReceiver {
    /// The next item, waiting for one at most so long.
    pub fn recv_timeout(&self, timeout: Duration) -> Recv {
        let end = Instant::now().checked_add(timeout);
        let mut state = self.0.lock();
        loop {
            let was_full = state.waiting >= self.0.capacity;
            if let Some(item) = state.pop() {
                drop(state);
                if was_full {
                    self.0.room.notify_waiters();
                }
                return Recv::Item(item);
            }
            if let Some((feed, error)) = state.failures.pop_front() {
                return Recv::Failed { feed, error };
            }
            if state.senders == 0 {
                return Recv::Ended;
            }
            let left = end.map_or(Duration::from_secs(3600), |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Recv::Timeout;
            }
            state = self.0.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The next item if one waits.
    pub fn try_recv(&self) -> Recv {
        self.recv_timeout(Duration::ZERO)
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().waiting
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for LiveReceiver {
    fn drop(&mut self) {
        self.0.lock().receiver_gone = true;
        self.0.room.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::event::{MarketEvent, NO_QUOTE, Trade};

    fn item(ts: i64, symbol: u32, payload: Payload) -> LiveItem {
        LiveItem { feed: 0, recv_ts: ts, event: MarketEvent { ts, venue_ts: None, symbol: SymbolId(symbol), payload } }
    }

    fn quote(ts: i64, symbol: u32) -> LiveItem {
        item(ts, symbol, Payload::Quote(NO_QUOTE))
    }

    fn trade(ts: i64, symbol: u32) -> LiveItem {
        item(ts, symbol, Payload::Trade(Trade { price: 1.0, qty: 1.0, side: None }))
    }

    fn drain(receiver: &LiveReceiver) -> Vec<i64> {
        let mut out = Vec::new();
        while let Recv::Item(item) = receiver.try_recv() {
            out.push(item.recv_ts);
        }
        out
    }

    fn offer(sender: &LiveSender, item: LiveItem) -> Option<bool> {
        sender.try_send(&mut Some(item)).unwrap()
    }

    #[test]
    fn with_room_everything_is_kept() {
        let (sender, receiver) = channel(10);
        for ts in 0..5 {
            assert_eq!(offer(&sender, quote(ts, 1)), Some(false));
        }
        assert_eq!(receiver.len(), 5);
        assert_eq!(drain(&receiver), [0, 1, 2, 3, 4]);
        assert!(receiver.is_empty());
    }

    #[test]
    fn a_full_queue_keeps_the_newest_quote_and_all_trades() {
        let (sender, receiver) = channel(4);
        for next in [quote(1, 1), trade(2, 1), quote(3, 2), item(4, 1, Payload::Book(Box::default()))] {
            assert_eq!(offer(&sender, next), Some(false));
        }
        assert_eq!(offer(&sender, quote(5, 1)), Some(true), "takes the place of 1");
        assert_eq!(offer(&sender, quote(6, 1)), Some(true), "takes the place of 5");
        assert_eq!(offer(&sender, item(7, 1, Payload::Book(Box::default()))), Some(true), "takes the place of 4");
        assert_eq!(offer(&sender, trade(8, 1)), None, "must wait");
        assert_eq!(offer(&sender, quote(8, 3)), None, "none of this symbol to replace");
        assert_eq!(drain(&receiver), [2, 3, 6, 7]);
        assert_eq!(offer(&sender, quote(9, 1)), Some(false));
        assert_eq!(drain(&receiver), [9]);
    }

    #[test]
    fn gaps_do_not_pile_up() {
        let (sender, receiver) = channel(4);
        for next in [trade(0, 1), quote(1, 1), trade(2, 1), quote(3, 2)] {
            assert_eq!(offer(&sender, next), Some(false));
        }
        for ts in 4..10_000 {
            assert_eq!(offer(&sender, quote(ts, 1 + u32::try_from(ts % 2).unwrap())), Some(true));
        }
        assert!(receiver.0.lock().items.len() < 32);
        assert_eq!(drain(&receiver), [0, 2, 9_998, 9_999]);
    }

    #[test]
    fn a_sender_waits_for_room_and_ends() {
        let (sender, receiver) = channel(1);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut waited = 0;
                for ts in 0..1_000 {
                    waited += u32::from(sender.send(trade(ts, 1)).await.unwrap().waited);
                }
                waited
            })
        });
        let mut got = Vec::new();
        loop {
            match receiver.recv_timeout(Duration::from_secs(10)) {
                Recv::Item(item) => got.push(item.recv_ts),
                Recv::Ended => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(got, (0..1_000).collect::<Vec<_>>());
        assert!(thread.join().unwrap() > 0);
    }

    #[test]
    fn a_receiver_that_goes_wakes_the_sender() {
        let (sender, receiver) = channel(1);
        assert_eq!(offer(&sender, trade(1, 1)), Some(false));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(sender.send(trade(2, 1)))
        });
        std::thread::sleep(Duration::from_millis(20));
        drop(receiver);
        assert_eq!(thread.join().unwrap(), Err(Gone));
    }

    #[test]
    fn failures_come_after_what_waits() {
        let (sender, receiver) = channel(4);
        let other = sender.clone();
        assert_eq!(offer(&sender, trade(1, 1)), Some(false));
        sender.fail(3, LiveError::NoSymbols);
        drop(sender);
        assert!(matches!(receiver.try_recv(), Recv::Item(_)));
        assert!(matches!(receiver.try_recv(), Recv::Failed { feed: 3, error: LiveError::NoSymbols }));
        assert!(matches!(receiver.try_recv(), Recv::Timeout));
        drop(other);
        assert!(matches!(receiver.try_recv(), Recv::Ended));
    }
}
