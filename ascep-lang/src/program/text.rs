//! Operators back to the language: what a node computes, as a rule would write it. Names of `LET` and `FN` are gone after lowering; what
//! several readers share is written out for each. A label of a `SEQ` is written `s1`, `s2`, .. by the number of its step.

use super::describe::{duration, language_word, number, quoted, sign_of};
use super::{
    Capture, CaptureOf, CycleId, MarketField, Node, NodeId, NumFn, Op, Program, Rule, SeqStep, SequenceId, Stat, StepInput, StepKind,
    Window,
};

/// How tightly a piece of text holds together, from loose to tight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Condition,
    Or,
    And,
    Not,
    Compare,
    Coalesce,
    Sum,
    Product,
    Sign,
    Postfix,
}

/// What stands in place of what is left out.
const CUT: &str = "..";
/// Deeper parts are left out.
const MAX_NESTING: usize = 200;

/// About how many bytes of a node an expression has.
const MAX_LENGTH: usize = 200;

impl Program {
    /// A node with what it reads, as the language writes it. Of a long one parts are left out, with `..` in their place: this is for people.
    #[must_use]
    pub fn expression(&self, id: NodeId) -> String {
        self.expression_within(id, None, MAX_LENGTH)
    }

    /// A node as the language writes it, in about `most` bytes. A node that reads captures is written as of the sequence `seq`, where one is
    /// given.
    #[must_use]
    pub fn expression_within(&self, id: NodeId, seq: Option<NodeId>, most: usize) -> String {
        let mut writer = Writer { program: self, out: String::new(), most, depth: 0, seq };
        writer.node(id, Level::Condition);
        writer.out
    }

    /// When a rule fires and what holds it back: `["edge", "COOLDOWN 1s"]`.
    #[must_use]
    pub fn rule_mode(&self, rule: &Rule) -> Vec<String> {
        self.tables.rule_tails(rule)
    }
}

struct Writer<'p> {
    program: &'p Program,
    out: String,
    most: usize,
    depth: usize,
    /// The sequence whose captures are read.
    seq: Option<NodeId>,
}

