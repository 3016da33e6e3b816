//! The report as one page: no script, no font, no picture from elsewhere. It holds nothing that was measured while it was made, so the same
//! command over the same data gives the same bytes.

use std::fmt::Write as _;

use super::plots;
use super::report::Report;
use super::table::{Section, escaped};
use super::tally::Tally;
use crate::summary::grouped;

const STYLE: &str = include_str!("page.css");

/// What stands on the page beside the report.
#[derive(Debug)]
pub(crate) struct About {
    /// The command line.
    pub(crate) command: String,
    /// What was asked for, and what of.
    pub(crate) settings: Section,
    /// The line above which an opportunity is one.
    pub(crate) min_net: f64,
}

/// The page.
pub(crate) fn page(report: &Report, tally: &Tally, about: &About) -> String {
    let mut out = String::with_capacity(1 << 16);
    // Writing to a string can't fail; the same below.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"ascep {}\">\n<title>ascep scan</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        env!("CARGO_PKG_VERSION")
    );
    let _ = writeln!(out, "<h1>Scan for arbitrage</h1>\n<pre class=\"command\">{}</pre>", escaped(&about.command));
    let (first, rest) = report.sections.split_at(report.sections.len().min(1));
    first.iter().for_each(|section| section.html(&mut out));
    figure(
        &mut out,
        "Edge over time",
        "Each opportunity from its opening to its close, at its best net return. The thin line above it is what that was before fees.",
        |out| {
            plots::edges(&report.segments, report.span.unwrap_or((0, 0)), about.min_net, out);
        },
    );
    if report.undrawn > 0 {
        let _ = writeln!(
            out,
            "<p class=\"note\">{} opportunities are drawn, those with the best net returns; {} others are only counted. --draw N draws more.</p>",
            grouped(report.segments.len() as u64),
            grouped(report.undrawn)
        );
    }
    figure(&mut out, "Lifetimes", "How long opportunities were open, each counted once when it closed.", |out| {
        plots::lifetimes(&tally.lifetimes, out)
    });
    let caption = format!("The best paths by {}.", report.ranked_by);
    figure(&mut out, "Top paths", &caption, |out| plots::bars(&report.bars, &caption, out));
    for section in rest.iter().chain([&about.settings]) {
        section.html(&mut out);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn figure(out: &mut String, title: &str, caption: &str, draw: impl FnOnce(&mut String)) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>\n<p>{}</p>", escaped(title), escaped(caption));
    draw(out);
    out.push_str("</section>\n");
}
