//! Recorded data for a replay: the `--data` of the command line opened, merged by time, with the venue of symbols that name none.

use std::collections::VecDeque;

use ascep_feeds::symbols::split_venue;
use ascep_feeds::{
    DataSpec, EventSource, MarketEvent, Merge, Progress, ReadError, ReadOptions, SourceCounters, SpecError, Symbols, open_data,
};

use crate::args::{ReadArgs, TsUnit};
use crate::error::Failure;

/// Bad rows at the head of a file beyond which nobody looks on for the first good one.
const LOOKAHEAD: usize = 10_000;

/// All data of a replay as one source.
pub(crate) struct Data {
    merged: Merge<Box<dyn EventSource + Send>>,
    symbols: Symbols,
    default_venue: Option<String>,
}

impl Data {
    /// Opens what the command line names.
    pub(crate) fn open(paths: &[String], args: &ReadArgs, strict: bool) -> Result<Self, Failure> {
        let options = ReadOptions { ts_unit: unit(args.ts_unit), strict, ..ReadOptions::default() };
        let specs: Vec<DataSpec> = paths.iter().map(|text| text.parse().map_err(|error| bad_spec(&error))).collect::<Result<_, _>>()?;
        let mut symbols = Symbols::new();
        let mut sources: Vec<Box<dyn EventSource + Send>> = Vec::with_capacity(specs.len());
        let mut default_venue = None;
        for (at, spec) in specs.iter().enumerate() {
            let mut source = open_data(spec, &options).map_err(|error| Failure::Feed(format!("{error}; {}", error.help())))?;
            if at == 0 {
                default_venue = spec.venue.map(|venue| venue.name().to_owned());
                if default_venue.is_none() {
                    let peeked = Peeked::new(source, &mut symbols);
                    default_venue = peeked.venue(&symbols);
                    source = Box::new(peeked);
                }
            }
            sources.push(source);
        }
        Ok(Self { merged: Merge::new(sources), symbols, default_venue })
    }

    /// Of which data the last event was, in the order of the command line.
    pub(crate) fn last_source(&self) -> usize {
        self.merged.last_source()
    }

    /// What messages call the data, in the order of the command line.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.merged.sources().iter().map(EventSource::name)
    }

    /// The next event or row that cannot be read.
    pub(crate) fn next(&mut self) -> Option<Result<MarketEvent, ReadError>> {
        self.merged.next_event(&mut self.symbols)
    }

    /// The names of instruments.
    pub(crate) fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// That of the first feed, or of the first row of plain data.
    pub(crate) fn default_venue(&self) -> Option<&str> {
        self.default_venue.as_deref()
    }

    /// How much is read.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.merged.progress()
    }

    /// What was read.
    pub(crate) fn counters(&self) -> SourceCounters {
        self.merged.counters()
    }
}

/// A bad SPEC as bad usage, with the way out.
pub(crate) fn bad_spec(error: &SpecError) -> Failure {
    Failure::Usage(match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    })
}

fn unit(unit: TsUnit) -> ascep_feeds::TsUnit {
    match unit {
        TsUnit::Ns => ascep_feeds::TsUnit::Ns,
        TsUnit::Us => ascep_feeds::TsUnit::Us,
        TsUnit::Ms => ascep_feeds::TsUnit::Ms,
        TsUnit::S => ascep_feeds::TsUnit::S,
    }
}

/// A source whose first event was looked at; it gives everything it has seen again, in order.
struct Peeked {
    source: Box<dyn EventSource + Send>,
    head: VecDeque<Result<MarketEvent, ReadError>>,
}

impl Peeked {
    fn new(mut source: Box<dyn EventSource + Send>, symbols: &mut Symbols) -> Self {
        let mut head = VecDeque::new();
        while head.len() < LOOKAHEAD {
            let Some(next) = source.next_event(symbols) else { break };
            let found = next.is_ok();
            head.push_back(next);
            if found {
                break;
            }
        }
        Self { source, head }
    }

    /// The venue of the first event, where it names one.
    fn venue(&self, symbols: &Symbols) -> Option<String> {
        let first = self.head.back()?.as_ref().ok()?;
        split_venue(symbols.name(first.symbol)).0.map(str::to_owned)
    }
}

impl EventSource for Peeked {
    fn next_event(&mut self, symbols: &mut Symbols) -> Option<Result<MarketEvent, ReadError>> {
        self.head.pop_front().or_else(|| self.source.next_event(symbols))
    }

    fn name(&self) -> &str {
        self.source.name()
    }

    fn counters(&self) -> SourceCounters {
        self.source.counters()
    }

    fn progress(&self) -> Option<Progress> {
        self.source.progress()
    }
}
