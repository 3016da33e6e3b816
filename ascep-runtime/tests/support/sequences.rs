//! Generated `SEQ` and `ALL` triggers.

use super::expr::{Expr, Ty};
use super::terms::{Maker, Payload};

/// A step that a later step or a field may read.
#[derive(Debug, Clone)]
pub struct Label {
    name: String,
    payload: Payload,
    quantified: bool,
}

fn level(template: &str, children: Vec<Expr>) -> Expr {
    Expr::of(Ty::Bool, template, children)
}

impl Maker<'_> {
    /// `SEQ ..` or `ALL ..`; what its labels are called is in `self.labels` afterwards.
    pub fn pattern(&mut self) -> Expr {
        self.labels.clear();
        if self.dice.chance(20) {
            let count = 2 + self.dice.below(2);
            let parts = (0..count).map(|_| if self.dice.chance(75) { self.event(1).0 } else { self.moving_level(1) }).collect();
            let within = self.duration();
            return Expr::list(Ty::Event, ("ALL(", ", ", &format!(") WITHIN {within}")), parts, 2);
        }
        let matches = 1 + self.dice.weighted(&[8, 50, 30, 12]);
        let mut steps = Vec::new();
        for i in 0..matches {
            steps.push(self.match_step(i));
            let last = i + 1 == matches;
            if self.dice.chance(if matches == 1 { 100 } else { 30 }) {
                steps.push(self.absent_step(last));
                if self.dice.chance(20) {
                    steps.push(self.absent_step(last));
                }
            }
        }
        let within = self.dice.pick(&["3s", "5s", "5s", "8s", "8s", "12s", "20s"]);
        let within = if self.durations.iter().any(|d| d == "d") && self.dice.chance(25) { "d" } else { within };
        Expr::list(Ty::Event, ("SEQ ", " -> ", &format!(" WITHIN {within}")), steps, 2)
    }

    fn match_step(&mut self, index: usize) -> Expr {
        let label = if self.dice.chance(70) { format!("{}: ", ["a", "b", "c", "e"][index]) } else { String::new() };
        let quantifier =
            if self.dice.chance(30) { self.dice.pick(&[" {1..2}", " {2}", " {2..3}", " {1..}", " {2..}", " {3}"]) } else { "" };
        let (what, payload) = self.step_input(index == 0);
        let plain = |what: &Expr| Expr::of(Ty::Other, "$", vec![what.clone()]);
        let lesser = vec![plain(&what), Expr::of(Ty::Other, &format!("{label}$"), vec![what.clone()])];
        let step = Expr::of(Ty::Other, &format!("{label}${quantifier}"), vec![what]).or_else(lesser);
        if !label.is_empty() {
            let name = label.trim_end_matches(": ").to_owned();
            // A label is read by later steps only.
            self.labels.push(Label { name, payload, quantified: !quantifier.is_empty() });
        }
        step
    }

    fn absent_step(&mut self, last: bool) -> Expr {
        let hold = if self.dice.chance(if last { 65 } else { 45 }) {
            format!(" FOR {}", self.dice.pick(&["500ms", "1s", "2s", "2s", "3s"]))
        } else {
            String::new()
        };
        let hold =
            if !hold.is_empty() && self.durations.iter().any(|d| d == "d") && self.dice.chance(20) { " FOR d".to_owned() } else { hold };
        let level = |m: &mut Self| m.label_level().unwrap_or_else(|| m.plain_level());
        let (what, _) = if self.dice.chance(35) { (level(self), Payload::Time) } else { self.step_input(false) };
        let plain = Expr::of(Ty::Other, "NO $", vec![what.clone()]);
        let lesser = if hold.is_empty() { Vec::new() } else { vec![plain] };
        Expr::of(Ty::Other, &format!("NO ${hold}"), vec![what]).or_else(lesser)
    }

    /// What a step looks at, and what `it` has there. The first step can read no label.
    fn step_input(&mut self, first: bool) -> (Expr, Payload) {
        let labelled = !first && !self.labels.is_empty();
        match self.dice.weighted(&[45, 14, 6, 6, 8, 8, if labelled { 24 } else { 0 }]) {
            0 => {
                let symbol = self.symbol();
                let trade = self.dice.chance(60);
                let payload = if trade { Payload::Trade(symbol.clone()) } else { Payload::Quote(symbol.clone()) };
                let event = Expr::leaf(Ty::Event, format!("{}({symbol})", if trade { "trade" } else { "quote" }));
                self.filtered(event, payload)
            }
            1 => {
                let (event, payload) = self.event(1);
                self.filtered(event, payload)
            }
            2 => (self.moving_level(1), Payload::Time),
            3 if self.windows => (self.rough_level(2), Payload::Time),
            4 if self.windows => {
                let (bar, symbol) = self.bar();
                self.filtered(Expr::leaf(Ty::Event, bar), Payload::Bar(symbol))
            }
            5 => {
                let duration = self.duration();
                (Expr::of(Ty::Event, &format!("(NO $ FOR {duration})"), vec![self.event(0).0]), Payload::Time)
            }
            3 | 4 => (self.plain_level(), Payload::Time),
            _ => (self.label_level().unwrap_or_else(|| self.plain_level()), Payload::Time),
        }
    }

    /// A level that reads a label where there is one.
    fn label_level(&mut self) -> Option<Expr> {
        let op = self.dice.pick(&["<", "<=", ">", ">=", "!="]);
        let label = self.label_number()?;
        Some(if self.dice.chance(20) {
            level(&format!("($ {op} $ AND $)"), vec![self.grid(0), label, self.plain_level()])
        } else {
            level(&format!("($ {op} $)"), vec![self.grid(0), label])
        })
    }

    /// `e WHERE c`, c over the payload and over labels.
    fn filtered(&mut self, event: Expr, payload: Payload) -> (Expr, Payload) {
        if payload == Payload::Opportunity && self.dice.chance(60) {
            let lesser = vec![event.clone()];
            let filter = self.of_an_opportunity();
            return (Expr::of(Ty::Event, "$ WHERE $", vec![event, filter]).or_else(lesser), payload);
        }
        if self.dice.chance(50) {
            return (event, payload);
        }
        let outer = self.it.replace(payload.clone());
        let filter = if self.dice.chance(65) { self.label_level() } else { None };
        let filter = filter.unwrap_or_else(|| {
            let op = self.comparison();
            level(&format!("($ {op} $)"), vec![self.grid(0), self.small()])
        });
        self.it = outer;
        let lesser = vec![event.clone()];
        (Expr::of(Ty::Event, "$ WHERE $", vec![event, filter]).or_else(lesser), payload)
    }

    /// A number that a label has.
    pub fn label_number(&mut self) -> Option<Expr> {
        let i = self.dice.below(self.labels.len());
        let Label { name, payload, quantified } = self.labels.get(i)?.clone();
        if quantified && self.dice.chance(30) {
            return Some(Expr::leaf(Ty::Num, format!("{name}.count")));
        }
        let which = if quantified { self.dice.pick(&[".first", ".last"]) } else { "" };
        let fields: &[&str] = match payload {
            Payload::Trade(_) => &["price", "price", "qty", "notional"],
            Payload::Quote(_) => &["bid", "ask", "bid_qty", "ask_qty"],
            Payload::Bar(_) => &["open", "high", "low", "close", "volume", "count"],
            Payload::Opportunity => &["net", "net", "gross", "peak"],
            Payload::Time => return Some(Expr::leaf(Ty::Num, format!("((now() - {name}{which}.ts) / 1s)"))),
        };
        Some(Expr::leaf(Ty::Num, format!("{name}{which}.{}", self.dice.pick(fields))))
    }

    /// A field of an action that reads a label.
    pub fn label_field(&mut self) -> Option<Expr> {
        let i = self.dice.below(self.labels.len());
        let Label { name, quantified, payload } = self.labels.get(i)?.clone();
        let which = if quantified { self.dice.pick(&[".first", ".last"]) } else { "" };
        if payload == Payload::Opportunity && self.dice.chance(60) {
            let field = self.dice.pick(&["path", "state", "reason", "age", "skew", "lifetime"]);
            return Some(Expr::leaf(Ty::Other, format!("{name}{which}.{field}")));
        }
        Some(match self.dice.below(4) {
            0 => Expr::leaf(Ty::Other, format!("{name}{which}.ts")),
            1 => Expr::leaf(Ty::Other, format!("now() - {name}{which}.ts")),
            2 => Expr::of(Ty::Num, "($ - $)", vec![self.label_number()?, self.grid(1)]),
            _ => self.label_number()?,
        })
    }
}
