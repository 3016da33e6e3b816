//! From the command line to what is scanned: where events come from, which markets there are, what they cost, and what is asked for.

use std::num::NonZeroUsize;

use ascep_feeds::spec::{SimSpec, VenueSpec};
use ascep_feeds::{FeedSpec, SimOptions};
use ascep_runtime::arbitrage::{AssetId, FeeError, FeeTable, ScanSettings, Scanner, Universe, VenueClock};

use super::args::ScanArgs;
use super::html::About;
use super::report::counted;
use super::table::Section;
use super::{SIM, format, markets, report};
use crate::console::Console;
use crate::data::{Data, bad_spec};
use crate::error::Failure;
use crate::interrupt::Interrupt;
use crate::run::Feeds;
use crate::summary::grouped;
use crate::universe::Equal;

/// What the simulated venue takes where nothing else is said.
const SIM_FEE: f64 = 0.000_75;
/// Where the ways of the bare command begin and end.
const SIM_HOME: &str = "USDT";

/// Where events come from.
pub(crate) enum Source {
    /// `--data`, opened.
    Data(Box<Data>),
    /// Simulated markets.
    Simulated(Vec<Simulated>),
    /// Venues.
    Live(Vec<VenueSpec>),
}

/// A simulated market.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) options: SimOptions,
    /// Whether its SPEC names symbols.
    named: bool,
}

/// All that a scan needs.
pub(crate) struct Setup {
    pub(crate) source: Source,
    pub(crate) universe: Universe,
    /// Of each market.
    pub(crate) fees: Vec<f64>,
    pub(crate) home: Option<AssetId>,
    pub(crate) settings: ScanSettings,
    pub(crate) default_venue: Option<String>,
    pub(crate) about: About,
}

/// Reads it all.
pub(crate) fn setup(args: &ScanArgs, console: &Console, interrupt: &Interrupt) -> Result<Setup, Failure> {
    let (mut source, default_venue) = source(args)?;
    let fee = fee(args, &source, console)?;
    let loaded = args.markets.load(console)?;
    let refused = loaded.findings.refused();
    if args.strict && refused > 0 {
        return Err(Failure::Refused(format!("{} of the universes and fees are wrong", counted(refused, "row", "rows"))));
    }
    let universe = if args.markets.universes.is_empty() {
        let mut universe = from_names(args, &source, default_venue.as_deref(), console, interrupt)?;
        for Equal { base, quote, haircut } in &args.markets.equal {
            let added = universe.assume_equal(base, quote, *haircut);
            added.map_err(|error| Failure::Usage(format!("`--assume-equal {base}={quote}`: {error}")))?;
        }
        universe
    } else {
        if !loaded.universe.markets().any(|market| market.is_open() && market.venue().is_some()) {
            let has = counted(loaded.counters.markets, "market", "markets");
            return Err(Failure::Usage(format!(
                "no market of the universe trades, of {has}: there is nothing to scan; name another `--universe FILE`"
            )));
        }
        subscribe(&mut source, &loaded.universe)?;
        loaded.universe
    };
    let fees = match fee {
        Some(fee) => FeeTable::flat(fee).and_then(|table| table.resolve(&universe)),
        None => loaded.fees.resolve_or(&loaded.listed, &universe),
    };
    let fees = fees.map_err(|error| {
        let way_out = match error {
            FeeError::Missing { .. } => {
                ": add a line to `--fees FILE`, one without venue and pair is for all others; or give one fee for all, `--fee 7.5bp`"
            }
            _ => "",
        };
        Failure::Usage(format!("{error}{way_out}"))
    })?;
    let home = home(args, &universe)?;
    if args.size.is_some() && home.is_none() {
        return Err(Failure::Usage("`--size` is in units of the home asset: name it with `--home`".to_owned()));
    }
    let settings = settings(args, &universe, home)?;
    let about = about(args, &source, &universe, &fees, home, default_venue.as_deref());
    Ok(Setup { source, universe, fees, home, settings, default_venue, about })
}

/// Feeds that name no symbols bring those of the universe.
fn subscribe(source: &mut Source, universe: &Universe) -> Result<(), Failure> {
    let open = || universe.markets().filter(|market| market.is_open() && market.venue().is_some()).map(|market| market.symbol.as_str());
    match source {
        Source::Data(_) => {}
        Source::Simulated(feeds) => {
            for (at, feed) in feeds.iter_mut().enumerate().filter(|(_, feed)| !feed.named) {
                if at == 0 {
                    feed.options.symbols = open().map(str::to_owned).collect();
                }
            }
        }
        Source::Live(specs) => {
            for (at, spec) in specs.iter_mut().enumerate().filter(|(_, spec)| spec.symbols.is_empty()) {
                spec.subscribe(open(), at == 0);
                if spec.symbols.is_empty() {
                    let venue = spec.venue.name();
                    return Err(Failure::Usage(format!("no market of the universe trades on `{venue}`, and its feed names no symbols")));
                }
            }
        }
    }
    Ok(())
}

