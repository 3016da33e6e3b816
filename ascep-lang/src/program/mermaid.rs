//! The graph of a program as a Mermaid flowchart, which Markdown viewers draw.

use std::fmt::Write as _;

use petgraph::visit::{EdgeRef, IntoNodeReferences};

use super::dot::name;
use super::graph::{Link, Vertex};
use super::{Program, Type};

impl Program {
    /// The graph as a Mermaid flowchart: operators rounded, events as hexagons, rules as boxes, fields by dotted arrows.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let graph = self.graph();
        let mut out = String::from("flowchart LR\n");
        for (index, vertex) in graph.node_references() {
            let label: Vec<_> = self.vertex_lines(*vertex).iter().map(|line| escape(line)).collect();
            let (open, close) = match vertex {
                Vertex::Rule(_) => ("[", "]"),
                Vertex::Operator(id) if self.nodes.get(id.0 as usize).is_some_and(|n| n.ty == Type::Event) => ("{{", "}}"),
                Vertex::Operator(_) => ("(", ")"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {}{open}\"{}\"{close}", name(index.index(), *vertex), label.join("<br/>"));
        }
        for edge in graph.edge_references() {
            let (Some(from), Some(to)) = (graph.node_weight(edge.source()), graph.node_weight(edge.target())) else { continue };
            let arrow = if matches!(edge.weight(), Link::Field { .. }) { "-.->" } else { "-->" };
            let label = self.link_label(*to, *edge.weight()).map_or_else(String::new, |label| format!("|\"{}\"|", escape(&label)));
            let (from, to) = (name(edge.source().index(), *from), name(edge.target().index(), *to));
            let _ = writeln!(out, "  {from} {arrow}{label} {to}");
        }
        out
    }
}

/// Text inside a quoted Mermaid label: what it or HTML would read as its own is written as an entity.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '*' | '_' | '|' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
