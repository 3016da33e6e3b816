//! The pictures of the report's page: how long opportunities lived, what they returned over time, and which ways were best.

use std::fmt::Write as _;

use ascep_runtime::event::Timestamp;

use super::format;
use super::svg::{Anchor, Scale, Svg};
use super::tally::Lengths;

const WIDTH: f64 = 920.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 30.0;
/// Up to so many opportunities have a text each that shows when they are pointed at; more are drawn as one shape.
const TITLED: usize = 600;
const SECOND: f64 = 1e9;

/// The axis of values on the left, with lines across.
fn left_axis(svg: &mut Svg, scale: &Scale, label: impl Fn(f64) -> String, title: &str) {
    for tick in &scale.ticks {
        let y = scale.at(*tick);
        svg.line("grid", (LEFT, y), (WIDTH - RIGHT, y));
        svg.text("tick", (LEFT - 8.0, y + 4.0), Anchor::End, &label(*tick));
    }
    svg.text("axis", (LEFT - 8.0, 16.0), Anchor::End, title);
}

/// A histogram of lifetimes over a logarithmic axis, with the median and the 99th percentile marked.
pub(crate) fn lifetimes(lengths: &Lengths, out: &mut String) {
    const HEIGHT: f64 = 270.0;
    const TOP: f64 = 30.0;
    const BOTTOM: f64 = HEIGHT - 44.0;
    if lengths.count() == 0 {
        out.push_str("<p class=\"note\">No opportunity closed.</p>\n");
        return;
    }
    let (least, most) = (lengths.quantile(0.0).max(1) as f64, lengths.max().max(1) as f64);
    let (from, to) = (least.log10().floor(), (most * 1.000_001).log10().ceil());
    let to = if to > from { to } else { from + 1.0 };
    // Bars in each decade: as many as can be told apart.
    let each = if to - from > 3.0 { 5 } else { 10 };
    let bound = |n: i32| 10_f64.powf(from + f64::from(n) / f64::from(each)).round();
    let bars = (to - from) as i32 * each;
    let counts: Vec<(f64, f64, u64)> = (0..bars)
        .map(|n| {
            // Those of no length at all stand in the first bar.
            let lower = if n == 0 { 0.0 } else { bound(n) };
            (bound(n), bound(n + 1), lengths.between(lower as u64, bound(n + 1) as u64))
        })
        .collect();
    let tallest = counts.iter().map(|(.., count)| *count).max().unwrap_or(1).max(1);
    let mut svg = Svg::new(WIDTH, HEIGHT, "Histogram of the lifetimes of opportunities");
    let x = Scale::stepped(from, to, (LEFT, WIDTH - RIGHT), 1.0);
    let step = super::svg::round_step(tallest as f64 / 4.0).max(1.0);
    let y = Scale::stepped(0.0, tallest as f64 * 1.08, (BOTTOM, TOP), step);
    left_axis(&mut svg, &y, |tick| crate::summary::grouped(tick as u64), "count");
    for (lower, upper, count) in counts.iter().filter(|(.., count)| *count > 0) {
        let (left, right) = (x.at(lower.log10()), x.at(upper.log10()));
        let title = format!("{} to {}: {}", format::length(*lower as i64), format::length(*upper as i64), crate::summary::grouped(*count));
        let top = y.at(*count as f64);
        svg.rect("net", (left + 1.0, top), (right - left - 2.0, BOTTOM - top), &title);
    }
    svg.line("base", (LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM));
    for tick in &x.ticks {
        let at = x.at(*tick);
        svg.line("base", (at, BOTTOM), (at, BOTTOM + 5.0));
        svg.text("tick", (at, BOTTOM + 19.0), Anchor::Middle, &decade(*tick));
    }
    svg.text("axis", (WIDTH - RIGHT, HEIGHT - 6.0), Anchor::End, "lifetime, logarithmic");
    let (median, rare) = (lengths.quantile(0.5), lengths.quantile(0.99));
    for (name, value) in [("p50", median), ("p99", rare)] {
        let at = x.at((value.max(1) as f64).log10());
        svg.line("mark", (at, TOP - 6.0), (at, BOTTOM));
        let anchor = if at > WIDTH - 140.0 || (name == "p50" && rare > median && median > 0) { Anchor::End } else { Anchor::Start };
        let beside = if anchor == Anchor::End { -5.0 } else { 5.0 };
        svg.text("label", (at + beside, TOP - 10.0), anchor, &format!("{name} {}", format::length(value)));
    }
    svg.finish(out);
}

