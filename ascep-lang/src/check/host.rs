//! What the host brings: inputs that it delivers and functions that it computes, declared with their types before compiling.

use smallvec::SmallVec;

use super::Checker;
use super::items::Kind;
use super::units::Unit;
use super::value::{Facts, Ty, Val};
use crate::compile::{FunctionDecl, InputType};
use crate::diagnostic::Code;
use crate::program::{FunctionId, HostFunction, Input, InputId, Op};
use crate::span::Span;
use crate::syntax::{Arg, Expr, Ident, Tree};

impl InputType {
    /// As a message names it.
    fn words(&self) -> String {
        match self {
            Self::Number => "number".to_owned(),
            Self::Ratio => "ratio".to_owned(),
            Self::Price { base, quote } => format!("price in {quote}/{base}"),
            Self::Amount { asset } => format!("amount of {asset}"),
            Self::Bool => "condition".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::Text => "text".to_owned(),
        }
    }
}

impl FunctionDecl {
    fn signature(&self) -> String {
        let args: Vec<String> = self.args.iter().map(InputType::words).collect();
        format!("{}({})", self.name, args.join(", "))
    }
}

impl<'a> Checker<'a> {
    /// Defines the host's inputs.
    pub(super) fn inputs(&mut self) {
        for decl in &self.options.inputs {
            let ty = self.declared(&decl.ty);
            if self.globals.find(&decl.name).is_some() {
                self.say(Code::DuplicateName, Span::default(), format!("the host declares the input `{}` twice", decl.name));
                continue;
            }
            let id = InputId(u32::try_from(self.out.typed.tables.inputs.len()).unwrap_or(u32::MAX));
            let exported = self.out.export(ty);
            self.out.typed.tables.inputs.push(Input { name: decl.name.clone(), ty: exported });
            self.define(&decl.name, Span::default(), None, Kind::Input(id, ty), true);
        }
    }

    /// Defines the host's functions.
    pub(super) fn host_functions(&mut self) {
        for decl in &self.options.functions {
            let name = &decl.name;
            let problem = if self.functions.contains_key(name.as_str()) {
                Some(format!("the host declares the function `{name}`, which is built in"))
            } else if self.globals.find(name).is_some() {
                Some(format!("the host declares the name `{name}` twice"))
            } else {
                None
            };
            if let Some(problem) = problem {
                self.report_again(Code::DuplicateName, Span::default(), |d| d.says(problem, ""));
                continue;
            }
            if decl.args.iter().chain([&decl.result]).any(|ty| *ty == InputType::Text) {
                self.report_again(Code::TypeMismatch, Span::default(), |d| {
                    d.says(format!("the host declares `{name}` with a text"), "")
                        .help("functions of the host take and give numbers, durations, timestamps and conditions")
                });
                continue;
            }
            let id = FunctionId(u32::try_from(self.out.typed.tables.functions.len()).unwrap_or(u32::MAX));
            let types: Vec<Ty> = decl.args.iter().map(|ty| self.declared(ty)).collect();
            let args = types.into_iter().map(|ty| self.out.export(ty)).collect();
            let result = self.declared(&decl.result);
            let result = self.out.export(result);
            self.out.typed.tables.functions.push(HostFunction { name: name.clone(), args, result });
            self.define(name, Span::default(), None, Kind::Host(id, decl), true);
        }
    }

    /// The checker's form of a declared type.
    fn declared(&mut self, ty: &InputType) -> Ty {
        match ty {
            InputType::Number => Ty::Num(Unit::UNCHECKED),
            InputType::Ratio => Ty::Num(Unit::PURE),
            InputType::Price { base, quote } => {
                let (quote, base) = (self.out.units.asset(quote), self.out.units.asset(base));
                Ty::Num(self.out.units.ratio(quote, base))
            }
            InputType::Amount { asset } => {
                let asset = self.out.units.asset(asset);
                Ty::Num(self.out.units.single(asset))
            }
            InputType::Bool => Ty::Bool,
            InputType::Duration => Ty::Duration,
            InputType::Timestamp => Ty::Timestamp,
            InputType::Text => Ty::Text,
        }
    }

    /// A call of a function of the host. Its arguments have no names.
    #[inline(never)]
    pub(super) fn host_call(
        &mut self,
        tree: &'a Tree,
        e: &'a Expr,
        callee: &'a Ident,
        (id, decl): (FunctionId, &'a FunctionDecl),
        args: &'a [Arg],
        vals: &[Val],
    ) -> Val {
        if let Some(index) = self.globals.find(&callee.text) {
            self.globals.use_it(index);
        }
        let mut good = true;
        for name in args.iter().filter_map(|a| a.name.as_ref()) {
            good = false;
            self.report(Code::UnknownArgument, name.span, |_, d| {
                d.says(format!("the arguments of `{}` have no names", decl.name), "").help(format!("it is `{}`", decl.signature()))
            });
        }
        if args.len() != decl.args.len() {
            good = false;
            let wanted = super::call::count(decl.args.len());
            self.report(Code::WrongArgumentCount, e.span, |_, d| {
                d.says(format!("`{}` takes {wanted} and is given {}", decl.name, args.len()), "")
                    .help(format!("it is `{}`", decl.signature()))
            });
        }
        if !good {
            return Val::poison(e.span);
        }
        let mut given: SmallVec<[Val; 4]> = SmallVec::new();
        for ((arg, val), wanted) in args.iter().zip(vals).zip(&decl.args) {
            let span = Self::span_of(tree, arg.value);
            if self.host_arg(val, wanted, span, decl) {
                given.push(*val);
            }
        }
        if given.len() != decl.args.len() {
            return Val::poison(e.span);
        }
        let ty = self.declared(&decl.result);
        let mut facts = if matches!(ty, Ty::Num(_)) { Facts::COMPUTED } else { Facts::NONE };
        for val in &given {
            facts = facts.with(val.facts.through());
        }
        self.over(Op::Host(id), &given, ty, facts, e.span)
    }

    /// Whether a value is of the type that the function was declared with.
    fn host_arg(&mut self, val: &Val, wanted: &InputType, span: Span, decl: &FunctionDecl) -> bool {
        match (self.declared(wanted), val.ty) {
            (_, Ty::Poison) => false,
            (Ty::Num(unit), _) => {
                let good = self.want_number(val, span);
                if good {
                    self.unit_of_arg(val, unit, span, &format!("an argument of `{}`", decl.name));
                }
                good
            }
            (Ty::Bool, _) => self.want_level(val, span, &format!("`{}`", decl.name)),
            (want, got) if want == got => true,
            (_, got) => {
                let wanted = wanted.words();
                self.report(Code::TypeMismatch, span, |c, d| {
                    d.says(format!("{} is {} and not a {wanted}", c.quote(span), got.words()), format!("a {wanted} is wanted"))
                        .help(format!("it is `{}`", decl.signature()))
                });
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        let args = vec![InputType::Price { base: "B".into(), quote: "Q".into() }, InputType::Duration];
        let decl = FunctionDecl { name: "f".into(), args, result: InputType::Ratio };
        assert_eq!(decl.signature(), "f(price in Q/B, duration)");
    }
}
