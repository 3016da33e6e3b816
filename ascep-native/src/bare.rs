//! The only `unsafe` of the project: the prefetch instruction, vectors of two numbers, slots that are known to be there, the call of code made at run time, and its calls back.
#![expect(unsafe_code, reason = "machine code can't be called otherwise; each place has its proof")]

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub(crate) mod sse2;

pub(crate) mod lookup;

#[cfg(feature = "jit")]
mod calls;

/// Asks for the cache line of an element ahead of its use. Nothing where there is no such element or no such instruction.
#[inline(always)]
pub fn prefetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing that the program can see and never faults; it is part of SSE, which every x86-64 has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}

#[cfg(feature = "jit")]
pub(crate) use calls::Calls;
#[cfg(feature = "jit")]
pub(crate) use machine::{Bytes, Entry, Loop, batch, entry, flush, offset_in_option, peek, run, run_batch, tag_is_zero_for_none};

#[cfg(feature = "jit")]
mod machine {
    use std::mem::MaybeUninit;

    use crate::batch::Frame;
    use crate::kernel::Rows;
    use crate::{CannotCompile, Head};

    /// slots, operands, constants, heads, rows, from; gives the block found in the lower half and the number of unknown lanes in the upper.
    type Signature = unsafe extern "C" fn(*const u64, *const u8, *const f64, *const Head, u64, u64) -> u64;

    /// Where the code of a kernel begins. To be kept with the memory that it is in.
    #[derive(Clone, Copy)]
    pub(crate) struct Entry(Signature);

    /// The function that begins at an offset of memory that holds code.
    pub(crate) fn entry(memory: &[u8], offset: usize) -> Option<Entry> {
        let first = memory.get(offset)?;
        // SAFETY: a pointer to a function is as wide as one to data on the machines that code is made for. It is not called here: `run` says what must hold then.
        Some(Entry(unsafe { std::mem::transmute::<*const u8, Signature>(std::ptr::from_ref(first)) }))
    }

    /// Runs a kernel. [`Kernel::run`](crate::Kernel::run) is the only caller, and has checked the lengths.
    #[inline]
    pub(crate) fn run(entry: Entry, slots: &[u64], rows: &Rows<'_>, width: usize, from: u32) -> u64 {
        let operands = rows.operands.as_ptr().wrapping_add(rows.operands_at * width);
        // SAFETY: `entry` is the start of a function of this signature that `Compiler` has made, in memory that the kernel keeps alive and executable.
        // With L the lanes of all blocks of `rows.rows` rows and K, C the operands and constants of a row, the function reads
        // - L * K operands of `width` bytes from `operands` on: `operands_at + L * K <= operands.len()` and the width is that of the operands;
        // - L * C constants: `L * C <= constants.len()`;
        // - one head a block: there are at least so many heads;
        // - of the slots those whose numbers are among those operands: the greatest of all operands is below `slots.len()`.
        // `from` is at most the number of blocks, so no block is read that is not among these. It writes nothing but its own stack frame, has no
        // instruction that traps, calls nothing and ends, since each branch back goes on to the next block. All pointers are to live slices for the whole call.
        unsafe { entry.0(slots.as_ptr(), operands, rows.constants.as_ptr(), rows.heads.as_ptr(), u64::from(rows.rows), u64::from(from)) }
    }

    /// Where the loop over events begins. To be kept with the memory that it is in.
    #[derive(Clone, Copy)]
    pub(crate) struct Loop(unsafe extern "C" fn(*mut Frame));

    /// The loop that begins at an offset of memory that holds code.
    pub(crate) fn batch(memory: &[u8], offset: usize) -> Option<Loop> {
        let first = memory.get(offset)?;
        // SAFETY: as for `entry`; `run_batch` says what must hold for a call.
        Some(Loop(unsafe { std::mem::transmute::<*const u8, unsafe extern "C" fn(*mut Frame)>(std::ptr::from_ref(first)) }))
    }

    /// Runs the loop over events. [`Batch::run_with`](crate::Batch::run_with) is the only caller, has made the frame of live slices, and has checked their lengths.
    #[inline]
    pub(crate) fn run_batch(code: Loop, frame: &mut Frame) {
        // SAFETY: `code` is the start of a function of this signature that `Compiler` has made, in memory that the batch keeps alive and executable.
        // - It reads events from `events` to `until`, which both lie in a slice (or at its end) whose items have the size that the code goes on by, and are whole items apart, at
        //   offsets that `BatchBuilder::compile` has found to lie within an event and to be aligned. What takes fours of events goes on only as long as there are four before
        //   `until`: the address of the fourth last is not below 0, since `Batch::take` has seen that there are four at the first. Any bytes will do: an event is compared
        //   and copied as words, and machine code may read what Rust has not written. Of a later event, which is before `until` as well, it reads the instrument, and with it the record
        //   of that, or the one behind those that are counted; what it finds there is given to a step as a guess.
        // - It reads the records and reads and writes the lines of an instrument whose number is below `instruments`, which is the least of their counts; of trades there may be
        //   one record for all, and the code was made for that. Of a record it may read up to eight bytes of what comes after it: in both tables there is one record more than
        //   are counted. It writes floats and integers of lines, for which every pattern is a value; `Batch::run_with` has found lines as wide as the code has them, and what else
        //   the owner keeps in a line comes after these fields.
        // - Literals are read below the records, as many as the code that was made asked for: `pool` has made whole records of all of them, and `records` points behind these.
        // - Records and words lead to slots, operands, constants and heads. Both are made by `BatchBuilder::record` alone, which keeps the greatest end of each in
        //   `Bounds`; `Batch::run_with` has compared these with the lengths. Slots that operands name are below `slots.len()` since the greatest of them is.
        //   Slots are integers, for which every pattern is a value, and are the only other thing that the code writes, but for the frame.
        // - For steps, filters and changes it calls what `Calls::new` has made for the steps and the events of this call, which finds them in the frame and says itself why it may: for the last two
        //   through `away`, which is the function of the same memory that `Compiler::away` has made, calls what it is given with what it is given, keeps all registers and writes `came`. Over a call the code
        //   keeps what never changes (where lines, records, slots and heads begin) and what it has read of the event; the limit and heads, which a call may change, it reads again, and so does it
        //   `until`, which a call may bring to the end of the event at hand: that is not after what it was, and whole items apart. Of the event
        //   nothing that bounds an access is read a second time without being bounded anew, so it does no harm if a step changes events that allow that behind a shared reference.
        // - Lines, those of trades, slots, heads, steps and frame are borrowed for writing and everything else is not, so nothing that is written is read through another slice.
        // It has no instruction that traps, calls nothing else, and ends if steps do: each branch back goes on to the next event or block.
        unsafe { code.0(frame) }
    }

