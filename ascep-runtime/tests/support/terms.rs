//! Generated expressions, by type and depth.

use super::dice::Dice;
use super::expr::{Expr, Ty};
use super::sequences::Label;

/// What the payload of an event has besides its time, and of which symbol it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    Trade(String),
    Quote(String),
    Bar(String),
    Opportunity,
    Time,
}

/// Makes expressions out of what is in scope.
pub struct Maker<'a> {
    pub dice: &'a mut Dice,
    /// Symbols in scope as the rules write them: literals, or the variable of a `FOR EACH` or `FN`.
    pub symbols: Vec<String>,
    /// Names of numbers in scope.
    pub nums: Vec<String>,
    /// Names of levels in scope.
    pub levels: Vec<String>,
    /// Durations: literals and names.
    pub durations: Vec<String>,
    /// Expressions made before that mean the same everywhere, and names of `LET`s.
    pub shared: Vec<Expr>,
    /// Functions of a symbol and a number, with the type of their value.
    pub functions: Vec<(String, Ty)>,
    /// The payload that `it` reads here.
    pub it: Option<Payload>,
    /// Whether names that only exist in one place are in scope.
    pub in_rule: bool,
    /// Whether windows, bars and indicators are written.
    pub windows: bool,
    /// What windows look back over, with their lengths, where they mean the same everywhere.
    pub windowed: Vec<(Expr, String)>,
    /// The symbols of the program.
    pub pool: &'static [&'static str],
    /// Names of searches for opportunities in scope.
    pub searches: Vec<String>,
    /// The labels of the steps so far of a sequence.
    pub labels: Vec<Label>,
}

fn num(template: &str, children: Vec<Expr>) -> Expr {
    Expr::of(Ty::Num, template, children)
}

fn level(template: &str, children: Vec<Expr>) -> Expr {
    Expr::of(Ty::Bool, template, children)
}

fn event(template: &str, children: Vec<Expr>) -> Expr {
    Expr::of(Ty::Event, template, children)
}

/// Whether anything can change an expression, as far as its text tells: it reads a symbol, the payload or the clock.
fn moves(expr: &Expr) -> bool {
    let text = expr.text();
    ["\"", "(s", "(t", "(x", "it.", "_of_", "now()", "host_", "found"].iter().any(|part| text.contains(part))
}

