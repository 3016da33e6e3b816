//! Machine code for shapes, where the feature `jit` is on: which shapes are compiled, what their kernels find, and the loop over events that are plain. The
//! rest is the interpreter's.

#[cfg(feature = "jit")]
mod code;

use crate::columns::{Columns, Group, Head};
use crate::event::Event;
use crate::hot::Stop;
use crate::kernel::Found;
use crate::options::EngineOptions;
use crate::plan::{Entries, Plan, WindowStep};
use crate::state::State;
use crate::value::Lists;

#[cfg(all(test, feature = "jit"))]
mod tests;

/// What was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MachineStats {
    /// Shapes that run as machine code.
    pub(crate) compiled: usize,
    /// Shapes that do not, though machine code was asked for.
    pub(crate) refused: usize,
    /// Bytes of machine code.
    pub(crate) code: usize,
    /// Instruments whose quotes the loop takes.
    pub(crate) quotes: usize,
    /// Instruments whose trades the loop takes.
    pub(crate) trades: usize,
}

/// What machine code is made for.
#[cfg_attr(not(feature = "jit"), expect(dead_code, reason = "read where code is made"))]
pub(crate) struct Ground<'p> {
    pub(crate) columns: &'p Columns,
    pub(crate) entries: &'p Entries,
    /// Groups that something else touches than an event.
    pub(crate) groups: [&'p Lists; 2],
    /// Slots that only columns read.
    pub(crate) unread: &'p [bool],
    pub(crate) windows: &'p [WindowStep],
    pub(crate) instruments: usize,
}

/// The kernels of a plan, by shape.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    #[cfg(feature = "jit")]
    kernels: Vec<Option<ascep_native::Kernel>>,
    #[cfg(feature = "jit")]
    batch: Option<ascep_native::Batch>,
    pub(crate) stats: MachineStats,
}

#[cfg(not(feature = "jit"))]
impl Machine {
    pub(crate) fn new(_: &Ground<'_>, _: &EngineOptions) -> Self {
        Self::default()
    }

    #[inline(always)]
    pub(crate) fn has_batch(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn take(&self, _: &Plan, _: &mut State, _: &[Event<'_>]) -> (usize, Option<Stop>) {
        (0, None)
    }

    #[inline(always)]
    pub(crate) fn find(&self, _: &Columns, _: Group, _: &[u64], _: &[Head], _: usize) -> Option<Found> {
        None
    }

    pub(crate) fn bytes(&self) -> usize {
        0
    }
}

#[cfg(feature = "jit")]
mod compiled {
    use std::mem::offset_of;

    use ascep_native::{
        Batch, BatchBuilder, Change, Code, Compiler, Entry, EventLayout, GroupAt, Kernel, Left, Pending, Reading, Rows, Settled, Stepped,
        Steps,
    };

    use super::code::{code, field};
    use super::{Columns, EngineOptions, Event, Found, Ground, Group, Head, Machine, MachineStats, Plan, State, Stop};
    use crate::bits::BitQueue;
    use crate::columns::{LANES, lanes_of_tail};
    use crate::cursor::Cursor;
    use crate::event::{InstrumentId, Payload, Quote, Side, Trade};
    use crate::interpreter::Masks;
    use crate::kernel;
    use crate::market::CLASSES;
    use crate::ops::look;
    use crate::ops::sequence::{Run, move_all};
    use crate::plan::{Entry as EntryPlan, NONE, WindowStep};
    use crate::timers::Timers;
    use crate::value::{at, put};
    use crate::window::Windows;

    /// What the loop calls back for: windows of entries, each with its step of the plan, sequences whose filters are true, and rows that change.
    struct LoopSteps<'a> {
        plan: &'a Plan,
        steps: &'a [WindowStep],
        windows: &'a mut Windows,
        timers: &'a mut Timers,
        /// The number of the step of the first event.
        first: u64,
        runs: &'a mut [Run],
        params: &'a [u64],
        /// The step of sequences at which one completes.
        completed: Option<u32>,
        events: &'a [Event<'a>],
        cursors: &'a mut [Cursor],
        truths: &'a mut [u8],
        touched: &'a mut BitQueue,
    }

    impl Steps for LoopSteps<'_> {
        #[inline(always)]
        fn ahead(&mut self, step: u32) {
            if let Some(step) = self.steps.get(step as usize) {
                self.windows.ahead(&step.slide);
            }
        }

        #[inline(always)]
        fn quickly(&mut self, slots: &mut [u64], step: u32, ts: i64) -> Option<Stepped> {
            let Self { steps, windows, timers, .. } = self;
            look::slide_plainly(look::Ground { windows, slots, timers }, steps.get(step as usize)?, ts).map(of)
        }