/// Where events come from, and the venue of symbols without one.
fn source(args: &ScanArgs) -> Result<(Source, Option<String>), Failure> {
    if !args.data.is_empty() {
        if args.markets.universes.is_empty() {
            markets::check_twice(&args.data)?;
        }
        let data = Data::open(&args.data, &args.read, args.strict)?;
        let venue = data.default_venue().map(str::to_owned);
        return Ok((Source::Data(Box::new(data)), venue));
    }
    let specs: Vec<FeedSpec> = args.feeds.iter().map(|text| text.parse().map_err(|error| bad_spec(&error))).collect::<Result<_, _>>()?;
    match Feeds::of(specs, args.speed)? {
        Feeds::Simulated(specs) => {
            let named = |spec: &SimSpec| !spec.symbols.is_empty();
            let options = specs.iter().map(|spec| Simulated { options: spec.options([]), named: named(spec) }).collect();
            Ok((Source::Simulated(options), Some(SIM.to_owned())))
        }
        Feeds::Live(specs) => {
            let venue = specs.first().map(|spec| spec.venue.name().to_owned());
            Ok((Source::Live(specs), venue))
        }
    }
}

/// The fee of all markets, where it is one. It has to be given; only a simulated venue has one of its own, which is said.
fn fee(args: &ScanArgs, source: &Source, console: &Console) -> Result<Option<f64>, Failure> {
    match (args.fee, source) {
        (Some(fee), _) if fee.0.abs() < 1.0 => Ok(Some(fee.0)),
        (Some(fee), _) => Err(Failure::Usage(format!(
            "a fee of {} % is not below 100 %, or not above -100 %: it is a part of what is exchanged, `--fee 0.1%` or `--fee 0.001`",
            fee.0 * 100.0
        ))),
        // Tables of fees, and universes that list them.
        _ if !args.markets.fees.is_empty() || !args.markets.universes.is_empty() => Ok(None),
        (None, Source::Simulated(_)) => {
            let home = if is_bare(args) { ", and ways begin and end with USDT" } else { "" };
            let says = format!("the simulated market takes {} of each leg{home}; `--fee` and `--home` say otherwise", format::bp(SIM_FEE));
            console.note(&says);
            Ok(Some(SIM_FEE))
        }
        (None, _) => Err(Failure::Usage(
            "a fee must be given, since what pays depends on it: `--fee 7.5bp` for all markets, `--fees FILE` for a table, or `--fee 0` to leave fees out"
                .to_owned(),
        )),
    }
}

/// Neither feed nor data, nor a home asset.
fn is_bare(args: &ScanArgs) -> bool {
    args.feeds.is_empty() && args.data.is_empty() && args.home.is_none() && args.markets.is_empty()
}

/// The markets that the feeds or the data name.
fn from_names(
    args: &ScanArgs,
    source: &Source,
    default_venue: Option<&str>,
    console: &Console,
    interrupt: &Interrupt,
) -> Result<Universe, Failure> {
    let names: Vec<String> = match source {
        Source::Simulated(feeds) => feeds.iter().flat_map(|feed| feed.options.symbols.iter().cloned()).collect(),
        Source::Live(specs) => {
            specs.iter().flat_map(|spec| spec.symbols.iter().map(|pair| format!("{}:{pair}", spec.venue.name()))).collect()
        }
        Source::Data(_) => {
            let found = markets::look(&args.data, &args.read, args.look, interrupt)?;
            if !found.complete {
                console.note(&format_args!(
                    "the first {} events say which markets there are; one that is first quoted later is left out, and counted: `--look N` looks at more, `--universe FILE` names them",
                    grouped(args.look)
                ));
            }
            if !found.unquoted.is_empty() {
                console.note(&format_args!("never quoted, and so no part of any way: {}", found.unquoted.join(", ")));
            }
            found.names
        }
    };
    let (universe, passed) = markets::universe(names.iter().map(String::as_str), default_venue)?;
    if !passed.is_empty() {
        console.note(&format_args!("no pairs of assets, and so no part of any way: {}", passed.join(", ")));
    }
    if universe.is_empty() {
        let text = if matches!(source, Source::Live(_)) {
            "the feeds name no symbols: there is nothing to scan; name them in the SPEC, `VENUE:A/B,C/B`, or all markets of a venue with `--universe FILE`"
        } else {
            "the data quote no market: there is nothing to scan"
        };
        return Err(Failure::Usage(text.to_owned()));
    }
    Ok(universe)
}

