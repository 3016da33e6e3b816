//! The SPECs of the command line: `--feed sim:seed=7`, `--feed binance?url=ws://127.0.0.1:9001:BTC/USDT`, `--data binance:PATH`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::order::{DEFAULT_DELAY, DEFAULT_HOLD, LatePolicy, PolicyError, TimePolicy, policy};
use crate::sim::{self, SimOptions};
use crate::suggest;
use crate::symbols::{SymbolError, check_name, split_venue};
use crate::time;
use crate::venue::Venue;

/// A feed.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedSpec {
    /// The simulated market.
    Sim(SimSpec),
    /// A venue, live.
    Venue(VenueSpec),
}

/// `sim:key=value,..`; what was not said is `None` or empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SimSpec {
    /// `seed=7`
    pub seed: Option<u64>,
    /// `symbols=BTC/USDT+ETH/USDT`
    pub symbols: Vec<String>,
    /// `rate=1500`
    pub rate: Option<f64>,
}

impl SimSpec {
    /// With the symbols of the SPEC, those that the rules name, and the defaults where there is neither.
    #[must_use]
    pub fn options<'a>(&self, named: impl IntoIterator<Item = &'a str>) -> SimOptions {
        let mut options = SimOptions::default();
        let mut symbols = self.symbols.clone();
        for name in named {
            if !symbols.iter().any(|one| one == name) {
                symbols.push(name.to_owned());
            }
        }
        if !symbols.is_empty() {
            options.symbols = symbols;
        }
        options.seed = self.seed.unwrap_or(options.seed);
        options.rate = self.rate.unwrap_or(options.rate);
        options
    }
}

/// `venue?option=value&..:SYMBOL,..`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueSpec {
    /// Which.
    pub venue: Venue,
    /// Another address than the venue's own.
    pub url: Option<String>,
    /// Trades as the venue aggregates them, where it does.
    pub aggregate_trades: bool,
    /// What is done with events that are late or far ahead.
    pub time: TimePolicy,
    /// Symbols without venue, besides those that the rules name.
    pub symbols: Vec<String>,
}

impl VenueSpec {
    /// Adds the symbols that rules name: those of this venue and, where it is the default one, those without venue.
    pub fn subscribe<'a>(&mut self, named: impl IntoIterator<Item = &'a str>, is_default: bool) {
        for name in named {
            let pair = match split_venue(name) {
                (Some(venue), pair) if venue == self.venue.name() => pair,
                (None, pair) if is_default => pair,
                _ => continue,
            };
            if !self.symbols.iter().any(|one| one == pair) {
                self.symbols.push(pair.to_owned());
            }
        }
    }
}

/// Recorded data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSpec {
    /// Whose capture; none for native CSV and JSONL.
    pub venue: Option<Venue>,
    /// Where.
    pub path: PathBuf,
}

/// Why a SPEC is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// Not a feed.
    #[error("unknown feed {name:?}; the feeds are: {known}")]
    UnknownFeed {
        /// As it stands there.
        name: String,
        /// The feeds.
        known: String,
        /// One that is like it.
        near: Option<&'static str>,
    },
    /// Not an option of the feed.
    #[error("`{feed}` has no option {option:?}; its options are: {known}")]
    UnknownOption {
        /// The feed.
        feed: &'static str,
        /// As it stands there.
        option: String,
        /// The options.
        known: String,
        /// One that is like it.
        near: Option<&'static str>,
    },
    /// An option with a value that can't be.
    #[error("`{option}` of `{feed}` can't be {value:?}: it is {want}")]
    BadValue {
        /// The feed.
        feed: &'static str,
        /// The option.
        option: &'static str,
        /// As it stands there.
        value: String,
        /// What it must be.
        want: &'static str,
    },
    /// A reorder buffer that can't be.
    #[error("`{option}` of `{feed}`: {error}")]
    Policy {
        /// The feed.
        feed: &'static str,
        /// The option.
        option: &'static str,
        /// Why.
        error: PolicyError,
    },
    /// `delay` or `hold` of a feed that holds nothing back.
    #[error("`{option}` of `{feed}` says how events are held back, and nothing is")]
    NotHeld {
        /// The feed.
        feed: &'static str,
        /// The option.
        option: &'static str,
    },
    /// A name that can't be that of an instrument.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// A symbol of another venue.
    #[error("`{symbol}` is not of `{feed}`")]
    OtherVenue {
        /// The feed.
        feed: &'static str,
        /// The symbol.
        symbol: String,
    },
    /// A `--data` SPEC without path.
    #[error("no path in {spec:?}")]
    NoPath {
        /// As it stands there.
        spec: String,
    },
}

