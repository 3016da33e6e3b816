//! Calls: arguments put in their places, built-in functions looked up, the user's functions expanded.

use smallvec::SmallVec;

use super::functions::{Build, Function};
use super::units::Unit;
use super::value::{Facts, Ty, Val};
use super::{Checker, Local, items::Kind};
use crate::diagnostic::Code;
use crate::program::{Constant, SymbolId};
use crate::span::Span;
use crate::syntax::{Arg, Expr, ExprId, Ident, Tree};

/// An argument with the expression that it was written as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub(super) val: Val,
    pub(super) id: ExprId,
    pub(super) span: Span,
}

/// The arguments of a call of a built-in function.
pub(crate) struct Call<'a> {
    pub(super) tree: &'a Tree,
    pub(super) span: Span,
    /// By parameter; those beyond the last parameter of a function that takes any number follow.
    pub(super) args: SmallVec<[Option<Given>; 4]>,
}

impl Call<'_> {
    pub(super) fn get(&self, index: usize) -> Option<Given> {
        self.args.get(index).copied().flatten()
    }

    /// An argument that must be there; poison where it is not, which has been reported.
    pub(super) fn val(&self, index: usize) -> Val {
        self.get(index).map_or(Val::poison(self.span), |g| g.val)
    }

    pub(super) fn span_of(&self, index: usize) -> Span {
        self.get(index).map_or(self.span, |g| g.span)
    }
}

/// What a name that is called stands for.
#[derive(Clone, Copy)]
struct Callee {
    function: Option<&'static Function>,
    /// A global name, which goes before a function that is built in.
    global: Option<usize>,
}

impl Callee {
    /// The built-in function, where it takes an argument as it is written.
    fn written(self) -> Option<&'static Function> {
        self.function.filter(|f| self.global.is_none() && f.params.iter().any(|p| p.written))
    }
}

/// What a call comes to.
enum Entered<'a> {
    Value(Val),
    Body(Body<'a>),
}

/// The body of a function of the user, its arguments bound.
struct Body<'a> {
    tree: &'a Tree,
    id: ExprId,
    params: &'a [Ident],
    /// The frame of the call.
    outer: u32,
}

/// A name with whether it must be given.
type Wanted<'n> = (&'n str, bool);

/// What a call is matched against.
struct Target<'n> {
    name: &'n str,
    /// As documented; empty for a function of the user.
    signature: &'static str,
    wanted: SmallVec<[Wanted<'n>; 4]>,
    /// More arguments than these may follow.
    variadic: bool,
}

impl Target<'_> {
    fn signature(&self) -> String {
        if !self.signature.is_empty() {
            return self.signature.to_owned();
        }
        let names: Vec<&str> = self.wanted.iter().take(16).map(|w| w.0).collect();
        format!("{}({})", self.name, names.join(", "))
    }
}

impl<'a> Checker<'a> {
    /// Checks a call. Arguments and bodies nest as deep as the stack allows, so this frame is kept small: all that is not
    /// recursion is elsewhere.
    #[inline(never)]
    pub(super) fn call(&mut self, tree: &'a Tree, e: &'a Expr, callee: &'a Ident, args: &'a [Arg]) -> Val {
        let base = self.vals.len();
        let named = self.callee(callee);
        for (at, arg) in args.iter().enumerate() {
            let val = if is_written(named, at, arg) { Val::poison(e.span) } else { self.expr(tree, arg.value) };
            self.vals.push(val);
        }
        match self.enter(tree, e, (callee, named), args, base) {
            Entered::Value(val) => val,
            Entered::Body(body) => {
                let val = self.expr(body.tree, body.id);
                self.leave(&body);
                Val { span: e.span, ..val }
            }
        }
    }

    #[inline(never)]
    fn callee(&self, name: &Ident) -> Callee {
        Callee { function: self.functions.get(name.text.as_str()).copied(), global: self.globals.find(&name.text) }
    }

    /// Calls a built-in function, or opens the frame of one of the user. The values of the arguments are those from `base` on.
    #[inline(never)]
    fn enter(&mut self, tree: &'a Tree, e: &'a Expr, callee: (&'a Ident, Callee), args: &'a [Arg], base: usize) -> Entered<'a> {
        let vals: SmallVec<[Val; 4]> = self.vals.drain(base..).collect();
        let found = callee.1.global.and_then(|index| Some((index, self.globals.get(index)?.kind)));
        match found {
            Some((_, Kind::Host(id, decl))) => Entered::Value(self.host_call(tree, e, callee.0, (id, decl), args, &vals)),
            Some((index, Kind::Fn { params, body })) => match self.expand(tree, e, index, params, body, args, &vals) {
                Some(body) => Entered::Body(body),
                None => Entered::Value(Val::poison(e.span)),
            },
            _ => Entered::Value(self.built_in(tree, e, callee, args, &vals)),
        }
    }

