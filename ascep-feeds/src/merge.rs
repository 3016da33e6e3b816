//! Several sources as one, by time. At one ts the source that was named first comes first, so the order is the same on every run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::ReadError;
use crate::event::{MarketEvent, Timestamp};
use crate::source::{EventSource, Progress, SourceCounters};
use crate::symbols::Symbols;

/// Several sources as one. It holds one event of each. A source is taken in its own order: where its time goes back, the event is given as
/// soon as it is seen.
pub struct Merge<S: EventSource = Box<dyn EventSource + Send>> {
    sources: Vec<S>,
    heads: Vec<Option<MarketEvent>>,
    order: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Sources whose next event has to be fetched, the last one first.
    empty: Vec<usize>,
    last: usize,
    name: String,
}

impl<S: EventSource> Merge<S> {
    /// Of sources in the order in which they were named.
    pub fn new(sources: Vec<S>) -> Self {
        let name = sources.iter().map(EventSource::name).collect::<Vec<_>>().join(" + ");
        let heads = sources.iter().map(|_| None).collect();
        let empty = (0..sources.len()).rev().collect();
        Self { sources, heads, order: BinaryHeap::new(), empty, last: 0, name }
    }

    /// The sources in their order.
    #[must_use]
    pub fn sources(&self) -> &[S] {
        &self.sources
    }

    /// Of which source the last event or error was.
    #[must_use]
    pub fn last_source(&self) -> usize {
        self.last
    }

    /// Fetches until each source has an event to offer or has ended. An error on the way is given back at once; ask again after it.
    fn fill(&mut self, symbols: &mut Symbols) -> Option<ReadError> {
        while let Some(&at) = self.empty.last() {
            match self.sources.get_mut(at).and_then(|source| source.next_event(symbols)) {
                Some(Ok(event)) => {
                    self.order.push(Reverse((event.ts, at)));
                    if let Some(head) = self.heads.get_mut(at) {
                        *head = Some(event);
                    }
                }
                Some(Err(error)) => {
                    self.last = at;
                    return Some(error);
                }
                None => {}
            }
            self.empty.pop();
        }
        None
    }
}

impl<S: EventSource> EventSource for Merge<S> {
    fn next_event(&mut self, symbols: &mut Symbols) -> Option<Result<MarketEvent, ReadError>> {
        if let Some(error) = self.fill(symbols) {
            return Some(Err(error));
        }
        let Reverse((_, at)) = self.order.pop()?;
        self.last = at;
        self.empty.push(at);
        self.heads.get_mut(at).and_then(Option::take).map(Ok)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn counters(&self) -> SourceCounters {
        let mut sum = SourceCounters::default();
        for source in &self.sources {
            sum.add(&source.counters());
        }
        sum
    }

    fn progress(&self) -> Option<Progress> {
        let mut sum = Progress { read: 0, total: 0 };
        for source in &self.sources {
            let one = source.progress()?;
            sum.read += one.read;
            sum.total += one.total;
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Cursor;

    use super::*;
    use crate::native::CsvReader;
    use crate::source::ReadOptions;

    fn csv(name: &str, rows: &[&str]) -> CsvReader {
        let text = format!("ts,symbol,price\n{}\n", rows.join("\n"));
        CsvReader::new(name, Cursor::new(text.into_bytes()), ReadOptions::default()).unwrap()
    }

    fn drain(merge: &mut Merge<CsvReader>) -> Vec<String> {
        let mut symbols = Symbols::new();
        let mut out = Vec::new();
        while let Some(next) = merge.next_event(&mut symbols) {
            out.push(match next {
                Ok(event) => format!("{}@{}", symbols.name(event.symbol), event.ts),
                Err(error) => format!("{}!", error.to_string().split(": ").next().unwrap()),
            });
        }
        out
    }

    #[test]
    fn by_time_and_then_by_order_of_sources() {
        let mut merge = Merge::new(vec![csv("a", &["1,A,1", "5,A,1", "5,A2,1"]), csv("b", &["0,B,1", "5,B,1", "6,B,1"])]);
        assert_eq!(drain(&mut merge), ["B@0", "A@1", "A@5", "A2@5", "B@5", "B@6"]);
        assert_eq!(merge.counters().events, 6);
        assert_eq!(merge.name(), "a + b");
    }

    #[test]
    fn time_that_goes_back_in_a_source_is_passed_on() {
        let mut merge = Merge::new(vec![csv("a", &["10,A,1", "3,A,1", "11,A,1"]), csv("b", &["5,B,1", "12,B,1"])]);
        assert_eq!(drain(&mut merge), ["B@5", "A@10", "A@3", "A@11", "B@12"]);
    }

    #[test]
    fn errors_come_out_and_the_rest_goes_on() {
        let mut merge = Merge::new(vec![csv("a", &["x,A,1", "3,A,1"]), csv("b", &["1,B,0", "2,B,1"])]);
        assert_eq!(drain(&mut merge), ["a:2!", "b:2!", "B@2", "A@3"]);
        assert_eq!(merge.counters().refused, 2);
        assert!(drain(&mut Merge::new(Vec::new())).is_empty());
    }
}
