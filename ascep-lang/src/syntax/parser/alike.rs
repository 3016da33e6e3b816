//! Rules that are alike: the same tokens with other names and values.
//!
//! Programs of thousands of rules are made of a few patterns. What a rule becomes depends on the kinds of its tokens and, apart from the texts of
//! names and literals, on nothing else, so a rule whose tokens were seen before is made from the tree of the one that was parsed. Only rules in which
//! nothing was found are taken: a mistake is always looked at by the parser itself.

use std::ops::Range;

use super::super::literal;
use super::super::prepare::PatternId;
use super::super::tree::{
    Action, Arg, Expr, ExprId, ExprKind, ForEach, Ident, Item, NumberKind, Rule, SetRef, Step, StrLit, Tail, Text, Tree,
};
use crate::lexer::{Lexeme, Token};
use crate::span::{FileId, Span};

/// The rules that were parsed, by pattern.
#[derive(Default)]
pub(super) struct Alike<'s> {
    models: Vec<Option<Model<'s>>>,
}

/// A rule that was parsed.
struct Model<'s> {
    tokens: &'s [Lexeme],
    /// Its expressions and itself in the tree.
    exprs: Range<usize>,
    item: usize,
    /// Once a second rule is like it: at which tokens what stands in it starts and ends, in the order in which [`Copying`] asks.
    places: Option<Vec<u32>>,
}

/// Where a file is read from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'s> {
    pub(super) file: FileId,
    pub(super) text: &'s str,
    pub(super) max_nodes: usize,
}

impl<'s> Alike<'s> {
    /// Notes a rule that was parsed without a finding.
    pub(super) fn add(&mut self, pattern: PatternId, tokens: &'s [Lexeme], exprs: Range<usize>, tree: &Tree) {
        let at = pattern.0 as usize;
        if self.models.len() <= at {
            self.models.resize_with(at + 1, || None);
        }
        // How often a step of a sequence is wanted depends on numbers.
        let counts = tokens.iter().any(|l| l.token == Token::LBrace);
        if let (Some(item), Some(Item::Rule(_)), Some(model), false) =
            (tree.items.len().checked_sub(1), tree.items.last(), self.models.get_mut(at), counts)
        {
            *model = Some(Model { tokens, exprs, item, places: None });
        }
    }

    /// Adds to the tree the rule of some tokens, if one of this pattern was parsed. Leaves the tree as it was where it says no.
    pub(super) fn copy(&mut self, pattern: PatternId, origin: Origin<'_>, tokens: &[Lexeme], tree: &mut Tree) -> bool {
        let Some(Some(model)) = self.models.get_mut(pattern.0 as usize) else { return false };
        let first = model.tokens;
        if tree.exprs.len() + model.exprs.len() > origin.max_nodes {
            return false;
        }
        let places = model.places.get_or_insert_with(|| places_of(tree, model.exprs.clone(), model.item, first).unwrap_or_default());
        let len = tree.exprs.len();
        let shift = u32::try_from(len - model.exprs.start).unwrap_or(u32::MAX);
        let mut copying = Copying { origin, tokens, places: places.iter(), shift };
        let done = copying.all(tree, model.exprs.clone(), model.item).is_some();
        if !done {
            tree.exprs.truncate(len);
        }
        done
    }
}

