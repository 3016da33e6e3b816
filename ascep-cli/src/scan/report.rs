//! What a scan came to: sections of facts and tables, the same for the terminal and for the page. Nothing in here depends on how long it took, so
//! the same data give the same report.

use ascep_runtime::arbitrage::{CloseReason, INDEXED_LEGS, MarketKind, Path, PathStats, SizeFilter, Universe, VenueId};
use ascep_runtime::event::Timestamp;

use super::format;
use super::plots::{Bar, Segment};
use super::table::{Align, Section, Table};
use super::tally::{Lengths, Rounds, Tally};
use super::watch::Watch;
use crate::summary::grouped;

/// What a scan came to.
#[derive(Debug)]
pub(crate) struct Report {
    /// All of it in words and numbers.
    pub(crate) sections: Vec<Section>,
    /// What is drawn over time, and how many had no room.
    pub(crate) segments: Vec<Segment>,
    pub(crate) undrawn: u64,
    /// The best ways, and what their bars mean.
    pub(crate) bars: Vec<Bar>,
    pub(crate) ranked_by: &'static str,
    /// The first and the last event.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
}

impl Report {
    /// Sums up.
    pub(crate) fn of(watch: &mut Watch, top: usize) -> Self {
        let mut paths: Vec<(Path, PathStats)> = watch.scanner.paths().collect();
        let home = watch.told.home.map(|home| watch.universe.asset_name(home).to_owned());
        // Profits can be compared where they are in one asset.
        let by_profit = home.is_some() && paths.iter().any(|(_, stats)| stats.profit > 0.0);
        let value = |stats: &PathStats| if by_profit { stats.profit } else { stats.lifetime as f64 };
        paths.sort_by(|(a, x), (b, y)| value(y).total_cmp(&value(x)).then_with(|| a.cmp(b)));
        let ranked_by = if by_profit { "profit, had each opportunity been taken once, at its best" } else { "time open" };
        let name = |path: &Path| path.text(&watch.universe, watch.told.home);
        let bars = paths.iter().take(top).map(|(path, stats)| Bar {
            name: name(path),
            value: value(stats),
            text: bar_text(stats, home.as_deref()),
        });
        let bars = bars.collect();
        let sections = vec![
            opportunities(watch, &paths),
            gross_and_net(watch),
            best(watch, &paths, top, ranked_by),
            staleness(&watch.told.tally),
            sizes(watch),
            faults(watch),
            clocks(watch),
            room(watch, paths.len()),
        ];
        let Watch { told, universe, counts, .. } = watch;
        let (episodes, undrawn) = told.tally.episodes();
        let segments = episodes.iter().map(|episode| Segment {
            opened: episode.opened,
            closed: episode.closed,
            net: episode.peak,
            gross: episode.gross,
            title: format!(
                "#{}: {}\nbest net {}, gross {}, size {}, open for {}",
                episode.id,
                episode.path.text(universe, told.home),
                format::bp(episode.peak),
                format::bp(episode.gross),
                format::amount(episode.size),
                format::length(episode.closed.saturating_sub(episode.opened))
            ),
        });
        Self { sections, segments: segments.collect(), undrawn, bars, ranked_by, span: counts.first_ts.zip(counts.last_ts) }
    }

    /// As text, lines cut at `width`.
    pub(crate) fn text(&self, width: usize) -> String {
        let mut text = String::new();
        for section in &self.sections {
            section.text(width, &mut text);
        }
        text
    }
}

fn bar_text(stats: &PathStats, home: Option<&str>) -> String {
    let profit = match home {
        Some(home) if stats.profit > 0.0 => format!("{} {home}, ", format::amount(stats.profit)),
        _ => String::new(),
    };
    format!("{profit}{} times, {} in all", grouped(stats.opened), format::length(stats.lifetime))
}

/// `1 way`, `1,234 ways`
pub(crate) fn counted(n: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { more })
}

fn quantiles(lengths: &Lengths) -> String {
    if lengths.count() == 0 {
        return "none".to_owned();
    }
    let at = |part| format::length(lengths.quantile(part));
    format!("p50 {}, p90 {}, p99 {}, max {}", at(0.5), at(0.9), at(0.99), format::length(lengths.max()))
}

