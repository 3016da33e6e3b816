//! `SEQ` and `ALL`: steps to what a run waits for. What labels read is in `labels`.

use smallvec::SmallVec;

use super::value::{Facts, ShapeId, Ty, Val};
use super::{Checker, It};
use crate::diagnostic::Code;
use crate::program::{MAX_SEQUENCE, Op, SeqStep, Sequence, StepInput, StepKind};
use crate::span::Span;
use crate::syntax::{self, Expr, ExprId, ExprKind, Step, Tree};

/// What a step looks at.
struct Input {
    what: StepInput,
    filter: Option<u16>,
    /// The event, or the level.
    val: Val,
    /// A node that is the event, where the step is one by its nature: its payload can be read.
    is_event: bool,
    /// Of all that it reads.
    facts: Facts,
}

/// Values with their places.
type Vals = SmallVec<[(Val, Span); 2]>;

impl<'a> Checker<'a> {
    /// `SEQ` or `ALL` as the trigger of a rule.
    pub(super) fn sequence(&mut self, tree: &'a Tree, rule: &'a syntax::Rule, id: ExprId) -> Val {
        let Some(e) = tree.expr(id) else { return Val::poison(Span::default()) };
        let (name, within) = match &e.kind {
            ExprKind::All { within, .. } => ("ALL", within),
            ExprKind::Seq { within, .. } => ("SEQ", within),
            _ => return Val::poison(e.span),
        };
        if within.is_none() {
            self.report(Code::SeqWithoutWithin, e.span, |_, d| {
                d.says(format!("`{name}` without `WITHIN`"), "how long may it take?").help("end it with a span of time: `WITHIN 10s`")
            });
        }
        match &e.kind {
            ExprKind::Seq { steps, .. } => self.seq(tree, rule, e, steps, *within),
            ExprKind::All { parts, .. } => self.all(tree, e, parts, *within),
            _ => Val::poison(e.span),
        }
    }

    fn all(&mut self, tree: &'a Tree, e: &'a Expr, parts: &'a [ExprId], within: Option<ExprId>) -> Val {
        let mut events: SmallVec<[Val; 4]> = SmallVec::new();
        for &part in parts {
            let val = self.expr(tree, part);
            events.extend(self.want_event(&val, Self::span_of(tree, part)));
        }
        let period = within.and_then(|d| self.period(tree, d));
        if let [only] = *parts {
            let only = Self::span_of(tree, only);
            self.report(Code::WrongArgumentCount, e.span, |c, d| {
                let text = c.source(only);
                d.says("`ALL` of one thing", "`ALL` is when several have happened").fix("it is an event by itself", e.span, text)
            });
            return Val::poison(e.span);
        }
        let Some(period) = period else { return Val::poison(e.span) };
        if events.len() != parts.len() {
            return Val::poison(e.span);
        }
        let facts = events.iter().fold(Facts::NONE, |f, v| f.with(v.facts.passed()));
        Val { shape: ShapeId::BARE, ..self.over(Op::All(period), &events, Ty::Event, facts, e.span) }
    }

    fn seq(&mut self, tree: &'a Tree, rule: &'a syntax::Rule, e: &'a Expr, steps: &'a [Step], within: Option<ExprId>) -> Val {
        self.labels.begin();
        let mut done: Vec<SeqStep> = Vec::with_capacity(steps.len());
        let mut facts = Facts::NONE;
        let mut places = 0_u64;
        for (index, step) in steps.iter().enumerate() {
            self.labels.enter(index);
            places += step.quantifier.map_or(1, |q| u64::from(q.min));
            if let Some((step, reads)) = self.step(tree, step, index) {
                done.push(step);
                facts = facts.with(reads);
            }
        }
        self.labels.leave();
        let within = within.and_then(|d| Some((self.period(tree, d)?, Self::span_of(tree, d))));
        if places > u64::from(MAX_SEQUENCE) {
            self.report(Code::SequenceTooLong, e.span, |_, d| {
                d.says(format!("the steps of the sequence have {places} places, and {MAX_SEQUENCE} is the most"), "")
                    .help("a step counts once, `{n}` and `{n..m}` count n times")
            });
            return Val::poison(e.span);
        }
        self.capture_fields(tree, rule);
        let Some((within, at)) = within else { return Val::poison(e.span) };
        let Some((captures, args)) = self.labels.finish() else {
            self.say(Code::SequenceTooLong, e.span, "the sequence reads more values than it can keep");
            return Val::poison(e.span);
        };
        let sequence = Sequence { steps: done, captures, within };
        if sequence.steps.len() != steps.len() || !self.can_complete(&sequence, at) {
            return Val::poison(e.span);
        }
        let sequence = self.out.sequence(sequence);
        match self.emit(Op::Seq(sequence), args, Ty::Event, e.span) {
            Some(node) => Val::node(Ty::Event, node, facts, e.span),
            None => Val::poison(e.span),
        }
    }

