//! `ascep scan`: every closed way of exchanges through a universe of markets, watched without a rule. Tellings go to stdout, a report to stderr
//! and, where it is wanted, to a page.

pub(crate) mod args;
mod format;
mod html;
mod markets;
mod output;
mod plots;
mod report;
mod screen;
mod setup;
mod svg;
mod table;
mod tally;
mod values;
mod watch;

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use ascep_feeds::{EventSource as _, Merge, Sim, Symbols, sim};
use ascep_runtime::arbitrage::{ScanError, Scanner};

use self::args::{ScanArgs, ScanForm};
use self::markets::Markets;
use self::output::{Lines, Output};
use self::report::Report;
use self::screen::Screen;
use self::setup::{Setup, Source};
use self::tally::Tally;
use self::watch::{Told, Watch};
use crate::args::Speed;
use crate::console::Console;
use crate::error::Failure;
use crate::intake::{FeedOrder, Intake};
use crate::interrupt::Interrupt;
use crate::live::{self, Fed, Limits};
use crate::progress::Bar;
use crate::record::Recorder;
use crate::replay;
use crate::run::{Pace, simulate};
use crate::summary::{grouped, order_lines};

/// Columns of the report where stderr is no terminal.
const COLUMNS: usize = 160;

/// Runs the command.
pub(crate) fn scan(args: &ScanArgs, console: &Console) -> Result<(), Failure> {
    args.read.check()?;
    if args.out == Some(ScanForm::Table) && !io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "a table is drawn on a terminal, and standard output is none: take `--out text` or `--out jsonl`".to_owned(),
        ));
    }
    let interrupt = Interrupt::listen();
    let Setup { source, universe, fees, home, settings, default_venue, about } = setup::setup(args, console, &interrupt)?;
    let scanner = Scanner::new(&universe, &fees, settings).map_err(|error| match error {
        ScanError::TooManyCycles { .. } => Failure::Usage(format!("`--max-ways N` is too low: {error}")),
        _ => Failure::Usage(error.to_string()),
    })?;
    if !universe.is_empty() && scanner.stats().entries == 0 && usize::from(args.legs.least) <= ascep_runtime::arbitrage::INDEXED_LEGS {
        console.warning(&format_args!("no way of {} legs leads through the {} markets: nothing can be found", args.legs, universe.len()));
    }
    // Before anything takes long. What is there already stays until there is something to put in its place.
    let mut page = args
        .html
        .as_deref()
        .map(|path| {
            File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .map_err(|error| unwritten(path, error))
                .map(|file| (path, file))
        })
        .transpose()?;

    let form = args.out.unwrap_or_else(|| if io::stdout().is_terminal() { ScanForm::Table } else { ScanForm::Jsonl });
    let lines = match form {
        ScanForm::Table => Lines::None,
        ScanForm::Text => Lines::Text,
        ScanForm::Jsonl => Lines::Jsonl,
    };
    let each = matches!(source, Source::Live(_)) || (matches!(source, Source::Simulated(_)) && args.speed == Speed::Real);
    let screen = (form == ScanForm::Table).then(|| Screen::new(setup::head(&universe, &scanner, &about), args.top.get(), console.colour()));
    let markets = Markets::new(&universe, default_venue.as_deref());
    let told = Told::new(Output::new(lines, each), Tally::new(args.draw, home, &fees), home, args.top.get())
        .with_wanted(args.size.map(|size| size.0));
    let mut watch = Watch::new(scanner, universe, markets, told, screen, args.strict, console).with_most(args.events);

    let ended = work(args, source, &mut watch, &interrupt, console)?;
    let written = watch.finish();
    if matches!(ended.ended, Err(Failure::Closed)) || matches!(written, Err(Failure::Closed)) {
        return Err(Failure::Closed);
    }
    let report = Report::of(&mut watch, args.top.get());
    if ended.unknown > 0 {
        replay::unknown(console, ended.unknown);
    }
    console.text(&summary(&watch, &ended));
    console.text(&report.text(width()));
    if let Some((path, file)) = &mut page {
        let html = html::page(&report, &watch.told.tally, &about);
        file.set_len(0)
            .and_then(|()| file.write_all(html.as_bytes()))
            .and_then(|()| file.flush())
            .map_err(|error| unwritten(path, error))?;
        console.note(&format_args!("the page is `{}`", path.display()));
    }
    ended.ended.and(written)
}

