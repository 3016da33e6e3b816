//! The markets that a command knows of, from files, and what legs on them cost: for rules that look with `cycles(..)`, and for `ascep scan`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use ascep_feeds::universe::{Loaded, Loader, UniverseSpec};
use ascep_runtime::arbitrage::{FeeRow, Tier};
use clap::Args;

use crate::console::Console;
use crate::error::Failure;

/// Universes and fees; the same for all commands that take them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct UniverseArgs {
    /// Markets from a file, for `cycles` and `scan`: exchangeInfo of Binance, AssetPairs of Kraken, products of Coinbase or CSV; PATH, or FORMAT:PATH; may be
    /// repeated
    #[arg(long = "universe", value_name = "FILE")]
    pub(crate) universes: Vec<UniverseSpec>,
    /// A table of fees: CSV with the columns venue, pair, tier, volume, taker, maker; may be repeated
    #[arg(long = "fees", value_name = "FILE")]
    pub(crate) fees: Vec<PathBuf>,
    /// The tier of a venue that counts, by its name or by a traded volume; the lowest without it; may be repeated
    #[arg(long = "tier", value_name = "VENUE=NAME|VOLUME")]
    pub(crate) tiers: Vec<VenueTier>,
    /// Take either of two assets for the other, less a haircut; may be repeated
    #[arg(long = "assume-equal", value_name = "USD=USDT:10bp")]
    pub(crate) equal: Vec<Equal>,
}

impl UniverseArgs {
    /// Whether nothing is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.universes.is_empty() && self.fees.is_empty() && self.tiers.is_empty() && self.equal.is_empty()
    }

    /// Reads all of it. What is wrong with single rows is shown and leaves the others; how strict to be with it is the caller's business
    /// ([`Findings::refused`](ascep_feeds::universe::Findings::refused)).
    pub(crate) fn load(&self, console: &Console) -> Result<Loaded, Failure> {
        let mut loader = Loader::new();
        let failed = |error: &ascep_feeds::universe::LoadError| Failure::Feed(format!("{error}; {}", error.help()));
        for spec in &self.universes {
            loader.read(spec).map_err(|error| failed(&error))?;
        }
        for path in &self.fees {
            loader.read_fees(path).map_err(|error| failed(&error))?;
        }
        let mut loaded = loader.finish();
        for (at, VenueTier { venue, tier }) in self.tiers.iter().enumerate() {
            if self.tiers.iter().take(at).any(|other| other.venue == *venue) {
                return Err(Failure::Usage(format!(
                    "`--tier` is given twice for the venue `{venue}`: one tier counts, leave the other out"
                )));
            }
            check_tier(&loaded, venue, tier)?;
            loaded.set_tier(venue, tier);
        }
        for Equal { base, quote, haircut } in &self.equal {
            let added = loaded.universe.assume_equal(base, quote, *haircut);
            added.map_err(|error| Failure::Usage(format!("`--assume-equal {base}={quote}`: {error}")))?;
        }
        for finding in loaded.findings.iter() {
            console.warning(&format_args!("{finding}; {}", finding.help()));
        }
        if loaded.findings.more() > 0 {
            console.warning(&format_args!("{} more findings in universes and fees", loaded.findings.more()));
        }
        Ok(loaded)
    }

    /// As the compiler takes it; none where nothing is given.
    pub(crate) fn for_rules(&self, console: &Console) -> Result<Option<ascep_lang::universe::Universe>, Failure> {
        if self.is_empty() {
            return Ok(None);
        }
        if self.universes.is_empty() && !(self.fees.is_empty() && self.tiers.is_empty()) {
            let text = "fees of a table are those of the markets of a universe: give `--universe FILE` too, or `fee = ..` in the rule";
            return Err(Failure::Usage(text.to_owned()));
        }
        let loaded = self.load(console)?;
        let tables = [&loaded.fees, &loaded.listed];
        let declared = loaded.universe.for_rules(&tables).map_err(|error| Failure::Usage(error.to_string()))?;
        // What is only assumed is no universe to look through, and counts where the rules name markets.
        if declared.markets.is_empty() && !self.universes.is_empty() {
            let text = "no market of the universe trades: `cycles` has nothing to look through";
            console.warning(&text);
        }
        Ok(Some(declared))
    }
}

/// An error unless the tier decides something: the fees that a venue begins with are never taken silently where others are asked for.
fn check_tier(loaded: &Loaded, venue: &str, tier: &Tier) -> Result<(), Failure> {
    let is_known = loaded.universe.venue(venue).is_some();
    let all = || loaded.fees.rows().chain(loaded.listed.rows());
    // Lines without a venue are also those of the venues that the markets have.
    let own: Vec<&FeeRow> = all().filter(|row| row.venue.as_deref().map_or(is_known, |of| of == venue)).collect();
    let wrong = |text: String| Err(Failure::Usage(text));
    if own.is_empty() {
        let venues: BTreeSet<&str> = all().filter_map(|row| row.venue.as_deref()).collect();
        let have =
            if venues.is_empty() { "give them with `--fees FILE`".to_owned() } else { format!("there are those of {}", some(venues)) };
        return wrong(format!("no line of the fees is of the venue `{venue}` of `--tier`: {have}"));
    }
    let names: BTreeSet<&str> = own.iter().filter_map(|row| row.tier.as_deref()).collect();
    let mut volumes: Vec<f64> = own.iter().map(|row| row.min_volume).collect();
    volumes.sort_by(f64::total_cmp);
    volumes.dedup();
    let (least, most) = (volumes.first().copied().unwrap_or(0.0), volumes.last().copied().unwrap_or(0.0));
    let way_out = match (names.is_empty(), most > 0.0) {
        (false, _) => format!("it has {}", some(names.iter().copied())),
        (true, true) => format!("its tiers are volumes, such as `--tier {venue}={most}`"),
        (true, false) => "it has one fee, leave `--tier` out".to_owned(),
    };
    match tier {
        Tier::Named(name) if !names.contains(name.as_str()) => wrong(format!("venue `{venue}` has no tier `{name}`: {way_out}")),
        // A name of digits is read as a volume.
        Tier::Volume(volume) if most <= 0.0 => wrong(format!("venue `{venue}` has no tiers by volume, such as {volume}: {way_out}")),
        Tier::Volume(volume) if *volume < least => {
            wrong(format!("venue `{venue}` has no fee for a volume of {volume}: the lowest is {least}"))
        }
        _ => Ok(()),
    }
}

