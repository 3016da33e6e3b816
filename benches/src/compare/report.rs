//! What comes out: a row for each workload and engine, as a table for people and as JSON for tools.

use std::fmt::Write as _;

use serde::Serialize;

/// One engine on one workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `W1`, `W2`, ..
    pub workload: String,
    /// Whose numbers they are.
    pub engine: String,
    /// Nanoseconds an event, the median over chunks.
    pub ns_per_event: f64,
    /// The least of a chunk.
    pub min: f64,
    /// The greatest of a chunk.
    pub max: f64,
    /// Signals of the whole stream.
    pub signals: u64,
    /// Bytes of plan and state for each rule.
    pub bytes_per_rule: Option<f64>,
    /// The median over that of the loop by hand.
    pub ratio_to_hand: Option<f64>,
    /// What has to be known to read it.
    #[serde(skip)]
    pub note: Option<String>,
}

/// As an array.
///
/// # Errors
/// Where the rows can't be written, which is not known to happen.
pub fn json(rows: &[Row]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(rows)
}

/// Three digits that say something, or whole numbers.
pub(super) fn number(x: f64) -> String {
    match x.abs() {
        size if !size.is_finite() => "-".to_owned(),
        size if size < 10.0 => format!("{x:.2}"),
        size if size < 100.0 => format!("{x:.1}"),
        _ => format!("{x:.0}"),
    }
}

fn or_dash(x: Option<f64>) -> String {
    x.map_or_else(|| "-".to_owned(), number)
}

/// The heads of the columns of the table.
#[must_use]
pub fn heads() -> String {
    line("workload", "engine", ["ns/event", "min", "max", "x hand", "signals", "bytes/rule"].map(str::to_owned))
}

fn line(workload: &str, engine: &str, [median, min, max, ratio, signals, bytes]: [String; 6]) -> String {
    format!("{workload:<12} {engine:<22} {median:>9} {min:>9} {max:>9} {ratio:>8} {signals:>10} {bytes:>10}\n")
}

/// Rows as lines of a table, and their notes below.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let cells = [
            number(row.ns_per_event),
            number(row.min),
            number(row.max),
            or_dash(row.ratio_to_hand),
            row.signals.to_string(),
            or_dash(row.bytes_per_rule),
        ];
        out += &line(&row.workload, &row.engine, cells);
    }
    for (row, note) in rows.iter().filter_map(|row| Some((row, row.note.as_ref()?))) {
        let _ = writeln!(out, "  {} {}: {note}", row.workload, row.engine);
    }
    out
}
