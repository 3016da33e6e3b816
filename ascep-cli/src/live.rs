//! `ascep run` on live feeds. Each feed has a thread of its own and a bounded queue between it and this one, which alone works the engine.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ascep_feeds::live::{DEFAULT_QUEUE, LiveConfig, LiveFeed, LiveReceiver, Recv, Settings as FeedSettings, channel};
use ascep_feeds::spec::VenueSpec;
use ascep_feeds::symbols::split_venue;
use ascep_feeds::{FutureGuard, Symbols};
use ascep_lang::Program;

use crate::args::RunArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::run::{end, named};
use crate::session::{Session, Settings};

/// The longest wait for an event between two looks at Ctrl-C, the time and the timers.
const NAP: Duration = Duration::from_millis(50);
/// In silence the clock of the rules follows the wall at this distance, which is more than an event takes from its receipt to here.
const BEHIND: i64 = 100_000_000;

/// Runs the rules on live feeds.
pub(crate) fn live(specs: &[VenueSpec], program: &Program, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let specs = with_named(specs, program)?;
    let Some(first) = specs.first() else { return Err(Failure::Usage("no feed was given".to_owned())) };
    let output = Output::stdout(args.signals.out, true);
    let interrupt = Interrupt::listen();
    let session = Session::new(program, Some(first.venue.name()), Settings::of(&args.signals), output, console, &interrupt)?;

    let mut symbols = Symbols::new();
    let (sender, receiver) = channel(DEFAULT_QUEUE);
    let mut feeds = Vec::with_capacity(specs.len());
    for (feed, spec) in specs.into_iter().enumerate() {
        let config = LiveConfig { feed, spec, settings: FeedSettings::default(), record: args.record.clone() };
        let started = LiveFeed::start(config, &mut symbols, sender.clone());
        feeds.push(started.map_err(|error| Failure::Feed(format!("{error}; {}", error.help())))?);
    }
    drop(sender);

    let mut live =
        Live { args, console, symbols, receiver, troubles: vec![None; feeds.len()], feeds, session, guard: FutureGuard::default() };
    let ended = live.work(&interrupt);
    let Live { feeds, mut session, .. } = live;
    let counters: Vec<_> = feeds.into_iter().map(LiveFeed::stop).collect();
    session.add_refused(counters.iter().map(|counters| counters.refused).sum());
    let conflated = counters.iter().map(|counters| counters.conflated).sum();
    end(session, conflated, ended, console)
}

/// The feeds with the symbols that the rules name; a symbol without a venue is the first feed's.
fn with_named(specs: &[VenueSpec], program: &Program) -> Result<Vec<VenueSpec>, Failure> {
    let mut specs = specs.to_vec();
    let mut lost = Vec::new();
    for name in named(program) {
        let (venue, pair) = split_venue(name);
        let spec = match venue {
            None => specs.first_mut(),
            Some(venue) => specs.iter_mut().find(|spec| spec.venue.name() == venue),
        };
        match spec {
            Some(spec) if spec.symbols.iter().any(|one| one == pair) => {}
            Some(spec) => spec.symbols.push(pair.to_owned()),
            None => lost.push(format!("`{name}`")),
        }
    }
    if lost.is_empty() { Ok(specs) } else { Err(Failure::NoFeedHas(lost.join(", "))) }
}

struct Live<'a> {
    args: &'a RunArgs,
    console: &'a Console,
    symbols: Symbols,
    receiver: LiveReceiver,
    feeds: Vec<LiveFeed>,
    /// What each feed last complained of.
    troubles: Vec<Option<String>>,
    session: Session,
    guard: FutureGuard,
}

impl Live<'_> {
    /// Takes events until something ends it.
    fn work(&mut self, interrupt: &Interrupt) -> Result<(), Failure> {
        let deadline = self.args.span.and_then(|span| {
            let span = Duration::from_nanos(u64::try_from(span.0).unwrap_or(0));
            Instant::now().checked_add(span)
        });
        let mut failed = None;
        while self.args.events.is_none_or(|most| self.session.events() < most) {
            if interrupt.came() {
                return Err(Failure::Interrupted);
            }
            let left = deadline.map_or(NAP, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            if self.args.signals.strict && self.feeds.iter().any(|feed| feed.counters().refused > 0) {
                return Err(Failure::Refused(self.feeds.iter().find_map(LiveFeed::last_trouble).unwrap_or_default()));
            }
            match self.receiver.recv_timeout(left.min(NAP)) {
                Recv::Item(item) => {
                    if self.guard.admit(item.feed, item.event.ts, self.session.last_ts()) {
                        self.session.event(&item.event, &self.symbols)?;
                    } else {
                        let name = self.symbols.name(item.event.symbol).to_owned();
                        self.session.refuse(&format_args!("event of {name} at {}: more than an hour ahead", item.event.ts))?;
                    }
                }
                Recv::Timeout => self.silence()?,
                Recv::Failed { error, .. } => {
                    let failure = Failure::Feed(format!("{error}; {}", error.help()));
                    self.console.error(&failure);
                    failed = Some(failure);
                }
                Recv::Ended => break,
            }
        }
        match failed {
            // It has been shown when it came.
            Some(_) => Err(Failure::Shown),
            None => self.session.last_ts().map_or(Ok(()), |end| self.session.advance_to(end)),
        }
    }

    /// Nothing came for a while: the timers go on, and troubles of the feeds are shown once.
    fn silence(&mut self) -> Result<(), Failure> {
        for (feed, shown) in self.feeds.iter().zip(&mut self.troubles) {
            let trouble = feed.last_trouble();
            if trouble != *shown {
                if let Some(trouble) = &trouble {
                    self.console.warning(trouble);
                }
                *shown = trouble;
            }
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_nanos()).ok());
        match (self.session.last_ts(), now.map(|now| now.saturating_sub(BEHIND))) {
            // Before the first event there is no clock: a replay of the record begins with that event, too.
            (Some(last), Some(now)) if now > last => self.session.advance_to(now),
            _ => Ok(()),
        }
    }
}
