//! Structural hashes: what an operator, a window or a rule is, by names and shapes instead of numbers, so that a program that was changed
//! elsewhere finds what it has in common with the one before.
//!
//! FNV-1a in 128 bits (Fowler, Noll, Vo) over bytes that are written down here, so that a hash is the same on every machine and in every process.

use std::fmt::Write as _;

use ascep_lang::program::{
    Constant, Mode, Node, Op, Period, Rule, Scan, ScanId, ScanMarket, SequenceId, Setting, StepInput, StepKind, SymbolId, TextId, Type,
    Window,
};

use rustc_hash::FxHashMap;

use super::LookKind;
use super::build::Builder;
use crate::memory::flat;
use crate::value::Lists;

/// A structural hash.
pub(crate) type Key = u128;

/// What a snapshot knows of the nodes and rules of a plan.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) nodes: Vec<NodeKey>,
    /// By rule: of what it fires on and how, without its name and its actions; half of a hash, since it is asked for besides the name.
    pub(crate) rules: Vec<u64>,
    /// By window.
    pub(crate) windows: Vec<Key>,
    /// By node: the parameters that it names itself.
    pub(crate) params: Lists,
}

/// What a snapshot knows of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeKey {
    pub(crate) key: Key,
    /// The node of the program.
    pub(crate) node: u32,
    pub(crate) ids: Ids,
    /// Its slot follows from those of its arguments, from the market or from a setting.
    pub(crate) derived: bool,
    /// Its slot belongs to the run of a sequence that was looked at last.
    pub(crate) captured: bool,
}

/// What the values of a node are numbers of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    Nothing,
    Texts,
    Symbols,
}

impl Ids {
    pub(crate) fn of(ty: Type) -> Self {
        match ty {
            Type::Symbol => Self::Symbols,
            Type::Text => Self::Texts,
            Type::Num(_) | Type::Bool | Type::Event | Type::Duration | Type::Timestamp => Self::Nothing,
        }
    }
}

impl Keys {
    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let Self { nodes, rules, windows, params } = self;
        flat(nodes) + flat(rules) + flat(windows) + params.bytes()
    }
}

/// A hash that is being made.
#[derive(Clone, Copy)]
struct Hasher(u128);

