//! A program as lines of text, for goldens and for reading: `n3 = mul n1 n2 : num<USDT/BTC>`.

use std::fmt::Write as _;

use super::describe::quoted;
use super::{NodeId, Program, Rule};

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl Program {
    /// The program as text, a line for each parameter, input, node, rule instance and action, in the order of their indices.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_dump(&mut out);
        out
    }

    fn write_dump(&self, out: &mut String) -> std::fmt::Result {
        let t = &self.tables;
        for p in &t.params {
            write!(out, "param {} : {} = {}", p.name, t.type_text(p.ty), t.constant(p.value))?;
            if let Some((low, high)) = p.range {
                write!(out, " in {} .. {}", t.constant(low), t.constant(high))?;
            }
            out.push('\n');
        }
        for i in &t.inputs {
            writeln!(out, "input {} : {}", i.name, t.type_text(i.ty))?;
        }
        for f in &t.functions {
            let args: Vec<String> = f.args.iter().map(|ty| t.type_text(*ty)).collect();
            writeln!(out, "function {}({}) : {}", f.name, args.join(", "), t.type_text(f.result))?;
        }
        for (i, node) in self.nodes.iter().enumerate() {
            write!(out, "n{i} = {}", node.op.name())?;
            for operand in t.operands(node.op) {
                write!(out, " {operand}")?;
            }
            for arg in &node.args {
                write!(out, " {arg}")?;
            }
            writeln!(out, " : {}", t.type_text(node.ty))?;
        }
        self.rules.iter().try_for_each(|rule| self.write_rule(out, rule))
    }

    fn write_rule(&self, out: &mut String, rule: &Rule) -> std::fmt::Result {
        let t = &self.tables;
        write!(out, "rule {} if {}", t.rule_title(rule), rule.trigger)?;
        if let Some(until) = rule.until {
            write!(out, " until {until}")?;
        }
        writeln!(out, " {}", t.rule_tails(rule).join(" "))?;
        for action in &rule.actions {
            write!(out, "  then {}", t.text(action.name))?;
            for (name, node) in &action.fields {
                write!(out, " {}={node}", field_name(t.text(*name)))?;
            }
            out.push('\n');
        }
        Ok(())
    }
}

/// A name as it is, anything else in quotes.
fn field_name(name: &str) -> String {
    if name.chars().all(|c| c.is_alphanumeric() || c == '_') { name.to_owned() } else { quoted(name) }
}
