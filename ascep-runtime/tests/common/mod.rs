//! Programs written as expressions in Rust, and a way to play events against them, for tests of the engine without the compiler.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, unreachable_pub, reason = "tests")]

pub mod sequence;

use ascep_lang::program::{
    Action, ClockFn, CmpOp, Constant, EventKind, InputId, LANGUAGE_VERSION, MarketField, Mode, Node, NodeId, NumFn, Op, PROGRAM_VERSION,
    Param, ParamId, Period, Program, Rule, Side, Stat, SymbolId, Tables, TextId, Type, UnitId, Window,
};
use ascep_lang::span::{FileId, Span};
use ascep_lang::syntax::CrossSide;
use ascep_runtime::event::{Book, Event, InstrumentId, Level, MISSING, Payload, Quote, Trade};
use ascep_runtime::signal::{Signal, write_jsonl};
use ascep_runtime::{Engine, EngineOptions};

pub const SYMBOLS: [&str; 6] = ["A/B", "C/D", "E/F", "P/Q", "k:A/B", "b:A/B"];
pub const NUM: Type = Type::Num(UnitId(0));
pub const S: i64 = 1_000_000_000;

pub fn symbol(name: &str) -> SymbolId {
    SymbolId(SYMBOLS.iter().position(|symbol| *symbol == name).unwrap() as u32)
}

/// Seconds as nanoseconds.
pub fn secs(s: f64) -> i64 {
    (s * 1e9).round() as i64
}

pub fn fixed(s: f64) -> Period {
    Period::Fixed(secs(s))
}

/// An expression.
#[derive(Debug, Clone)]
pub struct E {
    pub op: Op,
    pub args: Vec<E>,
    pub ty: Type,
}

pub fn e(op: Op, args: Vec<E>, ty: Type) -> E {
    E { op, args, ty }
}

pub fn num(x: f64) -> E {
    e(Op::Const(Constant::Num(x.to_bits())), vec![], NUM)
}

pub fn dur(s: f64) -> E {
    e(Op::Const(Constant::Duration(secs(s))), vec![], Type::Duration)
}

pub fn truth(b: bool) -> E {
    e(Op::Const(Constant::Bool(b)), vec![], Type::Bool)
}

pub fn sym(name: &str) -> E {
    e(Op::Const(Constant::Symbol(symbol(name))), vec![], Type::Symbol)
}

/// "buy" or "sell"; the table of texts begins with them.
pub fn side_text(side: &str) -> E {
    e(Op::Const(Constant::Text(TextId(u32::from(side == "sell")))), vec![], Type::Text)
}

pub fn market(field: MarketField, s: &str) -> E {
    let ty = match field {
        MarketField::TradeSide => Type::Text,
        MarketField::Latency => Type::Duration,
        MarketField::VenueTs => Type::Timestamp,
        _ => NUM,
    };
    e(Op::Market(field, symbol(s)), vec![], ty)
}

pub fn last(s: &str) -> E {
    market(MarketField::Last, s)
}

pub fn bid(s: &str) -> E {
    market(MarketField::Bid, s)
}

pub fn price(s: &str) -> E {
    market(MarketField::Price, s)
}

pub fn trade(s: &str) -> E {
    e(Op::Event(EventKind::Trade, symbol(s)), vec![], Type::Event)
}

pub fn quote(s: &str) -> E {
    e(Op::Event(EventKind::Quote, symbol(s)), vec![], Type::Event)
}

pub fn book(s: &str) -> E {
    e(Op::Event(EventKind::Book, symbol(s)), vec![], Type::Event)
}

pub fn age(s: &str) -> E {
    e(Op::Age(symbol(s)), vec![], Type::Duration)
}

pub fn now() -> E {
    e(Op::Clock(ClockFn::Now), vec![], Type::Timestamp)
}

pub fn hour() -> E {
    e(Op::Clock(ClockFn::HourOfDay), vec![], NUM)
}

pub fn day() -> E {
    e(Op::Clock(ClockFn::DayOfWeek), vec![], NUM)
}

