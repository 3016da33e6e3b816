//! A desk of a trader: rules of the twelve kinds of the language reference in turn, each on instruments of its own. Windows are shorter than there, since the
//! replay that they run on is of six minutes, and constants are such that each kind fires now and then on it.

use std::fmt::Write as _;

use super::symbol;

/// How many kinds there are.
pub const KINDS: usize = 12;

/// `rules` rules over `instruments` instruments with prices around 100, of which those with even and those with odd numbers go together.
#[must_use]
pub fn desk(rules: usize, instruments: usize) -> String {
    let mut text =
        "CONST FEE = 0.1bp\nPARAM fee = 0.1bp IN 0bp .. 50bp\nFN burst(s, k) = volume(s, 5s) > k * twap(volume(s, 5s), 30s)\n".to_owned();
    for rule in 0..rules {
        // An instrument, the next one of its kind, and one of the other kind.
        let [a, b, c] = [rule * 3 / 2, rule * 3 / 2 + 2, rule * 3 / 2 + 1].map(|number| symbol(number % instruments));
        let k = 99.98 + ((rule * 7) % 20) as f64 / 100.0;
        let low = k - 0.02;
        let _ = write!(text, "RULE r{rule}:");
        let _ = match rule % KINDS {
            0 => writeln!(text, " IF price(\"{a}\") > {k} UNTIL price(\"{a}\") < {low} THEN HIGH(px = price(\"{a}\"))"),
            1 => writeln!(
                text,
                "\n  LET buy = ask(\"{a}\") * (1 + FEE)\n  LET sell = bid(\"{b}\") * (1 - FEE)\n  \
                 IF sell / buy - 1 > 0.5bp AND age(\"{a}\") < 500ms AND age(\"{b}\") < 500ms THEN XSPREAD(edge = sell / buy - 1) COOLDOWN 1s"
            ),
            2 => writeln!(
                text,
                "\n  LET loop = (1 / ask(\"{a}\")) * (1 / ask(\"{c}\")) * bid(\"{b}\") * 100\n  \
                 LET net = loop * (1 - fee) * (1 - fee) * (1 - fee)\n  IF net > 1 + 2bp THEN TRIANGLE(net = net - 1) COOLDOWN 250ms"
            ),
            3 => writeln!(
                text,
                "\n  LET c = bar(\"{a}\", 1s).close\n  IF ema(c, 12) CROSSES ABOVE ema(c, 26) AND rsi(c, 14) < 70 THEN LONG_SETUP(px = c)"
            ),
            4 => writeln!(
                text,
                "\n  LET z = zscore(ln(mid(\"{c}\")) - 0.62 * ln(mid(\"{a}\")), 30s)\n  IF abs(z) > 2 UNTIL abs(z) < 0.5 THEN PAIR_ENTRY(z = z)"
            ),
            5 => writeln!(text, " IF abs(price(\"{a}\") / vwap(\"{a}\", 30s) - 1) > 1bp FOR 3s THEN VWAP_STRETCH"),
            6 => writeln!(
                text,
                "\n  IF SEQ crash: change(price(\"{a}\"), 1s) < -0.2bp\n      -> NO trade(\"{a}\") WHERE it.side == \"sell\" AND it.notional > 100\n      \
                 -> back: change(price(\"{a}\"), 1s) > 0.2bp\n     WITHIN 10s\n  THEN FLASH_REBOUND(lag = back.ts - crash.ts) LIMIT 3 PER 1m"
            ),
            7 => writeln!(text, " IF NO quote(\"{a}\") FOR 1s THEN FEED_STALE"),
            8 => writeln!(text, " IF (spread_ratio(\"{a}\") > 0.001bp FOR 1s) AND volume(\"{a}\", 10s) > 0.2 THEN WIDE_MARKET"),
            9 => writeln!(
                text,
                " IF trade(\"{a}\") WHERE it.notional > 50 THEN WHALE(px = it.price, q = it.qty) COOLDOWN 3s LIMIT 10 PER 1m"
            ),
            10 => writeln!(text, " IF price(\"{a}\") > highest(price(\"{a}\"), 30s)[1] AND burst(\"{a}\", 2) THEN BREAKOUT COOLDOWN 5s"),
            _ => writeln!(
                text,
                "\n  LET i = imbalance(\"{a}\")\n  IF i > 0.6 FOR 500ms THEN BUY_PRESSURE(i = i, micro = microprice(\"{a}\")) EVERY 1s"
            ),
        };
    }
    text
}
