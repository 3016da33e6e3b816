//! Generated windows, bars and indicators.
//!
//! Three kinds of numbers keep rounding from being taken for a difference. *Grid* numbers are sums of small multiples of powers of two, so any
//! order of adding gives the same bits. What one division makes of them is as exact (`avg`, `vwap`, `rate`). All else is *rough*: the
//! fields that say it are compared with a tolerance, and conditions hold it against constants that it never is.

use super::expr::{Expr, Ty};
use super::terms::{Maker, Payload};

fn grid(template: &str, children: Vec<Expr>) -> Expr {
    Expr::of(Ty::Grid, template, children)
}

fn rough(template: &str, children: Vec<Expr>) -> Expr {
    Expr::of(Ty::Rough, template, children)
}

impl Maker<'_> {
    /// What a rough number is held against.
    pub fn odd(&mut self) -> &'static str {
        self.dice.pick(&["0.0371", "-0.0371", "0.5371", "1.0371", "2.0371", "3.5371", "-1.0371", "12.371", "50.371", "80.371"])
    }

    /// A number on the grid and a window to look back at it over: often such as stood before, since statistics of one window share its samples.
    fn over(&mut self, depth: usize, updates: bool, partial: bool) -> (Expr, String) {
        let is_count = |length: &str| length.parse::<u32>().is_ok();
        let known: Vec<_> = self.windowed.iter().filter(|(_, length)| updates || !is_count(length)).collect();
        if !known.is_empty() && self.it.is_none() && self.dice.chance(40) {
            let (of, length) = known[self.dice.below(known.len())].clone();
            let window = if is_count(&length) { length } else { self.options(length, partial) };
            return (of, window);
        }
        let of = self.grid(depth);
        let length = if updates && self.dice.chance(40) { self.dice.between(1, 4).to_string() } else { self.duration() };
        if !self.in_rule && self.it.is_none() {
            self.windowed.push((of.clone(), length.clone()));
        }
        let window = if is_count(&length) { length } else { self.options(length, partial) };
        (of, window)
    }

    /// A window: of time, or of updates where it may be, with `partial` and `max` now and then.
    fn window(&mut self, updates: bool, partial: bool) -> String {
        if updates && self.dice.chance(40) {
            return self.dice.between(1, 4).to_string();
        }
        let length = self.duration();
        self.options(length, partial)
    }

    /// A window of time with what else may be said of it.
    fn options(&mut self, mut text: String, partial: bool) -> String {
        if partial && self.dice.chance(55) {
            text.push_str(", partial = TRUE");
        }
        if self.dice.chance(12) {
            text.push_str(&format!(", max = {}", self.dice.between(1, 3)));
        }
        text
    }

    /// The length of a bar, which no parameter may be.
    fn bar_length(&mut self) -> &'static str {
        self.dice.pick(&["1s", "2s", "2s", "3s", "5s"])
    }

    /// `bar(s, d)`
    pub fn bar(&mut self) -> (String, String) {
        let (symbol, length) = (self.symbol(), self.bar_length());
        (format!("bar({symbol}, {length})"), symbol)
    }

    /// A number on the grid that the market changes.
    fn grid_leaf(&mut self) -> Expr {
        match &self.it {
            Some(Payload::Trade(_)) if self.dice.chance(50) => {
                return Expr::leaf(Ty::Grid, format!("it.{}", self.dice.pick(&["price", "qty", "notional"])));
            }
            Some(Payload::Quote(_)) if self.dice.chance(50) => {
                return Expr::leaf(Ty::Grid, format!("it.{}", self.dice.pick(&["bid", "ask", "bid_qty", "ask_qty"])));
            }
            Some(Payload::Bar(_)) if self.dice.chance(70) => {
                return Expr::leaf(Ty::Grid, format!("it.{}", self.dice.pick(&["open", "high", "low", "close", "volume", "count"])));
            }
            _ => {}
        }
        if self.windows && self.dice.chance(15) {
            let field = self.dice.pick(&["open", "high", "low", "close", "close", "volume", "count"]);
            return Expr::leaf(Ty::Grid, format!("{}.{field}", self.bar().0));
        }
        const FIELDS: &[&str] = &["price", "last", "last", "bid", "ask", "qty", "bid_qty", "ask_qty", "mid", "spread", "notional"];
        let field = self.dice.pick(FIELDS);
        Expr::leaf(Ty::Grid, format!("{field}({})", self.symbol()))
    }

    /// A number on the grid.
    pub fn grid(&mut self, depth: usize) -> Expr {
        if depth == 0 || !self.windows {
            return self.grid_leaf();
        }
        let d = depth - 1;
        match self.dice.weighted(&[14, 8, 6, 6, 14, 6, 8, 6, 8, 5, 3, 5]) {
            0 => self.grid_leaf(),
            1 => {
                let op = self.dice.pick(&["+", "-"]);
                grid(&format!("($ {op} $)"), vec![self.grid(d), self.grid(d)])
            }
            2 => {
                let f = self.dice.pick(&["abs($)", "(-$)", "(2 * $)", "($ ?? 2)", "min($, 3)", "max($, 2.5)"]);
                grid(f, vec![self.grid(d)])
            }
            3 => {
                let (of, window) = self.over(d, true, true);
                grid(&format!("sum($, {window})"), vec![of])
            }
            4 => {
                let f = self.dice.pick(&["lowest", "highest", "first", "last_value", "median", "count"]);
                let (of, window) = self.over(d, true, true);
                grid(&format!("{f}($, {window})"), vec![of])
            }
            5 => {
                let n = self.dice.between(1, 3);
                grid(&format!("($)[{n}]"), vec![self.grid(d)])
            }
            6 => {
                let (of, window) = self.over(d, false, false);
                grid(&format!("delta($, {window})"), vec![of])
            }
            7 => {
                let window = self.window(false, true);
                Expr::leaf(Ty::Grid, format!("volume({}, {window})", self.symbol()))
            }
            8 => grid("$", vec![self.count(d)]),
            9 => {
                let window = self.window(true, true);
                grid(&format!("count($, {window})"), vec![self.rough(d)])
            }
            10 => Expr::leaf(Ty::Grid, format!("obv({})", self.bar().0)),
            _ => self.grid_leaf(),
        }
    }

    /// What one division makes of numbers on the grid.
    pub fn quotient(&mut self, depth: usize) -> Expr {
        let d = depth.saturating_sub(1);
        match self.dice.below(6) {
            0..=2 => {
                let (of, window) = self.over(d, true, true);
                Expr::of(Ty::Num, &format!("avg($, {window})"), vec![of])
            }
            3 => {
                let (p, window) = (self.dice.pick(&["0", "25", "50", "75", "100"]), self.window(true, true));
                Expr::of(Ty::Num, &format!("percentile($, {p}, {window})"), vec![self.grid(d)])
            }
            4 => {
                let window = self.window(false, true);
                Expr::leaf(Ty::Num, format!("vwap({}, {window})", self.symbol()))
            }
            _ => {
                let window = self.window(false, true);
                Expr::of(Ty::Num, &format!("rate($, {window})"), vec![self.event(d).0])
            }
        }
    }

    /// A number whose last digits hang on the order of calculation. What turns on a variance being exactly 0 is only asked of the grid.
    pub fn rough(&mut self, depth: usize) -> Expr {
        let d = depth.saturating_sub(1);
        if self.dice.chance(25)
            && let Some(number) = self.cycle_number()
        {
            return number;
        }
        match self.dice.weighted(&[22, 10, 12, 8, 8, 6, 5, 4, 3, 26]) {
            0 => {
                let f = self.dice.pick(&["stddev", "stddev_pop", "variance", "zscore", "slope"]);
                let (of, window) = self.over(d, true, true);
                rough(&format!("{f}($, {window})"), vec![of])
            }
            1 => {
                let (f, window) = (self.dice.pick(&["corr", "beta"]), self.window(true, true));
                rough(&format!("{f}($, $, {window})"), vec![self.grid(d), self.grid(d)])
            }
            2 => {
                let twap = self.dice.chance(50);
                let (f, (of, window)) = (if twap { "twap" } else { "change" }, self.over(d, false, twap));
                rough(&format!("{f}($, {window})"), vec![of])
            }
            3 => {
                let half_life = self.duration();
                let of = self.grid_or_rough(d);
                rough(&format!("decay($, {half_life})"), vec![of])
            }
            4 => {
                const STATS: &[&str] = &["avg", "sum", "lowest", "highest", "first", "last_value", "median", "twap", "delta"];
                let f = self.dice.pick(STATS);
                let window = self.window(!matches!(f, "twap" | "delta"), f != "delta");
                rough(&format!("{f}($, {window})"), vec![self.rough(d)])
            }
            5 => {
                let window = self.window(true, true);
                rough(&format!("percentile($, 37.1, {window})"), vec![self.grid(d)])
            }
            6 => {
                let f = self.dice.pick(&["abs($)", "(-$)", "($ / 3)", "($ ?? 0.7)", "($)[1]", "($)[2]"]);
                rough(f, vec![self.rough(d)])
            }
            7 => {
                let op = self.dice.pick(&["+", "-"]);
                rough(&format!("($ {op} $)"), vec![self.rough(d), self.grid(d)])
            }
            8 => rough("($ / 3)", vec![self.grid(d)]),
            _ => self.indicator(d),
        }
    }

    fn grid_or_rough(&mut self, depth: usize) -> Expr {
        if self.dice.chance(75) || depth == 0 { self.grid(depth) } else { self.rough(depth) }
    }

    fn indicator(&mut self, depth: usize) -> Expr {
        let n = self.dice.between(1, 4);
        match self.dice.below(9) {
            0 | 1 => {
                let f = self.dice.pick(&["ema", "sma", "wma"]);
                let of = self.grid_or_rough(depth);
                rough(&format!("{f}($, {n})"), vec![of])
            }
            2 => rough(&format!("rsi($, {n})"), vec![self.grid(depth)]),
            3 => {
                let (fast, signal) = (self.dice.between(1, 2), self.dice.between(1, 3));
                let field = self.dice.pick(&["line", "signal", "hist"]);
                let slow = fast + self.dice.between(1, 2);
                rough(&format!("macd($, fast = {fast}, slow = {slow}, signal = {signal}).{field}"), vec![self.grid(depth)])
            }
            4 => {
                let (k, field) = (self.dice.pick(&["2", "0.5", "1"]), self.dice.pick(&["upper", "middle", "lower"]));
                rough(&format!("bollinger($, {n}, {k}).{field}"), vec![self.grid(depth)])
            }
            5 | 6 => Expr::leaf(Ty::Rough, format!("atr({}, {n})", self.bar().0)),
            _ => {
                let (smooth, d) = (self.dice.between(1, 2), self.dice.between(1, 2));
                let field = self.dice.pick(&["k", "d"]);
                Expr::leaf(Ty::Rough, format!("stoch({}, {n}, {smooth}, {d}).{field}", self.bar().0))
            }
        }
    }

    /// A condition on a rough number.
    pub fn rough_level(&mut self, depth: usize) -> Expr {
        if self.dice.chance(25)
            && let Some(level) = self.cycle_level()
        {
            return level;
        }
        if self.dice.chance(8) {
            return Expr::of(Ty::Bool, self.dice.pick(&["(NOT known($))", "known($)"]), vec![self.rough(depth)]);
        }
        let (op, limit) = (self.dice.pick(&["<", "<=", ">", ">="]), self.odd());
        if self.dice.chance(8) {
            return Expr::of(Ty::Bool, "($ IN -0.0001 .. 0.0001)", vec![self.change(depth)]);
        }
        Expr::of(Ty::Bool, &format!("($ {op} {limit})"), vec![self.rough(depth)])
    }

    /// A change, which is 0 or far from it.
    fn change(&mut self, depth: usize) -> Expr {
        let window = self.window(false, false);
        rough(&format!("change($, {window})"), vec![self.grid(depth.saturating_sub(1))])
    }

    /// An event when a rough number passes a constant.
    pub fn rough_crossing(&mut self, depth: usize) -> Expr {
        let (side, limit) = (self.dice.pick(&["", " ABOVE", " BELOW"]), self.odd());
        Expr::of(Ty::Event, &format!("($ CROSSES{side} {limit})"), vec![self.rough(depth)])
    }
}