fn opportunities(watch: &Watch, paths: &[(Path, PathStats)]) -> Section {
    let tally = &watch.told.tally;
    let mut section = Section::new("Opportunities");
    section.fact("opened", grouped(tally.opened));
    let mut ended = 0;
    let closed: Vec<String> = tally
        .closed()
        .inspect(|(reason, n)| ended += if *reason == CloseReason::End { *n } else { 0 })
        .filter(|(reason, _)| *reason != CloseReason::End)
        .map(|(reason, n)| format!("{} {}", reason.name(), grouped(n)))
        .collect();
    section.fact("closed by", if closed.is_empty() { "none".to_owned() } else { closed.join(", ") });
    section.fact("open at the end", grouped(ended));
    section.fact("lifetimes", quantiles(&tally.lifetimes));
    if let Some((path, stats)) = paths.iter().filter(|(_, stats)| stats.closed > 0).max_by(|(_, a), (_, b)| a.peak.total_cmp(&b.peak)) {
        section.fact("best net", format!("{}, {}", format::bp(stats.peak), path.text(&watch.universe, watch.told.home)));
    }
    if let Some(home) = watch.told.home {
        let profit: f64 = paths.iter().map(|(_, stats)| stats.profit).sum();
        let of = if watch.scanner.counters().paths_full > 0 { "; of the paths that had room" } else { "" };
        let profit = format!("{} {}", format::amount(profit), watch.universe.asset_name(home));
        section.fact("profit", format!("{profit}, had each been taken once, at its best{of}"));
    }
    section.fact("tellings", grouped(tally.tellings));
    section
}

fn gross_and_net(watch: &Watch) -> Section {
    let counters = watch.scanner.counters();
    let mut section = Section::new("Gross and net");
    let all = counters.gross + counters.aged + counters.skewed + counters.small + counters.episodes_opened;
    section.fact("paid before fees", format!("{}, each under the best that it came to:", counted(all, "episode", "episodes")));
    let line = |n| format!("{} ({})", grouped(n), format::percent(n, all));
    section.fact("  lost to fees", line(counters.gross));
    section.fact("  too old", line(counters.aged));
    section.fact("  too far apart", line(counters.skewed));
    section.fact("  too small", line(counters.small));
    section.fact("  opportunities", line(counters.episodes_opened));
    let tally = &watch.told.tally;
    let closed: u64 = tally.closed().map(|(_, n)| n).sum();
    if closed > 0 {
        let mean = |sum: f64| sum / closed as f64;
        let (net, gross) = (mean(tally.peaks), mean(tally.gross));
        section.fact("mean at the best", format!("gross {}, fees {}, net {}", format::bp(gross), format::bp(gross - net), format::bp(net)));
    }
    section
}

fn best(watch: &Watch, paths: &[(Path, PathStats)], top: usize, ranked_by: &str) -> Section {
    let mut section = Section::new("Best paths");
    if paths.is_empty() {
        return section;
    }
    let right = Align::Right;
    let mut table = Table::new(&[
        ("opened", right),
        ("time open", right),
        ("longest", right),
        ("peak bp", right),
        ("gross bp", right),
        ("mean bp", right),
        ("size", right),
        ("profit", right),
        ("path", Align::Left),
    ]);
    for (path, stats) in paths.iter().take(top) {
        table.row([
            grouped(stats.opened),
            format::length(stats.lifetime),
            format::length(stats.longest),
            format::basis_points(stats.peak),
            format::basis_points(watch.told.tally.before_fees(path, stats.peak)),
            format::basis_points(stats.mean_peak()),
            format::amount(stats.peak_size),
            format::amount(stats.profit),
            path.text(&watch.universe, watch.told.home),
        ]);
    }
    section.table = Some(table);
    let units = match watch.told.home {
        Some(home) => format!("size and profit in {}", watch.universe.asset_name(home)),
        None => "size and profit in what the first leg gives".to_owned(),
    };
    let (shown, all) = (grouped(top.min(paths.len()) as u64), counted(paths.len() as u64, "path", "paths"));
    section.note = Some(format!("{shown} of {all}, by {ranked_by}; gross is that of the peak; {units}"));
    section
}

fn staleness(tally: &Tally) -> Section {
    let mut section = Section::new("Staleness");
    section.fact("age", quantiles(&tally.ages));
    section.fact("skew", quantiles(&tally.skews));
    section.note = Some("of the oldest leg's quote and between the legs' quotes, when an opportunity opened".to_owned());
    section
}