/// `1 ms` for 6: a power of ten of nanoseconds.
fn decade(power: f64) -> String {
    let power = power as i32;
    let (unit, below) = match power {
        ..=2 => ("ns", 0),
        3..=5 => ("us", 3),
        6..=8 => ("ms", 6),
        _ => ("s", 9),
    };
    format!("{} {unit}", crate::summary::grouped(10_u64.saturating_pow(u32::try_from(power - below).unwrap_or(0))))
}

/// An opportunity as it is drawn: from when to when, its best net return, and what that was before fees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    /// When it opened.
    pub(crate) opened: Timestamp,
    /// When it closed.
    pub(crate) closed: Timestamp,
    /// Its best net return.
    pub(crate) net: f64,
    /// The same before fees.
    pub(crate) gross: f64,
    /// What shows when it is pointed at.
    pub(crate) title: String,
}

/// Each opportunity as long as it lived: its best net return, its gross return above it, and between them what the fees took.
pub(crate) fn edges(segments: &[Segment], span: (Timestamp, Timestamp), min_net: f64, out: &mut String) {
    const HEIGHT: f64 = 340.0;
    const TOP: f64 = 46.0;
    const BOTTOM: f64 = HEIGHT - 44.0;
    if segments.is_empty() {
        out.push_str("<p class=\"note\">There was no opportunity.</p>\n");
        return;
    }
    let bp = |part: f64| part * 1e4;
    let all = || segments.iter().flat_map(|segment| [segment.net, segment.gross]).chain([0.0, min_net]).map(bp);
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let room = (high - low).max(0.1) * 0.05;
    let mut svg = Svg::new(WIDTH, HEIGHT, "Best net and gross return of each opportunity over time");
    let y = Scale::linear(if low < 0.0 { low - room } else { 0.0 }, high + room, (BOTTOM, TOP), 6.0);
    let decimals = y.ticks.get(1).zip(y.ticks.first()).map_or(0, |(b, a)| if b - a >= 1.0 { 0 } else { 2 });
    left_axis(&mut svg, &y, |tick| if tick.abs() >= 1e9 { format!("{tick:.2e}") } else { format!("{tick:.decimals$}") }, "bp");
    let seconds = |ts: Timestamp| ts.saturating_sub(span.0) as f64 / SECOND;
    let x = times(&mut svg, span, BOTTOM, HEIGHT);
    if min_net != 0.0 {
        let at = y.at(bp(min_net));
        svg.line("limit", (LEFT, at), (WIDTH - RIGHT, at));
        svg.text("label", (WIDTH - RIGHT, at - 5.0), Anchor::End, &format!("min-net {}", format::bp(min_net)));
    }
    let (mut fees, mut gross, mut net) = (String::new(), String::new(), String::new());
    let mut titled = Vec::new();
    for segment in segments {
        let (from, to) = (x.at(seconds(segment.opened)), x.at(seconds(segment.closed)));
        let (top, at) = (y.at(bp(segment.gross)), y.at(bp(segment.net)));
        // A shape of no length is drawn as a dot by the round ends of its line.
        let wide = to - from;
        let _ = write!(fees, "M{:.1} {top:.1}V{at:.1}", from + wide / 2.0);
        let _ = write!(gross, "M{from:.1} {top:.1}h{wide:.1}");
        let line = format!("M{from:.1} {at:.1}h{wide:.1}");
        if segments.len() <= TITLED {
            titled.push((line, segment.title.as_str()));
        } else {
            net.push_str(&line);
        }
    }
    let many = if segments.len() > TITLED { " many" } else { "" };
    svg.path(&format!("fees{many}"), &fees, "");
    svg.path(&format!("gross{many}"), &gross, "");
    svg.path(&format!("net{many}"), &net, "");
    for (line, title) in titled {
        svg.path("net", &line, title);
    }
    let mut at = LEFT;
    for (class, name) in [("net", "best net"), ("gross", "gross at that time"), ("fees", "between them: fees")] {
        svg.path(class, &format!("M{at:.1} 24h22"), "");
        svg.text("label", (at + 28.0, 28.0), Anchor::Start, name);
        at += 44.0 + 7.0 * name.len() as f64;
    }
    svg.finish(out);
}