/// Hashes of operators as far as they have been made, by kind of value and operator, without what is another in each of many nodes: the symbol or the
/// constant.
type Begun = FxHashMap<(&'static str, Op), Hasher>;

impl Hasher {
    fn new(what: &str) -> Self {
        let mut hasher = Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        hasher.text(what);
        hasher
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }

    /// A text with its length, so that no two in a row read like two others.
    fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    fn word(&mut self, word: u64) {
        self.bytes(&word.to_le_bytes());
    }

    fn key(&mut self, key: Key) {
        self.bytes(&key.to_le_bytes());
    }

    /// The name of a variant, and what it holds that is no number of a table.
    fn word_of(&mut self, what: &dyn std::fmt::Debug) {
        // Writing to a hash cannot fail.
        let _ = write!(self, "{what:?};");
    }

    fn finish(self) -> Key {
        self.0
    }
}

impl std::fmt::Write for Hasher {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

impl Builder<'_> {
    /// The hashes of all nodes of the program; arguments stand before their readers.
    pub(super) fn node_keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::with_capacity(self.program.nodes.len());
        let mut begun = Begun::default();
        for node in &self.program.nodes {
            let key = self.node_key(node, &keys, &mut begun);
            keys.push(key);
        }
        keys
    }

    fn node_key(&self, node: &Node, keys: &[Key], begun: &mut Begun) -> Key {
        let none = SymbolId(u32::MAX);
        let common = match node.op {
            Op::Const(_) => Op::Const(Constant::Bool(false)),
            Op::Market(field, _) => Op::Market(field, none),
            Op::Age(_) => Op::Age(none),
            Op::Event(kind, _) => Op::Event(kind, none),
            op => op,
        };
        let name = type_name(node.ty);
        let mut hasher = *begun.entry((name, common)).or_insert_with(|| {
            let mut hasher = Hasher::new("operator");
            hasher.text(name);
            self.operator(&mut hasher, node.op);
            hasher
        });
        self.own(&mut hasher, node.op);
        for arg in &node.args {
            hasher.key(keys.get(arg.0 as usize).copied().unwrap_or_default());
        }
        hasher.finish()
    }

    /// What [`operator`](Self::operator) leaves out.
    fn own(&self, hasher: &mut Hasher, op: Op) {
        match op {
            Op::Const(constant) => self.constant(hasher, constant),
            Op::Market(_, symbol) | Op::Age(symbol) | Op::Event(_, symbol) => self.market(hasher, symbol),
            _ => {}
        }
    }

    fn operator(&self, hasher: &mut Hasher, op: Op) {
        hasher.text(op.name());
        match op {
            Op::Const(_) | Op::Age(_) => {}
            Op::Param(id) => self.name(hasher, self.program.tables.params.get(id.0 as usize).map(|param| &param.name)),
            Op::Input(id) => self.name(hasher, self.program.tables.inputs.get(id.0 as usize).map(|input| &input.name)),
            Op::Market(field, _) => hasher.word_of(&field),
            Op::Imbalance { symbol, depth } => {
                hasher.word(u64::from(depth));
                self.market(hasher, symbol);
            }
            Op::DepthPrice { symbol, side } => {
                hasher.word_of(&side);
                self.market(hasher, symbol);
            }
            Op::Event(kind, _) => hasher.word_of(&kind),
            Op::Bar { symbol, period } => {
                self.market(hasher, symbol);
                hasher.word(period.cast_unsigned());
            }
            Op::NoFor(d) | Op::For(d) | Op::Once(d) | Op::Decay(d) | Op::All(d) => self.length(hasher, d),
            Op::Window { stat, window, partial, max } => {
                hasher.word_of(&stat);
                self.window(hasher, window);
                hasher.word(u64::from(partial));
                // A window that holds fewer or more samples is another one.
                if let Window::Time(_) = window {
                    hasher.word(max.map_or(self.max_window_samples() as u64, u64::from));
                }
            }
            Op::Ema { n, skip } => {
                hasher.word(u64::from(n));
                hasher.word(u64::from(skip));
            }
            Op::Rsi(n) | Op::Atr(n) | Op::Index(n) | Op::Capture(n) => hasher.word(u64::from(n)),
            Op::Seq(id) => self.steps(hasher, id),
            Op::Cycle { cycle, field } => {
                hasher.word_of(&field);
                if let Some(cycle) = self.program.tables.cycles.get(cycle.0 as usize) {
                    hasher.word_of(&cycle.kind);
                    cycle.markets.iter().for_each(|symbol| self.market(hasher, *symbol));
                }
            }
            Op::Host(id) => self.name(hasher, self.program.tables.functions.get(id.0 as usize).map(|function| &function.name)),
            Op::Cycles(id) => self.scan_key(hasher, id),
            Op::BarField(field) => hasher.word_of(&field),
            Op::OpportunityField(field) => hasher.word_of(&field),
            Op::Payload(field) => hasher.word_of(&field),
            Op::Clock(reading) => hasher.word_of(&reading),
            Op::Num(function) => hasher.word_of(&function),
            Op::Compare(comparison) => hasher.word_of(&comparison),
            Op::Crosses(side) => hasher.word_of(&side),
            Op::Since
            | Op::And
            | Op::Or
            | Op::Not
            | Op::Coalesce
            | Op::Known
            | Op::Where
            | Op::EventAnd
            | Op::EventOr
            | Op::Edge
            | Op::Pick
            | Op::Obv
            | Op::FastK
            | Op::Sample => {}
        }
    }

    fn name(&self, hasher: &mut Hasher, name: Option<&String>) {
        hasher.text(name.map_or("", String::as_str));
    }

    /// An instrument: two spellings may name one.
    fn market(&self, hasher: &mut Hasher, symbol: SymbolId) {
        hasher.text(self.plan.instruments.text(self.instrument(symbol)));
    }

    fn constant(&self, hasher: &mut Hasher, constant: Constant) {
        let tables = &self.program.tables;
        match constant {
            Constant::Num(bits) => hasher.word(bits),
            Constant::Bool(truth) => hasher.word(u64::from(truth)),
            Constant::Duration(x) | Constant::Timestamp(x) => hasher.word(x.cast_unsigned()),
            // As it is written: that is what a signal shows.
            Constant::Symbol(SymbolId(id)) => self.name(hasher, tables.symbols.get(id as usize)),
            Constant::Text(TextId(id)) => self.name(hasher, tables.texts.get(id as usize)),
        }
    }

    fn length(&self, hasher: &mut Hasher, period: Period) {
        match period {
            Period::Fixed(d) => {
                hasher.text("fixed");
                hasher.word(d.cast_unsigned());
            }
            Period::Param(id) => {
                hasher.text("param");
                self.name(hasher, self.program.tables.params.get(id.0 as usize).map(|param| &param.name));
            }
        }
    }

    /// All that a scan is: its markets by the instruments that they are.
    fn scan_key(&self, hasher: &mut Hasher, id: ScanId) {
        let Some(scan) = self.program.tables.scans.get(id.0 as usize) else { return };
        // The venue that the rule named is for people.
        let Scan { venue: _, home, legs, fee, min_net, step, max_age, max_skew, markets } = scan;
        hasher.text(home);
        hasher.word_of(legs);
        // One that follows fewer or more ways is another one.
        hasher.word(self.options.max_open_ways as u64);
        for setting in [*fee, Some(*min_net), Some(*step)] {
            match setting {
                None => hasher.text("none"),
                Some(Setting::Fixed(bits)) => {
                    hasher.text("fixed");
                    hasher.word(bits);
                }
                Some(Setting::Param(id)) => {
                    hasher.text("param");
                    self.name(hasher, self.program.tables.params.get(id.0 as usize).map(|param| &param.name));
                }
            }
        }
        for period in [*max_age, *max_skew] {
            match period {
                None => hasher.text("none"),
                Some(period) => self.length(hasher, period),
            }
        }
        for market in markets {
            match market {
                ScanMarket::Venue { symbol, filters, fee } => {
                    self.market(hasher, *symbol);
                    hasher.word_of(filters);
                    hasher.word_of(fee);
                }
                ScanMarket::AssumedEqual { base, quote, haircut } => {
                    hasher.text(base);
                    hasher.text(quote);
                    hasher.word(*haircut);
                }
            }
        }
    }

    fn window(&self, hasher: &mut Hasher, window: Window) {
        match window {
            Window::Time(d) => {
                hasher.text("time");
                self.length(hasher, d);
            }
            Window::Updates(n) => {
                hasher.text("updates");
                hasher.word(u64::from(n));
            }
        }
    }

    /// The parameters that an operator names itself.
    pub(super) fn params_of(&self, op: Op) -> Vec<u32> {
        let of = |period: Period| if let Period::Param(id) = period { Some(id.0) } else { None };
        match op {
            Op::Param(id) => vec![id.0],
            Op::NoFor(d) | Op::For(d) | Op::Once(d) | Op::Decay(d) | Op::All(d) | Op::Window { window: Window::Time(d), .. } => {
                of(d).into_iter().collect()
            }
            Op::Seq(SequenceId(id)) => {
                let Some(sequence) = self.program.tables.sequences.get(id as usize) else { return Vec::new() };
                let holds = sequence.steps.iter().filter_map(|step| if let StepKind::Absent { hold } = step.kind { hold } else { None });
                holds.chain([sequence.within]).filter_map(of).collect()
            }
            Op::Cycles(id) => {
                self.program.tables.scans.get(id.0 as usize).map_or_else(Vec::new, |scan| scan.params().map(|id| id.0).collect())
            }
            _ => Vec::new(),
        }
    }

    fn steps(&self, hasher: &mut Hasher, id: SequenceId) {
        let Some(sequence) = self.program.tables.sequences.get(id.0 as usize) else { return };
        self.length(hasher, sequence.within);
        hasher.word(sequence.steps.len() as u64);
        for step in &sequence.steps {
            match step.input {
                StepInput::Event(place) => hasher.word_of(&("event", place)),
                StepInput::Level(place) => hasher.word_of(&("level", place)),
            }
            hasher.word_of(&step.filter);
            match step.kind {
                StepKind::Match { min, max } => hasher.word_of(&("match", min, max)),
                StepKind::Absent { hold } => {
                    hasher.text("absent");
                    hold.into_iter().for_each(|d| self.length(hasher, d));
                }
            }
        }
        for capture in &sequence.captures {
            hasher.word_of(&(capture.step, capture.of));
        }
    }

    /// The hash of a window: of what aggregates must have in common to share one. The arguments are nodes of the plan.
    pub(super) fn window_key(&self, window: Window, args: &[u32], capacity: usize, looks: Option<(LookKind, bool)>) -> Key {
        let mut hasher = Hasher::new("window");
        for arg in args {
            hasher.key(self.plan.keys.nodes.get(*arg as usize).map_or(0, |key| key.key));
        }
        self.window(&mut hasher, window);
        hasher.word(capacity as u64);
        hasher.word_of(&looks);
        hasher.finish()
    }

    /// The hash of what a rule fires on and how.
    pub(super) fn rule_key(&self, rule: &Rule) -> u64 {
        let mut hasher = Hasher::new("rule");
        let node = |id: u32| self.node_keys.get(id as usize).copied().unwrap_or_default();
        hasher.key(node(rule.trigger.0));
        match rule.mode {
            Mode::Edge => hasher.text("edge"),
            Mode::Event => hasher.text("event"),
            Mode::EveryTick => hasher.text("every tick"),
            Mode::Every(d) => {
                hasher.text("every");
                self.length(&mut hasher, d);
            }
        }
        if let Some(until) = rule.until {
            hasher.text("until");
            hasher.key(node(until.0));
        }
        if let Some(d) = rule.cooldown {
            hasher.text("cooldown");
            self.length(&mut hasher, d);
        }
        if let Some((n, d)) = rule.limit {
            hasher.text("limit");
            hasher.word(u64::from(n));
            self.length(&mut hasher, d);
        }
        let key = hasher.finish();
        u64::try_from((key ^ (key >> 64)) & u128::from(u64::MAX)).unwrap_or(0)
    }
}

