//! The command line as clap reads it. What the options mean is in the module of each command.

use std::num::NonZeroUsize;

use ascep_feeds::LatePolicy;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::error::Failure;
use crate::scan::args::ScanArgs;
use crate::universe::UniverseArgs;
use crate::values::{At, Bytes, Moment, Param, Span};

/// Check, run and replay trading rules written in the ASCEP language.
///
/// Rules stand in `.cep` files; `ascep run` evaluates them on live or simulated market data, `ascep replay` on recorded data. Signals go to
/// standard output, everything meant for people to standard error.
#[derive(Debug, Parser)]
#[command(name = "ascep", version, propagate_version = true, arg_required_else_help = true, max_term_width = 110)]
#[command(after_help = "\
Examples:
  ascep run                                     a demonstration on a simulated market; Ctrl-C ends it
  ascep check rules.cep                         say what is wrong or doubtful in the rules
  ascep run rules.cep --feed binance:BTC/USDT   signals from live data
  ascep replay rules.cep --data ticks.csv.gz    signals from recorded data, as fast as it can
  ascep scan                                    arbitrage on a simulated market, without rules
  ascep why rules.cep --data ticks.csv --signal 1
                                                why a signal came
  ascep test rules.cep                          run the tests that stand in the rules
  ascep explain E0301                           what a diagnostic means

Exit status: 0 fine; 1 the rules have errors, a test failed, or data was refused under --strict;
2 bad usage; 3 an input or a feed failed; 130 interrupted.")]
pub(crate) struct Cli {
    /// Colour of text for people: on a terminal only, always or never. NO_COLOR is honoured.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also into files and pipes.
    Always,
    /// Plain text.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile rules and report what is wrong or doubtful
    Check(CheckArgs),
    /// Evaluate rules on live data, or on a simulated market
    Run(RunArgs),
    /// Evaluate rules on recorded data, as fast as it can
    Replay(ReplayArgs),
    /// Look for arbitrage over all markets, without rules
    Scan(Box<ScanArgs>),
    /// Run the tests that stand in rule files
    Test(TestArgs),
    /// Say why a signal came, or why a rule did not fire
    Why(WhyArgs),
    /// Print the graph of operators that rules compile to
    Graph(GraphArgs),
    /// Explain a diagnostic code, or list them all
    Explain(ExplainArgs),
    /// Write rules in the standard layout
    #[command(hide = true)]
    Fmt(LaterArgs),
    /// Measure rules
    #[command(hide = true)]
    Bench(LaterArgs),
    /// A language server
    #[command(hide = true)]
    Lsp(LaterArgs),
    /// Signals over the network
    #[command(hide = true)]
    Serve(LaterArgs),
}

/// What every command that compiles takes.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// Set a PARAM of the rules, as the language writes values; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<Param>,
    /// Make doubts about units errors
    #[arg(long)]
    pub(crate) strict_units: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    #[command(flatten)]
    pub(crate) universe: UniverseArgs,
}

/// `ascep check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ascep check rules.cep
  ascep check a.cep b.cep --deny-warnings       two files, one program
  ascep check rules.cep --memory                what the rules can come to hold
  generate | ascep check - --json               one JSON object a line for each finding")]
pub(crate) struct CheckArgs {
    /// Files of rules; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Findings to standard output, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the bytes of state that each rule can come to hold, and the whole program
    #[arg(long)]
    pub(crate) memory: bool,
    /// With `--memory`: the most samples that one time window holds [default: 65536]
    #[arg(long, value_name = "N", requires = "memory")]
    pub(crate) max_window_samples: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// The form of signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// One line for people.
    Text,
    /// One JSON object a line.
    Jsonl,
    /// A header and one line a signal.
    Csv,
}

