//! Rules: their instances, triggers, tails and actions.

use std::collections::hash_map::Entry;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::items::PlacedRule;
use super::value::{Facts, Ty, Val};
use super::{Checker, It, Local};
use crate::diagnostic::Code;
use crate::program::{Action, Constant, MAX_UPDATES, Mode, NodeId, Period, Rule, SymbolId, TextId};
use crate::span::Span;
use crate::syntax::{self, ExprId, ExprKind, Ident, Tail, Tree};

/// An `EVERY` below this, in nanoseconds, is warned of.
const TINY: i64 = 1_000_000;

/// How many whole turns there are in a second, its digits in groups: at least 1,000.
fn per_second(turn: i64) -> String {
    let turns = 1_000_000_000 / turn.max(1);
    match (turns / 1_000_000_000, turns / 1_000_000 % 1_000, turns / 1_000 % 1_000, turns % 1_000) {
        (0, 0, thousands, rest) => format!("{thousands},{rest:03}"),
        (0, millions, thousands, rest) => format!("{millions},{thousands:03},{rest:03}"),
        (billions, millions, thousands, rest) => format!("{billions},{millions:03},{thousands:03},{rest:03}"),
    }
}

/// Where names stand first, for a handful of names without memory of its own.
#[derive(Default)]
struct Seen<'a> {
    few: SmallVec<[(&'a str, Span); 8]>,
    many: FxHashMap<&'a str, Span>,
}

impl<'a> Seen<'a> {
    /// Where a name was seen; notes the place if it was not.
    fn first(&mut self, name: &'a str, span: Span) -> Option<Span> {
        if self.many.is_empty() {
            if let Some(found) = self.few.iter().find(|f| f.0 == name) {
                return Some(found.1);
            }
            if self.few.len() < 8 {
                self.few.push((name, span));
                return None;
            }
            self.many.extend(self.few.drain(..));
        }
        match self.many.entry(name) {
            Entry::Occupied(found) => Some(*found.get()),
            Entry::Vacant(new) => {
                new.insert(span);
                None
            }
        }
    }
}

/// The names of the rules so far.
#[derive(Default)]
pub(super) struct RuleNames {
    /// By the text of a name: where the rule stands.
    places: Vec<Option<Span>>,
    unnamed: u64,
}

/// The tails of a rule. None where one could not be read.
#[derive(Default)]
struct Tails {
    every: Option<(Option<Mode>, Span)>,
    cooldown: Option<Option<Period>>,
    limit: Option<Option<(u32, Period)>>,
}

/// What all instances of a rule have in common.
struct Frame<'a> {
    tree: &'a Tree,
    rule: &'a syntax::Rule,
    name: TextId,
    /// The variables of `FOR EACH` with their symbols.
    each: Vec<(&'a Ident, TextId, Rc<[SymbolId]>)>,
    tails: Tails,
    /// Names of the signals and of their fields.
    actions: SmallVec<[(TextId, SmallVec<[TextId; 4]>); 1]>,
}

impl<'a> Checker<'a> {
    /// Checks all rules in order.
    pub(super) fn rules(&mut self, rules: &[PlacedRule<'a>]) {
        self.out.typed.rules.reserve(rules.len());
        for &PlacedRule { tree, rule, included } in rules {
            if self.stopped {
                return;
            }
            let name = match &rule.name {
                Some(name) => self.rule_name(name),
                None => {
                    self.rule_names.unnamed += 1;
                    self.out.text(&format!("rule_{}", self.rule_names.unnamed))
                }
            };
            self.rule(tree, rule, name, included);
        }
    }

    fn rule_name(&mut self, name: &'a Ident) -> TextId {
        let text = self.out.text(&name.text);
        let place = text.0 as usize;
        if name.text.strip_prefix("rule_").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            self.report(Code::ReservedRuleName, name.span, |_, d| {
                d.says(format!("`{}` is the name of a rule without a name", name.text), "")
                    .help("rules without a name are counted: `rule_1`, `rule_2`, ..")
            });
        }
        let names = &mut self.rule_names.places;
        if names.len() <= place {
            names.resize(place + 1, None);
        }
        match names.get_mut(place) {
            Some(Some(first)) => {
                let first = *first;
                self.report(Code::DuplicateRule, name.span, |_, d| {
                    d.says(format!("there are two rules `{}`", name.text), "again here").also(first, "first here")
                });
            }
            Some(new) => *new = Some(name.span),
            None => {}
        }
        text
    }

    fn rule(&mut self, tree: &'a Tree, rule: &'a syntax::Rule, name: TextId, included: bool) {
        self.frames = self.frames.wrapping_add(1);
        self.frame = self.frames;
        let trigger = tree.expr(Self::bare(tree, rule.trigger)).map(|e| &e.kind);
        self.labels.of(trigger);
        let steps = match trigger {
            Some(ExprKind::Seq { steps, .. }) => steps.as_slice(),
            _ => &[],
        };
        self.local_names(rule, steps);
        let tails = self.tails(tree, rule);
        let each: Vec<_> = rule.each.iter().map(|e| (&e.var, self.out.text(e.var.text.as_str()), self.set_ref(&e.set))).collect();
        let actions = self.action_names(rule);
        self.used_lets.clear();
        self.used_lets.resize(rule.lets.len(), false);

        let total = each.iter().try_fold(1_usize, |n, e| n.checked_mul(e.2.len())).unwrap_or(usize::MAX);
        let most = self.options.limits.max_instances;
        let frame = Frame { tree, rule, name, each, tails, actions };
        if total > most {
            let span = rule.each.first().map_or(rule.span, |e| e.var.span);
            self.say(Code::TooManyInstances, span, format!("the rule has {total} instances, and {most} is the most"));
        } else {
            for number in 0..total {
                self.instance(&frame, number, total);
                if self.stopped {
                    break;
                }
            }
        }
        self.labels.of(None);
        // Without an instance nothing was looked at, so nothing is known to be unused.
        if total > 0 && total <= most && !included && !self.stopped {
            for (slot, (name, _)) in rule.lets.iter().enumerate() {
                if self.used_lets.get(slot) == Some(&false) {
                    self.unused_name(&name.text, name.span, "a LET");
                }
            }
        }
    }

    /// Checks the names that the rule binds against each other and the global ones.
    fn local_names(&mut self, rule: &'a syntax::Rule, steps: &'a [syntax::Step]) {
        let mut names = Seen::default();
        let vars = rule.each.iter().map(|e| (&e.var, "the variable"));
        let labels = steps.iter().filter_map(|s| s.label.as_ref()).map(|label| (label, "the label"));
        for (name, what) in vars.chain(rule.lets.iter().map(|l| (&l.0, "this LET"))).chain(labels) {
            if name.text.eq_ignore_ascii_case("it") {
                self.say(Code::ReservedName, name.span, format!("`{}` stands for the event at hand and cannot be defined", name.text));
            }
            match names.first(&name.text, name.span) {
                Some(first) => self.report(Code::DuplicateName, name.span, |_, d| {
                    d.says(format!("`{}` is defined twice in this rule", name.text), "again here").also(first, "first here")
                }),
                None => self.shadowing(name, what),
            }
        }
    }

    fn tails(&mut self, tree: &'a Tree, rule: &'a syntax::Rule) -> Tails {
        let mut tails = Tails::default();
        for tail in &rule.tails {
            match tail {
                Tail::EveryTick(span) => {
                    self.once_only(tails.every.is_some(), *span, "EVERY");
                    tails.every.get_or_insert((Some(Mode::EveryTick), *span));
                }
                Tail::Every(d, span) => {
                    let period = self.period(tree, *d);
                    self.once_only(tails.every.is_some(), *span, "EVERY");
                    if let Some(Period::Fixed(turn)) = period {
                        self.tiny_every(turn, Self::span_of(tree, *d));
                    }
                    tails.every.get_or_insert((period.map(Mode::Every), *span));
                }
                Tail::Cooldown(d, span) => {
                    let period = self.period(tree, *d);
                    self.once_only(tails.cooldown.is_some(), *span, "COOLDOWN");
                    tails.cooldown.get_or_insert(period);
                }
                Tail::Limit { count, per, span } => {
                    let count = self.limit(tree, *count);
                    let period = self.period(tree, *per);
                    self.once_only(tails.limit.is_some(), *span, "LIMIT");
                    tails.limit.get_or_insert(count.zip(period));
                }
            }
        }
        tails
    }

    fn once_only(&mut self, again: bool, span: Span, what: &str) {
        if again {
            self.say(Code::DuplicateTail, span, format!("the rule has more than one `{what}`"));
        }
    }

    /// Warns of an `EVERY` that floods its reader in a silence.
    fn tiny_every(&mut self, turn: i64, span: Span) {
        if turn >= TINY {
            return;
        }
        self.report(Code::TinyEvery, span, |c, d| {
            let text = c.source(span);
            d.says(format!("`EVERY {text}` fires at each turn of its timer, data or not"), format!("{} times a second", per_second(turn)))
                .fix("once for each update?", span, "TICK")
        });
    }

    fn limit(&mut self, tree: &'a Tree, id: ExprId) -> Option<u32> {
        let val = self.expr(tree, id);
        if val.is_poison() {
            return None;
        }
        let span = Self::span_of(tree, id);
        match val.number() {
            Some(n) if n.fract() == 0.0 && (1.0..=f64::from(MAX_UPDATES)).contains(&n) =>
            {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number in range")]
                Some(n as u32)
            }
            _ => {
                self.report(Code::BadLimit, span, |c, d| {
                    d.says(
                        format!("{} is not a whole number from 1 to {MAX_UPDATES}", c.quote(span)),
                        "a limit is a count of firings that is known when the rules are loaded",
                    )
                });
                None
            }
        }
    }

    fn action_names(&mut self, rule: &'a syntax::Rule) -> SmallVec<[(TextId, SmallVec<[TextId; 4]>); 1]> {
        let mut actions = SmallVec::with_capacity(rule.actions.len());
        for action in &rule.actions {
            let mut seen = Seen::default();
            let mut fields = SmallVec::with_capacity(action.fields.len());
            for (name, _) in &action.fields {
                if let Some(first) = seen.first(&name.text, name.span) {
                    self.report(Code::DuplicateField, name.span, |_, d| {
                        d.says(format!("the field `{}` stands twice in `{}`", name.text, action.name.text), "again here")
                            .also(first, "first here")
                    });
                }
                fields.push(self.out.text(name.text.as_str()));
            }
            actions.push((self.out.text(action.name.text.as_str()), fields));
        }
        actions
    }

    /// Checks instance `number` of `total`.
    fn instance(&mut self, frame: &Frame<'a>, number: usize, total: usize) {
        let Frame { tree, rule, .. } = *frame;
        let mut instance = Vec::with_capacity(frame.each.len());
        let (mut rest, mut block) = (number, total);
        for (var, name, symbols) in &frame.each {
            block /= symbols.len().max(1);
            let Some(&symbol) = symbols.get(rest / block.max(1)) else { return };
            rest %= block.max(1);
            instance.push((*name, symbol));
            let val = Val { facts: Facts::PLACED, ..Val::constant(Ty::Symbol, Constant::Symbol(symbol), var.span) };
            self.locals.insert((self.frame, var.text.as_str()), Local { val, slot: None });
        }
        for (slot, (name, value)) in rule.lets.iter().enumerate() {
            let val = self.expr(tree, *value);
            self.locals.insert((self.frame, name.text.as_str()), Local { val, slot: u32::try_from(slot).ok() });
        }
        let trigger = self.trigger(frame);
        let until = rule.until.map(|id| self.until(tree, id));
        self.labels.enter_fields();
        let actions = self.actions(frame);
        self.labels.leave();
        self.it = None;
        for name in frame.each.iter().map(|e| e.0).chain(rule.lets.iter().map(|l| &l.0)) {
            self.locals.remove(&(self.frame, name.text.as_str()));
        }
        let (Some((trigger, mode)), Some(actions)) = (trigger, actions) else { return };
        let tails = &frame.tails;
        if until == Some(None) || tails.cooldown == Some(None) || tails.limit == Some(None) {
            return;
        }
        self.out.typed.rules.push(Rule {
            name: frame.name,
            instance,
            trigger,
            mode,
            until: until.flatten(),
            cooldown: tails.cooldown.flatten(),
            limit: tails.limit.flatten(),
            actions,
            span: rule.span,
        });
    }

    /// The trigger with its mode. Where it is an event, `it` stands for it from here on.
    fn trigger(&mut self, frame: &Frame<'a>) -> Option<(NodeId, Mode)> {
        let (tree, id) = (frame.tree, frame.rule.trigger);
        let span = Self::span_of(tree, id);
        let kind = tree.expr(Self::bare(tree, id)).map(|e| &e.kind);
        let is_seq = matches!(kind, Some(ExprKind::Seq { .. }));
        let val = match kind {
            Some(ExprKind::Seq { .. } | ExprKind::All { .. }) => self.sequence(tree, frame.rule, Self::bare(tree, id)),
            _ => self.expr(tree, id),
        };
        if matches!(val.ty, Ty::Event | Ty::Poison) {
            self.it = Some(It { node: val.node, shape: val.shape, span, in_run: is_seq });
        }
        match val.ty {
            Ty::Poison => return None,
            Ty::Event | Ty::Bool => {}
            _ => {
                self.want_level(&val, span, "`IF`");
                return None;
            }
        }
        if !val.can_change() {
            self.report(Code::ConstantTrigger, span, |c, d| {
                d.says(format!("nothing can change {}", c.quote(span)), "this reads no market, no input and no clock")
            });
            return None;
        }
        let node = self.node_of(&val)?;
        let mode = match (val.ty, &frame.tails.every) {
            (Ty::Event, None) => Mode::Event,
            (Ty::Event, Some((_, every))) => {
                let (every, whole) = (*every, is_seq || matches!(kind, Some(ExprKind::All { .. })));
                self.report(Code::EveryWithEvent, every, |c, d| {
                    let d = d
                        .says("`EVERY` on a rule that an event triggers", "`EVERY` repeats while a condition holds")
                        .also(span, "this is an event");
                    if whole {
                        return d.help("each match fires by itself");
                    }
                    d.help(format!("each occurrence fires by itself; a condition is `once({}, 1s)`", c.source(span)))
                });
                return None;
            }
            (_, None) => Mode::Edge,
            (_, Some((mode, _))) => (*mode)?,
        };
        Some((node, mode))
    }

    fn until(&mut self, tree: &'a Tree, id: ExprId) -> Option<NodeId> {
        let outer = self.it.take();
        let val = self.expr(tree, id);
        self.it = outer;
        if val.ty != Ty::Event && !self.want_level(&val, Self::span_of(tree, id), "`UNTIL`") {
            return None;
        }
        self.node_of(&val)
    }

    fn actions(&mut self, frame: &Frame<'a>) -> Option<Vec<Action>> {
        let mut good = true;
        let mut actions = Vec::with_capacity(frame.actions.len());
        for (action, (name, names)) in frame.rule.actions.iter().zip(&frame.actions) {
            let mut fields = Vec::with_capacity(names.len());
            for ((_, value), name) in action.fields.iter().zip(names) {
                match self.field_value(frame.tree, *value) {
                    Some(node) => fields.push((*name, node)),
                    None => good = false,
                }
            }
            actions.push(Action { name: *name, fields });
        }
        good.then_some(actions)
    }

    fn field_value(&mut self, tree: &'a Tree, id: ExprId) -> Option<NodeId> {
        let val = self.expr(tree, id);
        if val.ty == Ty::Event {
            let span = Self::span_of(tree, id);
            self.report(Code::EventInField, span, |c, d| {
                let text = c.source(span);
                d.says(format!("{} is an event and has no value", c.quote(span)), "a field holds a value")
                    .help(format!("whether it happened lately: `once({text}, 1s)`"))
            });
            return None;
        }
        self.node_of(&val)
    }
}