fn sizes(watch: &Watch) -> Section {
    let mut section = Section::new("Size");
    let tally = &watch.told.tally;
    for (asset, sizes) in &tally.sizes {
        let at = |part| format::amount(sizes.quantile(part));
        section.fact(
            watch.universe.asset_name(*asset),
            format!(
                "min {}, p10 {}, p50 {}, p90 {}, max {} ({})",
                format::amount(sizes.least()),
                at(0.1),
                at(0.5),
                at(0.9),
                format::amount(sizes.most()),
                counted(sizes.count(), "opportunity", "opportunities")
            ),
        );
    }
    if tally.unsized_ > 0 {
        section.fact("not known", counted(tally.unsized_, "opportunity", "opportunities"));
    }
    let Rounds { tried, offered, nets, paid, profit } = watch.told.rounds;
    if let (Some(amount), Some(home)) = (watch.told.wanted, watch.told.home) {
        let home = watch.universe.asset_name(home);
        let mean = if offered > 0 { format!(", net {} in the mean", format::bp(nets / offered as f64)) } else { String::new() };
        section.fact(
            format!("{} {home}", format::amount(amount)),
            format!(
                "offered in full at {} of {}{mean}; within the filters {} paid, {} {home} in all",
                grouped(offered),
                counted(tried, "opening", "openings"),
                grouped(paid),
                format::amount(profit)
            ),
        );
    }
    let counters = watch.scanner.counters();
    let names = SizeFilter::ALL.iter().map(|filter| filter.name()).chain(["dust"]);
    let small: Vec<String> =
        names.zip(counters.small_by).filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {}", grouped(n))).collect();
    section.fact("too small", if small.is_empty() { "none".to_owned() } else { format!("by {}", small.join(", ")) });
    section.fact("closed by size", grouped(counters.closed_for(CloseReason::Size)));
    section.note = Some(
        "the greatest of each opportunity, in units of the asset that it starts from, filters applied; p10 to p90 are rounded by up to 0.12 %"
            .to_owned(),
    );
    section
}

fn faults(watch: &Watch) -> Section {
    let counters = watch.scanner.counters();
    let mut section = Section::new("Data");
    section.fact("quotes", format!("{}, of which {} left both prices as they were", grouped(counters.quotes), grouped(counters.refreshed)));
    section.fact(
        "faults",
        format!("locked {}, crossed {}, one-sided {}", grouped(counters.locked), grouped(counters.crossed), grouped(counters.one_sided)),
    );
    section.fact("markets", format!("{} of {} quoted", grouped(watch.quoted()), grouped(watch.universe.len() as u64)));
    section.fact("feed losses", grouped(counters.losses));
    section.fact("late", grouped(counters.late));
    section.fact(
        "on no way",
        format!(
            "{} quotes of markets that no way leads through, {} events of other symbols",
            grouped(counters.outside),
            grouped(watch.counts.outside)
        ),
    );
    section
}

fn clocks(watch: &Watch) -> Section {
    let mut section = Section::new("Clocks");
    for (venue, (offset, jumps)) in (0..).map(VenueId).zip(watch.scanner.clocks()) {
        let name = match watch.universe.venue_name(venue) {
            "" => watch.default_venue(),
            name => name,
        };
        section.fact(
            name,
            match offset {
                Some(offset) => {
                    let sign = if offset < 0 { "-" } else { "+" };
                    format!("{sign}{}, {} jumps", format::length(offset.saturating_abs()), grouped(jumps))
                }
                None => "by the time of receipt".to_owned(),
            },
        );
    }
    section.note = Some(
        "what is added to the time that a venue gives, at the end of the scan: as `--clock` says, or the least delay of its messages"
            .to_owned(),
    );
    section
}

fn room(watch: &Watch, paths: usize) -> Section {
    let (counters, stats, settings) = (watch.scanner.counters(), watch.scanner.stats(), watch.scanner.settings());
    let mut section = Section::new("Limits");
    let ways: usize = stats.cycles.iter().sum();
    section.fact(
        "markets",
        format!(
            "{} of {} lie on a way, over {} assets",
            grouped(stats.markets as u64),
            grouped(watch.universe.len() as u64),
            grouped(stats.assets as u64)
        ),
    );
    let longer = if usize::from(*settings.legs.end()) > INDEXED_LEGS { "; longer ones as they come to pay" } else { "" };
    section.fact("ways", format!("{} of at most {}{longer}", grouped(ways as u64), grouped(settings.max_cycles as u64)));
    section.fact("followed", format!("at most {}; no room {} times", grouped(settings.max_tracked as u64), grouped(counters.tracked_full)));
    section.fact(
        "paths with statistics",
        format!(
            "{} of at most {}; no room {} times",
            grouped(paths as u64),
            grouped(settings.max_paths as u64),
            grouped(counters.paths_full)
        ),
    );
    if counters.too_long + counters.unasked > 0 {
        section.fact("found and not asked for", format!("{} too long, {} others", grouped(counters.too_long), grouped(counters.unasked)));
    }
    section
}

/// The venues of a universe, each with how many markets it has.
pub(crate) fn venues(universe: &Universe, default_venue: Option<&str>) -> String {
    let count = |venue: u32| {
        universe.markets().filter(|market| matches!(market.kind, MarketKind::Venue { venue: one, .. } if one.0 == venue)).count()
    };
    let name = |name: &str| {
        if name.is_empty() { default_venue.filter(|name| !name.is_empty()).unwrap_or("default").to_owned() } else { name.to_owned() }
    };
    let all = (0..u32::try_from(universe.venues()).unwrap_or(0))
        .map(|venue| format!("{} ({})", name(universe.venue_name(VenueId(venue))), count(venue)));
    all.collect::<Vec<_>>().join(", ")
}
