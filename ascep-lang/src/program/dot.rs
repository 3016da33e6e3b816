//! The graph of a program for Graphviz.

use std::fmt::Write as _;

use petgraph::visit::{EdgeRef, IntoNodeReferences};

use super::graph::{Link, Vertex};
use super::{Program, Type};

impl Program {
    /// The graph in the DOT language: operators as ellipses with their types, events dashed, rules as boxes.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let graph = self.graph();
        let mut out = String::from(
            "digraph ascep {\n  rankdir=LR;\n  node [fontname=\"monospace\", fontsize=10];\n  edge [fontname=\"monospace\", fontsize=9];\n",
        );
        for (index, vertex) in graph.node_references() {
            let label: Vec<_> = self.vertex_lines(*vertex).iter().map(|line| escape(line)).collect();
            let style = match vertex {
                Vertex::Rule(_) => ", shape=box, style=bold",
                Vertex::Operator(id) if self.nodes.get(id.0 as usize).is_some_and(|n| n.ty == Type::Event) => ", style=dashed",
                Vertex::Operator(_) => "",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {} [label=\"{}\"{style}];", name(index.index(), *vertex), label.join("\\n"));
        }
        for edge in graph.edge_references() {
            let (Some(from), Some(to)) = (graph.node_weight(edge.source()), graph.node_weight(edge.target())) else { continue };
            let mut attributes = Vec::new();
            attributes.extend(self.link_label(*to, *edge.weight()).map(|label| format!("label=\"{}\"", escape(&label))));
            if matches!(edge.weight(), Link::Field { .. }) {
                attributes.push("style=dotted".to_owned());
            }
            let (from, to) = (name(edge.source().index(), *from), name(edge.target().index(), *to));
            let _ = match attributes.is_empty() {
                true => writeln!(out, "  {from} -> {to};"),
                false => writeln!(out, "  {from} -> {to} [{}];", attributes.join(", ")),
            };
        }
        out.push_str("}\n");
        out
    }
}

/// `n3` for an operator, `r0` for a rule.
pub(super) fn name(index: usize, vertex: Vertex) -> String {
    match vertex {
        Vertex::Operator(_) => format!("n{index}"),
        Vertex::Rule(rule) => format!("r{rule}"),
    }
}

/// Text inside a quoted DOT string. A backslash would start an escape of the label language.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
