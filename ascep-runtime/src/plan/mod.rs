//! The plan: a program as flat arrays of small numbers, made once and never changed.
//!
//! [`build`] makes it: [`traits`] says which nodes are kept and how, [`shape`] which rules can be evaluated in columns, [`links`] what
//! brings what up to date.

mod accept;
mod build;
mod classes;
mod cycles;
mod entries;
mod keys;
mod links;
mod provenance;
mod rules;
mod scans;
mod seq_steps;
mod sequence;
mod shape;
mod traits;
mod windows;

use ascep_lang::program::{BarField, CmpOp, Constant, CycleField, MarketField, OpportunityField, Side};
use ascep_lang::syntax::CrossSide;

pub(crate) use accept::kind_of as kind_of_constant;
pub(crate) use build::build;
pub(crate) use classes::{ActionPlan, RuleMode, RulePlan, Rules};
pub(crate) use cycles::CyclePlan;
pub(crate) use entries::{Entries, Entry, Groups, Span};
pub(crate) use keys::{Ids, Keys};
pub(crate) use provenance::Provenance;
pub(crate) use scans::{BETWEEN, NumberPlan, ScanPlan, ScanSetting, ScanUse, Scans};
pub(crate) use seq_steps::SeqStep;
pub(crate) use sequence::{AbsentPlan, PlacePlan, SeqPlan, Sequences, TestPlan};
pub(crate) use shape::{Instr, Shape, ShapeMode};
pub(crate) use windows::{LINE, LookKind, LookPlan, Parts, Slide, WindowPlan, WindowStep};

use crate::columns::Columns;
use crate::counters::PlanStats;
use crate::host::HostCall;
use crate::names::Names;
use crate::ops::indicator::Indicator;
use crate::ops::num::Function;
use crate::value::{Lists, Repr, at};

/// No node, rule or timer.
pub(crate) const NONE: u32 = u32::MAX;

/// A typed operator. `state` and `hold` are indices into the state arrays and into [`Plan::holds`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum NodeOp {
    /// A constant, a parameter, an input: its slot is written by others.
    #[default]
    Fixed,
    Market {
        instrument: u32,
        field: MarketField,
    },
    TradeSide {
        instrument: u32,
    },
    Latency {
        instrument: u32,
    },
    VenueTs {
        instrument: u32,
    },
    Imbalance {
        instrument: u32,
        depth: u8,
    },
    DepthPrice {
        instrument: u32,
        side: Side,
    },
    Clock(Clock),
    Function(Function),
    Compare(CmpOp, Repr),
    CompareSymbols(CmpOp),
    /// A bare reading of the clock against a constant; `state` is an index into [`Plan::clock_compares`].
    ClockCompare {
        state: u32,
    },
    And,
    Or,
    Not,
    Coalesce(Repr),
    Known(Repr),
    Pick,
    /// A market event.
    Event,
    Where,
    EventAnd,
    EventOr,
    Edge {
        state: u32,
    },
    Crosses {
        side: CrossSide,
        repr: Repr,
        state: u32,
    },
    NoFor {
        hold: u32,
    },
    For {
        hold: u32,
    },
    OnceLevel {
        hold: u32,
        state: u32,
    },
    OnceEvent {
        hold: u32,
    },
    /// An aggregate: an index into [`Plan::looks`].
    Look {
        look: u32,
    },
    Index {
        state: u32,
    },

    /// `index` is one of [`Sequences::seqs`].
    Seq {
        index: u32,
    },
    /// What the run at hand has captured.
    Capture {
        index: u32,
        repr: Repr,
    },
    /// An event with levels, under captures: whether it occurs is asked for each run.
    RunAnd,
    /// One of several events, under captures.
    RunOr,
    /// `index` is one of [`Sequences::alls`].
    All {
        index: u32,
    },
    Sample,
    /// An index into [`Plan::bars`].
    Bar {
        bar: u32,
    },
    BarField {
        bar: u32,
        field: BarField,
    },
    /// An event: what a scan tells. An index into [`Scans::scans`].
    Scan {
        scan: u32,
    },
    Opportunity {
        scan: u32,
        field: OpportunityField,
    },
    /// An index into [`Plan::indicators`].
    Indicator {
        indicator: u32,
    },
    FastK,
    /// `cycle` is an index into [`Plan::cycles`].
    Cycle {
        cycle: u32,
        field: CycleField,
    },
    /// An index into [`Plan::functions`].
    Host {
        function: u32,
    },
}