/// At which tokens everything in a rule starts and ends.
fn places_of(tree: &Tree, exprs: Range<usize>, item: usize, tokens: &[Lexeme]) -> Option<Vec<u32>> {
    let mut places = Vec::new();
    let mut good = true;
    let mut note = |span: Span| {
        let start = tokens.binary_search_by_key(&span.start, |l| l.start).ok();
        let end = tokens.binary_search_by_key(&span.end, |l| l.end).ok();
        match (start.map(u32::try_from), end.map(u32::try_from)) {
            (Some(Ok(start)), Some(Ok(end))) => places.extend([start, end]),
            _ => good = false,
        }
    };
    for e in tree.exprs.get(exprs)? {
        note(e.span);
        match &e.kind {
            ExprKind::Call { callee, args } => {
                note(callee.span);
                args.iter().filter_map(|a| a.name.as_ref()).for_each(|name| note(name.span));
            }
            ExprKind::Field { field, .. } => note(field.span),
            ExprKind::Seq { steps, .. } => {
                for step in steps {
                    step.label.iter().for_each(|label| note(label.span));
                    note(step.span);
                }
            }
            _ => {}
        }
    }
    let Some(Item::Rule(rule)) = tree.items.get(item) else { return None };
    rule.name.iter().for_each(|name| note(name.span));
    for each in &rule.each {
        note(each.var.span);
        match &each.set {
            SetRef::Named(name) => note(name.span),
            SetRef::Inline(list, span) => {
                list.iter().for_each(|text| note(text.span));
                note(*span);
            }
        }
    }
    rule.lets.iter().for_each(|l| note(l.0.span));
    for action in &rule.actions {
        note(action.name.span);
        action.fields.iter().for_each(|f| note(f.0.span));
        note(action.span);
    }
    for tail in &rule.tails {
        match tail {
            Tail::EveryTick(span) | Tail::Every(_, span) | Tail::Cooldown(_, span) | Tail::Limit { span, .. } => note(*span),
        }
    }
    note(rule.span);
    good.then_some(places)
}

/// A rule that is made from another one. None anywhere means that it can't be.
struct Copying<'s, 'p> {
    origin: Origin<'s>,
    tokens: &'s [Lexeme],
    places: std::slice::Iter<'p, u32>,
    /// How far the new expressions stand behind the old ones.
    shift: u32,
}

