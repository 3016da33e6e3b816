//! Keeps the connections of one feed alive: opens them, replaces them in time, opens new ones after a loss with growing waits, and turns
//! their frames into events in one order.

use std::time::Duration;

use rustc_hash::FxHashSet;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::counters::{FeedCounters, Shared};
use super::limit::{Chance, Limiter, backoff};
use super::overlap::Overlap;
use super::plan::ConnectionPlan;
use super::queue::{Gone, LiveSender};
use super::settings::Settings;
use super::socket::{Down, Loss, Task, Up, What};
use super::{LiveError, LiveItem};
use crate::event::{MarketEvent, Payload, Status, Timestamp};
use crate::record::ConnectionRecord;
use crate::symbols::{SymbolId, Symbols};
use crate::venue::{Control, Frame, FrameParser};

/// One planned connection and the sockets that serve it now: one, or two while one takes over from the other.
struct Slot {
    plan: ConnectionPlan,
    sockets: Vec<Live>,
    overlap: Overlap,
    /// Until when messages are compared with those of a socket that is gone.
    compare_until: Instant,
    /// Losses in a row.
    attempts: u32,
    ever_worked: bool,
    /// The statuses said that the symbols are gone.
    down: bool,
    record: Option<ConnectionRecord>,
}

/// A socket as the supervisor sees it.
struct Live {
    id: u64,
    down: mpsc::UnboundedSender<Down>,
    parser: Box<dyn FrameParser>,
    /// Requests that are not confirmed yet.
    unconfirmed: FxHashSet<u64>,
    open: bool,
    works_since: Option<Instant>,
    /// It is to be replaced, or to stop.
    retiring: bool,
}

pub(super) struct Supervisor {
    feed: usize,
    settings: Settings,
    slots: Vec<Slot>,
    symbols: Symbols,
    wanted: FxHashSet<SymbolId>,
    limiter: Limiter,
    chance: Chance,
    next_socket: u64,
    up: mpsc::Sender<Up>,
    inbox: mpsc::Receiver<Up>,
    out: LiveSender,
    shared: std::sync::Arc<Shared>,
    started: Instant,
    events: Vec<MarketEvent>,
}

/// Why the supervisor ends.
enum End {
    Stopped,
    Failed(LiveError),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Stopped
    }
}

impl Supervisor {
    pub(super) fn new(
        feed: usize,
        settings: Settings,
        plans: Vec<(ConnectionPlan, Option<ConnectionRecord>)>,
        symbols: Symbols,
        out: LiveSender,
        shared: std::sync::Arc<Shared>,
    ) -> Self {
        let (up, inbox) = mpsc::channel(settings.frame_queue.max(1));
        let started = Instant::now();
        let wanted = plans.iter().flat_map(|(plan, _)| plan.symbols.iter().copied()).collect();
        let slot = |(plan, record)| Slot {
            plan,
            sockets: Vec::new(),
            overlap: Overlap::default(),
            compare_until: started,
            attempts: 0,
            ever_worked: false,
            down: false,
            record,
        };
        Self {
            feed,
            slots: plans.into_iter().map(slot).collect(),
            wanted,
            symbols,
            limiter: Limiter::new(settings.connects, settings.connects_window),
            chance: Chance::new(settings.seed),
            next_socket: 0,
            up,
            inbox,
            out,
            shared,
            started,
            events: Vec::new(),
            settings,
        }
    }

