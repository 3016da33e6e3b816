//! Generated cycles of markets, and calls of functions of the host.

use super::expr::{Expr, Ty};
use super::terms::Maker;

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
}