        fn step(&mut self, slots: &mut [u64], step: u32, place: usize, ts: i64) -> Stepped {
            let Self { plan, steps, windows, timers, first, .. } = self;
            let Some(step) = steps.get(step as usize) else { return Stepped::Leave };
            of(look::slide(plan, look::Ground { windows, slots, timers }, step, (*first + place as u64, ts)))
        }

        fn filters(&mut self, step: u32, lanes: u32, ts: i64) -> Stepped {
            // There are no more than a byte has bits.
            let filters = lanes as u8;
            self.completed = move_all(&self.plan.sequences.steps, self.runs, self.params, (step, filters, ts));
            if self.completed.is_some() { Stepped::Leave } else { Stepped::Done }
        }

        fn changed(&mut self, heads: &mut [Head], change: Change) -> Settled {
            let Self { plan, events, cursors, truths, touched, .. } = self;
            let Some(event) = events.get(change.place) else { return Settled::No };
            let entry = plan.entries.of(input_of(event));
            let group = (entry.groups.0 + change.group).checked_sub(entry.filters.1 - entry.filters.0);
            let Some(group) = group.and_then(|group| plan.columns.groups.get(group as usize)) else { return Settled::No };
            let masks = Masks { yes: change.truth & change.known, no: change.known & !change.truth };
            let fires = kernel::Rows { heads, cursors, truths, touched }.settle(&plan.columns, *group, change.block as usize, masks);
            if fires { Settled::Last } else { Settled::Yes }
        }
    }

    /// The input of a quote or a trade that is plain. Where a quote does something else before the first trade it is not plain before it.
    fn input_of(event: &Event<'_>) -> u32 {
        event.instrument.0 * CLASSES + u32::from(matches!(event.payload, Payload::Quote(_)))
    }

    /// What comes of a window, as machine code has it.
    #[inline(always)]
    fn of(stepped: look::Stepped) -> Stepped {
        match stepped {
            look::Stepped::Done => Stepped::Done,
            look::Stepped::Armed(deadline) => Stepped::Until(deadline),
            look::Stepped::Each => Stepped::Leave,
        }
    }

    impl Machine {
        /// Compiles the shapes of these columns, those with the most rows first, up to the limits of the options, and the loop over events of these entries.
        pub(crate) fn new(ground: &Ground<'_>, options: &EngineOptions) -> Self {
            let shapes = ground.columns.shapes.len();
            if !options.jit || shapes == 0 {
                return Self::default();
            }
            let (kernels, batch) = compile(ground, options).unwrap_or_default();
            let compiled = kernels.iter().flatten().count();
            let code = kernels.iter().flatten().next().map_or(0, Kernel::memory_bytes);
            let [quotes, trades] = batch.as_ref().map_or([0; 2], Batch::instruments);
            Self { kernels, batch, stats: MachineStats { compiled, refused: shapes - compiled, code, quotes, trades } }
        }

        pub(crate) fn has_batch(&self) -> bool {
            self.batch.is_some()
        }

        /// Takes events as long as they are plain. Gives how many, and what ended it, with what is done of the last one as [`Stop`] has it. Nothing is done for the next one.
        pub(crate) fn take(&self, plan: &Plan, state: &mut State, events: &[Event<'_>]) -> (usize, Option<Stop>) {
            let Some(batch) = self.batch.as_ref().filter(|_| state.started) else { return (0, None) };
            let (columns, entries) = (&plan.columns, &plan.entries);
            let start = state.clock;
            let limit = state.timers.earliest().clamp(start, i64::MAX - 1);
            let ground = ascep_native::Ground {
                lines: &mut state.market.hot,
                trades: &mut state.market.trades,
                slots: &mut state.slots,
                operands: &columns.operands,
                constants: &columns.constants,
                heads: &mut state.heads,
            };
            let mut steps = LoopSteps {
                plan,
                steps: &plan.window_steps,
                windows: &mut state.windows,
                timers: &mut state.timers,
                first: state.step + 1,
                runs: &mut state.sequences.runs,
                params: &state.params,
                completed: None,
                events,
                cursors: &mut state.cursors,
                truths: &mut state.truths,
                touched: &mut state.touched,
            };
            let Some(taken) = batch.run_with(events, ground, &mut steps, start, limit) else { return (0, None) };
            let completed = steps.completed;
            let (mut count, mut clock, mut stop) = (taken.events, taken.clock, taken.is_last.then_some(Stop::Touched));
            if let (true, Some(event)) = (taken.found.is_some() || taken.left.is_some(), events.get(count)) {
                let InstrumentId(instrument) = event.instrument;
                let input = input_of(event);
                let entry = entries.of(input);
                // Those that machine code need not write.
                state.market.read(instrument, entries.readings(entry), &mut state.slots);
                (count, clock) = (count + 1, event.ts);
                stop = match (taken.left, taken.found) {
                    (Some(Left::Step(step)), _) => Some(Stop::Window { input, step }),
                    (Some(Left::Filters { step, lanes }), _) => {
                        Some(Stop::Sequence { input, step: completed.unwrap_or(step), filters: lanes as u8 })
                    }
                    (None, None) => None,
                    (None, Some(found)) => {
                        let (filters, block) = (entry.filters.1 - entry.filters.0, found.block as usize);
                        Some(match found.group.checked_sub(filters) {
                            None => Stop::Filter { input, group: entry.filters.0 + found.group, block },
                            Some(group) => Stop::Row { input, group: entry.groups.0 + group, block },
                        })
                    }
                };
            }
            if count > 0 {
                state.clock = clock;
                state.step += count as u64;
                state.timer_step = false;
                state.counters.events += count as u64;
                state.counters.unknown_results += taken.unknown;
                if clock > start {
                    state.timers_done = state.timers_done.max(clock - 1);
                }
            }
            (count, stop)
        }

        /// What the kernel of the group's shape finds from a block on; none where it has no kernel.
        #[inline]
        pub(crate) fn find(&self, columns: &Columns, group: Group, slots: &[u64], heads: &[Head], from: usize) -> Option<Found> {
            let kernel = self.kernels.get(group.shape as usize)?.as_ref()?;
            let rows = Rows {
                operands: &columns.operands,
                operands_at: group.operands as usize,
                constants: columns.constants.get(group.constants as usize..)?,
                heads: heads.get(group.head as usize..)?,
                rows: group.rows,
            };
            let found = kernel.run(slots, &rows, u32::try_from(from).ok()?)?;
            let block = found.block.map_or(group.blocks(), |block| block as usize);
            Some(Found { block, unknown: u64::from(found.unknown) })
        }

        /// Bytes held beside the code.
        pub(crate) fn bytes(&self) -> usize {
            let shared = if self.stats.compiled > 0 { Kernel::SHARED_BYTES } else { 0 };
            self.kernels.capacity() * size_of::<Option<Kernel>>() + shared + self.batch.as_ref().map_or(0, Batch::bytes)
        }
    }

    /// A kernel for each shape that has one, and the loop over events; none at all where the machine is not one that code is made for.
    fn compile(ground: &Ground<'_>, options: &EngineOptions) -> Option<(Vec<Option<Kernel>>, Option<Batch>)> {
        let columns = ground.columns;
        let mut rows: Vec<(usize, u64)> = (0..columns.shapes.len()).map(|shape| (shape, 0)).collect();
        for group in &columns.groups {
            if let Some((_, rows)) = rows.get_mut(group.shape as usize) {
                *rows += u64::from(group.rows);
            }
        }
        // The sort is stable: shapes with equally many rows stay in order.
        rows.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let mut compiler = Compiler::new(options.max_code_bytes).ok()?;
        let mut places = vec![None; columns.shapes.len()];
        let mut codes: Vec<Option<Code>> = vec![None; columns.shapes.len()];
        let mut pending: Vec<Pending> = Vec::new();
        for (shape, _) in rows.into_iter().take(options.max_compiled_shapes) {
            let Some(code) = columns.shapes.get(shape).and_then(code) else { continue };
            let compiled = compiler.compile(&code, columns.operands.width()).ok();
            if let (Some(compiled), Some(place), Some(of)) = (compiled, places.get_mut(shape), codes.get_mut(shape)) {
                *place = Some(pending.len());
                pending.push(compiled);
                *of = Some(code);
            }
        }
        let private = private(ground);
        let batch_of = |[quotes, trades]: [bool; 2]| {
            let mut batch = BatchBuilder::new(&codes, &columns.operands, &columns.constants);
            for instrument in 0..ground.instruments {
                let [quote, trade] = entries(ground, &private, instrument);
                batch.push(quote.as_ref().filter(|_| quotes), trade.as_ref().filter(|_| trades));
            }
            if batch.is_empty() { None } else { batch.compile(&mut compiler, LAYOUT, [Some(Side::Buy), Some(Side::Sell), None]).ok() }
        };
        // What can't be had together may still be had alone.
        let takes = if pending.is_empty() { &[][..] } else { &[[true; 2], [true, false], [false, true]] };
        let batch = takes.iter().copied().find_map(batch_of);
        let (kernels, batch) = compiler.finish(&pending, batch).ok()?;
        Some((places.into_iter().map(|place| kernels.get(place?).cloned()).collect(), batch))
    }

    /// Where events have what.
    const LAYOUT: EventLayout = EventLayout {
        size: size_of::<Event<'_>>(),
        ts: offset_of!(Event<'_>, ts),
        venue_ts: offset_of!(Event<'_>, venue_ts),
        instrument: offset_of!(Event<'_>, instrument),
        // A `repr(u32)` enum begins with its tag; what a variant holds comes where its alignment lets it. Variants are counted in text order.
        kind: offset_of!(Event<'_>, payload),
        quote: 1,
        numbers: PAYLOAD + offset_of!(Quote, bid),
        trade: 0,
        traded: PAYLOAD + offset_of!(Trade, price),
        side: PAYLOAD + offset_of!(Trade, side),
    };

    /// Where what happened begins, after its tag.
    const PAYLOAD: usize = offset_of!(Event<'_>, payload) + align_of::<Payload<'_>>();

    /// The most rows with a cursor that the loop goes through without one.
    const MOST_THRESHOLDS: u32 = 128;

    /// What quotes and trades of an instrument do.
    fn entries(ground: &Ground<'_>, private: &[bool], instrument: usize) -> [Option<Entry>; 2] {
        let Some(input) = u32::try_from(instrument).ok().and_then(|instrument| instrument.checked_mul(CLASSES)) else {
            return [None, None];
        };
        let [trade, quote, untraded] = [0, 1, 2].map(|class| ground.entries.of(input + class));
        // Where a quote does something else before the first trade it is taken only after that.
        let of_quote = entry(ground, private, quote).map(|of_quote| Entry { wants_trade: quote != untraded, ..of_quote });
        [of_quote, entry(ground, private, trade)]
    }

    /// What an event does, if it is nothing but readings, simple windows, filters and rows.
    fn entry(ground: &Ground<'_>, private: &[bool], of: EntryPlan) -> Option<Entry> {
        let Ground { columns, entries, .. } = *ground;
        if of.more != NONE {
            return None;
        }
        let readings = entries.readings(of).iter().map(|reading| {
            let is_private = private.get(reading.slot as usize).copied().unwrap_or(false);
            Some(Reading { field: field(reading.field)?, slot: reading.slot, is_private })
        });
        let groups = |(first, end): (u32, u32)| {
            let group = |group: u32| {
                let group = *columns.groups.get(group as usize)?;
                // A cursor is faster than machine code over very many rows.
                if group.cursor != NONE && group.rows > MOST_THRESHOLDS {
                    return None;
                }
                Some(GroupAt {
                    shape: group.shape as usize,
                    rows: group.rows,
                    operands: group.operands,
                    constants: group.constants,
                    head: group.head,
                })
            };
            (first..end).map(group).collect::<Option<Vec<_>>>()
        };
        let steps = (of.windows.0..of.windows.1).collect();
        let (filters, groups) = (groups(of.filters)?, groups(of.groups)?);
        let filter_step = Some(of.sequences).filter(|step| *step != NONE);
        Some(Entry { wants_trade: false, readings: readings.collect::<Option<_>>()?, steps, filters, filter_step, groups })
    }

    /// Slots that only rows read which are looked at by events that have read what is in them: an event taken by machine code need not write them. Who looks at these rows
    /// afterwards takes an event too and writes them first, as it is for the event at which machine code leaves. A snapshot has what is in the market, not them.
    fn private(ground: &Ground<'_>) -> Vec<bool> {
        let Ground { columns, entries, groups: touched, unread, windows, .. } = *ground;
        let mut private = unread.to_vec();
        windows.iter().for_each(|step| put(&mut private, step.arg, false));
        // The entry that reads into a slot, or none.
        let mut read_by = vec![NONE; private.len()];
        let mut look = |group: u32, is_read: &dyn Fn(u32) -> bool| {
            let Some(group) = columns.groups.get(group as usize) else { return };
            let operands = columns.shape(*group).map_or(0, |shape| usize::from(shape.operands));
            let full = group.rows as usize / LANES;
            let lanes = full * LANES + lanes_of_tail(group.rows as usize % LANES);
            let first = group.operands as usize;
            for slot in (first..first + lanes * operands).filter_map(|place| columns.operands.get(place)) {
                if !is_read(slot) {
                    put(&mut private, slot, false);
                }
            }
        };
        for (id, &entry) in (0..).zip(&entries.entries) {
            entries.readings(entry).iter().for_each(|reading| put(&mut read_by, reading.slot, id));
            let is_read = |slot| at(&read_by, slot) == id;
            (entry.filters.0..entry.filters.1).chain(entries.groups(entry).iter()).for_each(|group| look(group, &is_read));
        }
        for group in touched.iter().flat_map(|lists| lists.items()) {
            look(*group, &|_| false);
        }
        private
    }
}
