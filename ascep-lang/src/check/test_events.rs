//! The events of `TEST` blocks: `trade(s, price = ..)`, `quote(s, bid = ..)`, `book(s, bids = [[p, q], ..])`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Checker;
use super::value::Ty;
use crate::diagnostic::Code;
use crate::program::{Constant, Side};
use crate::span::Span;
use crate::syntax::{Arg, ExprId, ExprKind, Ident, Tree};
use crate::tests::{TestEvent, TestPayload};

/// The kinds of events with what each may say.
const KINDS: [(&str, &str, &[&str]); 3] = [
    ("trade", "trade(s, price = p, qty = q, side = \"buy\")", &["price", "qty", "side", "venue_ts"]),
    ("quote", "quote(s, bid = p, ask = p, bid_qty = q, ask_qty = q)", &["bid", "ask", "bid_qty", "ask_qty", "venue_ts"]),
    ("book", "book(s, bids = [[p, q], ..], asks = [[p, q], ..])", &["bids", "asks", "venue_ts"]),
];

/// The arguments of an event by name.
type Given = FxHashMap<&'static str, (ExprId, Span)>;

impl<'a> Checker<'a> {
    /// An event of a test. None where it is wrong, which has been reported.
    pub(super) fn test_event(&mut self, tree: &'a Tree, id: ExprId, named: &FxHashSet<String>) -> Option<TestEvent> {
        let e = tree.expr(id)?;
        let ExprKind::Call { callee, args } = &e.kind else { return None };
        let Some(&(kind, form, wanted)) = KINDS.iter().find(|k| k.0 == callee.text) else {
            self.report(Code::NotATestEvent, callee.span, |c, d| {
                let nearest = c.suggest(&callee.text, |_| KINDS.iter().map(|k| k.0).collect());
                d.says(format!("`{}` is not an event that a market sends", callee.text), "")
                    .meant(callee.span, nearest)
                    .help("a test feeds in `trade`, `quote` and `book`")
            });
            return None;
        };
        let (symbol, given) = self.test_args(tree, callee, args, form, wanted, e.span)?;
        let symbol_span = Self::span_of(tree, symbol);
        let val = self.const_item(tree, symbol);
        let symbol = self.test_symbol(&val, symbol_span, named);
        let venue_ts = given.get("venue_ts").map(|(id, _)| self.offset(tree, *id));
        let what = match kind {
            "trade" => self.test_trade(tree, &given, e.span, form),
            "quote" => {
                let mut number = |name: &str, is_price: bool| self.test_part(tree, &given, name, is_price);
                let (bid, ask) = (number("bid", true), number("ask", true));
                let (bid_qty, ask_qty) = (number("bid_qty", false), number("ask_qty", false));
                Some(TestPayload::Quote { bid: bid?, ask: ask?, bid_qty: bid_qty?, ask_qty: ask_qty? })
            }
            _ => {
                let (bids, asks) = (self.test_levels(tree, &given, "bids"), self.test_levels(tree, &given, "asks"));
                Some(TestPayload::Book { bids: bids?, asks: asks? })
            }
        };
        let venue_ts = match venue_ts {
            Some(at) => Some(at?),
            None => None,
        };
        Some(TestEvent { symbol: symbol?, venue_ts, what: what? })
    }