impl Maker<'_> {
    pub fn symbol(&mut self) -> String {
        let i = self.dice.below(self.symbols.len());
        self.symbols[i].clone()
    }

    pub fn duration(&mut self) -> String {
        let i = self.dice.below(self.durations.len());
        self.durations[i].clone()
    }

    pub fn small(&mut self) -> Expr {
        if !self.nums.is_empty() && self.dice.chance(25) {
            let i = self.dice.below(self.nums.len());
            return Expr::leaf(Ty::Num, self.nums[i].clone());
        }
        let literal = self.dice.pick(&["0", "1", "2", "3", "4", "5", "2.5", "3.5", "1_0", "1e1", "50%"]);
        Expr::leaf(Ty::Num, literal)
    }

    /// A market field that is a number.
    pub fn field(&mut self) -> &'static str {
        const FIELDS: &str = "price price last last bid bid ask qty notional bid_qty ask_qty mid spread spread_ratio microprice imbalance";
        let fields: Vec<&str> = FIELDS.split(' ').collect();
        self.dice.pick(&fields)
    }

    fn market(&mut self) -> Expr {
        let (symbol, field) = (self.symbol(), self.field());
        if field == "imbalance" && self.dice.chance(50) {
            return Expr::leaf(Ty::Num, format!("imbalance({symbol}, depth = {})", self.dice.between(1, 3)));
        }
        Expr::leaf(Ty::Num, format!("{field}({symbol})"))
    }

    /// An expression of a type that was made before, now and then.
    fn again(&mut self, ty: Ty) -> Option<Expr> {
        let known: Vec<&Expr> = self.shared.iter().filter(|e| e.ty == ty).collect();
        if known.is_empty() || !self.dice.chance(18) { None } else { Some(known[self.dice.below(known.len())].clone()) }
    }

    /// Remembers an expression that means the same wherever it stands.
    fn remember(&mut self, expr: Expr) -> Expr {
        if !self.in_rule && self.it.is_none() && !self.shared.iter().any(|e| e.text() == "m") && self.dice.chance(40) {
            self.shared.push(expr.clone());
        }
        expr
    }

    /// Makes something with a memory: `it` mostly does not reach into it, and where it does its occurrences are what is remembered.
    pub fn outside_it<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        let it = if self.dice.chance(30) { self.it.clone() } else { self.it.take() };
        let made = make(self);
        self.it = it;
        made
    }

    pub fn num(&mut self, depth: usize) -> Expr {
        if let Some(known) = self.again(Ty::Num) {
            return known;
        }
        if let Some(payload) = self.it.clone()
            && self.dice.chance(40)
        {
            match payload {
                Payload::Trade(_) => return Expr::leaf(Ty::Num, format!("it.{}", self.dice.pick(&["price", "qty", "notional"]))),
                Payload::Quote(_) => return Expr::leaf(Ty::Num, format!("it.{}", self.dice.pick(&["bid", "ask", "bid_qty", "ask_qty"]))),
                Payload::Bar(_) => {
                    return Expr::leaf(Ty::Num, format!("it.{}", self.dice.pick(&["open", "close", "vwap", "volume", "count"])));
                }
                Payload::Opportunity => return Expr::leaf(Ty::Num, format!("it.{}", self.dice.pick(&["net", "net", "gross", "peak"]))),
                Payload::Time => {}
            }
        }
        if depth == 0 {
            return if self.dice.chance(70) { self.market() } else { self.small() };
        }
        let d = depth - 1;
        let made = match self.dice.weighted(&[14, 22, 8, 8, 6, 10, 12, 4, 5, 3, 3, 24, 14, 5]) {
            0 => self.market(),
            1 => {
                let op = self.dice.pick(&["+", "-", "*", "/"]);
                num(&format!("($ {op} $)"), vec![self.num(d), self.num(d)])
            }
            2 => {
                let f = self.dice.pick(&["-$", "abs($)", "floor($)", "ceil($)", "round($)", "sign($)", "sqrt($)", "ln($)", "exp($)"]);
                num(&format!("({f})"), vec![self.num(d)])
            }
            3 => match self.dice.below(5) {
                0 => num("min($, $)", vec![self.num(d), self.num(d)]),
                1 => num("max($, $, $)", vec![self.num(d), self.num(d), self.small()]),
                2 => num("mod($, $)", vec![self.num(d), self.small()]),
                3 => match self.dice.below(3) {
                    0 => num("clamp($, 2, 4)", vec![self.num(d)]),
                    1 => num("clamp($, 3, 3)", vec![self.num(d)]),
                    _ => num("clamp($, $, $)", vec![self.num(d), self.market(), self.market()]),
                },
                _ => match self.dice.below(4) {
                    0 => num("pow($, 2)", vec![self.num(d)]),
                    1 => Expr::leaf(Ty::Num, format!("pow(2, imbalance({}))", self.symbol())),
                    2 => Expr::leaf(Ty::Num, format!("pow(1, spread_ratio({}))", self.symbol())),
                    _ => Expr::leaf(Ty::Num, format!("pow(imbalance({}), 0)", self.symbol())),
                },
            },
            4 => num("($ ?? $)", vec![self.num(d), self.num(0)]),
            5 => {
                let n = self.dice.between(1, 3);
                num(&format!("($)[{n}]"), vec![self.outside_it(|m| m.moving(d))])
            }
            6 => self.count(d),
            7 => {
                let (symbol, side) = (self.symbol(), self.dice.pick(&["buy", "sell"]));
                let qty = match self.dice.below(4) {
                    0 => self.num(d),
                    1 => num("-$", vec![self.small()]),
                    _ => self.small(),
                };
                num(&format!("depth_price({symbol}, \"{side}\", qty = $)"), vec![qty])
            }
            8 => match self.functions.iter().find(|f| f.1 == Ty::Num) {
                Some((name, _)) => num(&format!("{}({}, $)", name.clone(), self.symbol()), vec![self.small()]),
                None => self.market(),
            },
            9 => {
                let reading = self.reading(d);
                num("($ / 1s)", vec![reading])
            }
            10 => Expr::leaf(Ty::Num, self.dice.pick(&["hour_of_day()", "day_of_week()"])),
            11 => num("$", vec![self.grid(depth)]),
            12 if self.windows => self.quotient(depth),
            13 => num("host_mix($, $)", vec![self.num(d), self.num(0)]),
            _ => self.market(),
        };
        self.remember(made)
    }

    /// A number that something can change.
    fn moving(&mut self, depth: usize) -> Expr {
        let made = self.num(depth);
        if moves(&made) { made } else { self.market() }
    }

    /// A count over a time window or of updates, of an event, a number or the edges of a level.
    pub fn count(&mut self, depth: usize) -> Expr {
        self.outside_it(|m| {
            let what = match m.dice.below(5) {
                0 | 1 => m.event(depth).0,
                2 if m.dice.chance(15) => m.reading(depth),
                2 | 3 => m.moving(depth),
                _ => m.moving_level(depth),
            };
            match m.dice.below(6) {
                0 => num(&format!("count($, {})", m.dice.between(1, 4)), vec![what]),
                1 | 2 => num(&format!("count($, {})", m.duration()), vec![what]),
                _ => num(&format!("count($, {}, partial = TRUE)", m.duration()), vec![what]),
            }
        })
    }

    /// A duration read off the clock.
    pub fn reading(&mut self, depth: usize) -> Expr {
        self.outside_it(|m| match m.dice.below(3) {
            0 => Expr::of(Ty::Duration, "since($)", vec![m.event(depth).0]),
            _ => Expr::leaf(Ty::Duration, format!("age({})", m.symbol())),
        })
    }

    /// A duration that hangs on the clock and is more than a bare reading, or has a memory.
    pub fn calculated_reading(&mut self, depth: usize) -> Expr {
        let dur = |template: &str, children| Expr::of(Ty::Duration, template, children);
        let (a, b) = (self.reading(depth), self.reading(depth));
        match self.dice.below(10) {
            8 => dur("host_twice($)", vec![a]),
            0 => dur("($ ?? 1s)", vec![a]),
            5 => dur("clamp($, 1s, $)", vec![a, b]),
            6 => dur("($ * $)", vec![a, self.num(depth)]),
            7 => dur("($ / $)", vec![a, self.num(depth)]),
            1 => dur("max($, $)", vec![a, b]),
            2 => dur("($ - $)", vec![a, b]),
            3 => dur("($ * 2)", vec![a]),
            4 => dur("($)[1]", vec![a]),
            _ => dur("abs($)", vec![a]),
        }
    }

    /// A duration that only a parameter can change.
    fn fixed_duration(&mut self) -> Expr {
        let name = self.duration();
        match self.dice.below(8) {
            0 => Expr::leaf(Ty::Duration, format!("({name} + 1s)")),
            1 => Expr::leaf(Ty::Duration, format!("(2 * {name})")),
            _ => Expr::leaf(Ty::Duration, name),
        }
    }

    pub fn comparison(&mut self) -> &'static str {
        self.dice.pick(&["<", "<=", ">", ">=", ">", ">=", "==", "!="])
    }

    /// A condition of the kind that most rules are: market fields against constants.
    pub fn plain_level(&mut self) -> Expr {
        let one = |m: &mut Self| {
            let op = m.comparison();
            level(&format!("($ {op} $)"), vec![m.market(), m.small()])
        };
        match self.dice.below(4) {
            0 => level("($ AND $)", vec![one(self), one(self)]),
            1 => {
                let op = self.comparison();
                level(&format!("($ - $ {op} $)"), vec![self.market(), self.market(), self.small()])
            }
            _ => one(self),
        }
    }

    /// A level that something can change.
    pub fn moving_level(&mut self, depth: usize) -> Expr {
        let made = self.level(depth);
        if moves(&made) { made } else { self.plain_level() }
    }

    pub fn level(&mut self, depth: usize) -> Expr {
        if let Some(known) = self.again(Ty::Bool) {
            return known;
        }
        if depth == 0 {
            return self.plain_level();
        }
        let d = depth - 1;
        let made = match self.dice.weighted(&[28, 8, 8, 5, 12, 10, 10, 5, 3, 4, 3, 2, 4, 2, 5, 3, 6, 24, 4]) {
            0 => {
                let op = self.comparison();
                let right = if self.dice.chance(60) { self.small() } else { self.num(d) };
                level(&format!("($ {op} $)"), vec![self.num(d), right])
            }
            1 => level("($ AND $)", vec![self.level(d), self.level(d)]),
            2 => level("($ OR $)", vec![self.level(d), self.level(d)]),
            3 => level("(NOT $)", vec![self.level(d)]),
            4 => {
                let duration = self.duration();
                level(&format!("($ FOR {duration})"), vec![self.outside_it(|m| m.level(d))])
            }
            5 => {
                let duration = self.duration();
                let what = self.outside_it(|m| if m.dice.chance(50) { m.level(d) } else { m.event(d).0 });
                level(&format!("once($, {duration})"), vec![what])
            }
            6 => {
                let op = self.comparison();
                let (reading, limit) = (self.reading(d), self.fixed_duration());
                match self.dice.below(8) {
                    0 => level(&format!("($ {op} $)"), vec![limit, reading]),
                    1 => level("($ IN 500ms .. $)", vec![reading, limit]),
                    2 => level(&format!("($ {op} $)"), vec![self.calculated_reading(d), limit]),
                    _ => level(&format!("($ {op} $)"), vec![reading, limit]),
                }
            }
            7 => level("known($)", vec![self.num(d)]),
            8 => level("($ IN 2 .. 4)", vec![self.num(d)]),
            9 => {
                let op = self.comparison();
                let (what, limit) = if self.dice.chance(60) {
                    ("hour_of_day()", self.dice.pick(&["0", "8", "9", "23"]))
                } else {
                    ("day_of_week()", self.dice.pick(&["1", "4", "5", "7"]))
                };
                let limit = if self.nums.iter().any(|n| n == "p") && self.dice.chance(30) { "p" } else { limit };
                Expr::leaf(Ty::Bool, format!("({what} {op} {limit})"))
            }
            10 => {
                let (op, symbol) = (self.dice.pick(&["==", "!="]), self.symbol());
                Expr::leaf(Ty::Bool, format!("(side({symbol}) {op} \"{}\")", self.dice.pick(&["buy", "sell"])))
            }
            11 => {
                let (op, duration, symbol) = (self.comparison(), self.duration(), self.symbol());
                Expr::leaf(Ty::Bool, format!("(latency({symbol}) {op} {duration})"))
            }
            12 => match self.functions.iter().find(|f| f.1 == Ty::Bool) {
                Some((name, _)) => level(&format!("{}({}, $)", name.clone(), self.symbol()), vec![self.small()]),
                None => self.plain_level(),
            },
            13 => {
                let op = self.comparison();
                let (a, b) = (self.reading(d), self.reading(d));
                level(&format!("($ {op} $)"), vec![a, b])
            }
            14 => {
                let both = self.dice.pick(&["($ == $)", "($ != $)", "($ ?? $)", "($ ?? $)"]);
                level(both, vec![self.level(d), self.level(d)])
            }
            15 => {
                let n = self.dice.between(1, 2);
                level(&format!("($)[{n}]"), vec![self.outside_it(|m| m.moving_level(d))])
            }
            16 if !self.levels.is_empty() => {
                let i = self.dice.below(self.levels.len());
                Expr::leaf(Ty::Bool, self.levels[i].clone())
            }
            17 if self.windows => self.rough_level(depth),
            18 => {
                let (reading, limit) = (self.reading(d), self.fixed_duration());
                level("host_over($, $)", vec![reading, limit])
            }
            _ => self.plain_level(),
        };
        self.remember(made)
    }

    fn market_event(&mut self, kind: &str, payload: fn(String) -> Payload) -> (Expr, Payload) {
        let symbol = self.symbol();
        (Expr::leaf(Ty::Event, format!("{kind}({symbol})")), payload(symbol))
    }

    pub fn event(&mut self, depth: usize) -> (Expr, Payload) {
        if depth > 0
            && let Some(known) = self.again(Ty::Event)
        {
            return (known, Payload::Time);
        }
        if self.dice.chance(18)
            && let Some(found) = self.opportunity()
        {
            return found;
        }
        let d = depth.saturating_sub(1);
        let (made, payload) =
            match self.dice.weighted(if depth == 0 { &[50, 30, 10, 0, 0, 0, 0, 12] } else { &[10, 8, 4, 25, 15, 12, 16, 7, 7, 12] }) {
                0 => self.market_event("trade", Payload::Trade),
                1 => self.market_event("quote", Payload::Quote),
                2 => self.market_event("book", Payload::Quote),
                3 => {
                    let (what, payload) = self.event(d);
                    let outer = self.it.replace(payload.clone());
                    let filter = if matches!(payload, Payload::Trade(_)) && self.dice.chance(20) {
                        let side = self.dice.pick(&["buy", "sell"]);
                        Expr::leaf(Ty::Bool, format!("(it.side == \"{side}\")"))
                    } else if self.dice.chance(60) && payload != Payload::Time {
                        let (field, op) = (self.num(0), self.comparison());
                        level(&format!("($ {op} $)"), vec![field, self.small()])
                    } else {
                        self.level(d)
                    };
                    self.it = outer;
                    (event("($ WHERE $)", vec![what, filter]), payload)
                }
                4 => {
                    let (what, payload) = self.event(d);
                    (event("($ AND $)", vec![what, self.outside_it(|m| m.level(d))]), payload)
                }
                5 => {
                    let ((a, of_a), (b, of_b)) = (self.event(d), self.event(d));
                    let (b, of_b) = if self.dice.chance(20) { (self.outside_it(|m| m.moving_level(d)), Payload::Time) } else { (b, of_b) };
                    (event("($ OR $)", vec![a, b]), if of_a == of_b { of_a } else { Payload::Time })
                }
                6 => {
                    let side = self.dice.pick(&["", " ABOVE", " BELOW"]);
                    if self.dice.chance(8) {
                        let left = match self.dice.below(3) {
                            0 => Expr::leaf(Ty::Duration, format!("latency({})", self.symbol())),
                            1 => self.outside_it(|m| m.calculated_reading(d)),
                            _ => self.reading(d),
                        };
                        let right = if self.dice.chance(50) { Expr::leaf(Ty::Duration, "0s") } else { self.fixed_duration() };
                        let parts = vec![left, right];
                        return (event(&format!("($ CROSSES{side} $)"), parts), Payload::Time);
                    }
                    let parts = self.outside_it(|m| vec![m.moving(d), if m.dice.chance(60) { m.small() } else { m.num(d) }]);
                    (event(&format!("($ CROSSES{side} $)"), parts), Payload::Time)
                }
                7 if self.windows => {
                    let (bar, symbol) = self.bar();
                    (Expr::leaf(Ty::Event, bar), Payload::Bar(symbol))
                }
                8 if self.windows => (self.rough_crossing(d), Payload::Time),
                _ => {
                    let duration = self.duration();
                    (event(&format!("(NO $ FOR {duration})"), vec![self.outside_it(|m| m.event(d).0)]), Payload::Time)
                }
            };
        // A remembered event is used as one of which only the time is known.
        (self.remember(made), payload)
    }
}
