//! Labels: what `label.field` reads of a step, in later steps and in the fields of the action.

use rustc_hash::FxHashMap;

use super::Checker;
use super::expr::list;
use super::output::{Nodes, PAYLOAD};
use super::units::Unit;
use super::value::{Facts, ShapeId, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{Capture, CaptureOf, ClockFn, NodeId, Op, PayloadField};
use crate::span::Span;
use crate::syntax::{self, ExprId, ExprKind, Ident, Tree};

/// A label of the sequence at hand.
#[derive(Debug, Clone, Copy)]
struct Label {
    step: u16,
    span: Span,
    quantified: bool,
    /// What can be read, once the step has been checked and is right.
    given: Option<(Option<NodeId>, ShapeId)>,
}

/// Where in the rule the check stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// Where no label has a value.
    #[default]
    Outside,
    Step(u16),
    /// In the fields of the action.
    Fields,
}

/// Which of a step's matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    First,
    Last,
    Count,
}

/// What is kept of a step.
type Key = (u16, Which, PayloadField);

/// The labels of the sequence that triggers the rule at hand, with what its runs keep and its arguments so far.
#[derive(Default)]
pub(super) struct Labels<'a> {
    by_name: FxHashMap<&'a str, Label>,
    at: At,
    known: FxHashMap<Key, u32>,
    captures: Vec<Capture>,
    args: Nodes,
    /// There are more arguments than places.
    full: bool,
    /// There is a sequence, or something of one.
    used: bool,
    /// The trigger could not be read: any name may be a label.
    unreadable: bool,
}