    /// The symbol, and the other arguments by name.
    fn test_args(
        &mut self,
        tree: &'a Tree,
        callee: &'a Ident,
        args: &'a [Arg],
        form: &str,
        wanted: &'static [&'static str],
        whole: Span,
    ) -> Option<(ExprId, Given)> {
        let mut given = Given::default();
        let mut symbol = None;
        let mut good = true;
        for arg in args {
            let span = Self::span_of(tree, arg.value);
            let Some(name) = &arg.name else {
                if symbol.replace(arg.value).is_some() {
                    good = false;
                    self.report(Code::WrongArgumentCount, span, |_, d| {
                        d.says(format!("only the symbol of `{}` stands without a name", callee.text), "").help(format!("it is `{form}`"))
                    });
                }
                continue;
            };
            let Some(known) = wanted.iter().find(|w| **w == name.text) else {
                good = false;
                self.report(Code::UnknownArgument, name.span, |c, d| {
                    let nearest = c.suggest(&name.text, |_| wanted.to_vec());
                    d.says(format!("`{}` has no argument `{}`", callee.text, name.text), "")
                        .meant(name.span, nearest)
                        .help(format!("it is `{form}`"))
                });
                continue;
            };
            if let Some((_, first)) = given.insert(known, (arg.value, span)) {
                good = false;
                self.report(Code::DuplicateArgument, span, |_, d| {
                    d.says(format!("the argument `{known}` of `{}` is given twice", callee.text), "again here").also(first, "first here")
                });
            }
        }
        if symbol.is_none() {
            self.report(Code::MissingArgument, whole, |_, d| {
                d.says(format!("`{}` lacks its symbol", callee.text), "").help(format!("it is `{form}`"))
            });
        }
        symbol.filter(|_| good).map(|symbol| (symbol, given))
    }

    fn test_trade(&mut self, tree: &'a Tree, given: &Given, whole: Span, form: &str) -> Option<TestPayload> {
        if !given.contains_key("price") {
            self.report(Code::MissingArgument, whole, |_, d| d.says("`trade` lacks `price`", "").help(format!("it is `{form}`")));
        }
        let price = self.test_part(tree, given, "price", true);
        let qty = self.test_part(tree, given, "qty", false);
        let side = match given.get("side") {
            None => None,
            Some(&(id, span)) => {
                let val = self.const_item(tree, id);
                match (val.ty, val.constant) {
                    (Ty::Poison, _) => return None,
                    (Ty::Quoted, Some(Constant::Text(text))) => match self.out.text_of(text) {
                        "buy" => Some(Side::Buy),
                        "sell" => Some(Side::Sell),
                        other => {
                            let other = other.to_owned();
                            self.bad_side(&other, span);
                            return None;
                        }
                    },
                    (ty, _) => {
                        self.report(Code::BadSide, span, |c, d| {
                            d.says(format!("{} is {}", c.quote(span), ty.words()), "a side is \"buy\" or \"sell\"")
                        });
                        return None;
                    }
                }
            }
        };
        Some(TestPayload::Trade { price: price??, qty: qty?, side })
    }

    /// A price or quantity. None where it is wrong, and none in it where it is not given.
    #[expect(clippy::option_option, reason = "wrong, not given, given")]
    fn test_part(&mut self, tree: &'a Tree, given: &Given, name: &str, is_price: bool) -> Option<Option<f64>> {
        match given.get(name) {
            None => Some(None),
            Some(&(id, _)) => self.test_amount(tree, id, name, is_price).map(Some),
        }
    }

    /// A number that a market can send: a price above 0, or a quantity that is not negative.
    fn test_amount(&mut self, tree: &'a Tree, id: ExprId, name: &str, is_price: bool) -> Option<f64> {
        let x = self.test_number(tree, id)?;
        if x > 0.0 || (x == 0.0 && !is_price) {
            return Some(x);
        }
        let span = Self::span_of(tree, id);
        self.report(Code::BadTestValue, span, |c, d| {
            let wanted = if is_price { "a price is above 0" } else { "a quantity is not negative" };
            let d = d.says(format!("no market sends {} as `{name}`", c.quote(span)), wanted);
            if is_price { d.help("leave it out where that side is missing") } else { d }
        });
        None
    }

    /// A side of a book.
    fn test_levels(&mut self, tree: &'a Tree, given: &Given, name: &'static str) -> Option<Vec<(f64, f64)>> {
        let Some(&(id, span)) = given.get(name) else { return Some(Vec::new()) };
        let Some(ExprKind::List(levels)) = tree.expr(Self::bare(tree, id)).map(|e| &e.kind) else {
            self.not_levels(span, name);
            return None;
        };
        let mut found: Vec<(f64, f64)> = Vec::with_capacity(levels.len());
        for &level in levels {
            let at = Self::span_of(tree, level);
            let Some(ExprKind::List(parts)) = tree.expr(Self::bare(tree, level)).map(|e| &e.kind) else {
                self.not_levels(at, name);
                return None;
            };
            let [price, qty] = *parts.as_slice() else {
                self.not_levels(at, name);
                return None;
            };
            let (price, qty) = (self.test_amount(tree, price, name, true), self.test_amount(tree, qty, name, false));
            let (price, qty) = (price?, qty?);
            let worse = found.last().is_none_or(|&(last, _)| if name == "bids" { price < last } else { price > last });
            if !worse {
                self.report(Code::BadTestValue, at, |_, d| {
                    let order = if name == "bids" { "the highest" } else { "the lowest" };
                    d.says(format!("the levels of `{name}` are not in order"), format!("{order} price comes first, and each stands once"))
                });
                return None;
            }
            found.push((price, qty));
        }
        Some(found)
    }

    fn not_levels(&mut self, span: Span, name: &str) {
        self.report(Code::BadTestValue, span, |c, d| {
            d.says(format!("{} is no level of a book", c.quote(span)), "")
                .help(format!("levels are pairs of price and quantity, best first: `{name} = [[100, 1], ..]`, or `[]` for none"))
        });
    }
}