/// The axis of time, with round times of the day.
fn times(svg: &mut Svg, span: (Timestamp, Timestamp), bottom: f64, height: f64) -> Scale {
    const STEPS: [f64; 24] = [
        1e-6,
        1e-5,
        1e-4,
        1e-3,
        0.01,
        0.1,
        0.2,
        0.5,
        1.0,
        2.0,
        5.0,
        10.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        1_800.0,
        3_600.0,
        7_200.0,
        21_600.0,
        86_400.0,
        604_800.0,
        2_592_000.0,
    ];
    let length = (span.1.saturating_sub(span.0) as f64 / SECOND).max(1e-6);
    let step = STEPS.into_iter().find(|step| length / step <= 8.0).unwrap_or(length / 8.0);
    // Counted from the midnight before, so that marks are at round times.
    let day = span.0.div_euclid(86_400_000_000_000) * 86_400_000_000_000;
    let start = span.0.saturating_sub(day) as f64 / SECOND;
    let marks = Scale::stepped(start, start + length, (LEFT, WIDTH - RIGHT), step);
    svg.line("base", (LEFT, bottom), (WIDTH - RIGHT, bottom));
    for tick in &marks.ticks {
        let at = marks.at(*tick);
        svg.line("base", (at, bottom), (at, bottom + 5.0));
        svg.text("tick", (at, bottom + 19.0), Anchor::Middle, &clock(day.saturating_add((tick * SECOND).round() as i64), step));
    }
    svg.text("axis", (WIDTH - RIGHT, height - 6.0), Anchor::End, &format!("time, UTC; from {}", format::moment(span.0)));
    Scale::stepped(0.0, length, (LEFT, WIDTH - RIGHT), length)
}

/// A time of the day, as fine as the step between two of them needs.
fn clock(ts: Timestamp, step: f64) -> String {
    let text = jiff::Timestamp::from_nanosecond(i128::from(ts)).map_or_else(|_| ts.to_string(), |time| format!("{time:.6}"));
    let (date, time) = text.split_once('T').unwrap_or(("", &text));
    let part = |to: usize| time.get(..to).unwrap_or(time).to_owned();
    match step {
        x if x >= 86_400.0 => date.to_owned(),
        x if x >= 60.0 => part(5),
        x if x >= 1.0 => part(8),
        x if x >= 0.001 => part(12),
        _ => part(15),
    }
}

/// A bar for each of the best ways.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    /// The way.
    pub(crate) name: String,
    /// How long the bar is.
    pub(crate) value: f64,
    /// What stands at its end.
    pub(crate) text: String,
}

