//! Plots of rows: bars of the ratio to the loop by hand, and latency by percentile, both on scales of powers of ten. They fit light and dark pages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::report::{Row, number};

const WIDTH: f64 = 860.0;
/// Where names end and bars begin.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 52.0;
const BAR: f64 = 15.0;
const STYLE: &str = "<style>\
svg{font:12px system-ui,sans-serif;--page:#ffffff;--ink:#1b2330;--soft:#566173;--line:#d9dee6;--a:#566173;--b:#1f6fd6;--c:#c2620a;--d:#9a2f6b;--e:#a4afbf}\
@media(prefers-color-scheme:dark){svg{--page:#12161d;--ink:#e6eaf1;--soft:#a3aec0;--line:#313a48;--a:#a3aec0;--b:#6cabff;--c:#f0a04b;--d:#e58abf;--e:#66758b}}\
.page{fill:var(--page)}text{fill:var(--ink)}.soft{fill:var(--soft)}.grid{stroke:var(--line)}.line{fill:none;stroke-width:2}\
.hand{fill:var(--a);stroke:var(--a)}.interpreter{fill:var(--b);stroke:var(--b)}.jit{fill:var(--c);stroke:var(--c)}\
.sharded{fill:var(--d);stroke:var(--d)}.other{fill:var(--e);stroke:var(--e)}rect{stroke:none}path.line{fill:none}</style>";

fn class(engine: &str) -> &'static str {
    match engine {
        "hand" => "hand",
        "ascep-jit" => "jit",
        "ascep-sharded" => "sharded",
        ours if ours.starts_with("ascep") => "interpreter",
        _ => "other",
    }
}

/// A scale of powers of ten that holds all values, from one number of pixels to another.
struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// `least` and `most` are powers that are within it in any case.
    fn of(values: impl Iterator<Item = f64>, (least, most): (f64, f64), from: f64, to: f64) -> Self {
        let (least, most) = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .map(f64::log10)
            .fold((least, most), |(least, most), value| (least.min(value.floor()), most.max(value.ceil())));
        Self { least, most, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        let part = (value.max(f64::MIN_POSITIVE).log10() - self.least) / (self.most - self.least);
        self.from + part * (self.to - self.from)
    }

    /// The powers of ten within it.
    fn powers(&self) -> impl Iterator<Item = f64> {
        (self.least as i32..=self.most as i32).map(|power| 10_f64.powi(power))
    }
}

fn start(height: f64, title: &str, below: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"><title>{title}</title>{STYLE}\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n<text x=\"12\" y=\"20\" font-size=\"15\">{title}</text>\n\
         <text class=\"soft\" x=\"12\" y=\"38\">{below}</text>\n"
    )
}

/// Bars of the ratio to the loop by hand, by workload and engine.
#[must_use]
pub fn ratios(rows: &[Row]) -> String {
    let shown: Vec<(&Row, f64)> = rows
        .iter()
        .filter(|row| row.engine != "hand" && !row.workload.starts_with("W9"))
        .filter_map(|row| Some((row, row.ratio_to_hand?)))
        .collect();
    let mut groups: Vec<&str> = shown.iter().map(|(row, _)| row.workload.as_str()).collect();
    groups.dedup();
    let bottom = TOP + shown.len() as f64 * (BAR + 3.0) + groups.len() as f64 * 10.0;
    let scale = Scale::of(shown.iter().map(|(_, ratio)| *ratio), (0.0, 1.0), LEFT, WIDTH - RIGHT);
    let mut out = start(
        bottom + 30.0,
        "Time for an event beside a loop written by hand",
        "times the loop of the same run; less is better; powers of ten",
    );
    for power in scale.powers() {
        let x = scale.at(power);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom:.1}\"/><text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{power}</text>",
            bottom + 16.0
        );
    }
    let (mut y, mut last) = (TOP, "");
    let one = scale.at(1.0);
    for (row, ratio) in &shown {
        if row.workload != last {
            y += 10.0;
            last = &row.workload;
            let _ = writeln!(out, "<text x=\"12\" y=\"{:.1}\">{last}</text>", y + BAR - 3.0);
        }
        let x = scale.at(*ratio);
        let (from, width) = (x.min(one), (x - one).abs().max(1.0));
        let _ = writeln!(
            out,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><rect class=\"{}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 8.0,
            y + BAR - 3.0,
            row.engine,
            class(&row.engine),
            from + width + 5.0,
            y + BAR - 3.0,
            number(*ratio)
        );
        y += BAR + 3.0;
    }
    out + "</svg>\n"
}

/// Latency by percentile, a line for each engine; `None` where it was not measured.
#[must_use]
pub fn latencies(rows: &[Row]) -> Option<String> {
    const BOTTOM: f64 = 360.0;
    let shown: Vec<(&str, &Row)> = rows.iter().filter_map(|row| Some((row.workload.strip_prefix("W9-")?, row))).collect();
    let mut percentiles: Vec<&str> = Vec::new();
    let mut engines: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (percentile, row) in &shown {
        if percentiles.last() != Some(percentile) {
            percentiles.push(percentile);
        }
        engines.entry(&row.engine).or_default().push(row.ns_per_event);
    }
    if percentiles.len() < 2 {
        return None;
    }
    let scale = Scale::of(shown.iter().map(|(_, row)| row.ns_per_event), (2.0, 3.0), BOTTOM, TOP);
    let x_of = |place: usize| 70.0 + place as f64 * (WIDTH - 70.0 - 150.0) / (percentiles.len() - 1) as f64;
    let mut out =
        start(BOTTOM + 40.0, "Latency from event to signal", "nanoseconds at a million events a second, waiting included; powers of ten");
    for power in scale.powers() {
        let y = scale.at(power);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"70\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"soft\" x=\"62\" y=\"{:.1}\" text-anchor=\"end\">{power}</text>",
            WIDTH - 150.0,
            y + 4.0
        );
    }
    for (place, percentile) in percentiles.iter().enumerate() {
        let _ = writeln!(
            out,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{percentile}</text>",
            x_of(place),
            BOTTOM + 20.0
        );
    }
    for (turn, (engine, values)) in engines.iter().enumerate() {
        let mut path = String::new();
        for (place, value) in values.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if place == 0 { "M" } else { "L" }, x_of(place), scale.at(*value));
        }
        let (class, y) = (class(engine), TOP + 12.0 + turn as f64 * 18.0);
        let _ = writeln!(
            out,
            "<path class=\"line {class}\" d=\"{path}\"/><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\"/><text x=\"{:.1}\" y=\"{y:.1}\">{engine}</text>",
            WIDTH - 140.0,
            y - 10.0,
            WIDTH - 122.0
        );
    }
    Some(out + "</svg>\n")
}
