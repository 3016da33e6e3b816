//! From plan and state to the tree of an explanation. Each node of the program is opened once; where it is read again it is only named.

use ascep_lang::program::{Constant, Node, NodeId, Op, Program, Rule, StepInput, Type};
use rustc_hash::FxHashSet;

use super::verdict::{self, Decision};
use super::{Explanation, Field, Limit, Part, Reading, RuleStanding, SignalName, memory};
use crate::plan::{NONE, NodeOp, Plan, Provenance, RuleMode};
use crate::rules;
use crate::signal::{Head, Signal};
use crate::state::State;
use crate::timers::NEVER;
use crate::value::{FALSE, Repr, TRUE, UNKNOWN_INT};

/// Bytes of text for one part, about, and for what a rule watches.
const TEXT: usize = 160;
const ROOT_TEXT: usize = 600;
/// Deeper parts are left out.
const MAX_DEPTH: usize = 150;
/// More parts are left out.
const MAX_PARTS: usize = 10_000;

/// Everything that an explanation is made from.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a State,
    pub(super) provenance: &'a Provenance,
    /// The sequence that triggers the rule, whose captures its fields read.
    seq: Option<NodeId>,
}

impl<'a> Subject<'a> {
    pub(super) fn program(&self) -> &'a Program {
        &self.provenance.program
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&'a Node> {
        self.program().nodes.get(id.0 as usize)
    }

    /// The number of a node in the plan.
    pub(super) fn number(&self, id: NodeId) -> u32 {
        self.provenance.numbers.get(id.0 as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn op(&self, id: NodeId) -> NodeOp {
        self.plan.nodes.get(self.number(id) as usize).map_or(NodeOp::Fixed, |node| node.op)
    }

    pub(super) fn text(&self, id: NodeId) -> String {
        self.program().expression_within(id, self.seq, TEXT)
    }

    fn root_text(&self, id: NodeId) -> String {
        self.program().expression_within(id, self.seq, ROOT_TEXT)
    }

    /// Whether each run of a sequence has its own value of it.
    pub(super) fn is_captured(&self, id: NodeId) -> bool {
        self.provenance.captured.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// When an event last occurred.
    pub(super) fn occurred(&self, id: NodeId) -> Option<i64> {
        known(self.state.watch.occurred.get(self.number(id) as usize).copied())
    }

    pub(super) fn occurs(&self, id: NodeId) -> bool {
        self.occurred(id) == Some(self.state.clock)
    }

    /// A level: false, unknown or true.
    pub(super) fn level(&self, id: NodeId) -> u8 {
        self.state.level(self.number(id))
    }

    pub(super) fn is_event(&self, id: NodeId) -> bool {
        self.node(id).is_some_and(|node| node.ty == Type::Event)
    }

    /// When the next timer of a node is due.
    pub(super) fn timer(&self, id: NodeId) -> Option<i64> {
        let timers = self.provenance.timers.of(self.number(id));
        timers.iter().map(|&timer| self.state.timers.due(timer)).filter(|&due| due != NEVER).min()
    }

    pub(super) fn value(&self, id: NodeId) -> Reading {
        let Some(node) = self.node(id) else { return Reading::Unknown };
        if node.ty == Type::Event {
            return Reading::Occurs(self.occurs(id));
        }
        let bits = self.state.slot(self.number(id));
        if !Repr::of(node.ty).is_known(bits) {
            return Reading::Unknown;
        }
        let text = |text: &str| Reading::Text(text.to_owned());
        match node.ty {
            Type::Num(_) => Reading::Num(f64::from_bits(bits)),
            Type::Bool => Reading::Bool(bits == u64::from(TRUE)),
            Type::Duration => Reading::Duration(bits.cast_signed()),
            Type::Timestamp => Reading::Timestamp(bits.cast_signed()),
            Type::Symbol => u32::try_from(bits).ok().and_then(|id| self.plan.symbols.get(id)).map_or(Reading::Unknown, text),
            Type::Text => crate::ops::scan::text(self.plan, self.state, bits).map_or(Reading::Unknown, text),
            Type::Event => Reading::Unknown,
        }
    }

    /// When a node was last at an instant; of an event, when it last occurred; of a reading of the clock, since when it counts.
    fn ts(&self, id: NodeId) -> Option<i64> {
        match self.op(id) {
            _ if self.is_event(id) => self.occurred(id),
            NodeOp::Clock(clock) => crate::ops::origin_of(self.plan, self.state, clock),
            _ => known(self.state.watch.instants.get(self.number(id) as usize).copied()),
        }
    }
}

/// A time where it is one.
pub(super) fn known(ts: Option<i64>) -> Option<i64> {
    ts.filter(|&ts| ts != UNKNOWN_INT)
}

/// Explains a rule, or a signal of it.
pub(super) fn explain(plan: &Plan, state: &State, id: u32, signal: Option<&Signal<'_>>) -> Option<Explanation> {
    let provenance = plan.provenance.as_deref()?;
    let rule = provenance.program.rules.get(id as usize)?;
    let head = Head::of(plan, id, 0).to_owned();
    let is_seq = provenance.program.nodes.get(rule.trigger.0 as usize).is_some_and(|node| matches!(node.op, Op::Seq(_)));
    let subject = Subject { plan, state, provenance, seq: is_seq.then_some(rule.trigger) };
    let state = standing(&subject, id, rule)?;
    let Decision { because, decides } = verdict::decide(&subject, id, rule, &state, signal.is_some());
    let mut tree = Tree { subject, decides, open: FxHashSet::default(), parts: 0, in_field: false };
    let trigger = tree.part(rule.trigger, 0);
    let until = rule.until.map(|until| tree.part(until, 0));
    let mut fields = Vec::new();
    tree.in_field = true;
    if let Some(signal) = signal {
        let action = signal.head().planned().and_then(|(_, action)| rule.actions.get(action as usize));
        for (name, node) in action.into_iter().flat_map(|action| &action.fields) {
            let name = provenance.program.tables.texts.get(name.0 as usize).cloned().unwrap_or_default();
            fields.push(Field { name, part: tree.part(*node, 0) });
        }
    }
    Some(Explanation {
        rule: head.rule,
        instance: head.instance,
        ts: tree.subject.state.clock,
        signal: signal.map(|signal| SignalName { seq: signal.seq, name: signal.name().to_owned() }),
        because,
        trigger,
        until,
        fields,
        state,
    })
}

/// What holds the firings of a rule back.
fn standing(subject: &Subject<'_>, id: u32, rule: &Rule) -> Option<RuleStanding> {
    let (plan, state) = (subject.plan, subject.state);
    let planned = plan.rules.get(id)?;
    let (memory, watch) = (state.rules.get(planned.memory() as usize)?, state.watch.rules.get(id as usize)?);
    let limit = planned.limit() as usize;
    let limit = plan.limits.get(limit).zip(state.limit_rings.get(limit)).map(|(limit, ring)| {
        let period = state.period(limit.period);
        let horizon = state.clock.saturating_sub(period);
        let (samples, capacity) = (limit.emitted, limit.emitted.capacity);
        let times = (0..ring.len).filter_map(|i| state.emitted.get(samples.start + (ring.head + i) % capacity.max(1)).copied());
        let within: Vec<i64> = times.filter(|&ts| ts > horizon).collect();
        let full = within.len() >= capacity;
        let free_at = within.first().filter(|_| full).map(|first| first.saturating_add(period));
        Limit { used: within.len() as u64, of: capacity as u64, free_at }
    });
    let next_turn = match planned.class.mode {
        RuleMode::Every(_) => Some(state.timers.due(planned.timer())).filter(|&due| due != NEVER),
        _ => None,
    };
    Some(RuleStanding {
        mode: subject.program().rule_mode(rule),
        fired: watch.fired,
        held_back: watch.held_back,
        lost: watch.lost,
        last_fired: memory.has_emitted.then_some(memory.last_emitted),
        armed: memory.armed,
        cooling_until: rules::cooling_until(state, planned, memory),
        limit,
        truth: match watch.truth {
            TRUE => Some((true, watch.truth_since)),
            FALSE => Some((false, watch.truth_since)),
            _ => None,
        },
        next_turn,
    })
}

struct Tree<'a> {
    subject: Subject<'a>,
    decides: FxHashSet<NodeId>,
    /// Nodes whose parts have been shown.
    open: FxHashSet<NodeId>,
    parts: usize,
    /// Whether what reads captures reads those of the run that has completed.
    in_field: bool,
}

impl Tree<'_> {
    fn part(&mut self, id: NodeId, depth: usize) -> Part {
        let subject = self.subject;
        self.parts += 1;
        let Some(node) = subject.node(id) else { return leaf("?".to_owned()) };
        let mut part = leaf(if depth == 0 { subject.root_text(id) } else { subject.text(id) });
        if node.op == Op::Edge {
            part.text.push_str(" rises");
        }
        part.decides = self.decides.contains(&id);
        if matches!(node.op, Op::Const(constant) if !matches!(constant, Constant::Text(_))) {
            part.value = subject.value(id);
            return part;
        }
        if subject.is_captured(id) && !self.in_field {
            part.value = Reading::OfRun;
            return part;
        }
        part.value = subject.value(id);
        part.ts = subject.ts(id);
        part.age = part.ts.map(|ts| subject.state.clock.saturating_sub(ts));
        part.memory = memory::memory(&subject, id);
        part.timer = subject.timer(id);
        if part.value == Reading::Unknown {
            part.unknown = Some(memory::unknown(&subject, id));
        }
        let opens = depth < MAX_DEPTH && self.parts < MAX_PARTS;
        if !node.args.is_empty() && (!self.open.insert(id) || !opens) {
            part.repeated = true;
            return part;
        }
        part.parts = self.inputs(node).into_iter().map(|arg| self.part(arg, depth + 1)).collect();
        part
    }

    /// The arguments of a node, each once; of a sequence only what its steps look at.
    fn inputs(&self, node: &Node) -> Vec<NodeId> {
        let sequence = match node.op {
            Op::Seq(id) => self.subject.program().tables.sequences.get(id.0 as usize),
            _ => None,
        };
        let Some(sequence) = sequence else { return node.args.to_vec() };
        let mut inputs: Vec<NodeId> = Vec::new();
        for step in &sequence.steps {
            let (StepInput::Event(place) | StepInput::Level(place)) = step.input;
            for place in [Some(place), step.filter].into_iter().flatten() {
                inputs.extend(node.args.get(usize::from(place)).filter(|arg| !inputs.contains(arg)));
            }
        }
        inputs
    }
}

fn leaf(text: String) -> Part {
    Part {
        text,
        value: Reading::Unknown,
        ts: None,
        age: None,
        unknown: None,
        memory: None,
        timer: None,
        decides: false,
        repeated: false,
        parts: Vec::new(),
    }
}
