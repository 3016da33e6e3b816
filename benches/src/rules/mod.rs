//! Programs of many rules. Prices are meant to walk around [`MIDDLE`](crate::stream::MIDDLE), as those of [`crate::stream`] do.

mod desk;

use std::fmt::Write as _;

use crate::numbers::Numbers;

pub use desk::{KINDS, desk};

/// The name of instrument `i`. It has no slash, so that products of prices need not cancel.
#[must_use]
pub fn symbol(i: usize) -> String {
    format!("S{i}")
}

/// The names of `n` instruments.
#[must_use]
pub fn symbols(n: usize) -> Vec<String> {
    (0..n).map(symbol).collect()
}

/// The threshold of rule `i`: 99.00 to 100.99, where the prices walk.
#[must_use]
pub fn threshold(i: usize) -> f64 {
    // 37 has no common factor with 200: neighbours get thresholds far apart.
    99.0 + ((i * 37) % 200) as f64 / 100.0
}

/// Rule `i` is `IF mid(s) > k AND spread_ratio(s) < 3bp THEN S` on instrument `i % instruments`: one shape, and with as many instruments
/// as rules one row an event.
#[must_use]
pub fn one_shape(rules: usize, instruments: usize) -> String {
    (0..rules).fold(String::new(), |mut text, i| {
        let (s, k) = (symbol(i % instruments), threshold(i));
        let _ = writeln!(text, "RULE r{i}: IF mid(\"{s}\") > {k} AND spread_ratio(\"{s}\") < 3bp THEN S");
        text
    })
}

/// One rule an instrument: its mid is more than three deviations above its mean of ten seconds.
#[must_use]
pub fn deviations(instruments: usize) -> String {
    (0..instruments).map(symbol).fold(String::new(), |mut text, s| {
        let w = format!("(mid(\"{s}\"), 10s, partial = TRUE)");
        let _ = writeln!(text, "RULE {s}: IF mid(\"{s}\") > avg{w} + 3 * stddev{w} THEN S");
        text
    })
}

/// The greatest and the least mid of ten seconds are further apart than this.
pub const RANGE: f64 = 0.45;

/// As [`deviations`], or the greatest and the least mid of the ten seconds are far from each other.
#[must_use]
pub fn ranges(instruments: usize) -> String {
    (0..instruments).map(symbol).fold(String::new(), |mut text, s| {
        let w = format!("(mid(\"{s}\"), 10s, partial = TRUE)");
        let _ = writeln!(text, "RULE {s}: IF mid(\"{s}\") > avg{w} + 3 * stddev{w} OR highest{w} - lowest{w} > {RANGE} THEN S");
        text
    })
}

/// A trade of less is small.
pub const SMALL: f64 = 0.1;
/// A trade of more is large.
pub const LARGE: f64 = 9.6;

/// One rule an instrument: a large purchase, and within five seconds a large sale, with no small trade between.
#[must_use]
pub fn sequences(instruments: usize) -> String {
    (0..instruments).map(symbol).fold(String::new(), |mut text, s| {
        let trade = format!("trade(\"{s}\") WHERE");
        let _ = writeln!(
            text,
            "RULE {s}: IF SEQ {trade} it.side == \"buy\" AND it.qty > {LARGE} -> NO {trade} it.qty < {SMALL} -> \
             {trade} it.side == \"sell\" AND it.qty > {LARGE} WITHIN 5s THEN S"
        );
        text
    })
}

/// Three different instruments and a threshold: the rule `IF mid(a) * mid(b) / mid(c) > k THEN S`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triple {
    /// `a`, `b` and `c`.
    pub legs: [usize; 3],
    /// `k`
    pub threshold: f64,
}

/// `n` random triples of `instruments`, which must be at least 3.
#[must_use]
pub fn triples(n: usize, instruments: usize, seed: u64) -> Vec<Triple> {
    let mut numbers = Numbers::new(seed);
    let mut out = Vec::with_capacity(n);
    while out.len() < n {
        let legs = [numbers.below(instruments), numbers.below(instruments), numbers.below(instruments)];
        let [a, b, c] = legs;
        if a != b && b != c && a != c {
            // A product of three walks strays further than one of them.
            out.push(Triple { legs, threshold: threshold(out.len()) + 2.0 });
        }
    }
    out
}

/// The rules of some triples: one shape, each instrument in about `3 n / instruments` rows.
#[must_use]
pub fn triple_rules(triples: &[Triple]) -> String {
    triples.iter().enumerate().fold(String::new(), |mut text, (i, triple)| {
        let [a, b, c] = triple.legs.map(symbol);
        let _ = writeln!(text, "RULE r{i}: IF mid(\"{a}\") * mid(\"{b}\") / mid(\"{c}\") > {} THEN S", triple.threshold);
        text
    })
}

