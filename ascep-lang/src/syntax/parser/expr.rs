//! Semantic actions of the grammar: expressions and sequences. No action looks deeper than the children it is given.

use super::super::literal;
use super::super::tree::{Arg, BinaryOp, CrossSide, ExprId, ExprKind, NumberKind, Quantifier, Step, StrLit, Text};
use super::build::{Build, Place};
use crate::diagnostic::{Code, Diagnostic};

impl Build<'_> {
    // Literals and names.

    pub(crate) fn number(&mut self, place: Place) -> ExprId {
        // What cannot be read has been reported where the tokens were prepared.
        let (value, kind) = literal::number(self.slice(place)).unwrap_or((0.0, NumberKind::Plain));
        self.alloc(ExprKind::Number(value, kind), place, 0)
    }

    pub(crate) fn duration(&mut self, place: Place) -> ExprId {
        // Above zero, so that a literal that was reported is not reported as zero too.
        let nanos = literal::duration(self.slice(place)).unwrap_or(1);
        self.alloc(ExprKind::Duration(nanos), place, 0)
    }

    pub(crate) fn not_zero(&mut self, id: ExprId) -> ExprId {
        if matches!(self.kind(id), ExprKind::Duration(0)) {
            let place = self.place(id);
            let text = self.slice(place);
            let diagnostic = Diagnostic::new(Code::DurationRange, self.span(place), format!("the duration `{text}` is zero"))
                .help("a span of time is at least `1ns`");
            self.error(diagnostic);
        }
        id
    }

    pub(crate) fn number_as_duration(&mut self, place: Place) -> ExprId {
        let text = self.slice(place);
        let span = self.span(place);
        self.error(
            Diagnostic::new(Code::UnexpectedToken, span, format!("`{text}` is not a duration")).labelled("a unit of time is missing").fix(
                format!("seconds are written `{text}s`, milliseconds `{text}ms`"),
                span,
                format!("{text}s"),
            ),
        );
        self.alloc(ExprKind::Error, place, 0)
    }

    pub(crate) fn string(&mut self, lit: StrLit) -> ExprId {
        self.alloc(ExprKind::Str(lit.text), (lit.span.start, lit.span.end), 0)
    }

    pub(crate) fn boolean(&mut self, value: bool, place: Place) -> ExprId {
        self.alloc(ExprKind::Bool(value), place, 0)
    }

    pub(crate) fn name(&mut self, place: Place) -> ExprId {
        self.alloc(ExprKind::Name(Text::new(self.slice(place))), place, 0)
    }

    // Operators.

    fn unary(&mut self, kind: ExprKind, x: ExprId, place: Place) -> ExprId {
        let below = self.height(x);
        self.alloc(kind, place, below)
    }

    fn pair(&mut self, kind: ExprKind, x: ExprId, y: ExprId, place: Place) -> ExprId {
        let below = self.height(x).max(self.height(y));
        self.alloc(kind, place, below)
    }

    fn many(&mut self, kind: ExprKind, parts: impl Iterator<Item = ExprId>, place: Place) -> ExprId {
        let below = parts.map(|x| self.height(x)).max().unwrap_or(0);
        self.alloc(kind, place, below)
    }

    pub(crate) fn neg(&mut self, x: ExprId, place: Place) -> ExprId {
        self.unary(ExprKind::Neg(x), x, place)
    }

    pub(crate) fn not(&mut self, x: ExprId, place: Place) -> ExprId {
        self.unary(ExprKind::Not(x), x, place)
    }

    pub(crate) fn paren(&mut self, x: ExprId, place: Place) -> ExprId {
        self.unary(ExprKind::Paren(x), x, place)
    }

    pub(crate) fn and(&mut self, parts: Vec<ExprId>, place: Place) -> ExprId {
        let below = parts.iter().map(|x| self.height(*x)).max().unwrap_or(0);
        self.alloc(ExprKind::And(parts), place, below)
    }

    pub(crate) fn or(&mut self, parts: Vec<ExprId>, place: Place) -> ExprId {
        let below = parts.iter().map(|x| self.height(*x)).max().unwrap_or(0);
        self.alloc(ExprKind::Or(parts), place, below)
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, x: ExprId, y: ExprId, place: Place) -> ExprId {
        self.pair(ExprKind::Binary(op, x, y), x, y, place)
    }

    pub(crate) fn compare(&mut self, x: ExprId, op: Place, y: ExprId, place: Place) -> ExprId {
        let text = self.slice(op);
        let op = match text {
            "<" => BinaryOp::Lt,
            "<=" | "=<" | "≤" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            ">=" | "=>" | "≥" => BinaryOp::Ge,
            "!=" | "<>" | "!==" | "≠" => BinaryOp::Ne,
            _ => BinaryOp::Eq,
        };
        self.chained(x, place);
        self.pair(ExprKind::Binary(op, x, y), x, y, place)
    }

    pub(crate) fn crosses(&mut self, left: ExprId, side: CrossSide, right: ExprId, place: Place) -> ExprId {
        self.chained(left, place);
        self.pair(ExprKind::Crosses { left, side, right }, left, right, place)
    }

    pub(crate) fn between(&mut self, value: ExprId, low: ExprId, high: ExprId, place: Place) -> ExprId {
        self.chained(value, place);
        self.many(ExprKind::Between { value, low, high }, [value, low, high].into_iter(), place)
    }

    pub(crate) fn range(&mut self, low: ExprId, high: ExprId, place: Place) -> ExprId {
        self.pair(ExprKind::Range { low, high }, low, high, place)
    }

    /// Whether a comparison, and where its right side starts.
    fn comparison(&self, id: ExprId) -> Option<(ExprId, ExprId)> {
        match self.kind(id) {
            ExprKind::Binary(op, x, y) if op.is_comparison() => Some((*x, *y)),
            ExprKind::Crosses { left, right, .. } => Some((*left, *right)),
            ExprKind::Between { value, high, .. } => Some((*value, *high)),
            _ => None,
        }
    }

    /// Reports a comparison whose left side is one, once a chain.
    fn chained(&mut self, x: ExprId, place: Place) {
        let Some((first, middle)) = self.comparison(x) else { return };
        if self.comparison(first).is_some() {
            return;
        }
        let left = self.slice(self.place(x));
        let middle_start = self.place(middle).0;
        let right = self.slice((middle_start, place.1));
        let diagnostic =
            Diagnostic::new(Code::ChainedComparison, self.span(place), format!("the result of `{left}` is compared once more"))
                .labelled("a comparison gives true or false, not a number")
                .fix("compare twice", self.span(place), format!("{left} AND {right}"));
        self.error(diagnostic);
    }

    /// `a % b` and `a ^ b`.
    pub(crate) fn no_operator(&mut self, function: &str, x: ExprId, op: Place, y: ExprId, place: Place) -> ExprId {
        let symbol = self.slice(op);
        let (left, right) = (self.slice(self.place(x)), self.slice(self.place(y)));
        let code = if symbol == "%" { Code::PercentOperator } else { Code::ForeignOperator };
        let fix = format!("{function}({left}, {right})");
        let diagnostic = Diagnostic::new(code, self.span(op), format!("there is no operator `{symbol}`"))
            .labelled(format!("`{left}` {symbol} `{right}`"))
            .fix(format!("write `{fix}`"), self.span(place), fix);
        self.error(diagnostic);
        self.pair(ExprKind::Error, x, y, place)
    }

    // Postfix.

    pub(crate) fn call(&mut self, callee: Place, args: Vec<Arg>, place: Place) -> ExprId {
        let mut named: Option<Place> = None;
        for arg in &args {
            match &arg.name {
                Some(name) => named = named.or(Some((name.span.start, name.span.end))),
                None => {
                    let Some(name) = named else { continue };
                    let value = self.place(arg.value);
                    let (text, name_text) = (self.slice(value), self.slice(name));
                    let message = format!("`{text}` has no name and stands after `{name_text} = ..`");
                    let diagnostic = Diagnostic::new(Code::PositionalAfterNamed, self.span(value), message)
                        .also(self.span(name), "the first argument with a name")
                        .help("arguments without a name come first");
                    self.error(diagnostic);
                    break;
                }
            }
        }
        self.take_lists(args.iter().filter(|arg| arg.name.is_some()).map(|arg| arg.value));
        let below = args.iter().map(|arg| self.height(arg.value)).max().unwrap_or(0);
        let callee = self.ident(callee);
        self.alloc(ExprKind::Call { callee, args }, place, below)
    }

    pub(crate) fn field(&mut self, base: ExprId, field: Place, place: Place) -> ExprId {
        let field = self.ident(field);
        self.unary(ExprKind::Field { base, field }, base, place)
    }

    pub(crate) fn index(&mut self, base: ExprId, index: ExprId, place: Place) -> ExprId {
        self.pair(ExprKind::Index { base, index }, base, index, place)
    }

    pub(crate) fn list(&mut self, parts: Vec<ExprId>, place: Place) -> ExprId {
        let below = parts.iter().map(|x| self.height(*x)).max().unwrap_or(0);
        let inner = parts.clone();
        let list = self.alloc(ExprKind::List(parts), place, below);
        self.hold_list(list, &inner);
        list
    }

    /// An expression where no condition may stand without brackets.
    pub(crate) fn value(&mut self, id: ExprId) -> ExprId {
        let is_condition = match self.kind(id) {
            ExprKind::Binary(op, ..) => op.is_comparison(),
            ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Between { .. }
            | ExprKind::Crosses { .. }
            | ExprKind::For { .. }
            | ExprKind::Where { .. }
            | ExprKind::No { .. } => true,
            _ => false,
        };
        if is_condition {
            let place = self.place(id);
            let text = self.slice(place);
            let diagnostic =
                Diagnostic::new(Code::UnexpectedToken, self.span(place), format!("the condition `{text}` needs brackets here"))
                    .labelled("a value is wanted here")
                    .fix("put it in brackets", self.span(place), format!("({text})"));
            self.error(diagnostic);
        }
        id
    }

    // Conditions.

    pub(crate) fn held(&mut self, cond: ExprId, duration: ExprId, place: Place) -> ExprId {
        self.pair(ExprKind::For { cond, duration }, cond, duration, place)
    }

    pub(crate) fn filtered(&mut self, event: ExprId, filter: ExprId, place: Place) -> ExprId {
        self.pair(ExprKind::Where { event, filter }, event, filter, place)
    }

    pub(crate) fn absence(&mut self, event: ExprId, duration: Option<ExprId>, place: Place) -> ExprId {
        self.pair(ExprKind::No { event, duration }, event, duration.unwrap_or(event), place)
    }

    // Sequences.

    pub(crate) fn sequence(&mut self, steps: Vec<Step>, within: Option<ExprId>, place: Place) -> ExprId {
        let below = steps.iter().map(|s| s.event).chain(within).map(|x| self.height(x)).max().unwrap_or(0);
        self.alloc(ExprKind::Seq { steps, within }, place, below)
    }

    pub(crate) fn all(&mut self, parts: Vec<ExprId>, within: Option<ExprId>, place: Place) -> ExprId {
        let below = parts.iter().copied().chain(within).map(|x| self.height(x)).max().unwrap_or(0);
        self.alloc(ExprKind::All { parts, within }, place, below)
    }

    pub(crate) fn nested_sequence(&mut self, place: Place) -> ExprId {
        self.report_nested(place);
        self.alloc(ExprKind::Error, place, 0)
    }

    pub(super) fn report_nested(&mut self, place: Place) {
        let text: String = self.slice(place).trim_start_matches('(').chars().take(3).collect();
        let diagnostic =
            Diagnostic::new(Code::SeqNotTrigger, self.span(place), format!("`{text}` can only be the whole trigger of a rule"))
                .help("make it a rule of its own: `IF SEQ .. WITHIN d THEN ..`, without brackets around it");
        self.error(diagnostic);
    }

    pub(crate) fn step(&mut self, label: Option<Place>, event: ExprId, quantifier: Option<Quantifier>, place: Place) -> Step {
        Step { label: label.map(|l| self.ident(l)), event, quantifier, span: self.span(place) }
    }

    pub(crate) fn labelled_absence(&mut self, label: Place, event: ExprId, place: Place) -> Step {
        let text = self.slice(label);
        let to_event = self.span((label.0, self.place(event).0));
        let message = format!("the step `{text}` cannot have a label: with `NO` nothing happens that it could name");
        self.error(Diagnostic::new(Code::UnexpectedToken, self.span(label), message).fix("leave the label out", to_event, ""));
        self.step(None, event, None, place)
    }

    pub(crate) fn quantifier(&mut self, min: Place, max: Option<Place>, place: Place) -> Quantifier {
        let count = |this: &Self, place: Place| match literal::number(this.slice(place)) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range, as tested right here")]
            Ok((value, NumberKind::Plain)) if value.fract() == 0.0 && value >= 1.0 && value <= f64::from(u32::MAX) => Some(value as u32),
            _ => None,
        };
        let low = count(self, min);
        let high = max.map(|m| count(self, m));
        let text = self.slice(place);
        let diagnostic = |this: &Self, message: String| Diagnostic::new(Code::BadQuantifier, this.span(place), message);
        let wrong = match (low, high) {
            (Some(low), Some(Some(high))) if high < low => {
                let fix = format!("{{{high}..{low}}}");
                Some(diagnostic(self, format!("`{text}` asks for at least {low} and at most {high}")).fix(
                    "the smaller number comes first",
                    self.span(place),
                    fix,
                ))
            }
            (None, _) | (_, Some(None)) => {
                Some(diagnostic(self, format!("`{text}` does not count")).help("a quantifier counts from 1 in whole numbers"))
            }
            _ => None,
        };
        if let Some(diagnostic) = wrong {
            self.error(diagnostic);
        }
        let min = low.unwrap_or(1);
        Quantifier { min, max: high.map(|m| m.unwrap_or(min).max(min)) }
    }
}
