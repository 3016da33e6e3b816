//! Sequences: steps one after the other, what must not happen between them, and what is read of a step once it has matched.

use rustc_hash::FxHashMap;

use super::rule::{Trigger, Watched};
use super::state::{Handle, Known, State, index};
use super::{BuildError, Event, IntoPeriod, IntoTrigger, Moment, Number, ProgramBuilder, Word};
use crate::check::output::{Nodes, PAYLOAD};
use crate::check::units::Unit;
use crate::check::value::{ShapeId, Ty};
use crate::program::{Capture, CaptureOf, ClockFn, MAX_SEQUENCE, NodeId, Op, PayloadField, Period, SeqStep, StepInput, StepKind};

/// `SEQ step -> step .. WITHIN d`, put together step by step in the order of the calls. It is the trigger of rules and nothing else.
///
/// ```
/// # use ascep_lang::builder::{ProgramBuilder, percent};
/// # use std::time::Duration;
/// let b = ProgramBuilder::new();
/// let fall = b.seq(Duration::from_secs(10));
/// let low = fall.then(b.trade("BTC/USDT").filter(|it| it.price().lt(100)));
/// fall.without(b.trade("BTC/USDT").filter(|it| it.side().is("sell").and(it.notional().gt(1e6))));
/// let back = fall.then(b.last("BTC/USDT").gt(low.price() * 1.01));
/// b.rule("rebound").when(fall).emit("REBOUND").field("from", low.price()).field("lag", back.ts() - low.ts()).add();
/// let program = b.build()?;
/// # Ok::<(), ascep_lang::builder::BuildErrors>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'b> {
    builder: &'b ProgramBuilder,
    index: u32,
}

/// A step of a sequence: what it has matched, for later steps and for the fields of the rule.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'b> {
    of: Sequence<'b>,
    step: u16,
    /// The event, of a step that is one by its nature.
    event: Option<Handle<'b>>,
    which: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    First,
    Last,
    Count,
}

/// A sequence as far as it has been put together.
pub(super) struct Draft {
    within: Period,
    steps: Vec<SeqStep>,
    captures: Vec<Capture>,
    known: FxHashMap<(u16, Which, PayloadField), u32>,
    args: Nodes,
}

impl ProgramBuilder {
    /// Begins a sequence that takes at most so long from its first match to its end.
    pub fn seq(&self, within: impl IntoPeriod) -> Sequence<'_> {
        let within = within.into_period(self);
        let mut state = self.state.borrow_mut();
        let index = index(state.sequences.len());
        let draft = Draft { within, steps: Vec::new(), captures: Vec::new(), known: FxHashMap::default(), args: Nodes::new() };
        state.sequences.push(draft);
        Sequence { builder: self, index }
    }

    /// `ALL(a, b, ..) WITHIN d`: occurs when the last of them does, each within so long of the others, in any order. A level is meant as its
    /// rising edge, [`Level::rises`](super::Level::rises).
    pub fn all<'b>(&'b self, parts: impl IntoIterator<Item = Event<'b>>, within: impl IntoPeriod) -> Event<'b> {
        let within = within.into_period(self);
        let parts: Vec<Handle<'_>> = parts.into_iter().map(|part| self.own(part.0)).collect();
        let mut state = self.state.borrow_mut();
        if parts.len() < 2 {
            state.error(BuildError::Sequence("`all` of fewer than two events"));
        }
        let id = state.event(Op::All(within), &parts, ShapeId::BARE);
        Event(self.handle(id))
    }
}