fn home(args: &ScanArgs, universe: &Universe) -> Result<Option<AssetId>, Failure> {
    match &args.home {
        Some(name) => match universe.asset(name) {
            Some(asset) => Ok(Some(asset)),
            None => Err(Failure::Usage(format!("no market has the asset `{name}` of `--home`"))),
        },
        None if is_bare(args) => Ok(universe.asset(SIM_HOME)),
        None => Ok(None),
    }
}

fn settings(args: &ScanArgs, universe: &Universe, home: Option<AssetId>) -> Result<ScanSettings, Failure> {
    let mut clocks = Vec::with_capacity(args.clocks.len());
    for clock in &args.clocks {
        let venue = universe.venue(&clock.venue);
        let venue = venue.ok_or_else(|| Failure::Usage(format!("no market is of the venue `{}` of `--clock`", clock.venue)))?;
        clocks.push((venue, VenueClock::Fixed(clock.add)));
    }
    let defaults = ScanSettings::default();
    let limit = |given: Option<NonZeroUsize>, default: usize| given.map_or(default, NonZeroUsize::get);
    let (ways, followed, paths) = (defaults.max_cycles, defaults.max_tracked, defaults.max_paths);
    Ok(defaults
        .with_max_cycles(limit(args.max_ways, ways))
        .with_max_tracked(limit(args.max_followed, followed))
        .with_max_paths(limit(args.max_paths, paths))
        .with_legs(args.legs.least..=args.legs.most)
        .with_home(home)
        .with_across(!args.no_across)
        .with_min_net(args.min_net.0)
        .with_step(args.step.0)
        .with_max_age(args.max_age.map(|span| span.0))
        .with_max_skew(args.max_skew.map(|span| span.0))
        .with_watch_gross(true)
        .with_depth(args.depth)
        .with_clocks(clocks))
}

/// What is said about the scan on the page and above the table.
fn about(args: &ScanArgs, source: &Source, universe: &Universe, fees: &[f64], home: Option<AssetId>, default_venue: Option<&str>) -> About {
    let mut section = Section::new("Settings");
    let from = match source {
        Source::Data(_) => args.data.join(", "),
        Source::Simulated(_) | Source::Live(_) if args.feeds.is_empty() => "the simulated market".to_owned(),
        Source::Simulated(_) | Source::Live(_) => args.feeds.join(", "),
    };
    section.fact("from", from);
    section
        .fact("universe", format!("{} markets, {} assets; {}", universe.len(), universe.assets(), report::venues(universe, default_venue)));
    section.fact("fees", fees_text(universe, fees));
    section.fact("home", home.map_or("any asset", |home| universe.asset_name(home)));
    section.fact("legs", args.legs.to_string());
    section.fact("across venues", if args.no_across { "no" } else { "yes" });
    section.fact("min-net", format!("above {}", format::bp(args.min_net.0)));
    section.fact("step", format::bp(args.step.0));
    let limit = |span: Option<crate::values::Span>| span.map_or("none".to_owned(), |span| format::length(span.0));
    section.fact("sizes", if args.depth { "through the levels of books" } else { "at the best prices" });
    section.fact("max-age", limit(args.max_age));
    section.fact("max-skew", limit(args.max_skew));
    for clock in &args.clocks {
        let sign = if clock.add < 0 { "-" } else { "+" };
        section.fact(format!("clock of {}", clock.venue), format!("{sign}{}", format::length(clock.add.saturating_abs())));
    }
    About { command: command(), settings: section, min_net: args.min_net.0 }
}

/// One fee, or from which to which.
fn fees_text(universe: &Universe, fees: &[f64]) -> String {
    let open: Vec<f64> =
        universe.markets().zip(fees).filter(|(market, _)| market.is_open() && market.venue().is_some()).map(|(_, fee)| *fee).collect();
    let (least, most) = (open.iter().copied().fold(f64::INFINITY, f64::min), open.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    if least < most { format!("{} to {}", format::bp(least), format::bp(most)) } else { format::bp(least) }
}

/// The line above the table.
pub(crate) fn head(universe: &Universe, scanner: &Scanner, about: &About) -> String {
    let fact = |name: &str| about.settings.facts.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value.as_str());
    let ways: usize = scanner.stats().cycles.iter().sum();
    format!(
        "{} markets, {} ways of {} legs   home: {}   fee {}   net {}",
        universe.len(),
        grouped(ways as u64),
        fact("legs"),
        fact("home"),
        fact("fees"),
        fact("min-net")
    )
}

/// The command line as a shell would take it.
fn command() -> String {
    let args = std::env::args().skip(1).map(|arg| {
        let plain = !arg.is_empty() && arg.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,+%@".contains(c));
        if plain { arg } else { format!("'{}'", arg.replace('\'', "'\\''")) }
    });
    std::iter::once("ascep".to_owned()).chain(args).collect::<Vec<_>>().join(" ")
}