pub fn param(id: u32, ty: Type) -> E {
    e(Op::Param(ParamId(id)), vec![], ty)
}

pub fn input(id: u32, ty: Type) -> E {
    e(Op::Input(InputId(id)), vec![], ty)
}

pub fn imbalance(s: &str, depth: u8) -> E {
    e(Op::Imbalance { symbol: symbol(s), depth }, vec![], NUM)
}

pub fn depth_price(s: &str, side: Side, qty: E) -> E {
    e(Op::DepthPrice { symbol: symbol(s), side }, vec![qty], NUM)
}

pub fn any(events: Vec<E>) -> E {
    e(Op::EventOr, events, Type::Event)
}

impl E {
    pub fn with(self, op: Op, ty: Type) -> E {
        e(op, vec![self], ty)
    }

    fn two(self, op: Op, other: E, ty: Type) -> E {
        e(op, vec![self, other], ty)
    }

    pub fn cmp(self, op: CmpOp, other: E) -> E {
        self.two(Op::Compare(op), other, Type::Bool)
    }

    pub fn gt(self, other: E) -> E {
        self.cmp(CmpOp::Gt, other)
    }

    pub fn ge(self, other: E) -> E {
        self.cmp(CmpOp::Ge, other)
    }

    pub fn lt(self, other: E) -> E {
        self.cmp(CmpOp::Lt, other)
    }

    pub fn f2(self, function: NumFn, other: E) -> E {
        let ty = match (function, self.ty, other.ty) {
            (NumFn::Div, Type::Duration, Type::Duration) => NUM,
            (NumFn::Sub, Type::Timestamp, Type::Timestamp) => Type::Duration,
            (_, Type::Num(_), ty) => ty,
            (_, ty, _) => ty,
        };
        self.two(Op::Num(function), other, ty)
    }

    pub fn plus(self, other: E) -> E {
        self.f2(NumFn::Add, other)
    }

    pub fn minus(self, other: E) -> E {
        self.f2(NumFn::Sub, other)
    }

    pub fn times(self, other: E) -> E {
        self.f2(NumFn::Mul, other)
    }

    pub fn over(self, other: E) -> E {
        self.f2(NumFn::Div, other)
    }

    pub fn f1(self, function: NumFn) -> E {
        let ty = self.ty;
        self.with(Op::Num(function), ty)
    }

    pub fn and(self, other: E) -> E {
        if self.ty == Type::Event { self.two(Op::EventAnd, other, Type::Event) } else { self.two(Op::And, other, Type::Bool) }
    }

    pub fn or(self, other: E) -> E {
        if self.ty == Type::Event { self.two(Op::EventOr, other, Type::Event) } else { self.two(Op::Or, other, Type::Bool) }
    }

    pub fn not(self) -> E {
        self.with(Op::Not, Type::Bool)
    }

    pub fn known(self) -> E {
        self.with(Op::Known, Type::Bool)
    }

    pub fn or_else(self, other: E) -> E {
        let ty = self.ty;
        self.two(Op::Coalesce, other, ty)
    }

    pub fn filter(self, level: E) -> E {
        self.two(Op::Where, level, Type::Event)
    }

    pub fn edge(self) -> E {
        self.with(Op::Edge, Type::Event)
    }

    pub fn crosses(self, side: CrossSide, other: E) -> E {
        self.two(Op::Crosses(side), other, Type::Event)
    }

    pub fn held(self, s: f64) -> E {
        self.with(Op::For(fixed(s)), Type::Bool)
    }

    pub fn silent(self, s: f64) -> E {
        self.with(Op::NoFor(fixed(s)), Type::Event)
    }

    pub fn once(self, s: f64) -> E {
        self.with(Op::Once(fixed(s)), Type::Bool)
    }

    pub fn since(self) -> E {
        self.with(Op::Since, Type::Duration)
    }

    pub fn count(self, s: f64, partial: bool) -> E {
        self.with(Op::Window { stat: Stat::Count, window: Window::Time(fixed(s)), partial, max: None }, NUM)
    }