impl<'a> Labels<'a> {
    /// Takes the labels of a rule with that trigger.
    pub(super) fn of(&mut self, trigger: Option<&'a ExprKind>) {
        let steps = match trigger {
            Some(ExprKind::Seq { steps, .. }) => steps.as_slice(),
            _ => &[],
        };
        self.unreadable = matches!(trigger, Some(ExprKind::Error));
        if steps.is_empty() && !self.used {
            self.at = At::Outside;
            return;
        }
        *self = Self { unreadable: self.unreadable, used: !steps.is_empty(), ..Self::default() };
        for (index, step) in steps.iter().enumerate() {
            let (Some(label), Ok(index)) = (&step.label, u16::try_from(index)) else { continue };
            let quantified = step.quantifier.is_some();
            self.by_name.entry(&label.text).or_insert(Label { step: index, span: label.span, quantified, given: None });
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether a name may be a label that could not be read.
    pub(super) fn may_have(&self) -> bool {
        self.unreadable
    }

    /// Begins the sequence of one instance.
    pub(super) fn begin(&mut self) {
        self.used = true;
        for label in self.by_name.values_mut() {
            label.given = None;
        }
        self.known.clear();
        self.captures.clear();
        self.args.clear();
        self.full = false;
    }

    pub(super) fn enter(&mut self, step: usize) {
        self.at = u16::try_from(step).map_or(At::Outside, At::Step);
    }

    pub(super) fn leave(&mut self) {
        self.at = At::Outside;
    }

    /// From here on the fields of the action are read.
    pub(super) fn enter_fields(&mut self) {
        self.at = At::Fields;
    }

    /// A step is right: what its label reads.
    pub(super) fn given(&mut self, name: &str, event: Option<NodeId>, shape: ShapeId) {
        if let Some(label) = self.by_name.get_mut(name) {
            label.given = Some((event, shape));
        }
    }

    /// The place of an argument.
    pub(super) fn place(&mut self, node: NodeId) -> Option<u16> {
        let Ok(place) = u16::try_from(self.args.len()) else {
            self.full = true;
            return None;
        };
        self.args.push(node);
        Some(place)
    }

    /// What the sequence keeps, and its arguments. None where they are too many.
    pub(super) fn finish(&mut self) -> Option<(Vec<Capture>, Nodes)> {
        let args = std::mem::take(&mut self.args);
        (!self.full).then(|| (self.captures.clone(), args))
    }
}

/// Why a label has no such field.
enum Wrong<'f> {
    /// The step has been reported.
    Step,
    /// A step that may match several times, and which match is not said.
    Several,
    /// `.first` of a step that matches once.
    Once,
    /// `a.first` alone.
    Alone,
    /// There is no such field.
    None(&'f Ident),
}

impl<'a> Checker<'a> {
    /// The label that `base.field` reads of: its name with where it stands, and `first` or `last`.
    pub(super) fn label_of(&self, tree: &'a Tree, base: ExprId) -> Option<(&'a str, Span, Option<&'a Ident>)> {
        if !self.calls.is_empty() {
            return None;
        }
        let e = tree.expr(Self::bare(tree, base))?;
        match &e.kind {
            ExprKind::Name(name) if self.labels.has(name) => Some((name, e.span, None)),
            ExprKind::Field { base, field } => {
                let e = tree.expr(Self::bare(tree, *base))?;
                match &e.kind {
                    ExprKind::Name(name) if self.labels.has(name) => Some((name, e.span, Some(field))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `label.field`, `label.first.field`
    pub(super) fn label(&mut self, (name, at, which): (&'a str, Span, Option<&'a Ident>), field: &'a Ident, span: Span) -> Val {
        let Some(&label) = self.labels.by_name.get(name) else { return Val::poison(span) };
        match self.labels.at {
            At::Outside => self.label_outside(name, label, span),
            At::Step(step) if step <= label.step => {
                let same = step == label.step;
                self.report(Code::LabelOutside, span, |_, d| {
                    let d = d
                        .says(format!("`{name}` has no value here"), "")
                        .also(label.span, if same { "this is the step at hand" } else { "a later step" });
                    match same {
                        true => d.fix("the event at hand is `it`", at, "it"),
                        false => d.help("a label is read in the steps after its own, and in the fields of the action"),
                    }
                });
            }
            At::Step(_) | At::Fields => match self.capture(label, which, field, span) {
                Ok((index, read, ty)) => {
                    let Some(node) = self.emit(Op::Capture(index), Nodes::new(), ty, span) else { return Val::poison(span) };
                    let facts = Facts::RUN.with(Facts::of_text(read));
                    return Val::node(ty, node, facts, span);
                }
                Err(wrong) => self.wrong_label((name, label), which, field, &wrong, span),
            },
        }
        Val::poison(span)
    }

    /// A label by itself.
    pub(super) fn label_alone(&mut self, name: &'a str, span: Span) {
        let Some(&label) = self.labels.by_name.get(name) else { return };
        if self.labels.at == At::Outside {
            self.label_outside(name, label, span);
            return;
        }
        self.report(Code::TypeMismatch, span, |_, d| {
            let field = if label.quantified { "count" } else { "ts" };
            d.says(format!("`{name}` stands for a step of the `SEQ` and is no value by itself"), "")
                .also(label.span, "the step")
                .help(format!("read one of its fields: `{name}.{field}`"))
        });
    }

    fn label_outside(&mut self, name: &str, label: Label, span: Span) {
        self.report(Code::LabelOutside, span, |_, d| {
            d.says(format!("`{name}` has no value here"), "")
                .also(label.span, "a step of the `SEQ`")
                .help("a label is read in the steps after its own, and in the fields of the action")
        });
    }

    /// Keeps what the fields of the actions read, which the sequence has to know before it is built.
    pub(super) fn capture_fields(&mut self, tree: &'a Tree, rule: &'a syntax::Rule) {
        let mut reads = Vec::new();
        for (_, value) in rule.actions.iter().flat_map(|a| &a.fields) {
            Self::each_below(tree, *value, |e| {
                if let ExprKind::Field { base, field } = &e.kind {
                    reads.push((*base, field, e.span));
                }
            });
        }
        for (base, field, span) in reads {
            let Some((name, _, which)) = self.label_of(tree, base) else { continue };
            if let Some(&label) = self.labels.by_name.get(name) {
                // What is wrong is said where the field is checked.
                let _ = self.capture(label, which, field, span);
            }
        }
    }

    /// The number of a capture with what it reads and its type; a new one gets its source among the arguments.
    fn capture<'f>(
        &mut self,
        label: Label,
        which: Option<&Ident>,
        field: &'f Ident,
        span: Span,
    ) -> Result<(u32, PayloadField, Ty), Wrong<'f>>
    where
        'a: 'f,
    {
        let (event, shape) = label.given.ok_or(Wrong::Step)?;
        let (which, read, ty) = self.field_of_label(label, shape, which, field)?;
        let key = (label.step, which, read);
        if let Some(&known) = self.labels.known.get(&key) {
            return Ok((known, read, ty));
        }
        let index = u32::try_from(self.labels.captures.len()).map_err(|_| Wrong::Step)?;
        let of = match which {
            Which::Count => CaptureOf::Count,
            Which::First | Which::Last => {
                let source = match (read, event) {
                    (PayloadField::Ts, _) | (_, None) => self.emit(Op::Clock(ClockFn::Now), Nodes::new(), ty, span),
                    (read, Some(event)) => self.emit(Op::Payload(read), smallvec::smallvec![event], ty, span),
                };
                let place = source.and_then(|source| self.labels.place(source)).ok_or(Wrong::Step)?;
                if which == Which::First { CaptureOf::First(place) } else { CaptureOf::Last(place) }
            }
        };
        self.labels.captures.push(Capture { step: label.step, of });
        self.labels.known.insert(key, index);
        Ok((index, read, ty))
    }

    /// What a field of a label is.
    fn field_of_label<'f>(
        &self,
        label: Label,
        shape: ShapeId,
        which: Option<&Ident>,
        field: &'f Ident,
    ) -> Result<(Which, PayloadField, Ty), Wrong<'f>> {
        let shape = self.out.shape(shape);
        let found =
            || PAYLOAD.iter().zip(shape.0).find_map(|(&(read, name), ty)| if name == field.text { Some((read, ty?)) } else { None });
        let which = match (label.quantified, which.map(|w| w.text.as_str())) {
            (true, None) => {
                return match field.text.as_str() {
                    "count" => Ok((Which::Count, PayloadField::Ts, Ty::Num(Unit::PURE))),
                    "first" | "last" => Err(Wrong::Alone),
                    _ if found().is_some() => Err(Wrong::Several),
                    _ => Err(Wrong::None(field)),
                };
            }
            (true, Some("first")) | (false, None) => Which::First,
            (true, Some("last")) => Which::Last,
            (false, Some("first" | "last")) => return Err(Wrong::Once),
            (_, Some(_)) => return Err(Wrong::None(field)),
        };
        match found() {
            Some((read, ty)) => Ok((which, read, ty)),
            None if !label.quantified && matches!(field.text.as_str(), "first" | "last" | "count") => Err(Wrong::Once),
            None => Err(Wrong::None(field)),
        }
    }

    fn wrong_label(&mut self, (name, label): (&str, Label), which: Option<&Ident>, field: &Ident, wrong: &Wrong<'_>, span: Span) {
        let shape = self.out.shape(label.given.map_or(ShapeId::BARE, |g| g.1));
        let has: Vec<&str> = PAYLOAD.iter().zip(shape.0).filter(|(_, ty)| ty.is_some()).map(|((_, name), _)| *name).collect();
        let at = field.span;
        match wrong {
            Wrong::Step => {}
            Wrong::Several => self.report(Code::UnknownField, at, |_, d| {
                d.says(format!("the step `{name}` may match several times, and which match is meant is not said"), "")
                    .also(label.span, "this step has a quantifier")
                    .fix("the first", span, format!("{name}.first.{}", field.text))
                    .fix("the last", span, format!("{name}.last.{}", field.text))
            }),
            Wrong::Once => self.report(Code::UnknownField, at, |_, d| {
                let d = d
                    .says(format!("the step `{name}` matches once and has no first or last match"), "")
                    .also(label.span, "this step has no quantifier");
                match which {
                    Some(_) => d.fix("its only match", span, format!("{name}.{}", field.text)),
                    None => d.help(format!("it has {}", list(&has))),
                }
            }),
            Wrong::Alone => self.report(Code::UnknownField, at, |_, d| {
                d.says(format!("`{name}.{}` is a match of a step and no value by itself", field.text), "")
                    .help(format!("read one of its fields: `{name}.{}.ts`", field.text))
            }),
            Wrong::None(field) => {
                let (said, at) = match which {
                    Some(which) if !matches!(which.text.as_str(), "first" | "last") => (which.text.as_str(), which.span),
                    _ => (field.text.as_str(), at),
                };
                let outer = label.quantified && which.is_none_or(|w| w.span == at);
                let has = if outer { vec!["first", "last", "count"] } else { has };
                self.report(Code::UnknownField, at, |c, d| {
                    let nearest = c.suggest(said, |_| has.clone());
                    d.says(format!("the step `{name}` has no field `{said}`"), "")
                        .also(label.span, "this is the step")
                        .meant(at, nearest)
                        .help(format!("it has {}", list(&has)))
                });
            }
        }
    }

    /// An operator would have to remember something of each run.
    pub(super) fn label_remembered(&mut self, read: Span, span: Span) -> Val {
        self.report(Code::LabelRemembered, span, |c, d| {
            let text = c.quote(read);
            d.says(format!("{} keeps a memory of {text}, which is another in each run of the sequence", c.quote(span)), "")
                .also(read, "has a value only in a run")
                .help("compare the label with an operator that does not read it: `x CROSSES ABOVE a.price` is the step `x > a.price`, and `avg(x, 5s) > a.price` is fine")
        });
        Val::poison(span)
    }

    /// A label somewhere inside of an event.
    pub(super) fn label_in_event(&mut self, span: Span) {
        self.report(Code::LabelInEvent, span, |c, d| {
            d.says(format!("a part of the event {} reads a label", c.quote(span)), "")
                .help("only the `WHERE` of a whole step reads labels: `(e OR f) WHERE it.price > a.price`")
        });
    }
}
