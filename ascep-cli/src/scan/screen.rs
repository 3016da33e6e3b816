//! The table on a terminal: what is open, what closed last, and the counts, drawn anew a few times a second in the same place.

use std::time::{Duration, Instant};

use ascep_feeds::Progress;
use ascep_runtime::arbitrage::{Opportunity, Scanner, Universe};
use ascep_runtime::event::Timestamp;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::format;
use super::output::state;
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
    bar: ProgressBar,
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
    pub(crate) fn new(head: String, rows: usize) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { bar, head, rows, looks: 0, drawn: None, read: None }
    }

    /// Whether it is time to draw.
    pub(crate) fn is_due(&mut self) -> bool {
        self.looks = self.looks.wrapping_add(1);
        self.looks.is_multiple_of(LOOK) && self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY)
    }

    /// Draws.
    pub(crate) fn draw(&mut self, view: &View<'_>) {
        self.drawn = Some(Instant::now());
        let (height, width) = Term::stdout().size();
        let rows = self.rows.min(usize::from(height).saturating_sub(OTHER_LINES)).max(1);
        let text = lines(&self.head, view, self.read, rows, usize::from(width)).join("\n");
        self.bar.set_message(text);
        self.bar.tick();
    }

    /// Draws for the last time; what is drawn stays.
    pub(crate) fn last(&mut self, view: &View<'_>) {
        self.draw(view);
        self.bar.abandon();
    }

    /// How much of recorded data is read.
    pub(crate) fn progress(&mut self, progress: &dyn Fn() -> Option<Progress>) {
        if self.looks.is_multiple_of(LOOK) {
            self.read = progress();
        }
    }

    /// Takes the table off the screen while something else is written there.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

/// All lines, none longer than `width`.
fn lines(head: &str, view: &View<'_>, read: Option<Progress>, rows: usize, width: usize) -> Vec<String> {
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
    let mut lines = vec![head.to_owned(), now, String::new()];
    lines.extend(table(&open, told, universe, *clock, rows).lines(width));
    // As many lines whatever is open, so that the counts stand still.
    while lines.len() < rows + 4 {
        lines.push(String::new());
    }
    let closed: Vec<String> = told.tally.closed().map(|(reason, n)| format!("{} {}", reason.name(), grouped(n))).collect();
    lines.push(String::new());
    lines.push(format!(
        "open {}   opened {}   updates {}   closed {}",
        open.len(),
        grouped(counters.opened),
        grouped(counters.updated),
        if closed.is_empty() { "0".to_owned() } else { closed.join(", ") }
    ));
    lines.push(format!(
        "paid before fees only {}   too old {}   too far apart {}   too small {}",
        grouped(counters.gross),
        grouped(counters.aged),
        grouped(counters.skewed),
        grouped(counters.small)
    ));
    lines.push(format!(
        "locked {}   crossed {}   one-sided {}   feed losses {}   clock jumps {}   late {}   refused {}",
        grouped(counters.locked),
        grouped(counters.crossed),
        grouped(counters.one_sided),
        grouped(counters.losses),
        grouped(counters.clock_jumps),
        grouped(counters.late),
        grouped(*refused)
    ));
    lines.iter().map(|line| cut(line, width)).collect()
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
    for one in best.into_iter().chain(&told.recent).take(rows) {
        let (name, reason) = state(one.state);
        let (state, lifetime) = match reason {
            Some(reason) => (format!("gone: {}", reason.name()), one.lifetime()),
            None => (name.to_owned(), clock.map_or(0, |clock| clock.saturating_sub(one.opened))),
        };
        table.row([
            format::basis_points(one.net),
            format::basis_points(one.gross),
            format::amount(one.size),
            format::length(one.age),
            format::length(one.skew),
            format::length(lifetime),
            format::basis_points(one.peak),
            state,
            one.path.text(universe, told.home),
        ]);
    }
    table
}
