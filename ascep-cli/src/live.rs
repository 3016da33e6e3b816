//! Live feeds. Each has a thread of its own and a bounded queue between it and this one, which alone works the engine or the scan.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ascep_feeds::Symbols;
use ascep_feeds::live::{DEFAULT_QUEUE, LiveConfig, LiveFeed, LiveReceiver, Recv, Settings as FeedSettings, channel};
use ascep_feeds::spec::VenueSpec;
use ascep_feeds::symbols::split_venue;
use ascep_lang::Program;

use crate::args::RunArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::intake::{FeedOrder, Intake, Taker};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::run::{end, named};
use crate::session::{Session, Settings};
use crate::values::Span;

/// The longest wait for an event between two looks at Ctrl-C, the time and the timers.
const NAP: Duration = Duration::from_millis(50);
/// In silence the clock follows the wall at this distance, which is more than an event takes from its receipt to here.
const BEHIND: i64 = 100_000_000;

/// Runs the rules on live feeds.
pub(crate) fn live(specs: &[VenueSpec], program: &Program, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let specs = with_named(specs, program)?;
    let Some(first) = specs.first() else { return Err(Failure::Usage("no feed was given".to_owned())) };
    let output = Output::stdout(args.signals.out, true);
    let interrupt = Interrupt::listen();
    let mut session = Session::new(
        program,
        Some(first.venue.name()),
        Settings::of(&args.signals.engine).with_strict(args.signals.strict).with_shards(args.shards.map(usize::from), 1),
        output,
        console,
        &interrupt,
    )?;
    // What messages call a feed: as the user wrote it.
    let names = args.feeds.iter().zip(&specs).map(|(text, _)| text.clone()).collect();
    let limits = Limits { span: args.span, events: args.events, strict: args.signals.strict };
    let Fed { conflated, order, ended } = feed(specs, names, args.record.clone(), limits, &mut session, &interrupt, console)?;
    end(session, conflated, order, ended, console)
}

/// When live feeds end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// After so long on the wall.
    pub(crate) span: Option<Span>,
    /// After so many events.
    pub(crate) events: Option<u64>,
    /// At the first thing that a feed refuses.
    pub(crate) strict: bool,
}

/// What became of live feeds.
pub(crate) struct Fed {
    /// What they dropped or merged because the taker was behind.
    pub(crate) conflated: u64,
    /// What was late or far ahead.
    pub(crate) order: Vec<FeedOrder>,
    /// How it ended.
    pub(crate) ended: Result<(), Failure>,
}

/// Starts the feeds and hands on what they bring until something ends it.
pub(crate) fn feed(
    specs: Vec<VenueSpec>,
    names: Vec<String>,
    record: Option<PathBuf>,
    limits: Limits,
    taker: &mut impl Taker,
    interrupt: &Interrupt,
    console: &Console,
) -> Result<Fed, Failure> {
    let mut symbols = Symbols::new();
    let (sender, receiver) = channel(DEFAULT_QUEUE);
    let mut feeds = Vec::with_capacity(specs.len());
    let intake = Intake::new(names.iter().cloned().zip(specs.iter().map(|spec| spec.time))).with_most(limits.events);
    for (feed, spec) in specs.into_iter().enumerate() {
        let config = LiveConfig { feed, spec, settings: FeedSettings::default(), record: record.clone() };
        let started = LiveFeed::start(config, &mut symbols, sender.clone());
        feeds.push(started.map_err(|error| Failure::Feed(format!("{error}; {}", error.help())))?);
    }
    drop(sender);

    let mut live = Live { limits, console, symbols, receiver, troubles: vec![None; feeds.len()], names, feeds, taker, intake };
    let ended = live.work(interrupt);
    if !matches!(ended, Err(Failure::Closed)) {
        live.troubles();
    }
    let Live { feeds, taker, intake, .. } = live;
    let counters: Vec<_> = feeds.into_iter().map(LiveFeed::stop).collect();
    taker.add_refused(counters.iter().map(|counters| counters.refused).sum());
    let conflated = counters.iter().map(|counters| counters.conflated).sum();
    Ok(Fed { conflated, order: intake.report(), ended })
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

struct Live<'a, T> {
    limits: Limits,
    console: &'a Console,
    symbols: Symbols,
    receiver: LiveReceiver,
    feeds: Vec<LiveFeed>,
    /// What messages call each feed.
    names: Vec<String>,
    /// What each feed last complained of.
    troubles: Vec<Option<String>>,
    taker: &'a mut T,
    intake: Intake,
}

impl<T: Taker> Live<'_, T> {
    /// Takes events until something ends it.
    fn work(&mut self, interrupt: &Interrupt) -> Result<(), Failure> {
        let deadline = self.limits.span.and_then(|span| {
            let span = Duration::from_nanos(u64::try_from(span.0).unwrap_or(0));
            Instant::now().checked_add(span)
        });
        let mut failed = None;
        while self.limits.events.is_none_or(|most| self.taker.events() < most) {
            if interrupt.came() {
                self.intake.end(&self.symbols, self.taker)?;
                return Err(Failure::Interrupted);
            }
            let left = deadline.map_or(NAP, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            if self.limits.strict && self.feeds.iter().any(|feed| feed.counters().refused > 0) {
                return Err(Failure::Refused(self.feeds.iter().find_map(LiveFeed::last_trouble).unwrap_or_default()));
            }
            match self.receiver.recv_timeout(left.min(NAP)) {
                Recv::Item(item) => {
                    self.intake.event(item.feed, item.event, &self.symbols, self.taker)?;
                }
                Recv::Timeout => self.silence()?,
                Recv::Failed { feed, error } => {
                    let name = self.names.get(feed).map_or("a feed", String::as_str);
                    let failure = Failure::Feed(format!("{name}: {error}; {}", error.help()));
                    self.taker.aside(&|| self.console.error(&failure));
                    failed = Some(failure);
                }
                Recv::Ended => break,
            }
        }
        self.intake.end(&self.symbols, self.taker)?;
        match failed {
            // It has been shown when it came.
            Some(_) => Err(Failure::Shown),
            None => self.taker.last_ts().map_or(Ok(()), |end| self.taker.advance_to(end)),
        }
    }

    /// Nothing came for a while: the timers go on, and troubles of the feeds are shown once.
    fn silence(&mut self) -> Result<(), Failure> {
        self.troubles();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_nanos()).ok());
        match now {
            Some(now) => self.intake.silence(now.saturating_sub(BEHIND), &self.symbols, self.taker),
            None => Ok(()),
        }
    }

    /// Shows what feeds complain of, each thing once.
    fn troubles(&mut self) {
        for ((feed, name), shown) in self.feeds.iter().zip(&self.names).zip(&mut self.troubles) {
            let trouble = feed.last_trouble();
            if trouble != *shown {
                if let Some(trouble) = &trouble {
                    self.taker.aside(&|| self.console.warning(&format_args!("{name}: {trouble}")));
                }
                *shown = trouble;
            }
        }
    }
}
