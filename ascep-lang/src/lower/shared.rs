//! The nodes that rules share, each once.
//!
//! What nodes compute, their operators with their types, is a list of its own, in which each stands once: many nodes do the same with other arguments,
//! and two nodes are compared by a few small numbers. Most nodes of a program of many rules have an argument that was made right before them for
//! their rule alone, so an equal node is looked for among the few that read the newest argument first, and only where that one has many readers in an
//! index of all.

use rustc_hash::FxHashMap;

use super::{NONE, Nodes, id};
use crate::index::{Index, hash_of};
use crate::program::{NodeId, Op, PayloadField, Type, TypedRules};

/// Readers of one node that are found without the index.
const FEW: u32 = 4;
/// In the place of the first reader: all readers are in the index.
const MANY: u32 = NONE - 1;

/// A node of the program to be.
struct Kept {
    args: Nodes,
    /// What it computes: a number of [`Ops`].
    op: u32,
}

/// Operators with their types, each once.
#[derive(Default)]
struct Ops {
    list: Vec<Computed>,
    index: Index,
}

struct Computed {
    what: (Op, Type),
    /// The node that computes it from nothing, if there is one.
    leaf: u32,
}

impl Ops {
    fn number(&mut self, what: (Op, Type)) -> u32 {
        let Self { list, index } = self;
        let new = id(list.len());
        let found = index.find_or_add(hash_of(&what), new, |other| list.get(other as usize).is_some_and(|other| other.what == what));
        found.unwrap_or_else(|| {
            list.push(Computed { what, leaf: NONE });
            new
        })
    }
}

/// What finds equal nodes by their arguments.
#[derive(Default)]
struct Links {
    /// By node: the first node that has this one as its newest argument, and the next one that has the newest argument of this one.
    readers: Vec<(u32, u32)>,
    /// Nodes whose newest argument has more than [`FEW`] readers.
    known: Index,
}

impl Links {
    /// The node with this newest argument that is the `same`, or, where there is none, a place for `new`, the next node of the list.
    fn find_or_add(&mut self, newest: NodeId, new: u32, hash: impl Fn(u32) -> u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let Self { readers, known } = self;
        let newest = newest.0 as usize;
        let (mut last, mut count) = (None, 0);
        let first = readers.get(newest).map_or(NONE, |newest| newest.0);
        let mut reader = first;
        while let Some(&(_, next)) = readers.get(reader as usize) {
            if same(reader) {
                return Some(reader);
            }
            count += 1;
            last = Some(reader);
            reader = next;
        }
        if count == FEW {
            // From now on all of them are in the index, which is one look instead of one at each.
            let mut reader = first;
            while let Some(&(_, next)) = readers.get(reader as usize) {
                known.find_or_add(hash(reader), reader, |_| false);
                reader = next;
            }
            if let Some(newest) = readers.get_mut(newest) {
                newest.0 = MANY;
            }
        }
        if first == MANY || count == FEW {
            if let Some(found) = known.find_or_add(hash(new), new, same) {
                return Some(found);
            }
        } else if let Some(last) = last {
            if let Some(last) = readers.get_mut(last as usize) {
                last.1 = new;
            }
        } else if let Some(newest) = readers.get_mut(newest) {
            newest.0 = new;
        }
        None
    }
}

/// The nodes, each once.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Kept>,
    ops: Ops,
    links: Links,
    /// By node of the typed rules. None where it stands before its arguments.
    of_typed: Vec<u32>,
    /// By node of the typed rules that reads `it`: the same node with each `it.field` as of the last occurrence of its event, which is
    /// what an operator with a memory has to see.
    kept: FxHashMap<u32, NodeId>,
    /// What a field of an event, by its number in the typed rules, is read from.
    payloads: FxHashMap<(NodeId, PayloadField), NodeId>,
}

impl Graph {
    /// For typed rules of so many nodes.
    pub(super) fn with_capacity(nodes: usize) -> Self {
        Self { nodes: Vec::with_capacity(nodes), of_typed: Vec::with_capacity(nodes), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Makes room for so many nodes more.
    pub(super) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve_exact(nodes);
        self.links.readers.reserve_exact(nodes);
    }

    /// Forgets what the typed nodes from `typed` on have become, in whose place others come.
    pub(super) fn forget(&mut self, typed: usize) {
        self.of_typed.truncate(typed);
        let typed = id(typed);
        if !self.kept.is_empty() {
            self.kept.retain(|of, _| *of < typed);
        }
        if !self.payloads.is_empty() {
            self.payloads.retain(|(event, _), _| event.0 < typed);
        }
    }
}

/// A graph with the typed rules that its nodes are from.
pub(super) struct Shared<'t> {
    pub(super) typed: &'t TypedRules,
    pub(super) graph: Graph,
}

