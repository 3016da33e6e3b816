//! The program as a graph, for pictures and for analyses by the host: operators and rule instances, joined by what reads what.

use petgraph::graph::{DiGraph, NodeIndex};

use super::{NodeId, Program};

/// A vertex of [`Program::graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vertex {
    /// A node of the program.
    Operator(NodeId),
    /// A rule instance, by its index in [`Program::rules`].
    Rule(u32),
}

/// Why one vertex reads another; an edge goes from what is read to what reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    /// An argument of an operator, counted from 0.
    Argument(u32),
    /// The trigger of a rule.
    Trigger,
    /// The `UNTIL` of a rule.
    Until,
    /// A field of an action.
    Field {
        /// The action, counted from 0.
        action: u32,
        /// The field, counted from 0.
        field: u32,
    },
}

impl Program {
    /// The operators, then the rule instances, each in the order of their indices; the edges by the vertex that reads, in the order of its
    /// arguments, then trigger, `UNTIL` and fields. Vertex `i` is node `i` for every `i` below the number of nodes. A reference that leads
    /// nowhere is left out; a [valid](Program::validate) program has none.
    #[must_use]
    pub fn graph(&self) -> DiGraph<Vertex, Link> {
        let edges = self.nodes.iter().map(|n| n.args.len()).sum();
        let mut graph = DiGraph::with_capacity(self.nodes.len() + self.rules.len(), edges);
        for i in 0..self.nodes.len() {
            graph.add_node(Vertex::Operator(NodeId(count(i))));
        }
        let vertex = |id: NodeId| ((id.0 as usize) < self.nodes.len()).then(|| NodeIndex::new(id.0 as usize));
        for (i, node) in self.nodes.iter().enumerate() {
            for (k, arg) in node.args.iter().enumerate() {
                if let Some(from) = vertex(*arg) {
                    graph.add_edge(from, NodeIndex::new(i), Link::Argument(count(k)));
                }
            }
        }
        for (i, rule) in self.rules.iter().enumerate() {
            let to = graph.add_node(Vertex::Rule(count(i)));
            let fields = rule.actions.iter().enumerate().flat_map(|(a, action)| {
                action.fields.iter().enumerate().map(move |(f, (_, node))| (*node, Link::Field { action: count(a), field: count(f) }))
            });
            let watched = std::iter::once((rule.trigger, Link::Trigger)).chain(rule.until.map(|node| (node, Link::Until)));
            for (node, link) in watched.chain(fields) {
                if let Some(from) = vertex(node) {
                    graph.add_edge(from, to, link);
                }
            }
        }
        graph
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Program {
    /// The word at the edge of a picture: the number of an argument where the order matters and there are several, from 1; what a rule does with it.
    pub(super) fn link_label(&self, to: Vertex, link: Link) -> Option<String> {
        match (link, to) {
            (Link::Argument(k), Vertex::Operator(id)) => {
                let node = self.nodes.get(id.0 as usize)?;
                (node.args.len() > 1 && node.op.is_ordered()).then(|| (k + 1).to_string())
            }
            (Link::Argument(_), Vertex::Rule(_)) => None,
            (Link::Trigger, _) => Some("IF".to_owned()),
            (Link::Until, _) => Some("UNTIL".to_owned()),
            (Link::Field { action, field }, Vertex::Rule(rule)) => {
                let (name, _) = self.rules.get(rule as usize)?.actions.get(action as usize)?.fields.get(field as usize)?;
                Some(self.tables.text(*name).to_owned())
            }
            (Link::Field { .. }, Vertex::Operator(_)) => None,
        }
    }

    /// The lines of text in a vertex of a picture.
    pub(super) fn vertex_lines(&self, vertex: Vertex) -> Vec<String> {
        let t = &self.tables;
        match vertex {
            Vertex::Operator(id) => {
                self.nodes.get(id.0 as usize).map_or_else(Vec::new, |node| vec![t.label(node.op), t.type_text(node.ty)])
            }
            Vertex::Rule(i) => self.rules.get(i as usize).map_or_else(Vec::new, |rule| {
                let signals: Vec<_> = rule.actions.iter().map(|a| t.text(a.name)).collect();
                vec![t.rule_title(rule), t.rule_tails(rule).join(", "), signals.join(", ")]
            }),
        }
    }
}