impl SpecError {
    /// The way out, where the message does not say it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFeed { near: Some(near), .. } | Self::UnknownOption { near: Some(near), .. } => {
                Some(format!("did you mean `{near}`?"))
            }
            Self::UnknownFeed { .. } => Some("write `sim`, `sim:seed=7` or `binance:BTC/USDT,ETH/BTC`".to_owned()),
            Self::UnknownOption { .. } | Self::BadValue { .. } | Self::Policy { .. } => None,
            Self::NotHeld { .. } => Some("add `late=reorder`, or leave it out".to_owned()),
            Self::Symbol(_) => Some("write symbols as BTC/USDT, with a comma between them".to_owned()),
            Self::OtherVenue { .. } => Some("give that venue a --feed of its own".to_owned()),
            Self::NoPath { .. } => Some("write PATH, or binance:PATH for a raw capture".to_owned()),
        }
    }
}

impl FeedSpec {
    /// The venue of symbols without one, where this is the first feed.
    #[must_use]
    pub fn venue_name(&self) -> &'static str {
        match self {
            Self::Sim(_) => sim::NAME,
            Self::Venue(spec) => spec.venue.name(),
        }
    }
}

/// All feeds.
fn feeds() -> impl Iterator<Item = &'static str> {
    std::iter::once(sim::NAME).chain(Venue::ALL.into_iter().map(Venue::name))
}

impl FromStr for FeedSpec {
    type Err = SpecError;

    fn from_str(spec: &str) -> Result<Self, SpecError> {
        let end = spec.find([':', '?']).unwrap_or(spec.len());
        let (name, rest) = spec.split_at(end);
        if name == sim::NAME {
            return Ok(Self::Sim(sim_spec(rest.get(1..).unwrap_or_default())?));
        }
        match Venue::from_name(name) {
            Some(venue) => Ok(Self::Venue(venue_spec(venue, rest)?)),
            None => Err(SpecError::UnknownFeed {
                name: name.to_owned(),
                known: feeds().collect::<Vec<_>>().join(", "),
                near: suggest::nearest(name, feeds()),
            }),
        }
    }
}

const SIM_OPTIONS: [&str; 3] = ["seed", "symbols", "rate"];
const VENUE_OPTIONS: [&str; 6] = ["url", "trades", "late", "delay", "hold", "ahead"];

fn unknown_option<const N: usize>(feed: &'static str, option: &str, known: [&'static str; N]) -> SpecError {
    SpecError::UnknownOption { feed, option: option.to_owned(), known: known.join(", "), near: suggest::nearest(option, known) }
}

fn sim_spec(text: &str) -> Result<SimSpec, SpecError> {
    let feed = sim::NAME;
    let mut spec = SimSpec::default();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (key.trim(), value.trim());
        let bad = |option, want| SpecError::BadValue { feed, option, value: value.to_owned(), want };
        match key {
            "seed" => spec.seed = Some(value.parse().map_err(|_| bad("seed", "an integer from 0"))?),
            "rate" => {
                let rate = value.parse().ok().filter(|rate| (1.0..=1e6).contains(rate));
                spec.rate = Some(rate.ok_or_else(|| bad("rate", "events per second from 1 to 1000000"))?);
            }
            "symbols" => {
                for name in value.split('+') {
                    spec.symbols.push(check_name(name)?.to_owned());
                }
            }
            _ => return Err(unknown_option(feed, key, SIM_OPTIONS)),
        }
    }
    Ok(spec)
}