impl<'t> Shared<'t> {
    pub(super) fn new(typed: &'t TypedRules, graph: Graph) -> Self {
        Self { typed, graph }
    }

    /// Lowers the nodes of the typed rules that were not there yet.
    pub(super) fn lower_all(&mut self) {
        for node in self.typed.nodes.iter().skip(self.graph.of_typed.len()) {
            let new = self.lower(node);
            let kept = self.lower_kept(node);
            self.note(new, kept);
        }
    }

    pub(super) fn payload_of(&self, event: NodeId, field: PayloadField) -> Option<NodeId> {
        self.graph.payloads.get(&(event, field)).copied()
    }

    pub(super) fn note_payload(&mut self, event: NodeId, field: PayloadField, found: NodeId) {
        self.graph.payloads.insert((event, field), found);
    }

    /// What a node of the typed rules has become.
    pub(super) fn of_typed(&self, typed: NodeId) -> Option<NodeId> {
        self.graph.of_typed.get(typed.0 as usize).filter(|new| **new != NONE).map(|new| NodeId(*new))
    }

    /// The same as an operator with a memory sees it, where that is another one.
    pub(super) fn kept(&self, typed: NodeId) -> Option<NodeId> {
        self.graph.kept.get(&typed.0).copied()
    }

    /// Notes what the next node of the typed rules has become.
    fn note(&mut self, new: Option<NodeId>, kept: Option<NodeId>) {
        if let Some(kept) = kept {
            self.graph.kept.insert(id(self.graph.of_typed.len()), kept);
        }
        self.graph.of_typed.push(new.map_or(NONE, |new| new.0));
    }

    /// The arguments of a node.
    pub(super) fn args(&self, node: NodeId) -> &[NodeId] {
        self.graph.nodes.get(node.0 as usize).map_or(&[], |node| node.args.as_slice())
    }

    /// What a node computes, and the type of it.
    pub(super) fn op(&self, node: NodeId) -> Option<(Op, Type)> {
        let node = self.graph.nodes.get(node.0 as usize)?;
        Some(self.graph.ops.list.get(node.op as usize)?.what)
    }

    /// The node that computes something from some arguments.
    pub(super) fn add(&mut self, op: Op, args: Nodes, ty: Type) -> NodeId {
        let Graph { nodes, ops, links, .. } = &mut self.graph;
        let new = id(nodes.len());
        let op = ops.number((op, ty));
        let found = match args.iter().max() {
            None => {
                let leaf = ops.list.get_mut(op as usize).map(|computed| &mut computed.leaf);
                leaf.map(|leaf| if *leaf == NONE { std::mem::replace(leaf, new) } else { *leaf }).filter(|leaf| *leaf != NONE)
            }
            Some(&newest) => {
                let same = |node: u32| nodes.get(node as usize).is_some_and(|node| node.op == op && node.args == args);
                let hash = |node: u32| match nodes.get(node as usize) {
                    Some(node) => hash_of(&(node.op, node.args.as_slice())),
                    None => hash_of(&(op, args.as_slice())),
                };
                links.find_or_add(newest, new, hash, same)
            }
        };
        if let Some(found) = found {
            return NodeId(found);
        }
        nodes.push(Kept { args, op });
        links.readers.push((NONE, NONE));
        NodeId(new)
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use crate::{Options, Source, compile};

    #[test]
    fn a_node_with_many_readers_has_each_reader_once() {
        // Sums whose newest argument is that of Z, more of them than are found without the index, each wanted by three rules far from each other.
        let sums = 3 * super::FEW as usize;
        let mut text: String = (0..sums).map(|i| format!("IF mid(\"S{i}\") > 1 THEN B\n")).collect();
        text.push_str("IF mid(\"Z\") > 1 THEN Z\n");
        text.extend((0..3 * sums).map(|i| format!("IF mid(\"S{}\") + mid(\"Z\") > 2 THEN A\n", i % sums)));
        let program = compile(&[Source::new("many.cep", text.as_str())], &Options::default());
        let nodes = program.map(|program| program.nodes).unwrap_or_default();
        // A market number and a comparison for each S and for Z, the constants, and a sum with its comparison for each S.
        assert_eq!(nodes.len(), 4 * sums + 4);
        assert_eq!(nodes.iter().collect::<FxHashSet<_>>().len(), nodes.len());
    }
}