    fn built_in(&mut self, tree: &'a Tree, e: &'a Expr, callee: (&'a Ident, Callee), args: &'a [Arg], vals: &[Val]) -> Val {
        let (callee, Callee { function, global }) = callee;
        let Some(function) = function else {
            if let Some(index) = global {
                self.globals.use_it(index);
            }
            self.unknown_function(callee);
            return Val::poison(e.span);
        };
        if let Some(module) = function.module
            && !self.modules.contains(&module)
        {
            self.module_not_used(function.name, module, callee.span);
            return Val::poison(e.span);
        }
        let mut call = Call { tree, span: e.span, args: SmallVec::new() };
        if args.len() == function.params.len() && args.iter().all(|arg| arg.name.is_none()) {
            // Each in its place, as most calls are.
            let given = |(arg, &val): (&Arg, &Val)| Some(Given { val, id: arg.value, span: Self::span_of(tree, arg.value) });
            call.args.extend(args.iter().zip(vals).map(given));
        } else {
            let target = Target {
                name: callee.text.as_str(),
                signature: function.signature,
                wanted: function.params.iter().map(|p| (p.name, p.required)).collect(),
                variadic: function.variadic,
            };
            match self.arguments(tree, &target, e.span, args, vals) {
                Some(args) => call.args = args,
                None => return Val::poison(e.span),
            }
        }
        match function.build {
            Build::Market(field) => self.market_field(&call, field),
            Build::Event(kind) => self.market_event(&call, kind),
            Build::Number(f, rule) => self.number_function(&call, f, rule),
            Build::Window(stat) => self.statistic(&call, stat),
            Build::Native(build) => build(self, &call),
        }
    }

    fn module_not_used(&mut self, name: &str, module: &str, span: Span) {
        self.report(Code::ModuleNotUsed, span, |_, d| {
            let top = Span { start: 0, end: 0, ..span };
            d.says(format!("`{name}` is a function of the library module `{module}`"), "the program does not use that module").fix(
                "name it once, before the rules",
                top,
                format!("USE {module}\n"),
            )
        });
    }

    /// Puts arguments in the places of parameters. None where one is missing or too many, which is reported.
    fn arguments(
        &mut self,
        tree: &'a Tree,
        target: &Target<'_>,
        whole: Span,
        args: &'a [Arg],
        vals: &[Val],
    ) -> Option<SmallVec<[Option<Given>; 4]>> {
        let wanted = &target.wanted;
        let mut places: SmallVec<[Option<Given>; 4]> = SmallVec::from_elem(None, wanted.len());
        let mut next = 0;
        let mut good = true;
        for (arg, &val) in args.iter().zip(vals) {
            let span = Self::span_of(tree, arg.value);
            let index = match &arg.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(name) => match wanted.iter().position(|w| w.0 == name.text) {
                    Some(index) => index,
                    None => {
                        good = false;
                        self.report(Code::UnknownArgument, name.span, |c, d| {
                            let nearest = c.suggest(&name.text, |_| wanted.iter().map(|w| w.0).collect());
                            d.says(format!("`{}` has no argument `{}`", target.name, name.text), "")
                                .meant(name.span, nearest)
                                .help(format!("it is `{}`", target.signature()))
                        });
                        continue;
                    }
                },
            };
            let given = Given { val, id: arg.value, span };
            match places.get_mut(index) {
                Some(place @ None) => *place = Some(given),
                Some(Some(first)) => {
                    good = false;
                    let (first, param) = (first.span, wanted.get(index).map_or("", |w| w.0));
                    self.report(Code::DuplicateArgument, span, |_, d| {
                        d.says(format!("the argument `{param}` of `{}` is given twice", target.name), "again here")
                            .also(first, "first here")
                    });
                }
                None if target.variadic => places.push(Some(given)),
                None => {
                    good = false;
                    self.report(Code::WrongArgumentCount, span, |_, d| {
                        d.says(format!("`{}` takes {} and is given {}", target.name, count(wanted.len()), args.len()), "one too many")
                            .help(format!("it is `{}`", target.signature()))
                    });
                    break;
                }
            }
        }
        if !good {
            return None;
        }
        let missing: Vec<&str> = wanted.iter().zip(&places).filter(|(w, p)| w.1 && p.is_none()).map(|(w, _)| w.0).collect();
        if !missing.is_empty() {
            self.report(Code::MissingArgument, whole, |_, d| {
                d.says(format!("`{}` lacks {}", target.name, super::expr::list(&missing)), "")
                    .help(format!("it is `{}`", target.signature()))
            });
            return None;
        }
        Some(places)
    }