    pub fn count_updates(self, n: u32) -> E {
        self.with(Op::Window { stat: Stat::Count, window: Window::Updates(n), partial: false, max: None }, NUM)
    }

    pub fn at(self, n: u32) -> E {
        let ty = self.ty;
        self.with(Op::Index(n), ty)
    }

    pub fn pick(self, x: E, y: E) -> E {
        let ty = x.ty;
        e(Op::Pick, vec![self, x, y], ty)
    }
}

/// A rule before it is lowered.
#[derive(Debug, Clone)]
pub struct R {
    pub rule: Rule,
    trigger: E,
    until: Option<E>,
    fields: Vec<(String, E)>,
}

pub fn rule(trigger: E) -> R {
    let mode = if trigger.ty == Type::Event { Mode::Event } else { Mode::Edge };
    let rule = Rule {
        name: TextId(0),
        instance: vec![],
        trigger: NodeId(0),
        mode,
        until: None,
        cooldown: None,
        limit: None,
        actions: vec![],
        span: Span::new(FileId(0), 0, 0),
    };
    R { rule, trigger, until: None, fields: vec![] }
}

impl R {
    pub fn field(mut self, name: &str, value: E) -> R {
        self.fields.push((name.into(), value));
        self
    }

    pub fn expressions(&self) -> impl Iterator<Item = &E> {
        [Some(&self.trigger), self.until.as_ref()].into_iter().flatten().chain(self.fields.iter().map(|(_, field)| field))
    }

    pub fn until(mut self, until: E) -> R {
        self.until = Some(until);
        self
    }

    pub fn every_tick(mut self) -> R {
        self.rule.mode = Mode::EveryTick;
        self
    }

    pub fn every(mut self, s: f64) -> R {
        self.rule.mode = Mode::Every(fixed(s));
        self
    }

    pub fn cooldown(mut self, s: f64) -> R {
        self.rule.cooldown = Some(fixed(s));
        self
    }

    pub fn limit(mut self, n: u32, s: f64) -> R {
        self.rule.limit = Some((n, fixed(s)));
        self
    }
}

pub fn param_decl(name: &str, value: Constant, range: Option<(Constant, Constant)>) -> Param {
    let ty = match value {
        Constant::Num(_) => NUM,
        Constant::Bool(_) => Type::Bool,
        _ => Type::Duration,
    };
    Param { name: name.into(), ty, value, range }
}

struct Lower {
    program: Program,
    tree: bool,
}

impl Lower {
    fn node(&mut self, expr: &E) -> NodeId {
        let args = expr.args.iter().map(|arg| self.node(arg)).collect();
        let node = Node { op: expr.op, args, ty: expr.ty };
        let found = if self.tree { None } else { self.program.nodes.iter().position(|other| *other == node) };
        NodeId(found.unwrap_or_else(|| {
            self.program.nodes.push(node);
            self.program.nodes.len() - 1
        }) as u32)
    }

    fn text(&mut self, text: &str) -> TextId {
        self.program.tables.texts.push(text.into());
        TextId(self.program.tables.texts.len() as u32 - 1)
    }
}

/// Lowers rules, equal expressions shared; `rule_1`, `rule_2`, .. and one signal `S` each.
pub fn program(rules: &[R]) -> Program {
    program_with(rules, vec![], vec![], false)
}

pub fn program_with(rules: &[R], params: Vec<Param>, inputs: Vec<ascep_lang::program::Input>, tree: bool) -> Program {
    let tables = Tables {
        symbols: SYMBOLS.iter().map(|name| (*name).to_owned()).collect(),
        texts: vec!["buy".into(), "sell".into()],
        units: vec!["?".into()],
        params,
        inputs,
        ..Tables::default()
    };
    let program = Program { version: PROGRAM_VERSION, language: LANGUAGE_VERSION, tables, nodes: vec![], rules: vec![], warnings: vec![] };
    let mut lower = Lower { program, tree };
    for (index, r) in rules.iter().enumerate() {
        let mut rule = r.rule.clone();
        rule.name = lower.text(&format!("rule_{}", index + 1));
        rule.trigger = lower.node(&r.trigger);
        rule.until = r.until.as_ref().map(|until| lower.node(until));
        let fields = r.fields.iter().map(|(name, value)| (lower.text(name), lower.node(value))).collect();
        rule.actions = vec![Action { name: lower.text("S"), fields }];
        lower.program.rules.push(rule);
    }
    lower.program
}

