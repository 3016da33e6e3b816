//! Rules, their signals and the fields of those.

use ascep_lang::program::{Constant, Mode, Period, Rule, SymbolId, TextId, Type};

use super::build::{Builder, kind_of};
use super::shape::ShapedRule;
use super::{ActionPlan, FieldKind, Hold, LimitPlan, NONE, RingPlan, RuleMode, RulePlan, TimerOwner};
use crate::error::BuildError;
use crate::signal::SignalHead;
use crate::value::{Lists, level};

/// The bits of a constant in a slot. An integer that is the pattern of unknown is unknown.
pub(super) fn constant_bits(constant: Constant, text_ids: &[u32]) -> u64 {
    match constant {
        Constant::Num(bits) => bits,
        Constant::Bool(truth) => u64::from(level(truth)),
        Constant::Duration(x) | Constant::Timestamp(x) => x.cast_unsigned(),
        Constant::Symbol(SymbolId(id)) => u64::from(id),
        Constant::Text(TextId(id)) => text_ids.get(id as usize).map_or(u64::MAX, |id| u64::from(*id)),
    }
}

pub(super) fn field_kind(ty: Type) -> FieldKind {
    kind_of(ty)
}

/// Plans the rules; the nodes are planned already.
pub(super) fn add_rules(builder: &mut Builder<'_>, shaped: &[Option<ShapedRule>]) -> Result<(), BuildError> {
    let program = builder.program;
    let (mut keys, mut triggers) = (Vec::new(), Vec::new());
    let mut rules_of = vec![Vec::new(); builder.plan.nodes.len()];
    let mut field_programs = Vec::new();
    let mut seen = vec![NONE; program.nodes.len()];
    for (index, (rule, shaped)) in (0..).zip(program.rules.iter().zip(shaped)) {
        let mode = match rule.mode {
            _ if shaped.is_some() => RuleMode::Shape,
            Mode::Edge => RuleMode::Edge,
            Mode::Event => RuleMode::Event,
            Mode::EveryTick => RuleMode::EveryTick,
            Mode::Every(d) => RuleMode::Every(Hold { period: builder.period(d), timer: builder.timer(TimerOwner::Rule(index)) }),
        };
        let trigger = if shaped.is_some() { NONE } else { builder.number(rule.trigger.0) };
        let until = rule.until.map_or(NONE, |until| builder.number(until.0));
        for node in [trigger, until] {
            if let Some(list) = rules_of.get_mut(node as usize)
                && list.last() != Some(&index)
            {
                list.push(index);
            }
        }
        let until_is_event = rule.until.is_some_and(|until| program.nodes.get(until.0 as usize).is_some_and(|node| node.ty == Type::Event));
        let captures = builder.captures_of_trigger(trigger);
        keys.push(builder.rule_key(rule));
        let operands = shaped.iter().flat_map(|shaped| &shaped.operands).map(|id| builder.number(id.0));
        triggers.push(operands.chain([trigger, until].into_iter().filter(|node| *node != NONE)).collect::<Vec<_>>());
        let cooldown = rule.cooldown.map(|d| builder.period(d));
        let limit = rule.limit.map_or(Ok(NONE), |(n, d)| add_limit(builder, n, d))?;
        let actions = add_actions(builder, index, rule, &mut field_programs, &mut seen)?;
        builder.plan.rules.push(RulePlan { mode, trigger, until, until_is_event, cooldown, limit, captures, actions });
    }
    builder.plan.keys.rules = keys;
    builder.plan.keys.triggers = Lists::new(triggers);
    builder.plan.rules_of = Lists::new(rules_of);
    builder.plan.field_programs = Lists::new(field_programs);
    Ok(())
}

fn add_limit(builder: &mut Builder<'_>, n: u32, d: Period) -> Result<u32, BuildError> {
    let (period, capacity) = (builder.period(d), n as usize);
    let emitted = RingPlan { start: builder.plan.sizes.emitted, capacity };
    builder.plan.sizes.emitted = emitted.start.saturating_add(capacity);
    builder.plan.limits.push(LimitPlan { period, emitted });
    u32::try_from(builder.plan.limits.len() - 1).map_err(|_| BuildError::TooLarge)
}

fn add_actions(
    builder: &mut Builder<'_>,
    index: u32,
    rule: &Rule,
    field_programs: &mut Vec<Vec<u32>>,
    seen: &mut [u32],
) -> Result<(u32, u32), BuildError> {
    let tables = &builder.program.tables;
    let text = |TextId(id): TextId| tables.texts.get(id as usize).cloned().unwrap_or_default();
    let symbol = |SymbolId(id): SymbolId| tables.symbols.get(id as usize).cloned().unwrap_or_default();
    let count = |len: usize| u32::try_from(len).map_err(|_| BuildError::TooLarge);
    let first = count(builder.plan.actions.len())?;
    for action in &rule.actions {
        let head = SignalHead {
            rule_index: index,
            rule: text(rule.name),
            signal: text(action.name),
            instance: rule.instance.iter().map(|(name, value)| (text(*name), symbol(*value))).collect(),
            fields: action.fields.iter().map(|(name, _)| text(*name)).collect(),
        };
        let kind = |id: u32| builder.program.nodes.get(id as usize).map_or(FieldKind::Num, |node| kind_of(node.ty));
        let fields: Vec<_> = action.fields.iter().map(|(_, id)| (builder.number(id.0), kind(id.0))).collect();
        builder.plan.sizes.max_fields = builder.plan.sizes.max_fields.max(fields.len());
        let mark = count(field_programs.len())?;
        field_programs.push(builder.to_compute(action.fields.iter().map(|(_, id)| id.0), seen, mark));
        builder.plan.actions.push(ActionPlan { head, fields });
    }
    Ok((first, count(builder.plan.actions.len())?))
}