/// How signals are made and written; the same for `run` and `replay`.
#[derive(Debug, Args)]
pub(crate) struct SignalArgs {
    /// Form of signals; text on a terminal, jsonl otherwise
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) out: Option<OutputForm>,
    /// End with status 1 at the first row, frame or event that has to be refused
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// How the engine is built; the same for all that evaluate.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// A level that is true when it is first known is no edge
    #[arg(long)]
    pub(crate) quiet_start: bool,
    /// The most samples that one time window holds; room for all of them is reserved at the start [default: 65536]
    #[arg(long, value_name = "N")]
    pub(crate) max_window_samples: Option<NonZeroUsize>,
    /// The most memory that the rules may take, windows counted in full: bytes, or with K, M or G [default: 4G]
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_bytes: Option<Bytes>,
}

/// The pace of a simulated market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Speed {
    /// As fast as it can.
    Max,
    /// A simulated second lasts a second.
    #[value(name = "1x")]
    Real,
}

/// `ascep run`
#[derive(Debug, Args)]
#[command(after_help = "\
A feed is one of
  sim                                           the simulated market, with the symbols that the rules name
  sim:seed=7,symbols=BTC/USDT+ETH/USDT+ETH/BTC  the same market every time
  binance:BTC/USDT,ETH/BTC                      Binance spot; symbols that the rules name are added by themselves
  binance?url=ws://127.0.0.1:9001:BTC/USDT      the same protocol from another address
  binance?late=reorder&delay=200ms:BTC/USDT     events put in order, each held back for 200 ms; or late=drop, ahead=5m

Examples:
  ascep run                                     built-in rules on the simulated market; Ctrl-C ends it
  ascep run rules.cep --for 10s
  ascep run rules.cep --feed sim:seed=7 --speed max --events 100000 --out jsonl
  ascep run rules.cep --feed binance:BTC/USDT --record captures/")]
pub(crate) struct RunArgs {
    /// Files of rules; `-` is standard input; none runs built-in rules
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Where data comes from; may be repeated [default: sim]
    #[arg(long = "feed", value_name = "SPEC")]
    pub(crate) feeds: Vec<String>,
    /// End after so many events
    #[arg(long, value_name = "N")]
    pub(crate) events: Option<u64>,
    /// End after so long; of simulated time where every feed is simulated
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) span: Option<Span>,
    /// Pace of a simulated market
    #[arg(long, value_enum, default_value_t = Speed::Real)]
    pub(crate) speed: Speed,
    /// Evaluate on so many cores, 1 to 64; rules that share instruments stay together, and the signals are the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) shards: Option<u8>,
    /// Write the frames as they come into this folder, a file for each connection
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub(crate) signals: SignalArgs,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// The unit of bare integers in the `ts` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TsUnit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

/// Which recorded data are read.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// Recorded data, `PATH` or `VENUE:PATH` for raw frames; may be repeated
    #[arg(long = "data", required = true, value_name = "PATH")]
    pub(crate) data: Vec<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How recorded data are read.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// Leave out what is earlier: RFC 3339, or nanoseconds since 1970
    #[arg(long, requires = "data", value_name = "TIME")]
    pub(crate) from: Option<Moment>,
    /// Leave out what is later, and bring the clock to this time at the end
    #[arg(long, requires = "data", value_name = "TIME")]
    pub(crate) to: Option<Moment>,
    /// What is done with rows older than the clock: `apply` (as of the clock), `drop`, or `reorder:200ms` (wait so long and sort)
    #[arg(long, requires = "data", value_name = "POLICY", default_value = "apply")]
    pub(crate) late: LatePolicy,
    /// Refuse rows so far ahead of the clock, unless the next one of the same data confirms the time [default: no limit]
    #[arg(long, requires = "data", value_name = "DURATION")]
    pub(crate) ahead: Option<Span>,
    /// Unit of bare integers in `ts`
    #[arg(long, requires = "data", value_enum, default_value_t = TsUnit::Ns, value_name = "UNIT")]
    pub(crate) ts_unit: TsUnit,
}

impl ReadArgs {
    /// An error where nothing can be between the two times.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from.0 > to.0 => Err(Failure::Usage("`--from` is later than `--to`".to_owned())),
            _ => Ok(()),
        }
    }
}

