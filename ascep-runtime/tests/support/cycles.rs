//! Generated ways round markets: those that a rule names, and those that it searches for.

use ascep_lang::program::Constant;

use super::expr::{Expr, Ty};
use super::stream::Settings;
use super::terms::{Maker, Payload};

impl Maker<'_> {
    /// `triangle(..)`, `cross(..)` or `inverse(..)` over the symbols of the program; none where they do not suit one.
    fn cycle(&mut self) -> Option<Expr> {
        let fee = |m: &mut Self| {
            if m.dice.chance(20) {
                // What market and host change are instants of it.
                let fees = ["(imbalance(\"A/B\") / 7)", "(count(trade(\"A/B\"), 2s) / 70)", "(qty(\"A/B\") / 100)"];
                fees[m.dice.below(fees.len())].to_owned()
            } else {
                m.dice.pick(&["0", "10bp", "1%", "7.5bp", "-1bp", "20%", "50%"]).to_owned()
            }
        };
        let call = match self.pool {
            [.., "C/B"] => format!("triangle(\"A/B\", \"C/A\", \"C/B\", fee = {})", fee(self)),
            [.., "B/A"] => format!("inverse(\"A/B\", \"B/A\", fee = {})", fee(self)),
            ["A/B", "k:A/B"] => format!("cross(buy = \"A/B\", sell = \"k:A/B\", fee_buy = {}, fee_sell = {})", fee(self), fee(self)),
            _ => return None,
        };
        Some(Expr::leaf(Ty::Other, call))
    }

    /// A rough number of a cycle.
    pub fn cycle_number(&mut self) -> Option<Expr> {
        let field = self.dice.pick(&["", ".net", ".gross", ".size"]);
        Some(Expr::of(Ty::Rough, &format!("${field}"), vec![self.cycle()?]))
    }

    /// A level of a cycle.
    pub fn cycle_level(&mut self) -> Option<Expr> {
        let op = self.comparison();
        let (field, limit) = match self.dice.below(4) {
            0 => (".age", self.duration()),
            1 => (".skew", self.duration()),
            2 => (".direction", "0".to_owned()),
            _ => {
                return Some(Expr::of(
                    Ty::Bool,
                    &format!("($ {} {})", self.dice.pick(&["<", ">"]), self.odd()),
                    vec![self.cycle_number()?],
                ));
            }
        };
        Some(Expr::of(Ty::Bool, &format!("(${field} {op} {limit})"), vec![self.cycle()?]))
    }

    /// A duration of a cycle.
    pub fn cycle_duration(&mut self) -> Option<Expr> {
        let field = self.dice.pick(&[".age", ".skew"]);
        Some(Expr::of(Ty::Other, &format!("${field}"), vec![self.cycle()?]))
    }

    /// Items that searches for opportunities read, where the symbols of the program suit one, and a search that has a name.
    pub fn searches(&mut self, items: &mut Vec<(String, Option<Expr>)>, settings: &mut Settings) {
        if self.search().is_none() {
            return;
        }
        settings.quotes = self.dice.chance(70);
        let numbers = |of: &[f64]| of.iter().map(|x| Constant::Num(x.to_bits())).collect();
        let markets: Vec<String> = self.pool.iter().map(|symbol| format!("\"{symbol}\"")).collect();
        items.push((format!("SET MARKETS = [{}]", markets.join(", ")), None));
        if self.dice.chance(35) {
            items.push(("PARAM cost = 1% IN -10% .. 50%".to_owned(), None));
            settings.params.push(("cost".to_owned(), numbers(&[0.0, 0.01, -0.05, 0.25, 0.5, 0.75])));
            self.searches.push("cost".to_owned());
        }
        if self.dice.chance(35) {
            items.push(("PARAM least = 5% IN 0% .. 90%".to_owned(), None));
            settings.params.push(("least".to_owned(), numbers(&[0.0, 0.05, 0.25, 0.5, 0.9, 4.0])));
            self.searches.push("least".to_owned());
        }
        if self.dice.chance(60)
            && let Some(search) = self.search()
        {
            items.push((format!("LET found = {search}"), None));
            self.searches.push("found".to_owned());
        }
    }

    /// `cycles(..)` over the symbols of the program; none where they do not suit one.
    fn search(&mut self) -> Option<String> {
        let (homes, legs): (&[&str], &[&str]) = match self.pool {
            [.., "C/B"] => (&["A", "B", "C"], &["3", "3", "2..4"]),
            [.., "B/A"] => (&["A", "B"], &["2", "2..3"]),
            ["A/B", "k:A/B"] => (&["A", "B"], &["2", "2..4"]),
            _ => return None,
        };
        let (home, legs) = (self.dice.pick(homes), self.dice.pick(legs));
        let has = |m: &Self, name: &str| m.searches.iter().any(|n| n == name);
        let fee =
            if has(self, "cost") && self.dice.chance(70) { "cost" } else { self.dice.pick(&["0", "0", "1%", "7.5bp", "-1bp", "20%"]) };
        let mut text = format!("cycles(home = \"{home}\", fee = {fee}, markets = MARKETS, legs = {legs}");
        if has(self, "least") && self.dice.chance(70) {
            text.push_str(", min_net = least");
        } else if self.dice.chance(50) {
            text.push_str(&format!(", min_net = {}", self.dice.pick(&["2bp", "5%", "50%", "90%"])));
        }
        if self.dice.chance(40) {
            text.push_str(&format!(", step = {}", self.dice.pick(&["0", "10%", "50%", "90%"])));
        }
        for limit in ["max_age", "max_skew"] {
            if self.dice.chance(35) {
                text.push_str(&format!(", {limit} = {}", self.duration()));
            }
        }
        if self.dice.chance(12) && !self.pool.contains(&"k:A/B") {
            text.push_str(", venue = \"b\"");
        }
        text.push(')');
        Some(text)
    }

    /// A search for opportunities as an event, filtered or not; none where the symbols do not suit one.
    pub fn opportunity(&mut self) -> Option<(Expr, Payload)> {
        let search = self.search()?;
        let named = self.searches.iter().any(|name| name == "found") && self.dice.chance(65);
        let event = Expr::leaf(Ty::Event, if named { "found".to_owned() } else { search });
        if self.dice.chance(55) {
            return Some((event, Payload::Opportunity));
        }
        let filter = self.of_an_opportunity();
        Some((Expr::of(Ty::Event, "($ WHERE $)", vec![event, filter]), Payload::Opportunity))
    }

    /// A level over the payload of an opportunity.
    pub fn of_an_opportunity(&mut self) -> Expr {
        let text = match self.dice.below(6) {
            0 => format!("(it.reason == \"{}\")", self.dice.pick(&["edge", "age", "skew", "crossed", "reset"])),
            1 => {
                let (field, op) = (self.dice.pick(&["age", "skew", "lifetime"]), self.comparison());
                format!("(it.{field} {op} {})", self.duration())
            }
            2 => format!("(it.{} > {})", self.dice.pick(&["net", "gross", "peak"]), self.dice.pick(&["0.0371", "0.5371", "1.0371"])),
            _ => format!("(it.state {} \"{}\")", self.dice.pick(&["==", "==", "!="]), self.dice.pick(&["open", "open", "update", "close"])),
        };
        Expr::leaf(Ty::Bool, text)
    }
}
