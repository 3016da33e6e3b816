//! `ascep run`: live or simulated data through the engine. Which of the two it is decides what time means: on a simulated market `--for` counts
//! simulated time, so that the same seed gives the same signals; live it counts the time on the wall.

use std::time::{Duration, Instant};

use ascep_feeds::spec::{SimSpec, VenueSpec};
use ascep_feeds::symbols::split_venue;
use ascep_feeds::{EventSource as _, FeedSpec, Merge, Sim, Symbols, sim};
use ascep_lang::{Program, Source};

use crate::args::{RunArgs, Speed};
use crate::console::Console;
use crate::data::bad_spec;
use crate::error::Failure;
use crate::intake::{FeedOrder, Taker};
use crate::interrupt::Interrupt;
use crate::live;
use crate::load;
use crate::output::Output;
use crate::record::Recorder;
use crate::session::{Session, Settings};
use crate::values::Span;

/// The rules of `ascep run` without a file.
const DEMO: &str = include_str!("../demo/demo.cep");
/// So many events at once go to the shards of an engine, where none has to be waited for.
const BATCH: usize = 4_096;
/// The longest sleep between two looks at Ctrl-C.
const NAP: Duration = Duration::from_millis(50);

/// Runs the command.
pub(crate) fn run(args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let specs: Vec<FeedSpec> = args.feeds.iter().map(|text| text.parse().map_err(|error| bad_spec(&error))).collect::<Result<_, _>>()?;
    let feeds = Feeds::of(specs, args.speed)?;
    let program = if args.files.is_empty() {
        console.note(&"no rules were given: these are built in, on a simulated market; Ctrl-C ends it, `ascep run --help` says more");
        load::compile(&[Source::new("demo.cep", DEMO)], &args.compile, console)?
    } else {
        load::load(&args.files, &args.compile, console)?
    };
    match feeds {
        Feeds::Simulated(specs) => simulated(&specs, &program, args, console),
        Feeds::Live(specs) => live::live(&specs, &program, args, console),
    }
}

/// Simulated and live time cannot be mixed.
pub(crate) enum Feeds {
    /// Simulated ones.
    Simulated(Vec<SimSpec>),
    /// Live ones.
    Live(Vec<VenueSpec>),
}

impl Feeds {
    /// Sorts what the command line names; the simulated market where it names nothing.
    pub(crate) fn of(specs: Vec<FeedSpec>, speed: Speed) -> Result<Self, Failure> {
        let (mut simulated, mut live) = (Vec::new(), Vec::new());
        for spec in specs {
            match spec {
                FeedSpec::Sim(spec) => simulated.push(spec),
                FeedSpec::Venue(spec) => live.push(spec),
            }
        }
        match (simulated.is_empty(), live.is_empty()) {
            (true, true) => Ok(Self::Simulated(vec![SimSpec::default()])),
            (false, true) => Ok(Self::Simulated(simulated)),
            (true, false) if speed == Speed::Max => {
                Err(Failure::Usage("`--speed max` is for simulated markets: live data comes at its own pace".to_owned()))
            }
            (true, false) => Ok(Self::Live(live)),
            (false, false) => Err(Failure::Usage("a simulated and a live feed cannot run together: each has a time of its own".to_owned())),
        }
    }
}

/// The symbols that rules name, as they write them, each once.
pub(crate) fn named(program: &Program) -> impl Iterator<Item = &str> {
    program.tables.symbols.iter().map(String::as_str)
}

fn simulated(specs: &[SimSpec], program: &Program, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let mut symbols = Symbols::new();
    let mut markets = Vec::with_capacity(specs.len());
    for (at, spec) in specs.iter().enumerate() {
        // The first market has what the rules name; `sim:X/Y` is `X/Y` there.
        let wanted: Vec<&str> = if at == 0 { named(program).map(local).collect() } else { Vec::new() };
        let market = Sim::new(&spec.options(wanted), &mut symbols).map_err(|error| Failure::Usage(error.to_string()))?;
        markets.push(market);
    }
    let mut market = Merge::new(markets);
    let output = Output::stdout(args.signals.out, args.speed == Speed::Real);
    let interrupt = Interrupt::listen();
    let mut session = Session::new(
        program,
        Some(sim::NAME),
        // At its own pace each event is evaluated when it comes, as live.
        Settings::of(&args.signals.engine)
            .with_strict(args.signals.strict)
            .with_shards(args.shards.map(usize::from), if args.speed == Speed::Max { BATCH } else { 1 }),
        output,
        console,
        &interrupt,
    )?;
    let mut recorder = args.record.as_deref().map(Recorder::create).transpose()?;

    let limits = Pace { span: args.span, events: args.events, speed: args.speed };
    let ended = simulate(&mut market, &mut symbols, &mut session, limits, recorder.as_mut(), &interrupt);
    let recorded = recorder.map_or(Ok(()), Recorder::finish);
    end(session, 0, Vec::new(), ended.and(recorded), console)
}

/// When a simulation ends, and how fast it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// After so much simulated time.
    pub(crate) span: Option<Span>,
    /// After so many events.
    pub(crate) events: Option<u64>,
    /// How fast.
    pub(crate) speed: Speed,
}

/// Hands on what a simulated market gives until something ends it.
pub(crate) fn simulate(
    market: &mut Merge<Sim>,
    symbols: &mut Symbols,
    taker: &mut impl Taker,
    limits: Pace,
    mut recorder: Option<&mut Recorder>,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let began = Instant::now();
    let mut start = None;
    while limits.events.is_none_or(|most| taker.events() < most) {
        let event = match market.next_event(symbols) {
            Some(Ok(event)) => event,
            Some(Err(error)) => return Err(Failure::Feed(error.to_string())),
            None => break,
        };
        let start = *start.get_or_insert(event.ts);
        if let Some(end) = limits.span.map(|span| start.saturating_add(span.0))
            && event.ts > end
        {
            return taker.advance_to(end);
        }
        if limits.speed == Speed::Real {
            pace(began, event.ts.saturating_sub(start), interrupt);
        }
        if interrupt.came() {
            return Err(Failure::Interrupted);
        }
        if let Some(recorder) = &mut recorder {
            recorder.event(&event, symbols)?;
        }
        taker.event(&event, symbols)?;
    }
    taker.last_ts().map_or(Ok(()), |end| taker.advance_to(end))
}

/// Writes what is left and sums up, however it ended; a closed stdout is met with silence.
pub(crate) fn end(
    session: Session,
    conflated: u64,
    order: Vec<FeedOrder>,
    ended: Result<(), Failure>,
    console: &Console,
) -> Result<(), Failure> {
    let (summary, written) = session.finish(conflated, order);
    if matches!(ended, Err(Failure::Closed)) || matches!(written, Err(Failure::Closed)) {
        return Err(Failure::Closed);
    }
    console.text(&summary.text());
    ended.and(written)
}

/// A symbol as the simulated market calls it.
fn local(name: &str) -> &str {
    match split_venue(name) {
        (Some(venue), pair) if venue == sim::NAME => pair,
        _ => name,
    }
}

/// Waits until so many nanoseconds have passed since `began`, or until Ctrl-C.
fn pace(began: Instant, nanos: i64, interrupt: &Interrupt) {
    let due = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
    while let Some(left) = due.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        if interrupt.came() {
            return;
        }
        std::thread::sleep(left.min(NAP));
    }
}