    /// Runs until it is stopped or the feed fails for good.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), LiveError> {
        let end = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => End::Stopped,
            end = self.work() => end,
        };
        for slot in &mut self.slots {
            for socket in &slot.sockets {
                let _ = socket.down.send(Down::Stop(Duration::ZERO));
            }
            if let Some(record) = &mut slot.record {
                record.flush().map_err(LiveError::Record)?;
            }
        }
        // The sockets say goodbye; what they still have to tell is of no use.
        let farewell = async { while self.slots.iter().any(|slot| !slot.sockets.is_empty()) && self.farewell().await {} };
        let _ = tokio::time::timeout(Duration::from_millis(300), farewell).await;
        match end {
            End::Stopped => Ok(()),
            End::Failed(error) => Err(error),
        }
    }

    /// Takes one message while stopping.
    async fn farewell(&mut self) -> bool {
        let Some(Up { socket, what, .. }) = self.inbox.recv().await else { return false };
        if matches!(what, What::Lost(_)) {
            for slot in &mut self.slots {
                slot.sockets.retain(|live| live.id != socket);
            }
        }
        true
    }

    async fn work(&mut self) -> End {
        for slot in 0..self.slots.len() {
            self.open(slot, Duration::ZERO);
        }
        let mut flush = interval(self.settings.record_flush.max(Duration::from_millis(1)));
        flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                up = self.inbox.recv() => match up {
                    Some(up) => self.take(up).await,
                    None => Err(End::Stopped),
                },
                _ = flush.tick() => self.flush(),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    fn flush(&mut self) -> Result<(), End> {
        for record in self.slots.iter_mut().filter_map(|slot| slot.record.as_mut()) {
            record.flush().map_err(|error| End::Failed(LiveError::Record(error)))?;
        }
        Ok(())
    }

    fn count(&self, change: impl FnOnce(&mut FeedCounters)) {
        self.shared.count(change);
    }

    /// Starts a socket for a slot, after a wait and when the limit on connecting allows it.
    fn open(&mut self, at: usize, wait: Duration) {
        let now = Instant::now();
        let start = self.limiter.take(now + wait);
        self.count(|counters| {
            counters.attempts += 1;
            counters.held_connects += u64::from(start > now + wait);
        });
        let planned = self.settings.planned_after.saturating_sub(self.chance.up_to(self.settings.planned_jitter));
        let Some(slot) = self.slots.get_mut(at) else { return };
        self.next_socket += 1;
        let id = self.next_socket;
        let (down, orders) = mpsc::unbounded_channel();
        let task = Task {
            id,
            url: slot.plan.url.clone(),
            requests: slot.plan.requests.clone(),
            start,
            planned,
            settings: self.settings.clone(),
            up: self.up.clone(),
            down: orders,
        };
        tokio::spawn(task.run());
        let unconfirmed = slot.plan.requests.iter().map(|request| request.id).collect();
        let parser = (slot.plan.parser)();
        slot.sockets.push(Live { id, down, parser, unconfirmed, open: false, works_since: None, retiring: false });
    }

    /// Takes one message of a socket.
    async fn take(&mut self, Up { socket, at: ts, what }: Up) -> Result<(), End> {
        let found = self.slots.iter().enumerate().find_map(|(at, slot)| {
            let place = slot.sockets.iter().position(|live| live.id == socket)?;
            Some((at, place))
        });
        let Some((at, place)) = found else { return Ok(()) };
        match what {
            What::Open => {
                if let Some(live) = self.socket(at, place) {
                    live.open = true;
                }
                self.look_whether_it_works(at, place, ts).await
            }
            What::Frame(bytes) => self.frame(at, place, ts, &bytes).await,
            What::Ping => {
                self.count(|counters| counters.pings += 1);
                Ok(())
            }
            What::Retire => {
                self.replace(at, place);
                Ok(())
            }
            What::Quiet => {
                self.count(|counters| counters.stale += 1);
                let alone = self.slots.get(at).is_some_and(|slot| slot.sockets.len() == 1 && slot.ever_worked);
                if alone { self.say(at, Status::Stale, ts).await } else { Ok(()) }
            }
            What::Lost(loss) => self.lost(at, place, loss, ts).await,
        }
    }

    fn socket(&mut self, at: usize, place: usize) -> Option<&mut Live> {
        self.slots.get_mut(at)?.sockets.get_mut(place)
    }

    /// Opens a new socket beside one that is to go. One that is to go soon after it began must not make a storm.
    fn replace(&mut self, at: usize, place: usize) {
        let Settings { good_after, backoff_first, backoff_max, .. } = self.settings;
        let Some(slot) = self.slots.get_mut(at) else { return };
        let Some(live) = slot.sockets.get_mut(place).filter(|live| !live.retiring) else { return };
        live.retiring = true;
        let was_good = live.works_since.is_some_and(|since| since.elapsed() >= good_after);
        let alone = slot.sockets.iter().all(|live| live.retiring);
        let wait = if was_good {
            slot.attempts = 0;
            Duration::ZERO
        } else {
            slot.attempts = slot.attempts.saturating_add(1);
            backoff(slot.attempts - 1, backoff_first, backoff_max, &mut self.chance)
        };
        self.count(|counters| counters.replaced += 1);
        if alone {
            self.open(at, wait);
        }
    }

    async fn frame(&mut self, at: usize, place: usize, received: Timestamp, bytes: &[u8]) -> Result<(), End> {
        self.events.clear();
        let Some(slot) = self.slots.get_mut(at) else { return Ok(()) };
        let compare = slot.sockets.len() > 1 || Instant::now() < slot.compare_until;
        let Some(live) = slot.sockets.get_mut(place) else { return Ok(()) };
        let before = live.parser.counters();
        let frame = live.parser.frame(received, bytes, &mut self.symbols, &mut self.events);
        let after = live.parser.counters();
        self.shared.count(|counters| {
            counters.frames += 1;
            counters.bytes += bytes.len() as u64;
            counters.scanned += after.scanned - before.scanned;
            counters.fell_back += after.fell_back - before.fell_back;
        });
        if let (Ok(Frame::Events { stream, id: Some(id) }), Some(event)) = (&frame, self.events.first())
            && !slot.overlap.is_new(event.symbol, *stream, *id, compare)
        {
            self.count(|counters| counters.duplicates += 1);
            return Ok(());
        }
        if let Some(record) = &mut slot.record {
            record.frame(received, bytes).map_err(|error| End::Failed(LiveError::Record(error)))?;
        }
        match frame {
            Ok(Frame::Events { .. }) => {
                // The list itself is kept: its memory serves the next frame.
                let mut events = std::mem::take(&mut self.events);
                for event in events.drain(..) {
                    self.deliver(event).await?;
                }
                self.events = events;
                Ok(())
            }
            Ok(Frame::Control(control)) => {
                self.count(|counters| counters.control += 1);
                self.control(at, place, control, received).await
            }
            Ok(Frame::Skipped) => {
                self.count(|counters| counters.skipped += 1);
                Ok(())
            }
            Ok(Frame::Unknown) => {
                self.count(|counters| counters.unknown += 1);
                Ok(())
            }
            Err(error) => {
                self.count(|counters| counters.refused += 1);
                self.shared.trouble(error.to_string());
                Ok(())
            }
        }
    }

    async fn deliver(&mut self, event: MarketEvent) -> Result<(), End> {
        if !self.wanted.contains(&event.symbol) {
            self.count(|counters| counters.unsubscribed += 1);
            return Ok(());
        }
        let sent = self.out.send(LiveItem { feed: self.feed, recv_ts: event.ts, event }).await?;
        self.count(|counters| {
            counters.events += 1;
            counters.conflated += u64::from(sent.conflated);
            counters.waits += u64::from(sent.waited);
        });
        Ok(())
    }

    async fn control(&mut self, at: usize, place: usize, control: Control, ts: Timestamp) -> Result<(), End> {
        match control {
            Control::Ack { id: Some(id) } => {
                if let Some(live) = self.socket(at, place) {
                    live.unconfirmed.remove(&id);
                }
                self.look_whether_it_works(at, place, ts).await
            }
            Control::Refused { id, code, message } => {
                self.count(|counters| counters.refused_requests += 1);
                self.shared.trouble(format!("the venue says {code}: {message}"));
                let ours = id.is_some_and(|id| self.socket(at, place).is_some_and(|live| live.unconfirmed.contains(&id)));
                // What was wrong with a subscription stays wrong; other complaints end in a close or in nothing.
                if ours { Err(End::Failed(LiveError::Refused { code, message })) } else { Ok(()) }
            }
            Control::Shutdown => {
                self.count(|counters| counters.shutdowns += 1);
                self.replace(at, place);
                Ok(())
            }
            Control::Ack { id: None } | Control::Other => Ok(()),
        }
    }

    /// A socket works when it is open and all its requests are confirmed. The ones that it replaces may then go.
    async fn look_whether_it_works(&mut self, at: usize, place: usize, ts: Timestamp) -> Result<(), End> {
        let overlap = self.settings.overlap;
        let Some(slot) = self.slots.get_mut(at) else { return Ok(()) };
        let Some(live) = slot.sockets.get_mut(place) else { return Ok(()) };
        if live.works_since.is_some() || !live.open || !live.unconfirmed.is_empty() {
            return Ok(());
        }
        live.works_since = Some(Instant::now());
        let _ = live.down.send(Down::Confirmed);
        slot.ever_worked = true;
        let came_back = std::mem::take(&mut slot.down);
        for (_, old) in slot.sockets.iter_mut().enumerate().filter(|(other, _)| *other != place) {
            old.retiring = true;
            let _ = old.down.send(Down::Stop(overlap));
        }
        self.count(|counters| counters.connects += 1);
        if came_back { self.say(at, Status::Reconnect, ts).await } else { Ok(()) }
    }

    async fn lost(&mut self, at: usize, place: usize, loss: Loss, ts: Timestamp) -> Result<(), End> {
        let Some(slot) = self.slots.get_mut(at) else { return Ok(()) };
        let gone = slot.sockets.remove(place);
        // Without an overlap nothing comes twice, and a venue that began anew may begin its ids again.
        if !slot.sockets.is_empty() {
            slot.compare_until = Instant::now() + self.settings.compare_after;
        }
        let works = slot.sockets.iter().any(|live| live.works_since.is_some());
        let replaced = slot.sockets.iter().any(|live| !live.retiring);
        let was_good = gone.works_since.is_some_and(|since| since.elapsed() >= self.settings.good_after);
        if loss != Loss::Stopped {
            slot.attempts = if was_good { 0 } else { slot.attempts.saturating_add(1) };
        }
        let goes_down = slot.ever_worked && !works && !std::mem::replace(&mut slot.down, slot.ever_worked && !works);
        let attempts = slot.attempts;
        let banned = matches!(loss, Loss::Http { status: 429 | 418 | 403, .. });
        if loss != Loss::Stopped {
            self.shared.trouble(loss.to_string());
            let limited = banned || matches!(loss, Loss::Closed { code: 1008, .. });
            self.count(|counters| {
                counters.lost += 1;
                counters.half_open += u64::from(matches!(loss, Loss::Idle(_)));
                counters.rate_limited += u64::from(limited);
            });
        }
        if goes_down {
            self.say(at, Status::Disconnect, ts).await?;
        }
        if replaced {
            return Ok(());
        }
        let wait = self.wait_after(&loss, attempts);
        if banned {
            self.limiter.hold_until(Instant::now() + wait);
        }
        // A venue that asks for patience is there: waiting for it is not giving up. Nor does one connection that can't be had
        // end the others.
        let ever_worked = self.slots.iter().any(|slot| slot.ever_worked);
        let too_long = !banned && self.started.elapsed() + wait > self.settings.give_up_after;
        if !ever_worked && (hopeless(&loss) || too_long) {
            let url = self.slots.get(at).map(|slot| slot.plan.url.clone()).unwrap_or_default();
            return Err(End::Failed(LiveError::Unreachable { url, reason: loss.to_string() }));
        }
        self.open(at, wait);
        Ok(())
    }

    fn wait_after(&mut self, loss: &Loss, attempts: u32) -> Duration {
        let settings = &self.settings;
        let wait = backoff(attempts.saturating_sub(1), settings.backoff_first, settings.backoff_max, &mut self.chance);
        match loss {
            Loss::Http { status: 429 | 418 | 403, retry_after } => retry_after.unwrap_or(settings.rate_limit_wait) + wait,
            Loss::Closed { code: 1008, .. } => settings.policy_wait + wait,
            _ => wait,
        }
    }

    /// Hands a status of all symbols of a slot on. Its time is that of its cause, so that it can't be later than a frame that already waits.
    async fn say(&mut self, at: usize, status: Status, ts: Timestamp) -> Result<(), End> {
        let Some(slot) = self.slots.get_mut(at) else { return Ok(()) };
        let symbols = slot.plan.symbols.clone();
        if let Some(record) = &mut slot.record {
            let names = symbols.iter().map(|symbol| self.symbols.name(*symbol));
            record.status(ts, status, names).map_err(|error| End::Failed(LiveError::Record(error)))?;
        }
        for symbol in symbols {
            self.deliver(MarketEvent { ts, venue_ts: None, symbol, payload: Payload::Status(status) }).await?;
        }
        Ok(())
    }
}

/// What another attempt would not mend.
fn hopeless(loss: &Loss) -> bool {
    matches!(loss, Loss::Address(_) | Loss::Http { status: 400 | 401 | 404 | 451, .. })
}
