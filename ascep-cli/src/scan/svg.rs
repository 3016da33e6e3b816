//! Drawing for the report's page: scales with round ticks, and an SVG element built up from shapes. Colours are classes of the page's style
//! sheet, so that one picture serves light and dark. Coordinates have one decimal, which keeps the bytes few and the same everywhere.

use std::fmt::Write as _;

use super::table::escaped;

/// Where values lie on an axis, and where its marks are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    /// On the page, of `from` and of `to`.
    place: (f64, f64),
    /// Values with a mark.
    pub(crate) ticks: Vec<f64>,
}

impl Scale {
    /// From `from` to `to`, about `marks` round ticks between them.
    pub(crate) fn linear(from: f64, to: f64, place: (f64, f64), marks: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        let step = round_step((to - from) / marks.max(1.0));
        Self::stepped(from, to, place, step)
    }

    /// With a tick at every multiple of `step`.
    pub(crate) fn stepped(from: f64, to: f64, place: (f64, f64), step: f64) -> Self {
        let (first, last) = ((from / step).ceil(), (to / step).floor());
        let count = (last - first).clamp(0.0, 1_000.0) as usize;
        let ticks = (0..=count).map(|n| (first + n as f64) * step).filter(|tick| (from..=to).contains(tick)).collect();
        Self { from, to, place, ticks }
    }

    /// Where a value lies; what is beyond an end lies at the end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let part = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        self.place.0 + part * (self.place.1 - self.place.0)
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
pub(crate) fn round_step(least: f64) -> f64 {
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powi(least.log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= least * 0.999_999).unwrap_or(10.0 * power)
}

/// On which side of its point a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// The point is its beginning.
    Start,
    /// The point is its middle.
    Middle,
    /// The point is its end.
    End,
}

/// An SVG element that is being drawn.
#[derive(Debug)]
pub(crate) struct Svg {
    body: String,
    width: f64,
    height: f64,
    label: String,
}

impl Svg {
    /// An empty one; the label says what is seen to those who cannot see it.
    pub(crate) fn new(width: f64, height: f64, label: &str) -> Self {
        Self { body: String::new(), width, height, label: label.to_owned() }
    }

    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        // Writing to a string can't fail; the same below.
        let _ = writeln!(self.body, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
    }

    /// A rectangle with a text that shows when it is pointed at.
    pub(crate) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), title: &str) {
        let (width, height) = (width.max(0.0), height.max(0.0));
        let _ =
            write!(self.body, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"1.5\"");
        if title.is_empty() {
            self.body.push_str("/>\n");
        } else {
            let _ = writeln!(self.body, "><title>{}</title></rect>", escaped(title));
        }
    }

    /// A label.
    pub(crate) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escaped(text));
    }

    /// A path as SVG writes it, with a text that shows when it is pointed at.
    pub(crate) fn path(&mut self, class: &str, path: &str, title: &str) {
        if path.is_empty() {
            return;
        }
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{path}\"");
        if title.is_empty() {
            self.body.push_str("/>\n");
        } else {
            let _ = writeln!(self.body, "><title>{}</title></path>", escaped(title));
        }
    }

    /// The element.
    pub(crate) fn finish(self, out: &mut String) {
        let Self { body, width, height, label } = self;
        let _ = write!(
            out,
            "<div class=\"wide\"><svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">\n{body}</svg></div>\n",
            escaped(&label)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let scale = Scale::linear(0.0, 9.3, (0.0, 93.0), 5.0);
        assert_eq!(scale.ticks, [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(scale.at(4.65), 46.5);
        assert_eq!((scale.at(-5.0), scale.at(50.0)), (0.0, 93.0));
        let down = Scale::linear(-1.2, 1.2, (100.0, 0.0), 3.0);
        assert_eq!(down.ticks, [-1.0, 0.0, 1.0]);
        assert_eq!(down.at(0.0), 50.0);
        assert_eq!(Scale::linear(3.0, 3.0, (0.0, 10.0), 2.0).ticks, [3.0, 3.5, 4.0], "one value has an axis too");
    }

    #[test]
    fn steps() {
        for (least, want) in [(0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (7.0, 10.0), (0.0, 1.0), (f64::NAN, 1.0)] {
            assert_eq!(round_step(least), want);
        }
    }

    #[test]
    fn labels_are_escaped() {
        let mut svg = Svg::new(10.0, 10.0, "a \"b\"");
        svg.text("t", (1.0, 2.0), Anchor::End, "<x>");
        svg.rect("r", (0.0, 0.0), (1.0, -1.0), "a & b");
        let mut out = String::new();
        svg.finish(&mut out);
        assert!(
            out.contains("aria-label=\"a &quot;b&quot;\"") && out.contains(">&lt;x&gt;</text>") && out.contains("<title>a &amp; b</title>"),
            "{out}"
        );
        assert!(out.contains("height=\"0.0\""), "{out}");
    }
}