/// How it ended, and what the feeds counted.
struct Ended {
    ended: Result<(), Failure>,
    conflated: u64,
    order: Vec<FeedOrder>,
    unknown: u64,
}

/// Hands on all events until something ends it.
fn work(args: &ScanArgs, source: Source, watch: &mut Watch, interrupt: &Interrupt, console: &Console) -> Result<Ended, Failure> {
    match source {
        Source::Data(mut data) => {
            let mut intake = Intake::of(&args.read, &data).with_most(args.events);
            let bar =
                if watch.has_screen() { Bar::none() } else { Bar::new(console, data.progress().map_or(0, |progress| progress.total)) };
            let ended = replay::all(&mut data, &mut intake, watch, interrupt, &bar);
            bar.finish();
            Ok(Ended { ended, conflated: 0, order: intake.report(), unknown: data.counters().unknown })
        }
        Source::Simulated(feeds) => {
            let mut symbols = Symbols::new();
            let markets: Result<Vec<Sim>, _> = feeds.iter().map(|feed| Sim::new(&feed.options, &mut symbols)).collect();
            let mut market = Merge::new(markets.map_err(|error| Failure::Usage(error.to_string()))?);
            let mut recorder = args.record.as_deref().map(Recorder::create).transpose()?;
            let pace = Pace { span: args.span, events: args.events, speed: args.speed };
            let ended = simulate(&mut market, &mut symbols, watch, pace, recorder.as_mut(), interrupt);
            let recorded = recorder.map_or(Ok(()), Recorder::finish);
            Ok(Ended { ended: ended.and(recorded), conflated: 0, order: Vec::new(), unknown: market.counters().unknown })
        }
        Source::Live(specs) => {
            let limits = Limits { span: args.span, events: args.events, strict: args.strict };
            let names = args.feeds.clone();
            let Fed { conflated, order, ended } = live::feed(specs, names, args.record.clone(), limits, watch, interrupt, console)?;
            Ok(Ended { ended, conflated, order, unknown: 0 })
        }
    }
}

/// What is said of the run itself, as `run` and `replay` say it.
fn summary(watch: &Watch, ended: &Ended) -> String {
    let (events, seconds) = (watch.counts.events, watch.wall().as_secs_f64());
    let rate = if seconds > 0.0 { events as f64 / seconds } else { 0.0 };
    let mut text = format!(
        "events           {}\nopportunities    {}\nrefused          {}\nlate             {}\n",
        grouped(events),
        grouped(watch.told.tally.opened),
        grouped(watch.refused()),
        grouped(watch.scanner.counters().late),
    );
    order_lines(&ended.order, &mut text);
    for (label, n) in [("conflated", ended.conflated), ("unknown frames", ended.unknown)] {
        if n > 0 {
            text.push_str(&format!("{label:<17}{}\n", grouped(n)));
        }
    }
    text.push_str(&format!("wall time        {seconds:.3} s\nevents/s         {}\n", grouped(rate.round() as u64)));
    text
}

/// Columns of stderr.
fn width() -> usize {
    let term = console::Term::stderr();
    if term.is_term() { usize::from(term.size().1).max(60) } else { COLUMNS }
}

fn unwritten(path: &Path, source: io::Error) -> Failure {
    Failure::Write { path: path.display().to_string(), source }
}

/// The name of the simulated venue, for messages.
const SIM: &str = sim::NAME;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use ascep_runtime::arbitrage::{Leg, MarketId, MarketSpec, Opportunity, Path, State, Universe};
    use ascep_runtime::event::Side;

    /// Three markets with two ways.
    pub(super) fn universe() -> Universe {
        let mut universe = Universe::new();
        for symbol in ["BTC/USDT", "ETH/BTC", "ETH/USDT"] {
            universe.add(&MarketSpec::spot(symbol).unwrap()).unwrap();
        }
        universe
    }

    /// A made-up telling.
    pub(super) fn telling(universe: &Universe, id: u64, state: State) -> Opportunity {
        let legs = [(0, Side::Buy), (1, Side::Buy), (2, Side::Sell)].map(|(market, side)| Leg { market: MarketId(market), side });
        Opportunity {
            id,
            ts: 1_723_161_253_937_085_768,
            state,
            path: Path::new(universe, &legs).unwrap(),
            net: 0.0003,
            gross: 0.00055,
            size: 120.5,
            profit: f64::NAN,
            age: 12_000_000,
            skew: 3_000_000,
            opened: 1_723_161_253_912_085_768,
            peak: 0.0004,
            peak_size: 130.0,
        }
    }
}
