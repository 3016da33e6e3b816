//! Plans the rules, their signals and the fields of those.

use ascep_lang::program::{Constant, Mode, Period, Rule, SymbolId, TextId, Type};

use super::build::{Builder, kind_of};
use super::classes::{RuleDraft, RuleMode, RulesBuilder};
use super::shape::ShapedRule;
use super::{FieldKind, LimitPlan, NONE, Plan, RingPlan, TimerOwner};
use crate::error::BuildError;
use crate::value::{Lists, level};

impl Plan {
    /// The bits of a constant in a slot. An integer that is the pattern of unknown is unknown.
    pub(crate) fn constant_bits(&self, constant: Constant) -> u64 {
        match constant {
            Constant::Num(bits) => bits,
            Constant::Bool(truth) => u64::from(level(truth)),
            Constant::Duration(x) | Constant::Timestamp(x) => x.cast_unsigned(),
            Constant::Symbol(SymbolId(id)) => u64::from(id),
            Constant::Text(id) => self.text_id(id).map_or(u64::MAX, u64::from),
        }
    }

    /// The number here of a text of the program.
    pub(crate) fn text_id(&self, TextId(id): TextId) -> Option<u32> {
        // Nearly always the program has each text once, and then the numbers are the same.
        if self.text_ids.is_empty() { (id < self.program_texts).then_some(id) } else { self.text_ids.get(id as usize).copied() }
    }
}

pub(super) fn field_kind(ty: Type) -> FieldKind {
    kind_of(ty)
}

/// Plans the rules; the nodes are planned already.
pub(super) fn add_rules(builder: &mut Builder<'_>, shaped: &[Option<ShapedRule>]) -> Result<(), BuildError> {
    let program = builder.program;
    let mut keys = Vec::with_capacity(program.rules.len());
    // By node: the rules to look at, in text order.
    let mut readers: Vec<(u32, u32)> = Vec::new();
    let mut programs = Programs { lists: Vec::new(), seen: Vec::new(), mark: 0 };
    let mut rules = RulesBuilder::with_capacity(program.rules.len());
    for (index, (rule, shaped)) in (0..).zip(program.rules.iter().zip(shaped)) {
        let (mut timer, is_shape) = (NONE, shaped.is_some());
        let mode = match rule.mode {
            _ if is_shape => RuleMode::Shape,
            Mode::Edge => RuleMode::Edge,
            Mode::Event => RuleMode::Event,
            Mode::EveryTick => RuleMode::EveryTick,
            Mode::Every(d) => {
                timer = builder.timer(TimerOwner::Rule(index));
                RuleMode::Every(builder.period(d))
            }
        };
        let trigger = if is_shape { NONE } else { builder.number(rule.trigger.0) };
        let until = rule.until.map_or(NONE, |until| builder.number(until.0));
        readers.extend([trigger, until].into_iter().filter(|node| *node != NONE).map(|node| (node, index)));
        keys.push(builder.rule_key(rule));
        let cooldown = rule.cooldown.map(|d| builder.period(d));
        let draft = RuleDraft {
            mode,
            cooldown,
            until_is_event: rule.until.is_some_and(|until| program.nodes.get(until.0 as usize).is_some_and(|node| node.ty == Type::Event)),
            name: builder.plan.text_id(rule.name).unwrap_or(0),
            trigger,
            until,
            timer,
            limit: rule.limit.map_or(Ok(NONE), |(n, d)| add_limit(builder, n, d))?,
            captures: builder.captures_of_trigger(trigger),
            remembers: until != NONE || cooldown.is_some() || timer != NONE || builder.options.provenance,
            programs: programs.add(builder, rule)?,
        };
        add_signals(builder, rule, &mut rules);
        rules.add(draft)?;
    }
    readers.sort_unstable();
    readers.dedup();
    builder.plan.rules = rules.finish();
    builder.plan.keys.rules = keys;
    builder.plan.rules_of = Lists::of_pairs(readers);
    builder.plan.field_programs = Lists::new(programs.lists);
    Ok(())
}

fn add_limit(builder: &mut Builder<'_>, n: u32, d: Period) -> Result<u32, BuildError> {
    let (period, capacity) = (builder.period(d), n as usize);
    let emitted = RingPlan { start: builder.plan.sizes.emitted, capacity };
    builder.plan.sizes.emitted = emitted.start.saturating_add(capacity);
    builder.plan.limits.push(LimitPlan { period, emitted });
    u32::try_from(builder.plan.limits.len() - 1).map_err(|_| BuildError::TooLarge)
}

/// The variables, signals and fields of a rule.
fn add_signals(builder: &mut Builder<'_>, rule: &Rule, rules: &mut RulesBuilder) {
    let (program, mut most) = (builder.program, builder.plan.sizes.max_fields);
    let text = |id: TextId| builder.plan.text_id(id).unwrap_or(0);
    for (variable, SymbolId(symbol)) in &rule.instance {
        rules.variable(text(*variable), *symbol);
    }
    for action in &rule.actions {
        rules.action(text(action.name));
        for (name, node) in &action.fields {
            let kind = program.nodes.get(node.0 as usize).map_or(FieldKind::Num, |node| kind_of(node.ty));
            rules.field(text(*name), kind, builder.number(node.0));
        }
        most = most.max(action.fields.len());
    }
    builder.plan.sizes.max_fields = most;
}

/// What to compute before the fields of signals are read.
struct Programs {
    lists: Vec<Vec<u32>>,
    seen: Vec<u32>,
    mark: u32,
}

impl Programs {
    /// Those of the actions of a rule; [`NONE`] where there is nothing to compute.
    fn add(&mut self, builder: &Builder<'_>, rule: &Rule) -> Result<u32, BuildError> {
        if rule.actions.iter().all(|action| action.fields.is_empty()) {
            return Ok(NONE);
        }
        self.seen.resize(builder.program.nodes.len(), NONE);
        let first = self.lists.len();
        for action in &rule.actions {
            self.lists.push(builder.to_compute(action.fields.iter().map(|(_, id)| id.0), &mut self.seen, self.mark));
            self.mark += 1;
        }
        if self.lists.iter().skip(first).all(Vec::is_empty) {
            self.lists.truncate(first);
            return Ok(NONE);
        }
        u32::try_from(first).map_err(|_| BuildError::TooLarge)
    }
}
