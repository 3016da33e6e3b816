//! The table on a terminal: what is open, what closed last, and the counts, drawn anew a few times a second in the same place.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ascep_feeds::Progress;
use ascep_runtime::arbitrage::{Opportunity, Scanner, State, Universe};
use ascep_runtime::event::Timestamp;
use console::{Style, Term};

use super::format;
use super::table::{Align, Table, cut};
use super::watch::{Counts, Told};
use crate::summary::grouped;

/// Time between two drawings.
const EVERY: Duration = Duration::from_millis(200);
/// Events between two looks at the time: looking costs more than an event does.
const LOOK: u32 = 32;
/// Lines besides those of the table.
const OTHER_LINES: usize = 10;

/// The table.
pub(crate) struct Screen {
    term: Term,
    /// Lines on the screen.
    shown: Cell<usize>,
    colour: bool,
    /// What stands above the table.
    head: String,
    rows: usize,
    looks: u32,
    drawn: Option<Instant>,
    read: Option<Progress>,
}

/// What is shown.
pub(crate) struct View<'a> {
    pub(crate) scanner: &'a Scanner,
    pub(crate) universe: &'a Universe,
    pub(crate) told: &'a Told,
    pub(crate) counts: Counts,
    pub(crate) clock: Option<Timestamp>,
    pub(crate) refused: u64,
    pub(crate) began: Instant,
}

impl Screen {
    /// On stdout, with so many rows.
    pub(crate) fn new(head: String, rows: usize, colour: bool) -> Self {
        Self { term: Term::buffered_stdout(), shown: Cell::new(0), colour, head, rows, looks: 0, drawn: None, read: None }
    }

    /// Whether it is time to draw.
    pub(crate) fn is_due(&mut self) -> bool {
        self.looks = self.looks.wrapping_add(1);
        self.looks.is_multiple_of(LOOK) && self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY)
    }

    /// Draws over what is there. Failing to is nobody's concern: the report comes all the same.
    pub(crate) fn draw(&mut self, view: &View<'_>) {
        self.drawn = Some(Instant::now());
        let (height, width) = self.term.size();
        let rows = self.rows.min(usize::from(height).saturating_sub(OTHER_LINES)).max(1);
        // The last column stays free, since some terminals go on to the next line when it is filled.
        let lines = lines(&self.head, view, self.read, rows, usize::from(width).saturating_sub(1));
        let _ = self.term.move_cursor_up(self.shown.get());
        for (tone, line) in &lines {
            let style = match tone {
                Tone::Plain => Style::new(),
                Tone::Strong => Style::new().bold(),
                Tone::Faint => Style::new().dim(),
            };
            let _ = self.term.clear_line();
            let _ = self.term.write_line(&style.force_styling(self.colour).apply_to(line).to_string());
        }
        // What the keyboard wrote below, such as ^C.
        let _ = self.term.clear_to_end_of_screen();
        let _ = self.term.flush();
        self.shown.set(lines.len());
    }

    /// Leaves the table where it is, with an empty line below.
    pub(crate) fn finish(&self) {
        let _ = self.term.write_line("");
        let _ = self.term.flush();
    }

    /// How much of recorded data is read.
    pub(crate) fn progress(&mut self, progress: &dyn Fn() -> Option<Progress>) {
        if self.looks.is_multiple_of(LOOK) {
            self.read = progress();
        }
    }

    /// Takes the table off the screen, so that something else can be written; it is drawn again below it.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let _ = self.term.clear_last_lines(self.shown.replace(0));
        let _ = self.term.flush();
        write()
    }
}

/// How a line stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Strong,
    Faint,
}

/// All lines, none longer than `width`.
fn lines(head: &str, view: &View<'_>, read: Option<Progress>, rows: usize, width: usize) -> Vec<(Tone, String)> {
    let View { scanner, universe, told, counts, clock, refused, began } = view;
    let counters = scanner.counters();
    let seconds = began.elapsed().as_secs_f64();
    let rate = if seconds > 0.0 { counts.events as f64 / seconds } else { 0.0 };
    let mut now = clock.map_or_else(|| "no event yet".to_owned(), format::moment);
    now.push_str(&format!("   {} events, {} events/s", grouped(counts.events), grouped(rate.round() as u64)));
    if let Some(read) = read.filter(|read| read.total > 0) {
        now.push_str(&format!("   {} read", format::percent(read.read, read.total)));
    }
    let open: Vec<Opportunity> = scanner.open().collect();
    let mut lines = vec![(Tone::Plain, head.to_owned()), (Tone::Plain, now), (Tone::Plain, String::new())];
    let table = table(&open, told, universe, *clock, rows);
    for (n, line) in table.lines(width).into_iter().enumerate() {
        let tone = match n {
            0 => Tone::Plain,
            n if n <= open.len() => Tone::Strong,
            _ => Tone::Faint,
        };
        lines.push((tone, line));
    }
    let mut plain = |line: String| lines.push((Tone::Plain, line));
    // As many lines whatever is open, so that the counts stand still.
    for _ in table.len()..rows {
        plain(String::new());
    }
    let closed: Vec<String> = told.tally.closed().map(|(reason, n)| format!("{} {}", reason.name(), grouped(n))).collect();
    let closed = if closed.is_empty() { "0".to_owned() } else { closed.join(", ") };
    plain(String::new());
    plain(format!("open {}   opened {}   updates {}   closed: {closed}", open.len(), grouped(counters.opened), grouped(counters.updated)));
    plain(format!(
        "paid before fees only {}   too old {}   too far apart {}   too small {}",
        grouped(counters.gross),
        grouped(counters.aged),
        grouped(counters.skewed),
        grouped(counters.small)
    ));
    plain(format!(
        "locked {}   crossed {}   one-sided {}   feed losses {}   clock jumps {}   late {}   refused {}",
        grouped(counters.locked),
        grouped(counters.crossed),
        grouped(counters.one_sided),
        grouped(counters.losses),
        grouped(counters.clock_jumps),
        grouped(counters.late),
        grouped(*refused)
    ));
    lines.into_iter().map(|(tone, line)| (tone, cut(&line, width))).collect()
}

