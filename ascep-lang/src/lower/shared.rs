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
/// In the place of the first reader: all readers are in the index.
const MANY: u32 = NONE - 1;
/// Marks the operators that stand in no node of the typed rules.
const MADE: u32 = 1 << 31;

/// A node of the program to be.
struct Kept {
    args: Nodes,
    /// The number of a typed node with its operator and type, or with [`MADE`] that of a made one.
    source: u32,
}

/// What finds equal nodes of a list.
#[derive(Clone, Default)]
pub(super) struct Links {
    /// By node: the first node that has this one as its newest argument, and the next one that has the newest argument of this one.
    readers: Vec<(u32, u32)>,
    /// Nodes without arguments, and those whose newest argument has more than [`FEW`] readers.
    known: Index,
}

impl Links {
    pub(super) fn with_capacity(nodes: usize) -> Self {
        Self { readers: Vec::with_capacity(nodes), known: Index::default() }
    }

    /// Makes room for so many nodes more.
    pub(super) fn reserve(&mut self, nodes: usize) {
        self.readers.reserve_exact(nodes);
    }

    /// The node with these arguments that is the `same`, or, where there is none, a place for `new`, the next node of the list.
    pub(super) fn find_or_add(&mut self, args: &[NodeId], new: u32, hash: impl Fn(u32) -> u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let Self { readers, known } = self;
        // An equal node has the same newest argument, and is one of its readers or in the index.
        let Some(newest) = args.iter().max().map(|arg| arg.0 as usize) else {
            let found = known.find_or_add(hash(new), new, same);
            if found.is_none() {
                readers.push((NONE, NONE));
            }
            return found;
        };
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
        readers.push((NONE, NONE));
        None
    }
}

/// The nodes, each once.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Kept>,
    /// Operators with their types that stand in no typed node.
    made: Vec<(Op, Type)>,
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
    pub(super) fn with_capacity(nodes: usize) -> Self {
        let (kept, of_typed) = (Vec::with_capacity(nodes), Vec::with_capacity(nodes));
        Self { nodes: kept, of_typed, links: Links::with_capacity(nodes), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Forgets all nodes but those that were there at `mark`.
    pub(super) fn forget(&mut self, mark: &Mark) {
        let Mark { nodes, made, of_typed, .. } = *mark;
        self.nodes.truncate(nodes);
        self.made.truncate(made);
        self.of_typed.truncate(of_typed);
        self.links.readers.clone_from(&mark.links.readers);
        self.links.known.clone_from(&mark.links.known);
        let typed = id(of_typed);
        if !self.kept.is_empty() {
            self.kept.retain(|of, _| *of < typed);
        }
        if !self.payloads.is_empty() {
            // What a shared event is read from may have been made for this piece.
            self.payloads.retain(|(event, _), found| event.0 < typed && (found.0 as usize) < nodes);
        }
    }

    /// All that is here now.
    pub(super) fn mark(&self) -> Mark {
        Mark { nodes: self.nodes.len(), made: self.made.len(), of_typed: self.of_typed.len(), links: self.links.clone() }
    }
}

/// The extent of a [`Graph`] at some time.
pub(super) struct Mark {
    nodes: usize,
    made: usize,
    of_typed: usize,
    links: Links,
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
        source(self.typed, &self.graph.made, self.graph.nodes.get(node.0 as usize)?.source)
    }

    /// A node with an operator of its own.
    pub(super) fn add(&mut self, op: Op, args: Nodes, ty: Type) -> NodeId {
        let made = MADE | id(self.graph.made.len());
        let new = id(self.graph.nodes.len());
        let node = self.find_or_add(made, (op, ty), args);
        if node.0 == new {
            self.graph.made.push((op, ty));
        }
        node
    }

    /// The node of the typed rules that comes next, with other arguments.
    pub(super) fn add_typed(&mut self, node: &Node, args: Nodes) -> NodeId {
        self.find_or_add(id(self.graph.of_typed.len()), (node.op, node.ty), args)
    }

    fn find_or_add(&mut self, of: u32, what: (Op, Type), args: Nodes) -> NodeId {
        let Self { typed, graph: Graph { nodes, made, links, .. } } = self;
        let same =
            |node: u32| nodes.get(node as usize).is_some_and(|node| node.args == args && source(typed, made, node.source) == Some(what));
        let new = id(nodes.len());
        let hash = |node: u32| match nodes.get(node as usize) {
            Some(node) => hash_of(&(source(typed, made, node.source), node.args.as_slice())),
            None => hash_of(&(Some(what), args.as_slice())),
        };
        if let Some(found) = links.find_or_add(&args, new, hash, same) {
            return NodeId(found);
        }
        nodes.push(Kept { args, source: of });
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
