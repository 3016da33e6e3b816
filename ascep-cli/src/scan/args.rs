//! The command line of `ascep scan`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{Amount, Clock, Legs};
use crate::args::{ReadArgs, Speed};
use crate::universe::UniverseArgs;
use crate::values::{Ratio, Span};

/// The form of tellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScanForm {
    /// A table that is drawn anew a few times a second; for a terminal.
    Table,
    /// One line a telling, for people.
    Text,
    /// One JSON object a line.
    Jsonl,
}

/// `ascep scan`
#[derive(Debug, Args)]
#[command(after_help = "\
Every closed way of exchanges through the markets is watched, at the prices that a taker gets: the bid for what is sold, the ask for what is
bought, each leg less its fee. What returns more than `--min-net` is an opportunity, and told when it opens, when its edge moves by `--step`
and when it closes. A report on standard error ends the run.

Examples:
  ascep scan                                    the simulated market, as a table; Ctrl-C ends it
  ascep scan --feed binance:BTC/USDT,ETH/USDT,ETH/BTC --fee 7.5bp --home USDT
  ascep scan --data binance:btc.gz --data binance:eth.gz --data binance:ethbtc.gz --fee 7.5bp --html report.html
  ascep scan --data quotes.csv --universe exchangeInfo.json --fees fees.csv --tier binance=VIP1 --legs 3..4")]
pub(crate) struct ScanArgs {
    /// Where live or simulated data comes from, as for `ascep run`; may be repeated [default: sim]
    #[arg(long = "feed", value_name = "SPEC", conflicts_with = "data")]
    pub(crate) feeds: Vec<String>,
    /// Recorded data instead, `PATH` or `VENUE:PATH` for raw frames; may be repeated
    #[arg(long = "data", value_name = "PATH")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// One taker's fee for all markets: 7.5bp, 0.1% or 0.00075
    #[arg(long, value_name = "FEE", conflicts_with_all = ["fees", "tiers"], allow_hyphen_values = true)]
    pub(crate) fee: Option<Ratio>,
    #[command(flatten)]
    pub(crate) markets: UniverseArgs,
    /// Only ways through this asset; sizes and profits are in its units
    #[arg(long, value_name = "ASSET")]
    pub(crate) home: Option<String>,
    /// How many exchanges a way has: 3, or 2..4
    #[arg(long, value_name = "N..M", default_value = "2..3")]
    pub(crate) legs: Legs,
    /// An opportunity returns more than this after fees
    #[arg(long, value_name = "RETURN", default_value = "0bp", allow_hyphen_values = true)]
    pub(crate) min_net: Ratio,
    /// A leg's last quote may be at most so old [default: any age]
    #[arg(long, value_name = "DURATION")]
    pub(crate) max_age: Option<Span>,
    /// The last quotes of the legs may lie at most so far apart [default: any distance]
    #[arg(long, value_name = "DURATION")]
    pub(crate) max_skew: Option<Span>,
    /// Tell again when the net return has moved by this since it was last told
    #[arg(long, value_name = "RETURN", default_value = "1bp")]
    pub(crate) step: Ratio,
    /// Also ways over more than one venue; this is the default
    #[arg(long, conflicts_with = "no_across")]
    pub(crate) across: bool,
    /// No way over more than one venue
    #[arg(long)]
    pub(crate) no_across: bool,
    /// A venue's clock differs by a known time, which is added to it; may be repeated
    #[arg(long = "clock", value_name = "VENUE=+5h")]
    pub(crate) clocks: Vec<Clock>,
    /// Sizes and profits through all levels of the books that the data bring, not only the best
    #[arg(long)]
    pub(crate) depth: bool,
    /// In the report: what a round with so much of the home asset would have returned at the openings, through the levels with `--depth`
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) size: Option<Amount>,
    /// Form of tellings; table on a terminal, jsonl otherwise
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) out: Option<ScanForm>,
    /// Also write the report as a page with plots: one file that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Rows of the table, and of the best paths in the report
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) top: NonZeroUsize,
    /// The most opportunities that the page draws, those with the best net returns
    #[arg(long, value_name = "N", default_value = "5000")]
    pub(crate) draw: usize,
    /// End with status 1 at the first row, frame or event that has to be refused, and at findings in universes and fees
    #[arg(long)]
    pub(crate) strict: bool,
    /// End after so many events
    #[arg(long, value_name = "N")]
    pub(crate) events: Option<u64>,
    /// End after so long; of simulated time where every feed is simulated
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "data")]
    pub(crate) span: Option<Span>,
    /// Pace of a simulated market
    #[arg(long, value_enum, default_value_t = Speed::Real, conflicts_with = "data")]
    pub(crate) speed: Speed,
    /// Write the frames as they come into this folder, a file for each connection
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    pub(crate) record: Option<PathBuf>,
    /// The most ways round the markets, each direction counted [default: 1048576]
    #[arg(long, value_name = "N")]
    pub(crate) max_ways: Option<NonZeroUsize>,
    /// The most ways that are followed at one time, those that pay or nearly do [default: 16384]
    #[arg(long, value_name = "N")]
    pub(crate) max_followed: Option<NonZeroUsize>,
    /// The most paths that the report knows of; openings of others are counted [default: 16384]
    #[arg(long, value_name = "N")]
    pub(crate) max_paths: Option<NonZeroUsize>,
    /// Without `--universe`: how many events of the data are looked at, beforehand, for what markets there are
    #[arg(long, value_name = "N", default_value = "1000000")]
    pub(crate) look: u64,
}