impl<'b> Sequence<'b> {
    /// The next step: an event, or a level that becomes true. It may read what earlier steps have matched: a level, or the filter of an event.
    pub fn then(self, step: impl IntoTrigger<'b>) -> Matched<'b> {
        self.matching(step.into_trigger(), 1, Some(1))
    }

    /// `step{min..max}`: a step that matches at least `min` times and at most `max` times, or as often as it can.
    pub fn then_times(self, step: impl IntoTrigger<'b>, min: u32, max: Option<u32>) -> Matched<'b> {
        if min == 0 || max.is_some_and(|max| max < min) {
            self.builder.state.borrow_mut().error(BuildError::Sequence("a step that cannot match"));
        }
        self.matching(step.into_trigger(), min, max)
    }

    /// `NO step`: this must not happen, or not be true, between the steps before and after it; as the last step not until the end of the span.
    pub fn without(self, step: impl IntoTrigger<'b>) {
        self.absent(step.into_trigger(), None);
    }

    /// `NO step FOR d`: for so long after the step before; the next step comes later than that.
    pub fn without_for(self, step: impl IntoTrigger<'b>, d: impl IntoPeriod) {
        let hold = d.into_period(self.builder);
        self.absent(step.into_trigger(), Some(hold));
    }

    fn matching(self, step: Trigger<'b>, min: u32, max: Option<u32>) -> Matched<'b> {
        let mut state = self.builder.state.borrow_mut();
        let (input, filter, event) = state.input(self, step, false);
        let step = state.step(self, SeqStep { input, filter, kind: StepKind::Match { min, max } });
        Matched { of: self, step, event, which: Which::First }
    }

    fn absent(self, step: Trigger<'b>, hold: Option<Period>) {
        let mut state = self.builder.state.borrow_mut();
        let (input, filter, _) = state.input(self, step, true);
        state.step(self, SeqStep { input, filter, kind: StepKind::Absent { hold } });
    }
}

impl<'b> IntoTrigger<'b> for Sequence<'b> {
    fn into_trigger(self) -> Trigger<'b> {
        Trigger(Watched::Sequence(self.builder, self.index))
    }
}

impl<'b> Matched<'b> {
    /// Of the first match of a step that matches several times.
    pub fn first(self) -> Self {
        Self { which: Which::First, ..self }
    }

    /// Of its last match.
    pub fn last(self) -> Self {
        Self { which: Which::Last, ..self }
    }

    /// How many matches there were.
    pub fn count(self) -> Number<'b> {
        Number(Self { which: Which::Count, ..self }.read(PayloadField::Ts))
    }

    /// When it matched.
    pub fn ts(self) -> Moment<'b> {
        Moment(self.read(PayloadField::Ts))
    }

    /// The venue's own time of a market event.
    pub fn venue_ts(self) -> Moment<'b> {
        Moment(self.read(PayloadField::VenueTs))
    }

    /// The aggressor of a trade.
    pub fn side(self) -> Word<'b> {
        Word(self.read(PayloadField::Side))
    }

    pub(super) fn read(self, field: PayloadField) -> Handle<'b> {
        let builder = self.of.builder;
        let mut state = builder.state.borrow_mut();
        let id = state.capture(self, field);
        builder.handle(id)
    }
}

