//! Sets of symbols, and symbols where one is wanted.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::value::{Ty, Val};
use super::{Checker, items::Kind, symbol};
use crate::diagnostic::Code;
use crate::program::{Constant, SymbolId, TextId};
use crate::span::Span;
use crate::syntax::{SetRef, StrLit};

impl<'a> Checker<'a> {
    /// The symbols of the set that is the global `index`.
    pub(super) fn set_symbols(&mut self, index: usize) -> Rc<[SymbolId]> {
        let Some(global) = self.globals.get(index) else { return Rc::from([]) };
        if let Some(symbols) = &global.symbols {
            return Rc::clone(symbols);
        }
        let Kind::Set(list) = global.kind else { return Rc::from([]) };
        let span = global.span;
        let symbols = self.symbols(list, span);
        if let Some(global) = self.globals.list.get_mut(index) {
            global.symbols = Some(Rc::clone(&symbols));
        }
        symbols
    }

    /// The symbols that `FOR EACH` runs over; none where an error was reported.
    pub(super) fn set_ref(&mut self, set: &'a SetRef) -> Rc<[SymbolId]> {
        let name = match set {
            SetRef::Inline(list, span) => return self.symbols(list, *span),
            SetRef::Named(name) => name,
        };
        self.named_set(&name.text, name.span)
    }

    /// The symbols of the set of that name; none where an error was reported.
    pub(super) fn named_set(&mut self, name: &'a str, span: Span) -> Rc<[SymbolId]> {
        let Some(index) = self.globals.find(name) else {
            self.report(Code::UnknownName, span, |c, d| {
                let nearest: Option<&'a str> =
                    c.suggest(name, |c| c.globals.list.iter().filter(|g| matches!(g.kind, Kind::Set(_))).map(|g| g.name).collect());
                d.says(format!("there is no set `{name}`"), "").meant(span, nearest)
            });
            return Rc::from([]);
        };
        self.globals.use_it(index);
        if let Some(global) = self.globals.get(index)
            && !matches!(global.kind, Kind::Set(_))
        {
            let (defined, words) = (global.span, global.kind.words());
            self.report(Code::NotASet, span, |_, d| {
                d.says(format!("`{name}` is {words} and not a set"), "a set of symbols is wanted")
                    .also(defined, "defined here")
                    .help(format!("`SET {name} = [\"BTC/USDT\", \"ETH/USDT\"]`"))
            });
            return Rc::from([]);
        }
        self.set_symbols(index)
    }

    fn symbols(&mut self, list: &'a [StrLit], span: Span) -> Rc<[SymbolId]> {
        if list.is_empty() {
            self.say(Code::EmptySet, span, "the set has no symbols");
        }
        let mut symbols = Vec::with_capacity(list.len());
        let mut seen: FxHashMap<&str, Span> = FxHashMap::default();
        // By name without venue: the first way in which it is written.
        let mut names: FxHashMap<&str, (bool, &StrLit)> = FxHashMap::default();
        for item in list {
            let text = self.out.text(item.text.as_str());
            let Some(symbol) = self.symbol_of_text(text, item.span) else { continue };
            if let Some(&first) = seen.get(item.text.as_str()) {
                self.report(Code::DuplicateSymbol, item.span, |_, d| {
                    d.says(format!("\"{}\" is in the set twice", item.text), "again here").also(first, "first here")
                });
                continue;
            }
            seen.insert(&item.text, item.span);
            if let Ok(parts) = symbol::parts(&item.text) {
                let venue = parts.venue.is_some();
                match names.get(parts.name) {
                    Some((other, first)) if *other != venue => {
                        self.report(Code::SameSymbolTwice, item.span, |_, d| {
                            d.says(
                                format!("\"{}\" and \"{}\" are one instrument where the default venue is that one", first.text, item.text),
                                "",
                            )
                            .also(first.span, "the other name")
                            .help("name the venue of both")
                        });
                    }
                    Some(_) => {}
                    None => {
                        names.insert(parts.name, (venue, item));
                    }
                }
            }
            symbols.push(symbol);
        }
        symbols.into()
    }

    fn symbol_of_text(&mut self, text: TextId, span: Span) -> Option<SymbolId> {
        match self.out.symbol(text) {
            Ok(symbol) => Some(symbol),
            Err(why) => {
                self.report(Code::BadSymbol, span, |c, d| {
                    let name = c.out.text_of(text).to_owned();
                    d.says(format!("{} is not a symbol: {why}", super::report::quoted(&format!("\"{name}\""))), "")
                        .help("a symbol is `\"BASE/QUOTE\"` or a name without a slash, with `venue:` before it where one is meant")
                });
                None
            }
        }
    }

    /// The symbol that a value is, where one is wanted.
    pub(super) fn want_symbol(&mut self, val: &Val, span: Span) -> Option<SymbolId> {
        match (val.ty, val.constant) {
            (Ty::Poison, _) => None,
            (Ty::Symbol, Some(Constant::Symbol(symbol))) => Some(symbol),
            (Ty::Quoted, Some(Constant::Text(text))) => self.symbol_of_text(text, span),
            (ty, _) => {
                self.report(Code::WantSymbol, span, |c, d| {
                    d.says(format!("{} is {}", c.quote(span), ty.words()), "a symbol is wanted").help("write it in quotes: `\"BTC/USDT\"`")
                });
                None
            }
        }
    }
}