/// A reading of the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    Now,
    Hour,
    Day,
    Age {
        instrument: u32,
    },
    Since {
        state: u32,
    },
    /// How old the oldest leg of a cycle is.
    Legs {
        cycle: u32,
    },
}

/// A comparison that changes its answer by a timer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockCompare {
    pub(crate) clock: Clock,
    /// With the clock on the left.
    pub(crate) op: CmpOp,
    /// The node of the constant.
    pub(crate) constant: u32,
    pub(crate) timer: u32,
}

/// A length of time with the timer that it sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    pub(crate) period: PeriodPlan,
    pub(crate) timer: u32,
}

/// See [`Period`](ascep_lang::program::Period).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PeriodPlan {
    Fixed(i64),
    Param(u32),
}

impl Default for PeriodPlan {
    fn default() -> Self {
        Self::Fixed(1)
    }
}

impl PeriodPlan {
    /// As it is now, by the values of the parameters; above 0.
    #[inline]
    pub(crate) fn read(self, params: &[u64]) -> i64 {
        match self {
            Self::Fixed(d) => d,
            Self::Param(id) => at(params, id).cast_signed().max(1),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NodePlan {
    pub(crate) op: NodeOp,
    /// Its range in [`Plan::args`].
    pub(crate) args: (u32, u32),
}

/// The bars of an instrument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BarPlan {
    pub(crate) instrument: u32,
    pub(crate) period: i64,
    pub(crate) timer: u32,
}

/// A call of a function of the host.
#[derive(Debug)]
pub(crate) struct FunctionPlan {
    pub(crate) call: HostCall,
    pub(crate) args: Vec<FieldKind>,
    pub(crate) result: FieldKind,
}

/// A part of one of the flat arrays that hold samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingPlan {
    pub(crate) start: usize,
    pub(crate) capacity: usize,
}

/// A field of an instrument with the slot that it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) field: ReadingField,
    /// Where it stands among the numbers of an event, see [`place_of`](crate::hot::place_of).
    pub(crate) place: u8,
    pub(crate) slot: u32,
}

/// What of an instrument a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadingField {
    Number(MarketField),
    /// Whether the last trade was of this side.
    SideIs(Side),
}

/// Who has a timer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimerOwner {
    Node(u32),
    Rule(u32),
    Scan(u32),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct LimitPlan {
    pub(crate) period: PeriodPlan,
    /// As many places as firings are allowed.
    pub(crate) emitted: RingPlan,
}

/// How a slot becomes the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FieldKind {
    Num,
    Bool,
    Duration,
    Timestamp,
    Symbol,
    Text,
}

#[derive(Debug)]
pub(crate) struct ParamPlan {
    pub(crate) name: String,
    pub(crate) value: Constant,
    pub(crate) range: Option<(Constant, Constant)>,
    /// Whether a timer or a window uses it as its length.
    pub(crate) is_period: bool,
    /// What scans use it as.
    pub(crate) scan: ScanUse,
    pub(crate) bits: u64,
}

#[derive(Debug)]
pub(crate) struct InputPlan {
    pub(crate) name: String,
    pub(crate) kind: FieldKind,
}