fn venue_spec(venue: Venue, rest: &str) -> Result<VenueSpec, SpecError> {
    let feed = venue.name();
    let mut spec = VenueSpec { venue, url: None, aggregate_trades: false, time: TimePolicy::live(), symbols: Vec::new() };
    let (mut delay, mut hold) = (None, None);
    let (options, symbols) = match rest.strip_prefix('?') {
        Some(rest) => split_symbols(rest),
        None => ("", rest.strip_prefix(':').unwrap_or_default()),
    };
    for part in options.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let bad = |option, want| SpecError::BadValue { feed, option, value: value.to_owned(), want };
        match key {
            "url" if value.starts_with("ws://") || value.starts_with("wss://") => spec.url = Some(value.to_owned()),
            "url" => return Err(bad("url", "an address that begins with ws:// or wss://")),
            "trades" => {
                spec.aggregate_trades = match value {
                    "trade" => false,
                    "aggTrade" => true,
                    _ => return Err(bad("trades", "`trade` or `aggTrade`")),
                }
            }
            "late" => {
                spec.time.late = match value {
                    "apply" => LatePolicy::Apply,
                    "drop" => LatePolicy::Drop,
                    "reorder" => LatePolicy::Reorder { delay: DEFAULT_DELAY, hold: DEFAULT_HOLD },
                    _ => return Err(bad("late", "`apply`, `drop` or `reorder`")),
                }
            }
            "delay" => delay = Some(policy::delay(value).map_err(|error| SpecError::Policy { feed, option: "delay", error })?),
            "hold" => hold = Some(policy::hold(value).map_err(|error| SpecError::Policy { feed, option: "hold", error })?),
            "ahead" if value == "any" => spec.time.ahead = None,
            "ahead" => match time::duration(value) {
                Ok(limit) => spec.time.ahead = Some(limit),
                Err(_) => return Err(bad("ahead", "a duration such as 1h, or `any`")),
            },
            _ => return Err(unknown_option(feed, key, VENUE_OPTIONS)),
        }
    }
    match &mut spec.time.late {
        LatePolicy::Reorder { delay: its, hold: events } => {
            *its = delay.unwrap_or(*its);
            *events = hold.unwrap_or(*events);
        }
        _ if delay.is_some() => return Err(SpecError::NotHeld { feed, option: "delay" }),
        _ if hold.is_some() => return Err(SpecError::NotHeld { feed, option: "hold" }),
        _ => {}
    }
    for name in symbols.split(',').filter(|name| !name.trim().is_empty()) {
        let name = check_name(name)?;
        let pair = match split_venue(name) {
            (None, pair) => pair,
            (Some(of), pair) if of == feed => pair,
            _ => return Err(SpecError::OtherVenue { feed, symbol: name.to_owned() }),
        };
        if !spec.symbols.iter().any(|one| one == pair) {
            spec.symbols.push(pair.to_owned());
        }
    }
    Ok(spec)
}

/// Options and symbols. An address has colons of its own: what follows its last colon is a list of symbols unless it is a port or the
/// rest of `ws://`.
fn split_symbols(text: &str) -> (&str, &str) {
    match text.rsplit_once(':') {
        Some((options, tail)) if !is_address(tail) => (options, tail),
        _ => (text, ""),
    }
}

fn is_address(tail: &str) -> bool {
    let first = tail.split(['/', '&', '?', ']']).next().unwrap_or_default();
    first.is_empty() || first.bytes().all(|b| b.is_ascii_digit())
}

impl FromStr for DataSpec {
    type Err = SpecError;