/// Bars below each other, each with its name above.
pub(crate) fn bars(bars: &[Bar], label: &str, out: &mut String) {
    const ROW: f64 = 40.0;
    /// For the text at the end of a bar.
    const END: f64 = 250.0;
    let most = bars.iter().map(|bar| bar.value).filter(|value| value.is_finite()).fold(0.0, f64::max);
    if bars.is_empty() {
        out.push_str("<p class=\"note\">There was no opportunity.</p>\n");
        return;
    }
    let mut svg = Svg::new(WIDTH, ROW * bars.len() as f64 + 8.0, label);
    for (n, bar) in bars.iter().enumerate() {
        let y = ROW * n as f64;
        let part = if most > 0.0 && bar.value > 0.0 { bar.value / most } else { 0.0 };
        let length = (part * (WIDTH - END)).max(2.0);
        svg.text("label", (0.0, y + 16.0), Anchor::Start, &super::table::cut(&bar.name, 120));
        svg.rect("net", (0.0, y + 22.0), (length, 12.0), "");
        svg.text("tick", (length + 8.0, y + 32.5), Anchor::Start, &bar.text);
    }
    svg.finish(out);
}

#[cfg(test)]
mod tests {
    use super::super::tally::Tally;
    use super::super::tests::{telling, universe};
    use super::*;
    use ascep_runtime::arbitrage::{CloseReason, Opportunity, State};

    #[test]
    fn each_lifetime_is_in_one_bar() {
        let universe = universe();
        let mut tally = Tally::new(10, None, &[]);
        // On the bounds of bars and between them.
        for (id, length) in [0, 1, 9, 10, 1_000_000, 9_999_999, 10_000_000, 25_000_000, 99_000_000].into_iter().enumerate() {
            let one = telling(&universe, id as u64, State::Close(CloseReason::Edge));
            tally.telling(&Opportunity { opened: one.ts - length, ..one }, &universe);
        }
        let mut out = String::new();
        lifetimes(&tally.lifetimes, &mut out);
        let counts = out.split("<title>").skip(1).filter_map(|part| part.split('<').next()?.rsplit(": ").next()?.parse::<u64>().ok());
        assert_eq!(counts.sum::<u64>(), 9, "{out}");
        for label in ["1 ns", "1 us", "1 ms", "100 ms", "p50 1.00 ms", "p99 99."] {
            assert!(out.contains(&format!(">{label}")), "no {label} in {out}");
        }
    }

    #[test]
    fn decades_and_times() {
        assert_eq!([0.0, 2.0, 3.0, 8.0, 9.0, 13.0].map(decade), ["1 ns", "100 ns", "1 us", "100 ms", "1 s", "10,000 s"]);
        let ts = 1_723_161_253_937_085_768;
        assert_eq!(
            [86_400.0, 60.0, 1.0, 0.01, 1e-5].map(|step| clock(ts, step)),
            ["2024-08-08", "23:54", "23:54:13", "23:54:13.937", "23:54:13.937085"]
        );
    }

    #[test]
    fn an_opportunity_is_where_it_was() {
        let segment = |opened, closed| Segment { opened, closed, net: 2e-4, gross: 10e-4, title: format!("#{opened}") };
        let mut out = String::new();
        edges(&[segment(0, 500_000_000), segment(1_000_000_000, 1_000_000_000)], (0, 1_000_000_000), 1e-4, &mut out);
        // Half of the width of 828, and a dot at the end.
        assert!(out.contains("h414.0\"><title>#0</title>") && out.contains("d=\"M890.0"), "{out}");
        assert!(out.contains("min-net 1.00 bp") && out.contains("best net"), "{out}");
        let mut out = String::new();
        edges(&[Segment { net: 2e296, gross: 3e296, ..segment(0, 1) }], (0, 1_000_000_000), 0.0, &mut out);
        assert!(out.contains(">1.00e300<") && !out.contains("00000000000000000000"), "{out}");
    }

    #[test]
    fn nothing_is_said_in_words() {
        let mut out = String::new();
        lifetimes(&Tally::new(1, None, &[]).lifetimes, &mut out);
        edges(&[], (0, 0), 0.0, &mut out);
        bars(&[], "", &mut out);
        assert_eq!(out.matches("class=\"note\"").count(), 3, "{out}");
        assert!(!out.contains("<svg"));
    }
}