impl<'s> Copying<'s, '_> {
    fn all(&mut self, tree: &mut Tree, exprs: Range<usize>, item: usize) -> Option<()> {
        tree.exprs.reserve(exprs.len());
        for index in exprs {
            let new = self.expr(tree.exprs.get(index)?)?;
            tree.exprs.push(new);
        }
        let Item::Rule(rule) = tree.items.get(item)? else { return None };
        let new = self.rule(rule)?;
        tree.items.push(Item::Rule(new));
        Some(())
    }

    #[inline]
    fn span(&mut self) -> Option<Span> {
        let (start, end) = (*self.places.next()?, *self.places.next()?);
        let (start, end) = (self.tokens.get(start as usize)?.start, self.tokens.get(end as usize)?.end);
        Some(Span { file: self.origin.file, start, end })
    }

    #[inline]
    fn slice(&self, span: Span) -> Option<&'s str> {
        self.origin.text.get(span.range())
    }

    #[inline]
    fn ident(&mut self) -> Option<Ident> {
        let span = self.span()?;
        Some(Ident { text: Text::new(self.slice(span)?), span })
    }

    fn str_lit(&mut self) -> Option<StrLit> {
        let span = self.span()?;
        Some(StrLit { text: literal::string(self.slice(span)?).0, span })
    }

    #[inline]
    fn id(&self, old: ExprId) -> ExprId {
        ExprId(old.0.wrapping_add(self.shift))
    }

    fn ids(&self, old: &[ExprId]) -> Vec<ExprId> {
        old.iter().map(|id| self.id(*id)).collect()
    }

    fn expr(&mut self, old: &Expr) -> Option<Expr> {
        let span = self.span()?;
        let id = |old: ExprId| self.id(old);
        let kind = match &old.kind {
            ExprKind::Number(..) => {
                let (value, kind) = literal::number(self.slice(span)?).unwrap_or((0.0, NumberKind::Plain));
                ExprKind::Number(value, kind)
            }
            // Whether a duration may be zero is a question of its place, which the parser answers.
            ExprKind::Duration(_) => match literal::duration(self.slice(span)?).unwrap_or(1) {
                0 => return None,
                nanos => ExprKind::Duration(nanos),
            },
            ExprKind::Str(_) => ExprKind::Str(literal::string(self.slice(span)?).0),
            ExprKind::Bool(value) => ExprKind::Bool(*value),
            ExprKind::Name(_) => ExprKind::Name(Text::new(self.slice(span)?)),
            ExprKind::Neg(x) => ExprKind::Neg(id(*x)),
            ExprKind::Not(x) => ExprKind::Not(id(*x)),
            ExprKind::And(list) => ExprKind::And(self.ids(list)),
            ExprKind::Or(list) => ExprKind::Or(self.ids(list)),
            ExprKind::Binary(op, x, y) => ExprKind::Binary(*op, id(*x), id(*y)),
            ExprKind::Between { value, low, high } => ExprKind::Between { value: id(*value), low: id(*low), high: id(*high) },
            ExprKind::Crosses { left, side, right } => ExprKind::Crosses { left: id(*left), side: *side, right: id(*right) },
            ExprKind::Call { args, .. } => ExprKind::Call { callee: self.ident()?, args: self.args(args)? },
            ExprKind::Field { base, .. } => ExprKind::Field { base: id(*base), field: self.ident()? },
            ExprKind::Index { base, index } => ExprKind::Index { base: id(*base), index: id(*index) },
            ExprKind::Paren(x) => ExprKind::Paren(id(*x)),
            ExprKind::Range { low, high } => ExprKind::Range { low: id(*low), high: id(*high) },
            ExprKind::List(list) => ExprKind::List(self.ids(list)),
            ExprKind::For { cond, duration } => ExprKind::For { cond: id(*cond), duration: id(*duration) },
            ExprKind::Where { event, filter } => ExprKind::Where { event: id(*event), filter: id(*filter) },
            ExprKind::No { event, duration } => ExprKind::No { event: id(*event), duration: duration.map(id) },
            ExprKind::Seq { steps, within } => ExprKind::Seq { steps: self.steps(steps)?, within: within.map(|id| self.id(id)) },
            ExprKind::All { parts, within } => ExprKind::All { parts: self.ids(parts), within: within.map(id) },
            ExprKind::Error => return None,
        };
        Some(Expr { kind, span, height: old.height })
    }

    fn args(&mut self, old: &[Arg]) -> Option<Vec<Arg>> {
        let mut args = Vec::with_capacity(old.len());
        for Arg { name, value } in old {
            let name = if name.is_some() { Some(self.ident()?) } else { None };
            args.push(Arg { name, value: self.id(*value) });
        }
        Some(args)
    }

    fn steps(&mut self, old: &[Step]) -> Option<Vec<Step>> {
        let mut steps = Vec::with_capacity(old.len());
        for step in old {
            let label = if step.label.is_some() { Some(self.ident()?) } else { None };
            steps.push(Step { label, event: self.id(step.event), quantifier: step.quantifier, span: self.span()? });
        }
        Some(steps)
    }

    fn rule(&mut self, old: &Rule) -> Option<Rule> {
        let name = if old.name.is_some() { Some(self.ident()?) } else { None };
        let mut each = Vec::with_capacity(old.each.len());
        for old in &old.each {
            let var = self.ident()?;
            let set = match &old.set {
                SetRef::Named(_) => SetRef::Named(self.ident()?),
                SetRef::Inline(list, _) => {
                    let list = list.iter().map(|_| self.str_lit()).collect::<Option<_>>()?;
                    SetRef::Inline(list, self.span()?)
                }
            };
            each.push(ForEach { var, set });
        }
        let mut lets = Vec::with_capacity(old.lets.len());
        for (_, value) in &old.lets {
            lets.push((self.ident()?, self.id(*value)));
        }
        let mut actions = Vec::with_capacity(old.actions.len());
        for action in &old.actions {
            let name = self.ident()?;
            let mut fields = Vec::with_capacity(action.fields.len());
            for (_, value) in &action.fields {
                fields.push((self.ident()?, self.id(*value)));
            }
            actions.push(Action { name, fields, span: self.span()? });
        }
        let mut tails = Vec::with_capacity(old.tails.len());
        for tail in &old.tails {
            let span = self.span()?;
            tails.push(match tail {
                Tail::EveryTick(_) => Tail::EveryTick(span),
                Tail::Every(d, _) => Tail::Every(self.id(*d), span),
                Tail::Cooldown(d, _) => Tail::Cooldown(self.id(*d), span),
                Tail::Limit { count, per, .. } => Tail::Limit { count: self.id(*count), per: self.id(*per), span },
            });
        }
        let (trigger, until) = (self.id(old.trigger), old.until.map(|id| self.id(id)));
        Some(Rule { name, each, lets, trigger, until, actions, tails, span: self.span()? })
    }
}
