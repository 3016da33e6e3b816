//! What a scan has come to hold, as words, for snapshots of the engine of rules: quotes, and the ways that are followed. Statistics by path and counts
//! are left out, since nothing there reads them; clocks of venues too, since there all times are those of receipt.

use super::tracks::{Stage, Track};
use super::{Known, Scanner};
use crate::arbitrage::index::NONE;
use crate::arbitrage::opportunity::{CloseReason, Opportunity, State};
use crate::arbitrage::path::{MAX_LEGS, Path};
use crate::event::{Quote, Timestamp};
use crate::snapshot::{Reader, Writer};
use crate::timers::NEVER;

/// A count that can be counted on from.
const MOST: u64 = 1 << 62;

const STAGES: [Stage; 6] = [Stage::Found, Stage::Gross, Stage::Aged, Stage::Skewed, Stage::Small, Stage::Opened];

impl Scanner {
    pub(crate) fn write(&self, out: &mut Writer) {
        out.int(self.now);
        out.word(self.ids);
        for market in &self.markets {
            let Quote { bid, ask, bid_qty, ask_qty } = market.quote;
            out.word(match market.known {
                Known::Yes => 0,
                Known::Equal => 1,
                Known::No(reason) => 2 + reason as u64,
            });
            [bid, ask, bid_qty, ask_qty].into_iter().for_each(|x| out.num(x));
            out.int(market.time);
        }
        let mut slots: Vec<(Path, u32)> = self.tracks.all().filter_map(|slot| Some((self.tracks.get(slot)?.path, slot))).collect();
        slots.sort_unstable();
        out.count(slots.len());
        for (_, slot) in slots {
            if let Some(track) = self.tracks.get(slot) {
                write_track(track, out);
                out.int(self.timers.due(slot));
            }
        }
        if let Some(long) = &self.long {
            long.write(out);
        }
    }

    /// Takes over what [`write`](Self::write) wrote of a scan of the same markets and settings; nothing where it can't be that.
    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.now = from.int()?;
        self.ids = from.word().filter(|ids| *ids < MOST)?;
        for market in &mut self.markets {
            let known = match from.word()? {
                0 => Known::Yes,
                1 => Known::Equal,
                reason => Known::No(*CloseReason::ALL.get(usize::try_from(reason).ok()?.checked_sub(2)?)?),
            };
            ((known == Known::Equal) == (market.known == Known::Equal)).then_some(())?;
            let mut price = || from.num().filter(|x| x.is_nan() || (x.is_finite() && *x > 0.0));
            let (bid, ask) = (price()?, price()?);
            let mut qty = || from.num().filter(|x| x.is_nan() || (x.is_finite() && *x >= 0.0));
            market.quote = Quote { bid, ask, bid_qty: qty()?, ask_qty: qty()? };
            (known != Known::Yes || bid < ask).then_some(())?;
            market.set_known(known);
            market.time = from.int().filter(|time| *time <= self.now)?;
        }
        for market in (0..).take(self.markets.len()) {
            self.fold(market);
        }
        let count = from.count(self.settings.max_tracked)?;
        for _ in 0..count {
            let path = self.read_path(from)?;
            let way = u32::try_from(from.word()?).ok()?;
            let start = u32::try_from(from.word()?).ok().filter(|start| (*start as usize) < path.len())?;
            let followed = |slot: u32| self.tracks.get(slot).is_some_and(|track| track.path == path);
            let market = path.edges().first()? / 2;
            (!self.tracks.through(market).any(followed) && (way == NONE || self.index.path(way) == path)).then_some(())?;
            let slot = self.tracks.insert(path, way, start)?;
            let now = self.now;
            read_track(self.tracks.get_mut(slot)?, now, from)?;
            let due = from.int().filter(|due| *due >= now)?;
            self.timers.arm(slot, due);
        }
        if let Some(long) = &mut self.long {
            long.read(from)?;
        }
        self.deadline = self.timers.next(NEVER - 1).unwrap_or(NEVER);
        Some(())
    }

    fn read_path(&self, from: &mut Reader<'_>) -> Option<Path> {
        let path = read_path(from)?;
        path.edges().iter().all(|edge| (*edge as usize) < self.from.len()).then_some(path)
    }
}

fn write_track(track: &Track, out: &mut Writer) {
    let Track {
        path,
        way,
        start,
        live: _,
        open,
        best,
        id,
        opened,
        told,
        net,
        gross,
        size,
        profit,
        peak,
        peak_size,
        peak_profit,
        row: _,
        filter: _,
    } = *track;
    write_path(&path, out);
    out.word(u64::from(way));
    out.word(u64::from(start));
    out.flag(open);
    out.word(best as u64);
    out.word(id);
    out.int(opened);
    [told, net, gross, size, profit, peak, peak_size, peak_profit].into_iter().for_each(|x| out.num(x));
}

fn read_track(track: &mut Track, now: Timestamp, from: &mut Reader<'_>) -> Option<()> {
    track.open = from.flag()?;
    track.best = *STAGES.get(usize::try_from(from.word()?).ok()?)?;
    track.id = from.word().filter(|id| *id < MOST)?;
    track.opened = from.int().filter(|opened| *opened <= now || !track.open)?;
    let numbers = [
        &mut track.told,
        &mut track.net,
        &mut track.gross,
        &mut track.size,
        &mut track.profit,
        &mut track.peak,
        &mut track.peak_size,
        &mut track.peak_profit,
    ];
    for number in numbers {
        *number = from.num()?;
    }
    track.row = NONE;
    Some(())
}

fn write_path(path: &Path, out: &mut Writer) {
    out.count(path.len());
    path.edges().iter().for_each(|edge| out.word(u64::from(*edge)));
}

fn read_path(from: &mut Reader<'_>) -> Option<Path> {
    let count = from.count(MAX_LEGS).filter(|count| *count >= 2)?;
    let mut edges = [0; MAX_LEGS];
    for edge in edges.iter_mut().take(count) {
        *edge = u32::try_from(from.word()?).ok()?;
    }
    let edges = edges.get(..count)?;
    Some(Path::from_edges(edges)).filter(|path| path.edges() == edges)
}

impl Opportunity {
    pub(crate) fn write(&self, out: &mut Writer) {
        let Self { id, ts, state, path, net, gross, size, profit, age, skew, opened, peak, peak_size } = self;
        out.word(*id);
        out.int(*ts);
        out.word(match state {
            State::Open => 0,
            State::Update => 1,
            State::Close(reason) => 2 + *reason as u64,
        });
        write_path(path, out);
        [*net, *gross, *size, *profit, *peak, *peak_size].into_iter().for_each(|x| out.num(x));
        [*age, *skew, *opened].into_iter().for_each(|x| out.int(x));
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (id, ts) = (from.word()?, from.int()?);
        let state = match from.word()? {
            0 => State::Open,
            1 => State::Update,
            reason => State::Close(*CloseReason::ALL.get(usize::try_from(reason).ok()?.checked_sub(2)?)?),
        };
        let path = read_path(from)?;
        let [net, gross, size, profit, peak, peak_size] = [from.num()?, from.num()?, from.num()?, from.num()?, from.num()?, from.num()?];
        let (age, skew, opened) = (from.int()?, from.int()?, from.int()?);
        Some(Self { id, ts, state, path, net, gross, size, profit, age, skew, opened, peak, peak_size })
    }
}