/// `ascep replay`
#[derive(Debug, Args)]
#[command(after_help = "\
Data is CSV with a header or JSONL with the same keys (ts symbol kind price qty side bid ask bid_qty ask_qty bids asks venue_ts), or raw
frames of a venue as `ascep run --record` writes them. `.gz` and `.zst` are read as they are. Several are merged by time.

Examples:
  ascep replay rules.cep --data ticks.csv.gz --ts-unit ms
  ascep replay rules.cep --data binance:captures/btc.gz --data binance:captures/eth.gz --out jsonl > signals.jsonl
  ascep replay rules.cep --data ticks.csv --verify signals.jsonl
  ascep replay rules.cep --data ticks.csv --late reorder:200ms
  ascep replay rules.cep --data ticks.csv --from 2024-08-08T23:54:15Z --to 2024-08-08T23:55:00Z")]
pub(crate) struct ReplayArgs {
    /// Files of rules; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Compare with an earlier log of signals in jsonl, and end at the first difference
    #[arg(long, value_name = "LOG")]
    pub(crate) verify: Option<String>,
    #[command(flatten)]
    pub(crate) signals: SignalArgs,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// `ascep why`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["signal", "rule"])))]
#[command(after_help = "\
The data are replayed up to the signal or the time, with the same options as `ascep replay` the same signals come, and then every part of
the rule is shown: what it is, since when, what its windows hold and when its timers are due.

Examples:
  ascep why rules.cep --data ticks.csv --signal 3
  ascep why rules.cep --data ticks.csv --rule xspread --at 2024-08-08T23:54:15Z
  ascep why rules.cep --data ticks.csv --rule stale --instance s=BTC/USDT --at +1.5s
  ascep why rules.cep --data ticks.csv --signal 3 --json")]
pub(crate) struct WhyArgs {
    /// Files of rules; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The number of the signal, `seq` in jsonl
    #[arg(long, value_name = "SEQ")]
    pub(crate) signal: Option<u64>,
    /// The rule that did not fire; one without a name is `rule_1`, `rule_2` and so on
    #[arg(long, value_name = "NAME", requires = "at")]
    pub(crate) rule: Option<String>,
    /// Which instance of a rule with FOR EACH; may be repeated
    #[arg(long, value_name = "VARIABLE=SYMBOL", requires = "rule", value_parser = crate::values::binding)]
    pub(crate) instance: Vec<(String, String)>,
    /// When: RFC 3339, nanoseconds since 1970, or how long after the first event, such as +1.5s
    #[arg(long, value_name = "TIME", requires = "rule", conflicts_with_all = ["signal", "to"])]
    pub(crate) at: Option<At>,
    /// To standard output as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// `ascep test`
#[derive(Debug, Args)]
#[command(after_help = "\
A test stands beside the rules:

  TEST \"a large trade is told\" {
    AT 400ms trade(\"BTC/USDT\", price = 100_000, qty = 11)
    EXPECT WHALE(px = 100_000) AT 400ms
  }

Examples:
  ascep test rules.cep
  ascep test rules.cep --filter whale
  ascep test rules.cep --junit report.xml")]
pub(crate) struct TestArgs {
    /// Files of rules with their tests; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Only the tests with this text in their names
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Write a report in the form of JUnit into this file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<String>,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// The form of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    /// Graphviz.
    Dot,
    /// Nodes and edges as JSON.
    Json,
    /// Mermaid.
    Mermaid,
}

/// `ascep graph`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ascep graph rules.cep | dot -Tsvg > rules.svg
  ascep graph rules.cep --format mermaid")]
pub(crate) struct GraphArgs {
    /// Files of rules; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Form of the graph
    #[arg(long, value_enum, default_value_t = GraphForm::Dot)]
    pub(crate) format: GraphForm,
    #[command(flatten)]
    pub(crate) compile: CompileArgs,
}

/// `ascep explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ascep explain                                 list all codes
  ascep explain W1001")]
pub(crate) struct ExplainArgs {
    /// A code such as E0301 or W1001
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

/// A command that is not there yet takes anything.
#[derive(Debug, Args)]
pub(crate) struct LaterArgs {
    /// Anything.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(crate) rest: Vec<String>,
}
