//! The graph of a program as JSON for tools that draw or inspect it. Unlike the serialised program it names everything and cannot be read back.

use serde::Serialize;

use super::describe::type_name;
use super::{Mode, Node, NodeId, Program, Rule, Tables, Type};

#[derive(Serialize)]
struct Graph<'a> {
    version: u32,
    language: u32,
    params: Vec<Param<'a>>,
    inputs: Vec<Input<'a>>,
    nodes: Vec<Operator<'a>>,
    rules: Vec<RuleInstance<'a>>,
}

#[derive(Serialize)]
struct Param<'a> {
    name: &'a str,
    #[serde(flatten)]
    ty: ValueType<'a>,
    value: String,
    range: Option<(String, String)>,
}

#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    #[serde(flatten)]
    ty: ValueType<'a>,
}

#[derive(Serialize)]
struct ValueType<'a> {
    #[serde(rename = "type")]
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
}

#[derive(Serialize)]
struct Operator<'a> {
    id: usize,
    op: &'static str,
    label: String,
    operands: Vec<String>,
    args: Vec<u32>,
    #[serde(flatten)]
    ty: ValueType<'a>,
}

#[derive(Serialize)]
struct RuleInstance<'a> {
    name: &'a str,
    instance: Vec<Binding<'a>>,
    trigger: u32,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<String>,
    until: Option<u32>,
    cooldown: Option<String>,
    limit: Option<Limit>,
    actions: Vec<Action<'a>>,
}

#[derive(Serialize)]
struct Binding<'a> {
    name: &'a str,
    symbol: &'a str,
}

#[derive(Serialize)]
struct Limit {
    count: u32,
    per: String,
}

#[derive(Serialize)]
struct Action<'a> {
    signal: &'a str,
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    node: u32,
}

impl Program {
    /// Parameters, inputs, operators and rule instances as one JSON object, keys in a fixed order. Durations are written as the language writes them.
    #[must_use]
    pub fn to_json_graph(&self) -> String {
        let t = &self.tables;
        let graph = Graph {
            version: self.version,
            language: self.language,
            params: t
                .params
                .iter()
                .map(|p| Param {
                    name: &p.name,
                    ty: value_type(t, p.ty),
                    value: t.constant(p.value),
                    range: p.range.map(|(low, high)| (t.constant(low), t.constant(high))),
                })
                .collect(),
            inputs: t.inputs.iter().map(|i| Input { name: &i.name, ty: value_type(t, i.ty) }).collect(),
            nodes: self.nodes.iter().enumerate().map(|(id, node)| operator(t, id, node)).collect(),
            rules: self.rules.iter().map(|rule| rule_instance(t, rule)).collect(),
        };
        // Texts and numbers always serialise.
        let mut out = serde_json::to_string_pretty(&graph).unwrap_or_default();
        out.push('\n');
        out
    }
}

fn value_type(t: &Tables, ty: Type) -> ValueType<'_> {
    ValueType { name: type_name(ty), unit: t.unit(ty) }
}

fn operator<'a>(t: &'a Tables, id: usize, node: &'a Node) -> Operator<'a> {
    Operator {
        id,
        op: node.op.name(),
        label: t.label(node.op),
        operands: t.operands(node.op),
        args: node.args.iter().map(|&NodeId(i)| i).collect(),
        ty: value_type(t, node.ty),
    }
}

fn rule_instance<'a>(t: &'a Tables, rule: &'a Rule) -> RuleInstance<'a> {
    let (mode, every) = match rule.mode {
        Mode::Edge => ("edge", None),
        Mode::Event => ("event", None),
        Mode::EveryTick => ("every_tick", None),
        Mode::Every(d) => ("every", Some(t.period(d))),
    };
    RuleInstance {
        name: t.text(rule.name),
        instance: rule.instance.iter().map(|(var, s)| Binding { name: t.text(*var), symbol: t.symbol(*s) }).collect(),
        trigger: rule.trigger.0,
        mode,
        every,
        until: rule.until.map(|id| id.0),
        cooldown: rule.cooldown.map(|d| t.period(d)),
        limit: rule.limit.map(|(count, d)| Limit { count, per: t.period(d) }),
        actions: rule
            .actions
            .iter()
            .map(|a| Action {
                signal: t.text(a.name),
                fields: a.fields.iter().map(|(name, node)| Field { name: t.text(*name), node: node.0 }).collect(),
            })
            .collect(),
    }
}