impl<'p> Writer<'p> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes a node where something of `min` is wanted, in parentheses where it is looser.
    fn node(&mut self, id: NodeId, min: Level) {
        let program = self.program;
        let Some(node) = program.nodes.get(id.0 as usize) else { return self.push("?") };
        if self.out.len() >= self.most || self.depth >= MAX_NESTING {
            return self.push(CUT);
        }
        // A rising edge is written as its level.
        if node.op == Op::Edge
            && let Some(&level) = node.args.first()
        {
            return self.node(level, min);
        }
        self.depth += 1;
        let parens = self.level(node) < min;
        if parens {
            self.push("(");
        }
        self.bare(id, node);
        if parens {
            self.push(")");
        }
        self.depth -= 1;
    }

    fn level(&self, node: &Node) -> Level {
        match node.op {
            Op::For(_) | Op::NoFor(_) | Op::Where | Op::Seq(_) | Op::All(_) => Level::Condition,
            Op::Or | Op::EventOr => Level::Or,
            Op::And | Op::EventAnd => Level::And,
            Op::Not => Level::Not,
            Op::Compare(_) | Op::Crosses(_) => Level::Compare,
            Op::Coalesce => Level::Coalesce,
            Op::Num(NumFn::Add | NumFn::Sub) => Level::Sum,
            Op::Num(NumFn::Mul | NumFn::Div) => Level::Product,
            Op::Num(NumFn::Neg) => Level::Sign,
            Op::Const(constant) if self.program.tables.constant(constant).starts_with('-') => Level::Sign,
            _ => Level::Postfix,
        }
    }

    fn bare(&mut self, id: NodeId, node: &'p Node) {
        let tables = &self.program.tables;
        let args = &node.args[..];
        let word = language_word(node.op);
        match node.op {
            Op::Const(constant) => self.push(&tables.constant(constant)),
            Op::Param(param) => self.push(tables.param(param)),
            Op::Input(input) => self.push(tables.input(input)),
            Op::Market(_, symbol) | Op::Age(symbol) | Op::Event(_, symbol) | Op::Imbalance { symbol, depth: 1 } => {
                self.push(&format!("{}({})", node.op.name(), quoted(tables.symbol(symbol))));
            }
            Op::Imbalance { symbol, depth } => self.push(&format!("imbalance({}, depth = {depth})", quoted(tables.symbol(symbol)))),
            Op::DepthPrice { symbol, .. } => {
                let inside = tables.operands(node.op);
                let side = inside.get(1).map_or("", String::as_str);
                self.push(&format!("depth_price({}, {}, qty = ", quoted(tables.symbol(symbol)), quoted(side)));
                self.list(args, ", ");
                self.push(")");
            }
            Op::Num(f @ (NumFn::Add | NumFn::Sub)) => self.infix(args, sign_of(f).unwrap_or_default(), Level::Sum),
            Op::Num(f @ (NumFn::Mul | NumFn::Div)) => self.infix(args, sign_of(f).unwrap_or_default(), Level::Product),
            Op::Num(NumFn::Neg) => {
                self.push("-");
                self.args(args, Level::Postfix);
            }
            Op::Compare(_) | Op::Crosses(_) => {
                let (first, rest) = (args.get(..1).unwrap_or_default(), args.get(1..).unwrap_or_default());
                self.args(first, Level::Coalesce);
                self.push(&format!(" {word} "));
                self.args(rest, Level::Coalesce);
            }
            Op::And | Op::EventAnd => self.infix(args, "AND", Level::And),
            Op::Or | Op::EventOr => self.infix(args, "OR", Level::Or),
            Op::Not => {
                self.push("NOT ");
                self.args(args, Level::Not);
            }
            Op::Coalesce => self.infix(args, "??", Level::Coalesce),
            Op::Where => {
                let (event, filter) = (args.get(..1).unwrap_or_default(), args.get(1..).unwrap_or_default());
                self.args(event, Level::Or);
                self.push(" WHERE ");
                self.args(filter, Level::Or);
            }
            Op::For(d) => {
                self.args(args, Level::Or);
                self.push(&format!(" FOR {}", tables.period(d)));
            }
            Op::NoFor(d) => {
                self.push("NO ");
                self.args(args, Level::Or);
                self.push(&format!(" FOR {}", tables.period(d)));
            }
            Op::Window { stat, window, partial, max } => self.window(args, stat, window, partial, max),
            Op::Once(d) | Op::Decay(d) => self.call(node.op.name(), args, &[tables.period(d)]),
            Op::Ema { n, skip: 0 } | Op::Rsi(n) => self.call(node.op.name(), args, &[n.to_string()]),
            Op::Ema { n, skip } => self.call(node.op.name(), args, &[n.to_string(), format!("skip = {skip}")]),
            Op::Atr(n) => self.of_bar("atr", args, &[n.to_string()]),
            Op::Obv => self.of_bar("obv", args, &[]),
            Op::Bar { symbol, period } => self.push(&format!("bar({}, {})", quoted(tables.symbol(symbol)), duration(period))),
            Op::BarField(field) => {
                self.args(args, Level::Postfix);
                self.push(field.name());
            }
            Op::Seq(sequence) => self.sequence(id, args, sequence),
            Op::Capture(index) => self.capture(index),
            Op::All(d) => {
                self.call("ALL", args, &[]);
                self.push(&format!(" WITHIN {}", tables.period(d)));
            }
            // The field of an occurrence, kept from one to the next.
            Op::Sample => self.args(args.get(1..).unwrap_or_default(), Level::Postfix),
            Op::Cycle { cycle, field } => {
                self.cycle(args, cycle);
                self.push(field.name());
            }
            Op::Cycles(_) => self.call(node.op.name(), &[], &tables.operands(node.op)),
            Op::OpportunityField(field) => self.push(&format!("it{}", field.name())),
            Op::Host(function) => self.call(tables.function(function), args, &[]),
            Op::Index(n) => {
                self.args(args, Level::Postfix);
                self.push(&format!("[{n}]"));
            }
            Op::Num(_) | Op::Clock(_) | Op::Since | Op::Known | Op::Pick | Op::FastK | Op::Payload(_) | Op::Edge => {
                self.call(node.op.name(), args, &[]);
            }
        }
    }

    fn args(&mut self, args: &[NodeId], min: Level) {
        for (at, &arg) in args.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.node(arg, min);
        }
    }

    fn list(&mut self, args: &[NodeId], between: &str) {
        for (at, &arg) in args.iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            self.node(arg, Level::Condition);
        }
    }

    /// Operators of one level group from the left.
    fn infix(&mut self, args: &[NodeId], word: &str, level: Level) {
        let tighter = match level {
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Coalesce => Level::Sum,
            Level::Sum => Level::Product,
            _ => Level::Sign,
        };
        for (at, &arg) in args.iter().enumerate() {
            if at > 0 {
                self.push(&format!(" {word} "));
            }
            self.node(arg, if at == 0 { level } else { tighter });
        }
    }

    fn call(&mut self, name: &str, args: &[NodeId], more: &[String]) {
        self.push(name);
        self.push("(");
        self.list(args, ", ");
        for (at, word) in more.iter().enumerate() {
            self.push(if at == 0 && args.is_empty() { "" } else { ", " });
            self.push(word);
        }
        self.push(")");
    }

    fn op_of(&self, id: NodeId) -> Option<Op> {
        self.program.nodes.get(id.0 as usize).map(|node| node.op)
    }

    fn window(&mut self, args: &[NodeId], stat: Stat, window: Window, partial: bool, max: Option<u32>) {
        let tables = &self.program.tables;
        let length = match window {
            Window::Time(d) => tables.period(d),
            Window::Updates(n) => n.to_string(),
        };
        let mut more = vec![length];
        if let Stat::Percentile(p) = stat {
            more.insert(0, number(f64::from_bits(p)));
        }
        if partial {
            more.push("partial = TRUE".to_owned());
        }
        more.extend(max.map(|max| format!("max = {max}")));
        let first = args.first().and_then(|arg| self.op_of(*arg));
        // `volume(s, d)` and `vwap(s, d)` are a sum and a mean of the fields of trades.
        let of_trades = match (stat, window, first) {
            (Stat::Sum, Window::Time(_), Some(Op::Market(MarketField::Qty, symbol))) => Some(("volume", symbol)),
            (Stat::Vwap, _, Some(Op::Market(MarketField::Last, symbol))) => Some(("vwap", symbol)),
            _ => None,
        };
        match of_trades {
            Some((name, symbol)) => self.push(&format!("{name}({}, {})", quoted(tables.symbol(symbol)), more.join(", "))),
            None => self.call(stat.name(), args, &more),
        }
    }

    /// A function of a bar, whose arguments are the fields that it reads.
    fn of_bar(&mut self, name: &str, args: &[NodeId], more: &[String]) {
        let bar = args.first().and_then(|arg| self.program.nodes.get(arg.0 as usize)).filter(|node| matches!(node.op, Op::BarField(_)));
        match bar {
            Some(field) => self.call(name, &field.args, more),
            None => self.call(name, args, more),
        }
    }

    fn cycle(&mut self, args: &[NodeId], id: CycleId) {
        let tables = &self.program.tables;
        let Some(cycle) = tables.cycles.get(id.0 as usize) else { return self.push("?") };
        let markets: Vec<String> = cycle.markets.iter().map(|symbol| quoted(tables.symbol(*symbol))).collect();
        self.push(&format!("{}({}, fee = ", cycle.kind.name(), markets.join(", ")));
        self.list(args, " and ");
        self.push(")");
    }

    fn sequence(&mut self, id: NodeId, args: &[NodeId], sequence: SequenceId) {
        let tables = &self.program.tables;
        let Some(sequence) = tables.sequences.get(sequence.0 as usize) else { return self.push("SEQ ?") };
        let outer = self.seq.replace(id);
        self.push("SEQ ");
        for (at, step) in sequence.steps.iter().enumerate() {
            if at > 0 {
                self.push(" -> ");
            }
            if sequence.captures.iter().any(|capture| usize::from(capture.step) == at) {
                self.push(&format!("s{}: ", at + 1));
            }
            self.step(args, step);
        }
        self.push(&format!(" WITHIN {}", tables.period(sequence.within)));
        self.seq = outer;
    }

    fn step(&mut self, args: &[NodeId], step: &SeqStep) {
        let place = match step.input {
            StepInput::Event(place) | StepInput::Level(place) => place,
        };
        let arg = |place: u16| args.get(usize::from(place)).copied();
        if matches!(step.kind, StepKind::Absent { .. }) {
            self.push("NO ");
        }
        if let Some(input) = arg(place) {
            // A `WHERE` without captures is in the input and needs no parentheses here.
            let is_where = self.op_of(input) == Some(Op::Where) && step.filter.is_none();
            self.node(input, if is_where { Level::Condition } else { Level::Or });
        }
        if let Some(filter) = step.filter.and_then(arg) {
            self.push(" WHERE ");
            self.node(filter, Level::Or);
        }
        match step.kind {
            StepKind::Match { min: 1, max: Some(1) } | StepKind::Absent { hold: None } => {}
            StepKind::Match { min, max: Some(max) } if min == max => self.push(&format!("{{{min}}}")),
            StepKind::Match { min, max: Some(max) } => self.push(&format!("{{{min}..{max}}}")),
            StepKind::Match { min, max: None } => self.push(&format!("{{{min}..}}")),
            StepKind::Absent { hold: Some(d) } => {
                let period = self.program.tables.period(d);
                self.push(&format!(" FOR {period}"));
            }
        }
    }

    fn capture(&mut self, index: u32) {
        let program = self.program;
        let seq = self.seq.and_then(|id| program.nodes.get(id.0 as usize));
        let found = seq.and_then(|node| match node.op {
            Op::Seq(id) => Some((node, program.tables.sequences.get(id.0 as usize)?.captures.get(index as usize)?)),
            _ => None,
        });
        let Some((node, Capture { step, of })) = found else { return self.push(&format!("capture({index})")) };
        let field = |place: u16| {
            let arg = node.args.get(usize::from(place)).and_then(|id| program.nodes.get(id.0 as usize));
            match arg.map(|arg| arg.op) {
                Some(Op::Clock(_)) | None => "ts",
                Some(Op::Market(MarketField::Last, _)) => "price",
                Some(op) => op.name().trim_start_matches('.'),
            }
        };
        let label = usize::from(*step) + 1;
        match *of {
            CaptureOf::First(place) => self.push(&format!("s{label}.{}", field(place))),
            CaptureOf::Last(place) => self.push(&format!("s{label}.last.{}", field(place))),
            CaptureOf::Count => self.push(&format!("s{label}.count")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Options, Source, compile};

    fn program(rule: &str) -> Program {
        match compile(&[Source::new("t.cep", format!("PARAM fee = 0.001\n{rule}"))], &Options::default()) {
            Ok(program) => program,
            Err(findings) => {
                unreachable!("{rule}: {findings:?}")
            }
        }
    }

    fn trigger(rule: &str) -> String {
        let program = program(&format!("IF {rule} THEN S"));
        program.expression_within(program.rules.first().unwrap().trigger, None, 10_000)
    }

    #[test]
    fn reads_as_written() {
        for text in [
            r#"price("A/B") > 100"#,
            r#"(bid("A/B") + 1) * 2 - (3 - ask("A/B")) / 4 >= -5"#,
            r#"-(bid("A/B") + 1) < mid("A/B")"#,
            r#"bid("A/B") > 1 AND (ask("A/B") < 2 OR NOT ask("A/B") == 3)"#,
            r#"(bid("A/B") ?? 1) * fee > 2"#,
            r#"bid("A/B") > 1 AND ask("A/B") < 2 FOR 3s"#,
            r#"(bid("A/B") > 1 FOR 3s) AND ask("A/B") < 2"#,
            r#"NO quote("A/B") FOR 1500ms"#,
            r#"trade("A/B") WHERE last("A/B") > 5 OR last("A/B") < 3"#,
            r#"trade("A/B") AND bid("A/B") > 5"#,
            r#"last("A/B") CROSSES ABOVE last("A/B")[100]"#,
            r#"count(trade("A/B"), 1s) > 20"#,
            r#"once(bid("A/B") > 1, 5s) AND age("A/B") < 2s"#,
            r#"known(ask("A/B")) AND imbalance("A/B", depth = 5) > 0.5"#,
            r#"depth_price("A/B", "buy", qty = 2) > min(1, 2, bid("A/B"))"#,
            r#"since(trade("A/B")) > 2s AND hour_of_day() >= 9"#,
        ] {
            assert_eq!(trigger(text), text);
            assert_eq!(trigger(&trigger(text)), text, "what is written reads back as the same");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let program = program("LET a = bid(\"A/B\") + ask(\"A/B\")\nLET b = a * a - a / a\nLET c = b * b - b / b\nIF c * c > 1 THEN S");
        let text = program.expression_within(program.rules.first().unwrap().trigger, None, 60);
        assert!(text.len() < 200 && text.contains(".."), "{text}");
    }
}
