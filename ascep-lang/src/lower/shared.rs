//! The nodes that rules share, each once.
//!
//! A node is kept as the node of the typed rules whose operator and type it has, with its own arguments: half of what a whole node takes. Most nodes
//! of a program of many rules have an argument that was made right before them for their rule alone, so an equal node is looked for among the few
//! that read the newest argument first, and only where that one has many readers in an index of all.

use rustc_hash::FxHashMap;

use super::{NONE, Nodes, id};
use crate::index::{Index, hash_of};
use crate::program::{Node, NodeId, Op, PayloadField, Type, TypedRules};

/// Readers of one node that are found without the index.
const FEW: u32 = 4;
/// Marks the operators that stand in no node of the typed rules.
const MADE: u32 = 1 << 31;

/// A node of the program to be.
struct Kept {
    args: Nodes,
    /// The number of a typed node with its operator and type, or with [`MADE`] that of a made one.
    source: u32,
    /// The first node that has this one as its newest argument, and the next one that has the newest argument of this one.
    reader: u32,
    next: u32,
}

/// The nodes, each once.
pub(super) struct Shared<'t> {
    pub(super) typed: &'t TypedRules,
    nodes: Vec<Kept>,
    /// Operators with their types that stand in no typed node.
    made: Vec<(Op, Type)>,
    /// Nodes without arguments, and those whose newest argument has more than [`FEW`] readers.
    known: Index,
    /// By node of the typed rules. None where it stands before its arguments.
    of_typed: Vec<u32>,
    /// By node of the typed rules that reads `it`: the same node with each `it.field` as of the last occurrence of its event, which is
    /// what an operator with a memory has to see.
    kept: FxHashMap<u32, NodeId>,
    /// What a field of an event, by its number in the typed rules, is read from.
    pub(super) payloads: FxHashMap<(NodeId, PayloadField), NodeId>,
}

impl<'t> Shared<'t> {
    pub(super) fn new(typed: &'t TypedRules) -> Self {
        let nodes = typed.nodes.len();
        Self {
            typed,
            nodes: Vec::with_capacity(nodes),
            made: Vec::new(),
            known: Index::default(),
            of_typed: Vec::with_capacity(nodes),
            kept: FxHashMap::default(),
            payloads: FxHashMap::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What a node of the typed rules has become.
    pub(super) fn of_typed(&self, typed: NodeId) -> Option<NodeId> {
        self.of_typed.get(typed.0 as usize).filter(|new| **new != NONE).map(|new| NodeId(*new))
    }

    /// The same as an operator with a memory sees it, where that is another one.
    pub(super) fn kept(&self, typed: NodeId) -> Option<NodeId> {
        self.kept.get(&typed.0).copied()
    }

    /// Notes what the next node of the typed rules has become.
    pub(super) fn note(&mut self, new: Option<NodeId>, kept: Option<NodeId>) {
        if let Some(kept) = kept {
            self.kept.insert(id(self.of_typed.len()), kept);
        }
        self.of_typed.push(new.map_or(NONE, |new| new.0));
    }

    /// The arguments of a node.
    pub(super) fn args(&self, node: NodeId) -> &[NodeId] {
        self.nodes.get(node.0 as usize).map_or(&[], |node| node.args.as_slice())
    }

    /// What a node computes, and the type of it.
    pub(super) fn op(&self, node: NodeId) -> Option<(Op, Type)> {
        source(self.typed, &self.made, self.nodes.get(node.0 as usize)?.source)
    }

    /// A node with an operator of its own.
    pub(super) fn add(&mut self, op: Op, args: Nodes, ty: Type) -> NodeId {
        let made = MADE | id(self.made.len());
        let new = id(self.nodes.len());
        let node = self.find_or_add(made, (op, ty), args);
        if node.0 == new {
            self.made.push((op, ty));
        }
        node
    }

    /// The node of the typed rules that comes next, with other arguments.
    pub(super) fn add_typed(&mut self, node: &Node, args: Nodes) -> NodeId {
        self.find_or_add(id(self.of_typed.len()), (node.op, node.ty), args)
    }

    fn find_or_add(&mut self, of: u32, what: (Op, Type), args: Nodes) -> NodeId {
        let Self { typed, nodes, made, known, .. } = self;
        let new = id(nodes.len());
        let same = |node: &Kept| node.args == args && source(typed, made, node.source) == Some(what);
        // An equal node has the same newest argument, and is one of its readers or in the index.
        let newest = args.iter().max().map(|arg| arg.0);
        let mut last = None;
        let mut readers = 0;
        let mut reader = newest.and_then(|newest| nodes.get(newest as usize)).map_or(NONE, |newest| newest.reader);
        while let Some(node) = nodes.get(reader as usize) {
            if same(node) {
                return NodeId(reader);
            }
            readers += 1;
            last = Some(reader);
            reader = node.next;
        }
        if newest.is_none() || readers == FEW {
            let hash = hash_of(&(what, args.as_slice()));
            if let Some(found) = known.find_or_add(hash, new, |id| nodes.get(id as usize).is_some_and(same)) {
                return NodeId(found);
            }
        } else if let Some(last) = last {
            if let Some(last) = nodes.get_mut(last as usize) {
                last.next = new;
            }
        } else if let Some(newest) = newest.and_then(|newest| nodes.get_mut(newest as usize)) {
            newest.reader = new;
        }
        nodes.push(Kept { args, source: of, reader: NONE, next: NONE });
        NodeId(new)
    }
}

fn source(typed: &TypedRules, made: &[(Op, Type)], source: u32) -> Option<(Op, Type)> {
    if source & MADE == 0 {
        typed.nodes.get(source as usize).map(|node| (node.op, node.ty))
    } else {
        made.get((source & !MADE) as usize).copied()
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