/// Plays events; keeps signals as `4 rule_1 {"v":1}`, times in seconds.
pub struct Run {
    pub engine: Engine,
    pub lines: Vec<String>,
}

pub fn show(signal: &Signal<'_>) -> String {
    let mut json = Vec::new();
    write_jsonl(signal, &mut json);
    let json = String::from_utf8(json).unwrap();
    let fields = json.split_once("\"fields\":").unwrap().1.trim_end();
    let fields = &fields[..fields.len() - 1];
    format!("{} {}{}", signal.ts as f64 / 1e9, signal.rule(), if fields == "{}" { String::new() } else { format!(" {fields}") })
}

impl Run {
    pub fn new(rules: &[R]) -> Self {
        Self::of(&program(rules))
    }

    pub fn of(program: &Program) -> Self {
        Self { engine: Engine::new(program, EngineOptions::default()).unwrap(), lines: vec![] }
    }

    pub fn event(&mut self, s: f64, name: &str, payload: Payload<'_>) -> &mut Self {
        let instrument = self.engine.instrument(name).unwrap_or(InstrumentId::UNNAMED);
        let event = Event { ts: secs(s), venue_ts: None, instrument, payload };
        let lines = &mut self.lines;
        self.engine.on_event(&event, &mut |signal: &Signal<'_>| lines.push(show(signal))).unwrap();
        self
    }

    pub fn trade(&mut self, s: f64, name: &str, price: f64) -> &mut Self {
        self.event(s, name, Payload::Trade(Trade { price, qty: 1.0, side: None }))
    }

    pub fn trade_of(&mut self, s: f64, name: &str, price: f64, qty: f64, side: Option<Side>) -> &mut Self {
        self.event(s, name, Payload::Trade(Trade { price, qty, side }))
    }

    pub fn quote(&mut self, s: f64, name: &str, bid: f64, ask: f64) -> &mut Self {
        self.event(s, name, Payload::Quote(Quote { bid, ask, bid_qty: 1.0, ask_qty: 1.0 }))
    }

    pub fn book(&mut self, s: f64, name: &str, bids: &[(f64, f64)], asks: &[(f64, f64)]) -> &mut Self {
        let levels = |side: &[(f64, f64)]| side.iter().map(|&(price, qty)| Level { price, qty }).collect::<Vec<_>>();
        self.event(s, name, Payload::Book(Book { bids: &levels(bids), asks: &levels(asks) }))
    }

    /// An event of an instrument that no rule names.
    pub fn pass(&mut self, s: f64) -> &mut Self {
        self.trade(s, "Z/Z", 1.0)
    }

    pub fn advance(&mut self, s: f64) -> &mut Self {
        let lines = &mut self.lines;
        self.engine.advance_to(secs(s), &mut |signal: &Signal<'_>| lines.push(show(signal)));
        self
    }

    pub fn set(&mut self, name: &str, value: Constant) -> &mut Self {
        let id = self.engine.param(name).unwrap();
        let lines = &mut self.lines;
        self.engine.set_param(id, value, &mut |signal: &Signal<'_>| lines.push(show(signal))).unwrap();
        self
    }

    pub fn put(&mut self, name: &str, value: Option<Constant>) -> &mut Self {
        let id = self.engine.input(name).unwrap();
        let lines = &mut self.lines;
        self.engine.on_input(id, value, &mut |signal: &Signal<'_>| lines.push(show(signal))).unwrap();
        self
    }

    #[track_caller]
    pub fn expect(&mut self, lines: &[&str]) -> &mut Self {
        assert_eq!(self.lines, lines);
        self
    }

    #[track_caller]
    pub fn expect_none(&mut self) -> &mut Self {
        self.expect(&[])
    }
}

pub const MISS: f64 = MISSING;
