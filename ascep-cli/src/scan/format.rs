//! Numbers for people: returns in basis points, lengths of time, amounts. What is not known is a dash.

use ascep_runtime::event::Timestamp;

/// What stands for a number that is not known.
pub(crate) const UNKNOWN: &str = "-";

/// A return in basis points, with its unit: `12.35 bp`.
pub(crate) fn bp(part: f64) -> String {
    if part.is_finite() { format!("{} bp", basis_points(part)) } else { UNKNOWN.to_owned() }
}

/// From here on a number is written with an exponent: its digits would be those of a double, not of what was measured.
const HUGE: f64 = 1e15;

/// A return in basis points, two decimals, without a sign for zero.
pub(crate) fn basis_points(part: f64) -> String {
    let points = part * 1e4;
    if points.abs() >= HUGE {
        return format!("{points:.3e}");
    }
    let text = format!("{points:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

/// Nanoseconds with a unit and three digits: `850 ns`, `1.52 us`, `12.3 ms`, `346 s`, `1.50 h`.
pub(crate) fn length(nanos: i64) -> String {
    const UNITS: [(&str, f64); 6] = [("d", 8.64e13), ("h", 3.6e12), ("min", 6e10), ("s", 1e9), ("ms", 1e6), ("us", 1e3)];
    let value = nanos as f64;
    // 10 minutes and more in minutes, below that in seconds.
    let fits = |name: &str, unit: f64| value.abs() >= if name == "min" { 10.0 * unit } else { unit };
    match UNITS.into_iter().find(|(name, unit)| fits(name, *unit)) {
        Some((name, unit)) => format!("{} {name}", three(value / unit)),
        None => format!("{nanos} ns"),
    }
}

/// Three digits, or all before the point.
fn three(value: f64) -> String {
    match value.abs() {
        x if x < 9.995 => format!("{value:.2}"),
        x if x < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// An amount: five digits where there is a fraction, thousands grouped.
pub(crate) fn amount(value: f64) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    // No sign for nothing: a sum of no numbers is -0.
    let value = value + 0.0;
    let size = value.abs();
    if size >= HUGE || (size > 0.0 && size < 1e-6) {
        return format!("{value:.3e}");
    }
    let decimals = if size >= 10_000.0 || size == 0.0 {
        0
    } else {
        // Digits before the point are those that the logarithm says; a value below 1 has zeros behind it.
        let digits = size.log10().floor() as i32 + 1;
        usize::try_from((5 - digits).clamp(0, 10)).unwrap_or(0)
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let whole = digits.parse().map_or_else(|_| digits.to_owned(), crate::summary::grouped);
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// A part of a whole in percent: `12.3 %`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { UNKNOWN.to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// A time, UTC, with milliseconds.
pub(crate) fn moment(ts: Timestamp) -> String {
    let millis = jiff::Timestamp::from_nanosecond(i128::from(ts.div_euclid(1_000_000)) * 1_000_000);
    millis.map_or_else(|_| ts.to_string(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_in_basis_points() {
        assert_eq!(bp(0.001_234_6), "12.35 bp");
        assert_eq!(bp(-0.000_000_1), "0.00 bp");
        assert_eq!(bp(f64::NAN), "-");
        assert_eq!([bp(3.328e300), bp(-1e12), bp(9.9e10)], ["3.328e304 bp", "-1.000e16 bp", "990000000000000.00 bp"]);
    }

    #[test]
    fn lengths_of_time() {
        for (nanos, want) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_520, "1.52 us"),
            (12_345_678, "12.3 ms"),
            (345_678_000_000, "346 s"),
            (599_000_000_000, "599 s"),
            (600_000_000_000, "10.0 min"),
            (5_400_000_000_000, "1.50 h"),
            (i64::MAX, "106752 d"),
            (-1_520, "-1.52 us"),
        ] {
            assert_eq!(length(nanos), want);
        }
    }

    #[test]
    fn amounts() {
        for (value, want) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1_234_567.8, "1,234,568"),
            (1_234.567, "1,234.6"),
            (-1_234.0, "-1,234"),
            (12.0, "12"),
            (0.012_345_67, "0.012346"),
            (0.000_012, "0.000012"),
            (1e-9, "1.000e-9"),
            (1.1e-200, "1.100e-200"),
            (1e300, "1.000e300"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(amount(value), want);
        }
    }

    #[test]
    fn times() {
        assert_eq!(moment(1_723_161_253_937_085_768), "2024-08-08T23:54:13.937Z");
        assert_eq!(moment(-1), "1969-12-31T23:59:59.999Z");
    }
}