    /// Where the value of an `Option<i64>` is in it. Not promised by the language, but to be seen.
    pub(crate) fn offset_in_option() -> Option<usize> {
        let option = std::hint::black_box(Some(1_i64));
        let value = option.as_ref()?;
        let offset = (std::ptr::from_ref(value) as usize).wrapping_sub(std::ptr::from_ref(&option) as usize);
        (size_of::<Option<i64>>() == 16 && (offset == 0 || offset == 8)).then_some(offset)
    }

    /// A function that gives the four bytes at an address.
    #[derive(Clone, Copy)]
    pub(crate) struct Peek(unsafe extern "C" fn(*const u8) -> u64);

    /// The one that begins at an offset of memory that holds code.
    pub(crate) fn peek(memory: &[u8], offset: usize) -> Option<Peek> {
        let first = memory.get(offset)?;
        // SAFETY: as for `entry`; `tag_is_zero_for_none` says what must hold for a call.
        Some(Peek(unsafe { std::mem::transmute::<*const u8, unsafe extern "C" fn(*const u8) -> u64>(std::ptr::from_ref(first)) }))
    }

    /// Whether the four bytes at an offset of an `Option<i64>`, outside of its value, are 0 where there is none and 1 where there is one, whatever was there before. The language
    /// does not promise it, so it is looked at: in machine code, since bytes that turned out to be padding must not be read in Rust.
    pub(crate) fn tag_is_zero_for_none(code: Peek, offset: usize) -> bool {
        let word = |option: &Option<i64>| {
            let address = std::ptr::from_ref(std::hint::black_box(option)).cast::<u8>().wrapping_add(offset);
            // SAFETY: the function loads four bytes. The offset is 0 or 8, within the sixteen bytes of an option that lives through the call.
            unsafe { code.0(address) }
        };
        let mut holds = true;
        for value in [0, 1, -1, i64::MIN, i64::MAX, 0x5555_5555_5555_5555] {
            for (option, tag) in [(None, 0), (Some(value), 1)] {
                // Over bytes that are neither.
                let mut place = Place { bytes: [0xa5; 16] };
                std::hint::black_box(&mut place);
                place.option = std::hint::black_box(option);
                // SAFETY: the option was written last.
                holds &= word(unsafe { &place.option }) == tag;
            }
        }
        holds
    }

    /// An option, over bytes that were there before.
    union Place {
        bytes: [u8; 16],
        option: Option<i64>,
    }

    /// Copies of values of one byte each, whatever they are.
    #[derive(Clone, Copy)]
    pub(crate) struct Bytes<const N: usize>([[MaybeUninit<u8>; 4]; N]);

    impl<const N: usize> Bytes<N> {
        /// None where they have more or fewer.
        pub(crate) fn of<T: Copy>(values: [T; N]) -> Option<Self> {
            let of = |value: &T| {
                let mut word = [MaybeUninit::new(0); 4];
                // SAFETY: one byte is copied from a live value of that size to the first of four, as it is: what is there may be anything, initialised or not.
                unsafe { std::ptr::copy_nonoverlapping(std::ptr::from_ref(value).cast(), word.as_mut_ptr(), 1) };
                word
            };
            (size_of::<T>() == 1).then(|| Self(values.each_ref().map(of)))
        }

        /// As machine code reads them.
        pub(crate) fn seen_by(&self, code: Peek) -> [u8; N] {
            self.0.map(|word| {
                // SAFETY: the function loads four bytes, which are there.
                let [first, ..] = unsafe { code.0(std::ptr::from_ref(std::hint::black_box(&word)).cast()) }.to_le_bytes();
                first
            })
        }
    }

    impl<const N: usize> std::fmt::Debug for Bytes<N> {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(out, "{N} bytes")
        }
    }

    /// Makes the instruction caches see what was written. Nothing on x86-64, where they see it by themselves.
    pub(crate) fn flush(memory: &[u8]) -> Result<(), CannotCompile> {
        // SAFETY: the range is that of a live slice; the flush of the pipelines, which other threads need, follows.
        unsafe { wasmtime_internal_jit_icache_coherence::clear_cache(memory.as_ptr().cast(), memory.len()) }
            .map_err(|error| CannotCompile::Memory(error.to_string()))?;
        wasmtime_internal_jit_icache_coherence::pipeline_flush_mt().map_err(|error| CannotCompile::Memory(error.to_string()))
    }
}