    /// Binds the arguments of a function of the user, whose body then takes the place of the call. Arguments are worked out once,
    /// where they stand.
    #[expect(clippy::too_many_arguments, reason = "what a call and a function consist of")]
    fn expand(
        &mut self,
        tree: &'a Tree,
        e: &'a Expr,
        index: usize,
        params: &'a [Ident],
        body: ExprId,
        args: &'a [Arg],
        vals: &[Val],
    ) -> Option<Body<'a>> {
        self.globals.use_it(index);
        let global = self.globals.get(index)?;
        let (body_tree, circular, name) = (global.tree?, global.val.is_some(), global.name);
        let target = Target { name, signature: "", wanted: params.iter().map(|p| (p.text.as_str(), true)).collect(), variadic: false };
        let given = self.arguments(tree, &target, e.span, args, vals)?;
        if circular {
            return None;
        }
        self.frames = self.frames.wrapping_add(1);
        let outer = std::mem::replace(&mut self.frame, self.frames);
        for (param, given) in params.iter().zip(&given) {
            let Some(given) = given else { continue };
            let val = Val { facts: given.val.facts.with(Facts::PLACED), ..given.val };
            self.locals.insert((self.frame, param.text.as_str()), Local { val, slot: None });
        }
        self.calls.push((e.span, name));
        Some(Body { tree: body_tree, id: body, params, outer })
    }

    /// Closes the frame of a function of the user.
    fn leave(&mut self, body: &Body<'a>) {
        self.calls.pop();
        for param in body.params {
            self.locals.remove(&(self.frame, param.text.as_str()));
        }
        self.frame = body.outer;
    }

    /// The symbol in place `index`.
    pub(super) fn symbol_arg(&mut self, call: &Call<'a>, index: usize) -> Option<SymbolId> {
        let given = call.get(index)?;
        self.want_symbol(&given.val, given.span)
    }

    /// A constant whole number in place `index`, from 1 to `most`; reports with `code` where it is none.
    pub(super) fn whole_arg(&mut self, call: &Call<'a>, index: usize, most: f64, code: Code) -> Option<u32> {
        let Given { val, span, .. } = call.get(index)?;
        if val.is_poison() {
            return None;
        }
        let Some(n) = val.number() else {
            let code = if val.unit().is_some() { Code::NotConstant } else { code };
            self.report(code, span, |c, d| {
                d.says(
                    format!("{} is not a number that is known when the rules are loaded", c.quote(span)),
                    format!("a whole number from 1 to {most} is wanted"),
                )
            });
            return None;
        };
        if n.fract() != 0.0 || !(1.0..=most).contains(&n) {
            self.report(code, span, |c, d| d.says(format!("{} is not a whole number from 1 to {most}", c.quote(span)), ""));
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to `most`")]
        Some(n as u32)
    }

    /// Whether what is in place `index` is a number without assets in its unit; warns of a unit, and reports what is no number.
    pub(super) fn pure_arg(&mut self, call: &Call<'a>, index: usize, what: &str) -> bool {
        let Some(Given { val, span, .. }) = call.get(index) else { return false };
        self.want_number(&val, span) && {
            self.unit_of_arg(&val, Unit::PURE, span, what);
            true
        }
    }

    /// Warns of a number whose unit is another than the one of its place.
    pub(super) fn unit_of_arg(&mut self, val: &Val, wanted: Unit, span: Span, what: &str) {
        let Some(unit) = val.unit() else { return };
        let open = |u: Unit| u == Unit::FLEXIBLE || u == Unit::UNCHECKED;
        if unit == wanted || open(unit) || open(wanted) {
            return;
        }
        self.report(Code::UnitMismatch, span, |c, d| {
            let (given, wanted) = (c.in_words(unit), c.in_words(wanted));
            d.says(format!("{what}, {}, is {given}", c.quote(span)), format!("a number that is {wanted} is wanted"))
        });
    }

    /// A flag in place `index`, false where it is not given.
    pub(super) fn flag_arg(&mut self, call: &Call<'a>, index: usize) -> Option<bool> {
        let Some(Given { val, span, .. }) = call.get(index) else { return Some(false) };
        match (val.ty, val.constant) {
            (Ty::Poison, _) => None,
            (Ty::Bool, Some(Constant::Bool(b))) => Some(b),
            _ => {
                self.report(Code::BadFlag, span, |c, d| d.says(format!("{} is not a flag", c.quote(span)), "`TRUE` or `FALSE` is wanted"));
                None
            }
        }
    }
}

/// Whether an argument of the function is no value.
fn is_written(callee: Callee, at: usize, arg: &Arg) -> bool {
    let Some(function) = callee.written() else { return false };
    let param = match &arg.name {
        Some(name) => function.params.iter().find(|p| p.name == name.text),
        None => function.params.get(at),
    };
    param.is_some_and(|p| p.written)
}

/// "two arguments", in digits.
pub(super) fn count(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