/// One rule of a few lines, with names of its own, a shared function and a parameter, `rules` times.
#[must_use]
pub fn named_parts(rules: usize, instruments: usize) -> String {
    let mut text = "CONST FEE = 10bp\nPARAM least = 2bp IN 0bp .. 50bp\nFN after(x) = x * (1 - FEE)\n".to_owned();
    for i in 0..rules {
        let (a, b) = (symbol(i % instruments), symbol((i * 7 + 1) % instruments));
        let _ = write!(
            text,
            "RULE r{i}:\n  LET buy = ask(\"{a}\") * (1 + FEE)  # what it costs\n  LET sell = after(bid(\"{b}\"))\n  \
             IF sell / buy - 1 > least + {i}bp AND age(\"{a}\") < 500ms\n  THEN EDGE(edge = sell / buy - 1) COOLDOWN 1s\n"
        );
    }
    text
}

/// One rule with `FOR EACH`, of `instruments` instances.
#[must_use]
pub fn for_each(instruments: usize) -> String {
    let names: Vec<String> = (0..instruments).map(|i| format!("\"{}\"", symbol(i))).collect();
    format!(
        "SET ALL_OF_THEM = [{}]\nRULE wide FOR EACH s IN ALL_OF_THEM:\n  LET m = mid(s)\n  \
         IF spread_ratio(s) > 5bp AND m > 100 FOR 10s THEN WIDE(symbol = s, mid = m) COOLDOWN 5s\n",
        names.join(", ")
    )
}

/// Rules of every kind that there is in turn: levels, edges, events, holds, silences, counts, history, clocks, books, tails.
#[must_use]
pub fn mixed(rules: usize, instruments: usize) -> String {
    (0..rules).fold("PARAM q = 2 IN 1 .. 5\n".to_owned(), |mut text, i| {
        let [a, b, c] = [i, i + 1, i * 7 + 3].map(|n| symbol(n % instruments));
        let k = threshold(i);
        let low = k - 0.5;
        let _ = write!(text, "RULE r{i}: ");
        let _ = match i % 16 {
            0 => writeln!(text, "IF mid(\"{a}\") > {k} AND spread_ratio(\"{a}\") < 3bp THEN S"),
            1 => writeln!(text, "IF price(\"{a}\") > {k} UNTIL price(\"{a}\") < {low} THEN S(px = price(\"{a}\"))"),
            2 => writeln!(
                text,
                "IF bid(\"{a}\") / ask(\"{b}\") - 1 > 20bp AND age(\"{b}\") < 500ms THEN S(e = bid(\"{a}\") / ask(\"{b}\")) COOLDOWN 1s"
            ),
            3 => writeln!(text, "IF trade(\"{a}\") WHERE it.notional > 900 THEN S(q = it.qty) LIMIT 10 PER 1m"),
            4 => writeln!(text, "IF imbalance(\"{a}\") > 0.6 FOR 5ms THEN S"),
            5 => writeln!(text, "IF NO quote(\"{a}\") FOR 50ms THEN S"),
            6 => writeln!(text, "IF count(trade(\"{a}\"), 200ms, partial = TRUE) >= 20 AND mid(\"{c}\") > {k} THEN S"),
            7 => writeln!(text, "IF mid(\"{a}\") CROSSES ABOVE mid(\"{b}\") THEN S(t = it.ts)"),
            8 => writeln!(text, "IF last(\"{a}\") > last(\"{a}\")[5] AND count(last(\"{a}\"), 8) >= 8 THEN S"),
            9 => writeln!(text, "IF quote(\"{a}\") AND once(trade(\"{b}\") WHERE it.side == \"sell\", 20ms) THEN S COOLDOWN 100ms"),
            10 => writeln!(
                text,
                "IF depth_price(\"{a}\", \"buy\", qty = q) / mid(\"{a}\") - 1 > 8bp THEN S(p = depth_price(\"{a}\", \"buy\", qty = q))"
            ),
            11 => writeln!(text, "IF imbalance(\"{a}\", depth = 5) > 0.2 THEN S(m = microprice(\"{a}\")) EVERY 100ms"),
            12 => {
                writeln!(text, "IF (trade(\"{a}\") OR trade(\"{b}\")) AND since(quote(\"{c}\")) > 1ms THEN S(p = it.price) LIMIT 5 PER 1s")
            }
            13 => writeln!(text, "IF known(ask(\"{a}\")) AND (ask(\"{b}\") ?? 0) > ask(\"{a}\") * 1.002 THEN S EVERY TICK"),
            14 => writeln!(
                text,
                "IF abs(ln(mid(\"{a}\") / mid(\"{c}\"))) > 15bp OR hour_of_day() >= 23 THEN S(x = sqrt(mid(\"{a}\") / mid(\"{c}\")))"
            ),
            _ => writeln!(
                text,
                "IF NOT (clamp(mid(\"{a}\"), 99, 101) IN {low} .. {k}) AND floor(bid_qty(\"{b}\")) > min(3, qty(\"{a}\")) THEN S"
            ),
        };
        text
    })
}