    /// A step, with the facts of what it reads. None where it is wrong, which has been reported.
    fn step(&mut self, tree: &'a Tree, step: &'a Step, index: usize) -> Option<(SeqStep, Facts)> {
        if let Some(ExprKind::No { event, duration }) = tree.expr(step.event).map(|e| &e.kind) {
            if index == 0 {
                self.no_first(tree, step, *duration);
            }
            let input = self.step_input(tree, *event, true);
            let hold = match duration {
                Some(d) => Some(self.period(tree, *d)?),
                None => None,
            };
            let input = input.filter(|_| index > 0)?;
            return Some((SeqStep { input: input.what, filter: input.filter, kind: StepKind::Absent { hold } }, input.facts));
        }
        let input = self.step_input(tree, step.event, false)?;
        if let Some(label) = &step.label {
            let event = if input.is_event { input.val.node } else { None };
            self.labels.given(&label.text, event, input.val.shape);
        }
        let (min, max) = step.quantifier.map_or((1, Some(1)), |q| (q.min, q.max));
        Some((SeqStep { input: input.what, filter: input.filter, kind: StepKind::Match { min, max } }, input.facts))
    }

    fn no_first(&mut self, tree: &'a Tree, step: &'a Step, duration: Option<ExprId>) {
        let span = step.span;
        self.report(Code::NoFirst, span, |c, d| {
            let text = c.source(span);
            let d = d.says("a `SEQ` cannot begin with `NO`", "there is nothing before it from which on the event could stay away");
            match duration {
                Some(_) => {
                    d.fix("in parentheses it is an event of its own, which happens when the time is over", span, format!("({text})"))
                }
                None => {
                    let event = match tree.expr(step.event).map(|e| &e.kind) {
                        Some(ExprKind::No { event, .. }) => c.source(Self::span_of(tree, *event)),
                        _ => "e",
                    };
                    d.help(format!("an event that stays away for some time is one of its own: `(NO {event} FOR 5s)`"))
                }
            }
        });
    }

    /// What a step looks at: an event, or a level, with what `WHERE` asks besides.
    fn step_input(&mut self, tree: &'a Tree, id: ExprId, absent: bool) -> Option<Input> {
        // Outermost first.
        let mut filters: SmallVec<[ExprId; 2]> = SmallVec::new();
        let mut base = Self::bare(tree, id);
        while let Some(ExprKind::Where { event, filter }) = tree.expr(base).map(|e| &e.kind) {
            filters.push(*filter);
            base = Self::bare(tree, *event);
        }
        let mut held = Vals::new();
        let val = match tree.expr(base) {
            Some(e) => match &e.kind {
                ExprKind::And(list) => self.joined(tree, e, list, &mut held),
                _ => self.expr(tree, base),
            },
            None => return None,
        };
        let at = Self::span_of(tree, base);
        let mut input = self.unfiltered(&val, at, absent, !filters.is_empty());
        for filter in filters.into_iter().rev() {
            let it = match &input {
                Some(i) => It { node: i.val.node, shape: i.val.shape, span: at, in_run: matches!(i.what, StepInput::Level(_)) },
                None => It { node: None, shape: ShapeId::BARE, span: at, in_run: false },
            };
            let outer = self.it.replace(it);
            let cond = self.expr(tree, filter);
            self.it = outer;
            let span = Self::span_of(tree, filter);
            let holds = self.want_level(&cond, span, "`WHERE`");
            input = input.filter(|_| holds).and_then(|i| self.also_where(i, (cond, span), &mut held));
        }
        let mut input = input?;
        input.facts = held.iter().fold(input.facts, |f, (v, _)| f.with(v.facts.passed()));
        input.filter = match held.as_slice() {
            [] => None,
            [(only, _)] => Some(self.place(only)?),
            [(_, first), ..] => {
                let parts: SmallVec<[Val; 4]> = held.iter().map(|h| h.0).collect();
                let all = self.over(Op::And, &parts, Ty::Bool, input.facts, *first);
                Some(self.place(&all)?)
            }
        };
        let node = self.node_of(&input.val)?;
        let place = self.labels.place(node)?;
        input.what = match input.what {
            StepInput::Event(_) => StepInput::Event(place),
            StepInput::Level(_) => StepInput::Level(place),
        };
        Some(input)
    }

