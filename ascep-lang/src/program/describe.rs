//! Words for operators, types and constants, shared by every printed form of a program.

use super::{
    CmpOp, Constant, FunctionId, InputId, Mode, NumFn, Op, ParamId, Period, Rule, Scan, ScanMarket, Setting, Side, Stat, SymbolId, Tables,
    TextId, Type, Window,
};
use crate::syntax::literal::{print_duration, print_number};
use crate::syntax::{CrossSide, NumberKind};

/// How many markets of a scan are named.
const SHOWN: usize = 12;

/// What stands where an index leads nowhere; only in programs that [`Program::validate`](super::Program::validate) refuses.
const MISSING: &str = "?";

/// Nanoseconds as the language writes them: `1500ms`, `3s`, `1h`; the largest unit that divides.
pub(super) fn duration(ns: i64) -> String {
    format!("{}{}", if ns < 0 { "-" } else { "" }, print_duration(ns))
}

/// A number as the language writes it.
pub(super) fn number(x: f64) -> String {
    let sign = if x.is_sign_negative() { "-" } else { "" };
    if x.is_finite() { format!("{sign}{}", print_number(x.abs(), NumberKind::Plain)) } else { x.to_string() }
}

/// Text in double quotes, with what would break a line or the quotes escaped.
#[must_use]
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl Tables {
    pub(super) fn symbol(&self, id: SymbolId) -> &str {
        self.symbols.get(id.0 as usize).map_or(MISSING, String::as_str)
    }

    pub(super) fn text(&self, id: TextId) -> &str {
        self.texts.get(id.0 as usize).map_or(MISSING, String::as_str)
    }

    pub(super) fn param(&self, id: ParamId) -> &str {
        self.params.get(id.0 as usize).map_or(MISSING, |p| p.name.as_str())
    }

    pub(super) fn input(&self, id: InputId) -> &str {
        self.inputs.get(id.0 as usize).map_or(MISSING, |i| i.name.as_str())
    }

    /// The unit of a number, none for other types.
    pub(super) fn unit(&self, ty: Type) -> Option<&str> {
        match ty {
            Type::Num(id) => Some(self.units.get(id.0 as usize).map_or(MISSING, String::as_str)),
            _ => None,
        }
    }

    /// `num<USDT/BTC>`, `bool`, `event`
    pub(super) fn type_text(&self, ty: Type) -> String {
        match self.unit(ty) {
            Some(unit) => format!("num<{unit}>"),
            None => type_name(ty).to_owned(),
        }
    }

    pub(super) fn constant(&self, constant: Constant) -> String {
        match constant {
            Constant::Num(bits) => number(f64::from_bits(bits)),
            Constant::Bool(true) => "TRUE".to_owned(),
            Constant::Bool(false) => "FALSE".to_owned(),
            Constant::Duration(ns) => duration(ns),
            Constant::Timestamp(ns) => format!("@{ns}"),
            Constant::Symbol(id) => quoted(self.symbol(id)),
            Constant::Text(id) => quoted(self.text(id)),
        }
    }

    pub(super) fn period(&self, period: Period) -> String {
        match period {
            Period::Fixed(ns) => duration(ns),
            Period::Param(id) => self.param(id).to_owned(),
        }
    }

    /// What an operator has besides its arguments: `["BTC/USDT"]`, `[3s]`.
    pub(super) fn operands(&self, op: Op) -> Vec<String> {
        match op {
            Op::Const(c) => vec![self.constant(c)],
            Op::Param(id) => vec![self.param(id).to_owned()],
            Op::Input(id) => vec![self.input(id).to_owned()],
            Op::Market(_, s) | Op::Age(s) | Op::Event(_, s) => vec![quoted(self.symbol(s))],
            Op::Imbalance { symbol, depth } => vec![quoted(self.symbol(symbol)), format!("depth={depth}")],
            Op::DepthPrice { symbol, side } => {
                let side = match side {
                    Side::Buy => "buy",
                    Side::Sell => "sell",
                };
                vec![quoted(self.symbol(symbol)), side.to_owned()]
            }
            Op::NoFor(d) | Op::For(d) | Op::Once(d) | Op::Decay(d) => vec![self.period(d)],
            Op::All(d) => vec![format!("WITHIN {}", self.period(d))],
            Op::Window { stat, window, partial, max } => {
                let mut words = Vec::new();
                if let Stat::Percentile(p) = stat {
                    words.push(number(f64::from_bits(p)));
                }
                words.push(match window {
                    Window::Time(d) => self.period(d),
                    Window::Updates(n) => format!("{n} updates"),
                });
                if partial {
                    words.push("partial".to_owned());
                }
                words.extend(max.map(|max| format!("max={max}")));
                words
            }
            Op::Ema { n, skip: 0 } | Op::Rsi(n) | Op::Atr(n) => vec![n.to_string()],
            Op::Ema { n, skip } => vec![n.to_string(), format!("skip={skip}")],
            Op::Bar { symbol, period } => vec![quoted(self.symbol(symbol)), duration(period)],
            Op::Capture(index) => vec![index.to_string()],
            Op::Seq(id) => self.sequences.get(id.0 as usize).map_or_else(Vec::new, |seq| vec![self.sequence(seq)]),
            Op::Cycle { cycle, .. } => match self.cycles.get(cycle.0 as usize) {
                Some(cycle) => {
                    let markets = cycle.markets.iter().map(|symbol| quoted(self.symbol(*symbol)));
                    std::iter::once(cycle.kind.name().to_owned()).chain(markets).collect()
                }
                None => Vec::new(),
            },
            Op::Cycles(id) => self.scans.get(id.0 as usize).map_or_else(Vec::new, |scan| self.scan(scan)),
            Op::Host(id) => vec![self.function(id).to_owned()],
            Op::Index(n) => vec![n.to_string()],
            _ => Vec::new(),
        }
    }

    pub(super) fn function(&self, id: FunctionId) -> &str {
        self.functions.get(id.0 as usize).map_or(MISSING, |f| f.name.as_str())
    }

    /// The arguments of a `cycles`, as the language writes them where there is nothing that comes from a universe only.
    fn scan(&self, scan: &Scan) -> Vec<String> {
        let setting = |setting: Setting| match setting {
            Setting::Fixed(bits) => number(f64::from_bits(bits)),
            Setting::Param(id) => self.param(id).to_owned(),
        };
        let mut words = vec![format!("home = {}", quoted(&scan.home))];
        words.extend(scan.fee.map(|fee| format!("fee = {}", setting(fee))));
        words.extend(scan.venue.as_ref().map(|venue| format!("venue = {}", quoted(venue))));
        let name = |market: &ScanMarket| match market {
            ScanMarket::Venue { symbol, .. } => quoted(self.symbol(*symbol)),
            ScanMarket::AssumedEqual { base, quote, .. } => format!("{base}={quote}"),
        };
        let mut markets: Vec<String> = scan.markets.iter().take(SHOWN).map(name).collect();
        if let more @ 1.. = scan.markets.len().saturating_sub(SHOWN) {
            markets.push(format!("and {more} more"));
        }
        words.push(format!("markets = [{}]", markets.join(", ")));
        let (least, most) = scan.legs;
        words.push(if least == most { format!("legs = {least}") } else { format!("legs = {least}..{most}") });
        words.push(format!("min_net = {}", setting(scan.min_net)));
        words.extend(scan.max_age.map(|d| format!("max_age = {}", self.period(d))));
        words.extend(scan.max_skew.map(|d| format!("max_skew = {}", self.period(d))));
        words.push(format!("step = {}", setting(scan.step)));
        words
    }

    /// The steps of a sequence with its arguments as `$0`, `$1`, ..: `$0 -> NO $1 FOR 3s -> $2{2..} WITHIN 10s KEEP 1.first.$3, 3.count`.
    fn sequence(&self, sequence: &super::Sequence) -> String {
        let step = |step: &super::SeqStep| {
            let place = match step.input {
                super::StepInput::Event(place) | super::StepInput::Level(place) => place,
            };
            let filter = step.filter.map_or_else(String::new, |place| format!(" WHERE ${place}"));
            match step.kind {
                super::StepKind::Match { min: 1, max: Some(1) } => format!("${place}{filter}"),
                super::StepKind::Match { min, max: Some(max) } if min == max => format!("${place}{filter}{{{min}}}"),
                super::StepKind::Match { min, max: Some(max) } => format!("${place}{filter}{{{min}..{max}}}"),
                super::StepKind::Match { min, max: None } => format!("${place}{filter}{{{min}..}}"),
                super::StepKind::Absent { hold: None } => format!("NO ${place}{filter}"),
                super::StepKind::Absent { hold: Some(d) } => format!("NO ${place}{filter} FOR {}", self.period(d)),
            }
        };
        let steps: Vec<String> = sequence.steps.iter().map(step).collect();
        let mut text = format!("{} WITHIN {}", steps.join(" -> "), self.period(sequence.within));
        for (index, capture) in sequence.captures.iter().enumerate() {
            text.push_str(if index == 0 { " KEEP " } else { ", " });
            let step = u32::from(capture.step) + 1;
            text.push_str(&match capture.of {
                super::CaptureOf::First(place) => format!("{step}.first.${place}"),
                super::CaptureOf::Last(place) => format!("{step}.last.${place}"),
                super::CaptureOf::Count => format!("{step}.count"),
            });
        }
        text
    }

    /// A node for a picture: `ask("BTC/USDT")`, `*`, `FOR 3s`.
    pub(crate) fn label(&self, op: Op) -> String {
        let inside = self.operands(op).join(", ");
        match op {
            Op::Const(_) => inside,
            Op::Num(f) => sign_of(f).unwrap_or_else(|| op.name()).to_owned(),
            Op::Compare(_) | Op::And | Op::Or | Op::Not | Op::Coalesce | Op::Where | Op::EventAnd | Op::EventOr | Op::Crosses(_) => {
                language_word(op).to_owned()
            }
            Op::Param(_) => format!("PARAM {inside}"),
            Op::Input(_) => format!("INPUT {inside}"),
            Op::For(_) => format!("FOR {inside}"),
            Op::NoFor(_) => format!("NO .. FOR {inside}"),
            Op::Index(_) => format!("[{inside}]"),
            Op::Clock(_) => format!("{}()", op.name()),
            Op::Host(_) => format!("{inside}()"),
            Op::Cycle { .. } => match self.operands(op).split_first() {
                Some((kind, markets)) => format!("{kind}({}){}", markets.join(", "), op.name()),
                None => op.name().to_owned(),
            },
            _ if inside.is_empty() => op.name().to_owned(),
            _ => format!("{}({inside})", op.name()),
        }
    }

    /// `xspread`, or with bindings `stale [s = "BTC/USDT"]`.
    pub(super) fn rule_title(&self, rule: &Rule) -> String {
        let name = self.text(rule.name);
        if rule.instance.is_empty() {
            return name.to_owned();
        }
        let bindings: Vec<_> = rule.instance.iter().map(|(var, s)| format!("{} = {}", self.text(*var), quoted(self.symbol(*s)))).collect();
        format!("{name} [{}]", bindings.join(", "))
    }

    /// When a rule fires and what holds it back: `["edge", "COOLDOWN 1s"]`.
    pub(super) fn rule_tails(&self, rule: &Rule) -> Vec<String> {
        let mut tails = vec![match rule.mode {
            Mode::Edge => "edge".to_owned(),
            Mode::Event => "event".to_owned(),
            Mode::EveryTick => "EVERY TICK".to_owned(),
            Mode::Every(d) => format!("EVERY {}", self.period(d)),
        }];
        tails.extend(rule.cooldown.map(|d| format!("COOLDOWN {}", self.period(d))));
        tails.extend(rule.limit.map(|(n, d)| format!("LIMIT {n} PER {}", self.period(d))));
        tails
    }
}

