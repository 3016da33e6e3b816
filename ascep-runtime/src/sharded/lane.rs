//! The caller's side of a shard that has a thread: jobs go out, pages of signals come back.

use std::thread::{self, JoinHandle, Thread};

use rtrb::{Consumer, Producer, RingBuffer};

use super::batch::Batch;
use super::page::{Key, Last, Page, PageSize, Recorder};
use super::worker::{self, Ends, Job, Order};
use crate::counters::Counters;
use crate::engine::Engine;
use crate::error::BuildError;
use crate::event::Timestamp;

/// Rounds that are under way at once: one that is merged, one that is worked at, so that no shard waits for the merge.
pub(super) const ROUNDS: usize = 2;
/// Pages of a shard: one that is written, one that is read, and one for each round that may be done before it is read.
pub(super) const PAGES: usize = ROUNDS + 2;

/// See the module.
#[derive(Debug)]
pub(super) struct Lane {
    /// None once the engine is dropped.
    jobs: Option<Producer<Order>>,
    empty: Option<Producer<Box<Page>>>,
    full: Consumer<Box<Page>>,
    pub(super) thread: Option<JoinHandle<()>>,
    spins: u32,
    /// Batches that are not under way.
    batches: Vec<Batch>,
    /// The page that is read, and how far it is.
    page: Option<Box<Page>>,
    at: usize,
    /// Jobs that have not been merged.
    pub(super) pending: usize,
    /// What was said at the end of the last job that was merged.
    pub(super) counters: Counters,
    pub(super) due: Timestamp,
    /// Pages that were full before their job was done.
    pub(super) early_pages: u64,
}

/// The thread of a shard has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost;

impl Lane {
    pub(super) fn new(
        name: String,
        engine: Engine,
        recorder: impl FnOnce(Box<Page>) -> Recorder,
        size: PageSize,
        events: usize,
        spins: u32,
    ) -> Result<Self, BuildError> {
        let (jobs, jobs_out) = RingBuffer::new(ROUNDS);
        let (mut empty, empty_out) = RingBuffer::new(PAGES);
        let (full_in, full) = RingBuffer::new(PAGES);
        for _ in 1..PAGES {
            // There are as many places as pages.
            let _ = empty.push(Box::new(Page::new(size)));
        }
        let recorder = recorder(Box::new(Page::new(size)));
        let ends = Ends { jobs: jobs_out, empty: empty_out, full: full_in };
        let thread = thread::Builder::new().name(name).spawn(move || worker::run(engine, recorder, ends, spins));
        let thread = thread.map_err(|error| BuildError::Thread { reason: error.to_string() })?;
        Ok(Self {
            jobs: Some(jobs),
            empty: Some(empty),
            full,
            thread: Some(thread),
            spins,
            batches: (0..ROUNDS).map(|_| Batch::new(events)).collect(),
            page: None,
            at: 0,
            pending: 0,
            counters: Counters::default(),
            due: Timestamp::MIN,
            early_pages: 0,
        })
    }

    /// Bytes beside the engine.
    pub(super) fn bytes(size: PageSize, events: usize) -> usize {
        PAGES * size.bytes() + ROUNDS * Batch::bytes(events)
    }

    /// The batch of the next round.
    pub(super) fn batch(&mut self) -> Option<&mut Batch> {
        self.batches.last_mut()
    }

    /// Sends the batch of the round.
    pub(super) fn send_batch(&mut self, from: Thread) -> Result<(), Lost> {
        let batch = self.batches.pop().ok_or(Lost)?;
        self.send(Job::Events(batch), from)
    }

    pub(super) fn send(&mut self, job: Job, from: Thread) -> Result<(), Lost> {
        let jobs = self.jobs.as_mut().ok_or(Lost)?;
        jobs.push(Order { job, from }).map_err(|_| Lost)?;
        self.pending += 1;
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// The next signal of the job; none where it has no more. Waits for the shard.
    pub(super) fn head(&mut self) -> Result<Option<Key>, Lost> {
        loop {
            let page = match &mut self.page {
                Some(page) => page,
                none => {
                    self.at = 0;
                    none.insert(worker::next(&mut self.full, self.spins).ok_or(Lost)?)
                }
            };
            if let Some(record) = page.records.get(self.at) {
                return Ok(Some(record.key));
            }
            if page.last.is_some() {
                return Ok(None);
            }
            self.early_pages += 1;
            self.give_back();
        }
    }

    /// The page of the signal that [`head`](Self::head) told of, with its place there; it counts as read.
    pub(super) fn take(&mut self) -> Option<(&Page, usize)> {
        let at = self.at;
        self.at += 1;
        self.page.as_deref().map(|page| (page, at))
    }

    /// Ends a job that has been merged.
    pub(super) fn finish(&mut self) {
        if let Some(Last { batch, counters, due }) = self.page.as_mut().and_then(|page| page.last.take()) {
            (self.counters, self.due) = (counters, due);
            if let Some(mut batch) = batch {
                batch.clear();
                self.batches.push(batch);
            }
        }
        self.pending = self.pending.saturating_sub(1);
        self.give_back();
    }

    fn give_back(&mut self) {
        if let (Some(mut page), Some(empty)) = (self.page.take(), &mut self.empty) {
            page.clear();
            // There are as many places as pages.
            let _ = empty.push(page);
        }
        self.wake();
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Without the other ends the thread comes to its end, wherever it waits.
        (self.jobs, self.empty) = (None, None);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic has been told of already.
            let _ = thread.join();
        }
    }
}