/// A type without its unit, which is for people.
fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Num(_) => "num",
        Type::Bool => "bool",
        Type::Event => "event",
        Type::Duration => "duration",
        Type::Timestamp => "timestamp",
        Type::Symbol => "symbol",
        Type::Text => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_its_authors_publish() {
        let hash = |text: &str| {
            let mut hasher = Hasher(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
            hasher.bytes(text.as_bytes());
            hasher.finish()
        };
        assert_eq!(hash(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(hash("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(hash("foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    /// What is written into snapshots may not change with the way in which it is computed. These were computed by a script, from the description.
    #[test]
    fn the_keys_of_operators_stay_what_they_are() {
        let text = "IF mid(\"A/B\") > 5 AND age(\"A/B\") < 2s AND once(trade(\"A/B\"), 1s) THEN S";
        let program = ascep_lang::compile(&[ascep_lang::Source::new("a.cep", text)], &ascep_lang::Options::default());
        let options = crate::EngineOptions::default().with_columns(false);
        let built = program.map(|program| crate::plan::build(&program, &options, &crate::HostFunctions::default()));
        let keys: Vec<Key> = match built {
            Ok(Ok((plan, _))) => plan.keys.nodes.iter().map(|node| node.key).collect(),
            other => unreachable!("{other:?}"),
        };
        for (what, key) in [
            ("mid", 0xc6c7_7799_32ae_262b_c007_144a_debc_4abd),
            ("5", 0xfd10_34d9_1fbe_6795_c0b2_d980_6d59_96a2),
            (">", 0x44bb_6175_95a1_b81e_e941_2882_5616_0592),
            ("age", 0x00f3_af8c_888d_85ba_102b_583e_6e0a_0d20),
            ("trade", 0x6391_8ab1_489f_1399_ce3b_8f3b_6cbd_2d2d),
            ("once", 0xa8d3_5d03_423a_52d6_e68a_d203_ab87_d5ac),
        ] {
            assert!(keys.contains(&key), "{what}");
        }
    }
}