    /// Only a known venue before the first colon is one: other paths may hold colons.
    fn from_str(spec: &str) -> Result<Self, SpecError> {
        let (venue, path) = match spec.split_once(':') {
            Some((name, path)) if Venue::from_name(name).is_some() => (Venue::from_name(name), path),
            _ => (None, spec),
        };
        if path.is_empty() {
            return Err(SpecError::NoPath { spec: spec.to_owned() });
        }
        Ok(Self { venue, path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn sim(text: &str) -> SimSpec {
        match text.parse() {
            Ok(FeedSpec::Sim(spec)) => spec,
            other => panic!("{other:?}"),
        }
    }

    fn venue(text: &str) -> VenueSpec {
        match text.parse() {
            Ok(FeedSpec::Venue(spec)) => spec,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn simulated() {
        assert_eq!(sim("sim"), SimSpec::default());
        assert_eq!(sim("sim:"), SimSpec::default());
        let spec = sim("sim:seed=7,symbols=BTC/USDT+ETH/USDT+kraken:ETH/BTC,rate=200");
        assert_eq!((spec.seed, spec.rate), (Some(7), Some(200.0)));
        assert_eq!(spec.symbols, ["BTC/USDT", "ETH/USDT", "kraken:ETH/BTC"]);
        assert_eq!(spec.options(["BTC/USDT", "SOL/USDT"]).symbols, ["BTC/USDT", "ETH/USDT", "kraken:ETH/BTC", "SOL/USDT"]);
        assert_eq!(sim("sim").options([]).symbols, sim::default_symbols());
    }

    #[test]
    fn venues() {
        assert_eq!(venue("binance").symbols, Vec::<String>::new());
        assert_eq!(venue("binance:BTC/USDT,ETH/BTC,binance:BTC/USDT").symbols, ["BTC/USDT", "ETH/BTC"]);
        for (text, url, symbols) in [
            ("binance?url=ws://127.0.0.1:9001:BTC/USDT", "ws://127.0.0.1:9001", "BTC/USDT"),
            ("binance?url=ws://127.0.0.1:9001", "ws://127.0.0.1:9001", ""),
            ("binance?url=ws://127.0.0.1:9001/x", "ws://127.0.0.1:9001/x", ""),
            ("binance?url=wss://host/x", "wss://host/x", ""),
            ("binance?url=wss://host/x:1000SATS/USDT,A/B", "wss://host/x", "1000SATS/USDT,A/B"),
            ("binance?url=ws://[::1]:9001:BTC/USDT&", "ws://[::1]:9001", "BTC/USDT&"),
            ("binance?trades=aggTrade&url=wss://host:A/B", "wss://host", "A/B"),
        ] {
            let spec = venue(text);
            assert_eq!((spec.url.as_deref(), spec.symbols.join(",").as_str()), (Some(url), symbols), "{text}");
        }
        assert!(venue("binance?trades=aggTrade:A/B").aggregate_trades);
    }

    #[test]
    fn late_and_future() {
        assert_eq!(venue("binance:A/B").time, TimePolicy::live());
        assert_eq!(venue("binance?late=drop&ahead=5m:A/B").time, TimePolicy { late: LatePolicy::Drop, ahead: Some(300_000_000_000) });
        let spec = venue("binance?delay=1.5s&late=reorder&hold=10&ahead=any&url=ws://127.0.0.1:9001:A/B");
        assert_eq!(spec.time, TimePolicy { late: LatePolicy::Reorder { delay: 1_500_000_000, hold: 10 }, ahead: None });
        assert_eq!(spec.symbols, ["A/B"]);
        let error = |text: &str| text.parse::<FeedSpec>().unwrap_err();
        assert_eq!(error("binance?late=wait").to_string(), "`late` of `binance` can't be \"wait\": it is `apply`, `drop` or `reorder`");
        assert!(error("binance?late=reorder&delay=soon").to_string().contains("such as 250ms"));
        assert!(error("binance?late=reorder&hold=0").to_string().contains("from 1 to"));
        assert!(matches!(error("binance?ahead=far"), SpecError::BadValue { option: "ahead", .. }));
        assert_eq!(error("binance?delay=1s").help().as_deref(), Some("add `late=reorder`, or leave it out"));
        assert!(matches!(error("binance?late=drop&hold=5"), SpecError::NotHeld { option: "hold", .. }));
        assert_eq!(error("binance?lat=drop").help().as_deref(), Some("did you mean `late`?"));
    }

    #[test]
    fn symbols_of_the_rules() {
        let mut spec = venue("binance:A/B");
        spec.subscribe(["A/B", "C/D", "binance:A/B", "binance:E/F", "kraken:G/H"], true);
        assert_eq!(spec.symbols, ["A/B", "C/D", "E/F"]);
        let mut spec = venue("binance");
        spec.subscribe(["C/D", "binance:E/F"], false);
        assert_eq!(spec.symbols, ["E/F"]);
    }

    #[test]
    fn refused() {
        let error = |text: &str| text.parse::<FeedSpec>().unwrap_err();
        assert_eq!(error("binanse:A/B").help().as_deref(), Some("did you mean `binance`?"));
        assert_eq!(error("nyse").to_string(), "unknown feed \"nyse\"; the feeds are: sim, binance");
        assert!(matches!(error(""), SpecError::UnknownFeed { .. }));
        assert_eq!(error("sim:sead=1").help().as_deref(), Some("did you mean `seed`?"));
        assert!(matches!(error("sim:seed=x"), SpecError::BadValue { option: "seed", .. }));
        assert!(matches!(error("sim:rate=0"), SpecError::BadValue { option: "rate", .. }));
        assert!(matches!(error("sim:rate=nan"), SpecError::BadValue { option: "rate", .. }));
        assert!(matches!(error("sim:symbols=A/B++C/D"), SpecError::Symbol(SymbolError::Empty)));
        assert!(matches!(error("binance?url=http://x:A/B"), SpecError::BadValue { option: "url", .. }));
        assert!(matches!(error("binance?x=1"), SpecError::UnknownOption { .. }));
        assert!(matches!(error("binance:kraken:A/B"), SpecError::OtherVenue { .. }));
    }

    #[test]
    fn data() {
        let data = |text: &str| text.parse::<DataSpec>().unwrap();
        assert_eq!(data("x.csv"), DataSpec { venue: None, path: "x.csv".into() });
        assert_eq!(data("binance:a:b.gz"), DataSpec { venue: Some(Venue::Binance), path: "a:b.gz".into() });
        assert_eq!(data("C:\\x.csv"), DataSpec { venue: None, path: "C:\\x.csv".into() });
        assert_eq!(data("./binance:x"), DataSpec { venue: None, path: "./binance:x".into() });
        assert!("binance:".parse::<DataSpec>().is_err());
        assert!("".parse::<DataSpec>().is_err());
    }
}