    /// The place of a value among the arguments.
    fn place(&mut self, val: &Val) -> Option<u16> {
        let node = self.node_of(val)?;
        self.labels.place(node)
    }

    /// `e AND c ..`: conditions that read labels are looked at with the run, like those of a `WHERE`.
    fn joined(&mut self, tree: &'a Tree, e: &'a Expr, list: &'a [ExprId], held: &mut Vals) -> Val {
        let base = self.parts(tree, list);
        let mut parts = self.taken(tree, list, base);
        let events = parts.iter().filter(|(v, _)| v.ty == Ty::Event).count();
        if events == 1 && parts.iter().any(|(v, _)| v.ty == Ty::Bool && v.facts.has(Facts::RUN)) {
            parts.retain(|&mut (v, span)| {
                let of_run = v.ty == Ty::Bool && v.facts.has(Facts::RUN);
                if of_run {
                    held.push((v, span));
                }
                !of_run
            });
            if let [(event, _)] = *parts.as_slice() {
                return event;
            }
        }
        self.and_of(e, &parts)
    }

    /// The input of a step as yet without its `WHERE`; its places come later.
    fn unfiltered(&mut self, val: &Val, at: Span, absent: bool, filtered: bool) -> Option<Input> {
        let of_run = val.facts.has(Facts::RUN);
        let facts = val.facts.passed();
        let level = Some(Input { what: StepInput::Level(0), filter: None, val: *val, is_event: false, facts });
        match val.ty {
            Ty::Event if of_run => {
                self.label_in_event(at);
                None
            }
            Ty::Event => Some(Input { what: StepInput::Event(0), filter: None, val: *val, is_event: true, facts }),
            Ty::Bool if of_run && absent && filtered => {
                self.report(Code::WhereWithoutEvent, at, |c, d| {
                    d.says(format!("{} is a condition and not an event", c.quote(at)), "`WHERE` filters events")
                        .help("conditions are joined with `AND`")
                });
                None
            }
            Ty::Bool if of_run && !absent && !facts.has(Facts::INPUT.with(Facts::PARAM)) => {
                self.report(Code::LevelAsEvent, at, |c, d| {
                    d.says(format!("{} never becomes true: it reads labels and nothing that changes", c.quote(at)), "")
                        .help("put it into the `WHERE` of an event, or compare the label with something of the market")
                });
                None
            }
            Ty::Bool if of_run => level,
            Ty::Bool if absent && !filtered && val.can_change() => level,
            _ => {
                let event = self.want_event(val, at)?;
                Some(Input { what: StepInput::Event(0), filter: None, val: event, is_event: false, facts })
            }
        }
    }

    /// One more `WHERE`. What reads labels is looked at with the run; the rest is in the event itself.
    fn also_where(&mut self, input: Input, (cond, span): (Val, Span), held: &mut Vals) -> Option<Input> {
        if cond.facts.has(Facts::RUN) || matches!(input.what, StepInput::Level(_)) {
            held.push((cond, span));
            return Some(input);
        }
        let facts = input.facts.with(cond.facts.passed());
        let event = self.over(Op::Where, &[input.val, cond], Ty::Event, facts, input.val.span.to(span));
        if event.is_poison() {
            return None;
        }
        Some(Input { val: Val { shape: input.val.shape, ..event }, facts, ..input })
    }

    /// Whether the steps leave time for each other; reports where they do not.
    fn can_complete(&mut self, sequence: &Sequence, at: Span) -> bool {
        if sequence.can_complete() {
            return true;
        }
        self.report(Code::NeverCompletes, at, |_, d| {
            let needed = needed(sequence.least_span());
            d.says("the sequence cannot end within its `WITHIN`", format!("its `NO .. FOR` alone take {needed}"))
                .help("a longer `WITHIN`, or a shorter `FOR`")
        });
        false
    }
}

/// A length of time for a message.
fn needed(ns: i128) -> String {
    let shown = syntax::literal::print_duration(i64::try_from(ns - ns % 1_000).unwrap_or(i64::MAX));
    if ns % 1_000 == 0 { shown } else { format!("more than {shown}") }
}