/// What is open, the best first, and below it what closed last.
fn table(open: &[Opportunity], told: &Told, universe: &Universe, clock: Option<Timestamp>, rows: usize) -> Table {
    let right = Align::Right;
    let mut table = Table::new(&[
        ("net bp", right),
        ("gross bp", right),
        ("size", right),
        ("age", right),
        ("skew", right),
        ("lifetime", right),
        ("peak bp", right),
        ("state", Align::Left),
        ("path", Align::Left),
    ]);
    let mut best: Vec<&Opportunity> = open.iter().collect();
    best.sort_by(|a, b| b.net.total_cmp(&a.net).then(a.id.cmp(&b.id)));
    let open = best.into_iter().map(|one| {
        [
            format::basis_points(one.net),
            format::basis_points(one.gross),
            format::amount(one.size),
            format::length(one.age),
            format::length(one.skew),
            format::length(clock.map_or(0, |clock| clock.saturating_sub(one.opened))),
            format::basis_points(one.peak),
            "open".to_owned(),
            one.path.text(universe, told.home),
        ]
    });
    // What is over has no return any more, but a greatest one.
    let closed = told.recent.iter().map(|one| {
        let none = || format::UNKNOWN.to_owned();
        let reason = match one.state {
            State::Close(reason) => reason.name(),
            State::Open | State::Update => "",
        };
        let (size, lifetime) = (format::amount(one.peak_size), format::length(one.lifetime()));
        let path = one.path.text(universe, told.home);
        [none(), none(), size, none(), none(), lifetime, format::basis_points(one.peak), format!("gone: {reason}"), path]
    });
    for row in open.chain(closed).take(rows) {
        table.row(row);
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use ascep_runtime::arbitrage::{CloseReason, ScanSettings};

    use super::super::output::{Lines, Output};
    use super::super::tally::Tally;
    use super::super::tests::{telling, universe};
    use super::*;

    #[test]
    fn the_counts_stand_still_and_no_line_is_too_long() {
        let universe = universe();
        let home = universe.asset("USDT");
        let scanner = Scanner::new(&universe, &[0.0; 3], ScanSettings::default()).unwrap();
        let mut told = Told::new(Output::new(Lines::None, false), Tally::new(1, home, &[0.0; 3]), home, 5);
        let shown = |told: &Told, width| {
            let view = View {
                scanner: &scanner,
                universe: &universe,
                told,
                counts: Counts::default(),
                clock: Some(0),
                refused: 3,
                began: Instant::now(),
            };
            lines("head", &view, None, 4, width)
        };
        let empty = shown(&told, 200);
        told.recent.push(telling(&universe, 1, State::Close(CloseReason::Skew)));
        let one = shown(&told, 200);
        assert_eq!((empty.len(), one.len()), (12, 12));
        assert_eq!(one[4].0, Tone::Faint);
        assert!(one[4].1.contains("4.00  gone: skew  buy BTC/USDT, buy ETH/BTC, sell ETH/USDT"), "{}", one[4].1);
        assert!(one[11].1.ends_with("refused 3"));
        assert!(shown(&told, 40).iter().all(|(_, line)| line.chars().count() <= 40));
    }

    #[test]
    fn the_best_come_first_and_then_what_is_gone() {
        let universe = universe();
        let mut told = Told::new(Output::new(Lines::None, false), Tally::new(1, None, &[0.0; 3]), None, 5);
        told.recent.push(telling(&universe, 1, State::Close(CloseReason::Edge)));
        let open = [(2, 0.0001), (3, 0.0009)].map(|(id, net)| Opportunity { net, ..telling(&universe, id, State::Open) });
        let rows = table(&open, &told, &universe, Some(open[0].opened + 1_000_000), 2).lines(200);
        assert_eq!(rows.len(), 3, "as many as there is room for");
        assert!(rows[1].trim_start().starts_with("9.00") && rows[2].trim_start().starts_with("1.00"), "{rows:?}");
        assert!(rows[1].contains("1.00 ms"), "{rows:?}");
    }
}