/// How much of each kind of state there is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StateSizes {
    pub(crate) since: usize,
    pub(crate) edges: usize,
    pub(crate) crosses: usize,
    pub(crate) once_levels: usize,
    /// Values in all `x[n]`.
    pub(crate) history: usize,
    /// Words of the samples in all windows.
    pub(crate) samples: usize,
    /// Places in all queues of the lowest and the highest.
    pub(crate) queues: usize,
    /// Windows that keep extremes, that keep sums with 106 bits, and that keep their values in order.
    pub(crate) extremes: u32,
    pub(crate) totals: u32,
    pub(crate) sorted: u32,
    /// Timestamps in all `LIMIT`s.
    pub(crate) emitted: usize,
    pub(crate) max_fields: usize,
    /// The most arguments of a function of the host.
    pub(crate) max_args: usize,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Of all but the numbers of the market that only rows and fields read: those come after these, and have a slot and nothing else.
    pub(crate) nodes: Vec<NodePlan>,
    pub(crate) args: Vec<u32>,
    /// How the slot of each node is read.
    pub(crate) reprs: Vec<Repr>,
    /// What each slot holds before the first event; the state takes them over.
    pub(crate) slots: Vec<u64>,
    /// Nodes to bring up to date when the key is at an instant.
    pub(crate) dependants: Lists,
    /// Rules to look at when the key is at an instant.
    pub(crate) rules_of: Lists,
    /// Readings of the clock to renew before the key is computed.
    pub(crate) preludes: Lists,
    /// What an event does.
    pub(crate) entries: Entries,
    pub(crate) param_nodes: Lists,
    pub(crate) input_nodes: Lists,
    /// Groups of rows by parameter, then by host input.
    pub(crate) groups_of: Lists,
    /// Windows that events bring up to date directly.
    pub(crate) window_steps: Vec<WindowStep>,
    /// Groups of rows by window: those to evaluate when a sample goes out of it.
    pub(crate) window_groups: Lists,
    pub(crate) columns: Columns,

    pub(crate) holds: Vec<Hold>,
    pub(crate) clock_compares: Vec<ClockCompare>,
    pub(crate) windows: Vec<WindowPlan>,
    pub(crate) looks: Vec<LookPlan>,
    pub(crate) bars: Vec<BarPlan>,
    pub(crate) indicators: Vec<Indicator>,
    pub(crate) cycles: Vec<CyclePlan>,
    pub(crate) functions: Vec<FunctionPlan>,
    pub(crate) histories: Vec<RingPlan>,
    pub(crate) limits: Vec<LimitPlan>,
    pub(crate) sequences: Sequences,
    pub(crate) scans: Scans,
    pub(crate) timers: Vec<TimerOwner>,

    pub(crate) rules: Rules,
    /// What to compute before the fields of a signal are read, for rules that have such fields.
    pub(crate) field_programs: Lists,

    pub(crate) params: Vec<ParamPlan>,
    pub(crate) inputs: Vec<InputPlan>,
    pub(crate) texts: Names,
    pub(crate) symbols: Names,
    /// The instrument of each symbol: two spellings may name one.
    pub(crate) symbol_instruments: Vec<u32>,
    /// For each text of the program, the one that stands for it here; empty where the numbers are the same.
    pub(crate) text_ids: Vec<u32>,
    pub(crate) program_texts: u32,
    /// The texts "buy" and "sell".
    pub(crate) sides: (u32, u32),
    /// Full names.
    pub(crate) instruments: Names,
    /// With its colon.
    pub(crate) default_venue: Option<Box<str>>,
    /// Whether levels of books are kept.
    pub(crate) keeps_books: Vec<bool>,
    pub(crate) keys: Keys,
    pub(crate) sizes: StateSizes,
    pub(crate) provenance: Option<Box<Provenance>>,
    pub(crate) stats: PlanStats,
}

impl Plan {
    /// The instrument of a symbol: one of the default venue need not name it.
    pub(crate) fn instrument(&self, symbol: &str) -> Option<u32> {
        // The venue and the colon are one text, so that it is looked for in two parts.
        let short = || self.instruments.find_joined([self.default_venue.as_deref()?, symbol]);
        self.instruments.find(symbol).or_else(short)
    }

    /// Groups that may be in line for their windows: all, where there are any.
    pub(crate) fn groups_in_line(&self) -> usize {
        if self.window_groups.is_empty() { 0 } else { self.columns.groups.len() }
    }

    /// The arguments of a node.
    #[inline]
    pub(crate) fn args(&self, node: NodePlan) -> &[u32] {
        let (start, end) = node.args;
        self.args.get(start as usize..end as usize).unwrap_or_default()
    }
}