/// `num`, `bool`, ..
pub(super) fn type_name(ty: Type) -> &'static str {
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

/// The infix sign of an arithmetic function, if it has one.
pub(super) fn sign_of(f: NumFn) -> Option<&'static str> {
    match f {
        NumFn::Add => Some("+"),
        NumFn::Sub | NumFn::Neg => Some("-"),
        NumFn::Mul => Some("*"),
        NumFn::Div => Some("/"),
        _ => None,
    }
}

/// Operators that the language writes with a sign or a keyword.
pub(super) fn language_word(op: Op) -> &'static str {
    match op {
        Op::Compare(CmpOp::Lt) => "<",
        Op::Compare(CmpOp::Le) => "<=",
        Op::Compare(CmpOp::Gt) => ">",
        Op::Compare(CmpOp::Ge) => ">=",
        Op::Compare(CmpOp::Eq) => "==",
        Op::Compare(CmpOp::Ne) => "!=",
        Op::And | Op::EventAnd => "AND",
        Op::Or | Op::EventOr => "OR",
        Op::Not => "NOT",
        Op::Coalesce => "??",
        Op::Where => "WHERE",
        Op::Crosses(CrossSide::Above) => "CROSSES ABOVE",
        Op::Crosses(CrossSide::Below) => "CROSSES BELOW",
        Op::Crosses(CrossSide::Either) => "CROSSES",
        _ => op.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_written() {
        for (ns, text) in
            [(1, "1ns"), (1_500, "1500ns"), (250_000_000, "250ms"), (90_000_000_000, "90s"), (3_600_000_000_000, "1h"), (0, "0s")]
        {
            assert_eq!(duration(ns), text);
        }
        assert_eq!(duration(-3_000_000_000), "-3s");
        assert_eq!(duration(i64::MIN), "-9223372036854775808ns");
        assert_eq!([number(-0.0005), number(1e300), number(f64::NAN)], ["-0.0005", "1e300", "NaN"]);
    }

    #[test]
    fn quotes_are_escaped() {
        assert_eq!(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u{a}d\"");
    }
}