macro_rules! matched {
    ($($(#[$doc:meta])* $name:ident = $field:expr;)*) => {
        impl<'b> Matched<'b> {
            $($(#[$doc])* pub fn $name(self) -> Number<'b> {
                Number(self.read($field))
            })*
        }
    };
}

matched! {
    /// Of a trade.
    price = PayloadField::Price;
    /// Of a trade.
    qty = PayloadField::Qty;
    /// Price times quantity of a trade.
    notional = PayloadField::Notional;
    /// Of a quote or a book.
    bid = PayloadField::Bid;
    /// Of a quote or a book.
    ask = PayloadField::Ask;
    /// Of a quote or a book.
    bid_qty = PayloadField::BidQty;
    /// Of a quote or a book.
    ask_qty = PayloadField::AskQty;
}

impl State {
    fn draft(&mut self, of: Sequence<'_>) -> Option<&mut Draft> {
        self.sequences.get_mut(of.index as usize)
    }

    /// The place of an argument of a sequence.
    fn argument(&mut self, of: Sequence<'_>, node: NodeId) -> u16 {
        let Some(draft) = self.draft(of) else { return 0 };
        match u16::try_from(draft.args.len()) {
            Ok(place) => {
                draft.args.push(node);
                place
            }
            Err(_) => {
                self.error(BuildError::Sequence("more values than a sequence can keep"));
                0
            }
        }
    }

    /// What a step looks at, with the filter that reads labels, and the event.
    fn input<'b>(&mut self, of: Sequence<'b>, step: Trigger<'b>, absent: bool) -> (StepInput, Option<u16>, Option<Handle<'b>>) {
        let builder = of.builder;
        let Watched::Node { handle, is_event } = step.0 else {
            self.error(BuildError::Sequence("a sequence within a sequence"));
            return (StepInput::Event(0), None, None);
        };
        if !std::ptr::eq(builder, handle.builder) {
            self.error(BuildError::Foreign);
        }
        let reads = self.run_of(handle).is_some();
        if reads && self.run_of(handle) != Some(of.index) {
            self.error(BuildError::LabelOutside);
        }
        if self.payload_of(handle).is_some() {
            self.error(BuildError::Sequence("a step that reads the payload of an event that is not its own"));
        }
        if !is_event && (absent || reads) {
            return (StepInput::Level(self.argument(of, NodeId(handle.id.index()))), None, None);
        }
        if !is_event {
            let edge = self.event(Op::Edge, &[handle], ShapeId::BARE);
            return (StepInput::Event(self.argument(of, NodeId(edge.index()))), None, None);
        }
        // A filter that reads labels is looked at with the run.
        let (mut event, mut filters) = (handle, Vec::new());
        while self.run_of(event).is_some() && self.op(event) == Some(Op::Where) {
            let Some(&[inner, filter]) = self.out.node(NodeId(event.id.index())).map(|n| n.args.as_slice()) else { break };
            let (inner, filter) = (self.again(builder, inner), self.again(builder, filter));
            if self.run_of(filter).is_none() {
                break;
            }
            filters.push(filter);
            event = inner;
        }
        if self.run_of(event).is_some() {
            self.error(BuildError::LabelInEvent);
        }
        let filter = match filters.as_slice() {
            [] => None,
            [only] => Some(self.argument(of, NodeId(only.id.index()))),
            _ => {
                let all = self.push(Op::And, &filters, Known::of_run(Ty::Bool, of.index));
                Some(self.argument(of, NodeId(all.index())))
            }
        };
        (StepInput::Event(self.argument(of, NodeId(event.id.index()))), filter, Some(event))
    }

    /// Adds a step; gives its number.
    fn step(&mut self, of: Sequence<'_>, step: SeqStep) -> u16 {
        let Some(draft) = self.draft(of) else { return 0 };
        let number = u16::try_from(draft.steps.len()).unwrap_or(u16::MAX);
        draft.steps.push(step);
        number
    }

    /// The node of a value that a step has kept.
    fn capture(&mut self, read: Matched<'_>, field: PayloadField) -> super::state::Id {
        let (of, which) = (read.of, read.which);
        let ty = match which {
            Which::Count => Ty::Num(Unit::PURE),
            Which::First | Which::Last => self.field_type(read.event, field),
        };
        let known = self.draft(of).and_then(|draft| draft.known.get(&(read.step, which, field)).copied());
        let index = known.unwrap_or_else(|| {
            let kept = match (which, read.event) {
                (Which::Count, _) => CaptureOf::Count,
                (_, event) => {
                    let source = match event {
                        Some(event) if field != PayloadField::Ts => self.payload(Op::Payload(field), event, ty),
                        _ => self.node(Op::Clock(ClockFn::Now), &[], Ty::Timestamp),
                    };
                    let place = self.argument(of, NodeId(source.index()));
                    if which == Which::First { CaptureOf::First(place) } else { CaptureOf::Last(place) }
                }
            };
            let Some(draft) = self.draft(of) else { return 0 };
            let new = index(draft.captures.len());
            draft.captures.push(Capture { step: read.step, of: kept });
            draft.known.insert((read.step, which, field), new);
            new
        });
        self.push(Op::Capture(index), &[], Known::of_run(ty, of.index))
    }

    fn field_type(&mut self, event: Option<Handle<'_>>, field: PayloadField) -> Ty {
        let shape = event.map_or(ShapeId::BARE, |event| self.shape(event));
        let found = PAYLOAD.iter().zip(self.out.shape(shape).0).find(|((f, _), _)| *f == field);
        match found {
            Some((_, Some(ty))) => ty,
            missing => {
                self.error(BuildError::Payload(missing.map_or("?", |((_, name), _)| name)));
                Ty::Poison
            }
        }
    }

    /// The node of a sequence with all that it keeps so far.
    pub(super) fn sequence_node(&mut self, builder: &ProgramBuilder, index: u32) -> NodeId {
        let nothing = NodeId(u32::MAX);
        let Some(draft) = self.sequences.get(index as usize) else { return nothing };
        let sequence = crate::program::Sequence { steps: draft.steps.clone(), captures: draft.captures.clone(), within: draft.within };
        let args: Vec<NodeId> = draft.args.to_vec();
        let places: u64 = sequence.steps.iter().map(|s| if let StepKind::Match { min, .. } = s.kind { u64::from(min) } else { 1 }).sum();
        let begins = matches!(sequence.steps.first().map(|s| s.kind), Some(StepKind::Match { .. }));
        let wrong = if sequence.steps.len() < 2 {
            Some("a sequence of fewer than two steps")
        } else if !begins {
            Some("a sequence that begins with what must not happen")
        } else if places > u64::from(MAX_SEQUENCE) {
            Some("a sequence of more than 1024 places")
        } else if !sequence.can_complete() {
            Some("a sequence that cannot end within its span")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.error(BuildError::Sequence(wrong));
        }
        let op = Op::Seq(self.out.sequence(sequence));
        let handles: Vec<Handle<'_>> = args.into_iter().map(|id| self.again(builder, id)).collect();
        let id = self.push(op, &handles, Known::new(Ty::Event));
        NodeId(id.index())
    }
}