/// The first few of some names.
fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 10;
    let mut names = names.into_iter();
    let mut text = names.by_ref().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = names.count();
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// `--tier binance=VIP1`, `--tier kraken=50000`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VenueTier {
    pub(crate) venue: String,
    pub(crate) tier: Tier,
}

/// `--assume-equal USD=USDT:10bp`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Equal {
    pub(crate) base: String,
    pub(crate) quote: String,
    /// What is taken off on each exchange.
    pub(crate) haircut: f64,
}

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UniverseValueError {
    /// Not a tier.
    #[error("a tier is VENUE=NAME, such as binance=VIP1, or VENUE=VOLUME, such as kraken=50000")]
    Tier,
    /// A number that is no volume.
    #[error("a volume that decides the tier is a number from 0 on, such as kraken=50000")]
    Volume,
    /// Not an assumption.
    #[error("an assumption is ASSET=ASSET:HAIRCUT, such as USD=USDT:10bp; where nothing is taken off, USD=USDT:0")]
    Equal,
}

impl FromStr for VenueTier {
    type Err = UniverseValueError;

    fn from_str(text: &str) -> Result<Self, UniverseValueError> {
        let (venue, tier) = text.split_once('=').ok_or(UniverseValueError::Tier)?;
        let (venue, tier) = (venue.trim(), tier.trim());
        if venue.is_empty() || tier.is_empty() {
            return Err(UniverseValueError::Tier);
        }
        let tier = match tier.replace('_', "").parse::<f64>() {
            // -0 is 0.
            Ok(volume) if volume.is_finite() && volume >= 0.0 => Tier::Volume(volume + 0.0),
            Ok(_) => return Err(UniverseValueError::Volume),
            Err(_) => Tier::Named(tier.to_owned()),
        };
        Ok(Self { venue: venue.to_owned(), tier })
    }
}

impl FromStr for Equal {
    type Err = UniverseValueError;

    fn from_str(text: &str) -> Result<Self, UniverseValueError> {
        let (assets, haircut) = text.rsplit_once(':').ok_or(UniverseValueError::Equal)?;
        let (base, quote) = assets.split_once('=').ok_or(UniverseValueError::Equal)?;
        let (base, quote) = (base.trim(), quote.trim());
        if base.is_empty() || quote.is_empty() {
            return Err(UniverseValueError::Equal);
        }
        let haircut = part(haircut.trim()).ok_or(UniverseValueError::Equal)?;
        Ok(Self { base: base.to_owned(), quote: quote.to_owned(), haircut })
    }
}

/// A part of a whole as rules write it: `10bp`, `0.1%`, `0.001`.
fn part(text: &str) -> Option<f64> {
    let (digits, of) = if let Some(digits) = text.strip_suffix("bps").or_else(|| text.strip_suffix("bp")) {
        (digits, 10_000.0)
    } else if let Some(digits) = text.strip_suffix('%') {
        (digits, 100.0)
    } else {
        (text, 1.0)
    };
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    digits.parse::<f64>().ok().filter(|x| is_number && x.is_finite()).map(|x| x / of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assumptions_read_and_refused() {
        let equal = |haircut| Ok(Equal { base: "USD".to_owned(), quote: "USDT".to_owned(), haircut });
        assert_eq!("USD=USDT:10bp".parse(), equal(10.0 / 10_000.0));
        assert_eq!(" USD = USDT : 0.1% ".parse(), equal(0.1 / 100.0));
        assert_eq!("USD=USDT:0".parse(), equal(0.0));
        for bad in ["USD=USDT", "USD:10bp", "=USDT:1bp", "USD=:1bp", "USD=USDT:-1bp", "USD=USDT:x", "USD=USDT:inf", "USD=USDT:"] {
            assert_eq!(bad.parse::<Equal>(), Err(UniverseValueError::Equal), "{bad}");
        }
    }

    #[test]
    fn tiers_are_names_or_volumes() {
        let tier = |venue: &str, tier| Ok(VenueTier { venue: venue.to_owned(), tier });
        assert_eq!("binance=VIP1".parse(), tier("binance", Tier::Named("VIP1".to_owned())));
        assert_eq!("kraken=50_000".parse(), tier("kraken", Tier::Volume(50_000.0)));
        for bad in ["kraken", "=1", "kraken="] {
            assert_eq!(bad.parse::<VenueTier>(), Err(UniverseValueError::Tier), "{bad}");
        }
        for bad in ["kraken=-5", "kraken=inf", "kraken=nan", "kraken=1e999"] {
            assert_eq!(bad.parse::<VenueTier>(), Err(UniverseValueError::Volume), "{bad}");
        }
    }
}
