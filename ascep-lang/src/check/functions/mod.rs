//! The built-in functions: one table a family, each entry with name, signature, unit and what it is.
//!
//! The tables are what the compiler, the language reference and an editor read; nothing else knows the functions by name.

use rustc_hash::FxHashMap;

use super::Checker;
use super::call::Call;
use super::value::Val;
use crate::program::{EventKind, MarketField, NumFn, Stat};

mod arbitrage;
mod bars;
mod cycles;
mod cycles_settings;
mod market;
mod math;
mod ta;
mod time;
mod windows;

pub(crate) use arbitrage::way as arbitrage_way;
pub(crate) use cycles::Scans;
pub(crate) use cycles_settings::fee_range;
pub(crate) use math::UnitRule;

/// A built-in function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// As it is called.
    pub name: &'static str,
    /// Its arguments, with the values of those that may be left out.
    pub signature: &'static str,
    /// The unit of its value in words; empty where the value is no number.
    pub unit: &'static str,
    /// What it is, in one line.
    pub doc: &'static str,
    /// The library module that a program has to `USE` for it.
    pub module: Option<&'static str>,
    pub(crate) params: &'static [Param],
    /// More arguments than `params` may follow.
    pub(crate) variadic: bool,
    pub(crate) build: Build,
}

/// A parameter of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    /// The argument is taken as it is written: a range, a set.
    pub(crate) written: bool,
}

/// How a call becomes a node.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// A field of the market state of a symbol.
    Market(MarketField),
    /// A market event of a symbol.
    Event(EventKind),
    /// A function of numbers without state.
    Number(NumFn, UnitRule),
    /// A statistic of a window.
    Window(Stat),
    /// With code of its own.
    Native(for<'a> fn(&mut Checker<'a>, &Call<'a>) -> Val),
}

impl std::fmt::Debug for Build {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Market(_) => "Market",
            Self::Event(_) => "Event",
            Self::Number(..) => "Number",
            Self::Window(_) => "Window",
            Self::Native(_) => "Native",
        })
    }
}

const FAMILIES: [&[Function]; 7] =
    [market::FUNCTIONS, math::FUNCTIONS, time::FUNCTIONS, windows::FUNCTIONS, ta::FUNCTIONS, bars::FUNCTIONS, arbitrage::FUNCTIONS];

/// Every built-in function, family by family.
pub fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().copied().flatten()
}

pub(crate) fn by_name() -> FxHashMap<&'static str, &'static Function> {
    all().map(|f| (f.name, f)).collect()
}

const fn need(name: &'static str) -> Param {
    Param { name, required: true, written: false }
}

const fn may(name: &'static str) -> Param {
    Param { name, required: false, written: false }
}

/// One that may be left out and is no value.
const fn written(name: &'static str) -> Param {
    Param { name, required: false, written: true }
}

/// The only argument of most functions of a symbol.
const SYMBOL: &[Param] = &[need("s")];

/// An entry with a fixed number of parameters.
const fn entry(
    name: &'static str,
    signature: &'static str,
    unit: &'static str,
    params: &'static [Param],
    build: Build,
    doc: &'static str,
) -> Function {
    Function { name, signature, unit, doc, module: None, params, variadic: false, build }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_is_in_its_signature() {
        let names = by_name();
        assert_eq!(names.len(), all().count());
        for f in all() {
            assert!(f.signature.starts_with(&format!("{}(", f.name)), "{}", f.name);
            assert!(!f.doc.is_empty() && !f.doc.ends_with('.'), "{}", f.name);
            for p in f.params {
                assert!(f.signature.contains(p.name), "{} lacks {}", f.signature, p.name);
            }
        }
    }
}
