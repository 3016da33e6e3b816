//! Signals as lines for people.

use std::io::Write as _;

use super::json::{write_integer, write_number};
use super::{SignalData, Value};

/// Appends one line, with its end: `2024-08-08T23:54:13.937085768Z  rule  SIGNAL  s=BTC/USDT  edge=0.0012`. Not for programs to read.
pub fn write_text<S: SignalData + ?Sized>(signal: &S, out: &mut Vec<u8>) {
    let head = signal.head();
    write_timestamp(signal.ts(), out);
    for name in [head.rule(), head.signal()] {
        out.extend_from_slice(b"  ");
        out.extend_from_slice(name.as_bytes());
    }
    for (name, symbol) in head.instance() {
        write_name(name, out);
        out.extend_from_slice(symbol.as_bytes());
    }
    for (index, name) in head.fields().enumerate() {
        write_name(name, out);
        write_value(signal.value(index), out);
    }
    out.push(b'\n');
}

fn write_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Unknown => out.extend_from_slice(b"unknown"),
        Value::Num(x) => write_number(x, out),
        Value::Bool(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
        Value::Duration(d) => write_duration(d, out),
        Value::Timestamp(ts) => write_timestamp(ts, out),
        Value::Symbol(text) | Value::Text(text) => out.extend_from_slice(text.as_bytes()),
    }
}

/// A value for people.
pub(crate) fn value_text(value: Value<'_>) -> String {
    let mut out = Vec::new();
    write_value(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"  ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
}

/// In the largest unit of which there is one, to the nanosecond: `1.6s`, `250ms`, `3d`.
pub(crate) fn write_duration(d: i64, out: &mut Vec<u8>) {
    const UNITS: [(&str, u64); 7] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let length = d.unsigned_abs();
    if d < 0 {
        out.push(b'-');
    }
    // Minutes and above only where they come out even: 90s rather than 1.5m.
    let fits = |unit: u64| length >= unit && (unit <= 1_000_000_000 || length.is_multiple_of(unit));
    let (name, unit) = UNITS.into_iter().find(|(_, unit)| fits(*unit)).unwrap_or(("s", 1_000_000_000));
    write_integer(length / unit, out);
    let mut rest = length % unit;
    if rest > 0 {
        out.push(b'.');
        let mut place = unit / 10;
        while rest > 0 && place > 0 {
            write_integer(rest / place, out);
            rest %= place;
            place /= 10;
        }
    }
    out.extend_from_slice(name.as_bytes());
}

/// RFC 3339, UTC, nine digits of a second.
fn write_timestamp(ts: i64, out: &mut Vec<u8>) {
    const SECOND: i64 = 1_000_000_000;
    const DAY: i64 = 86_400 * SECOND;
    let (year, month, day) = civil(ts.div_euclid(DAY));
    let within = ts.rem_euclid(DAY);
    let (second, nano) = (within / SECOND, within % SECOND);
    // Writing to a vector does not fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{nano:09}Z", second / 3_600, second / 60 % 60, second % 60);
}

/// The date of a day since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is
/// the last of a year, and in blocks of 400 years, which all have 146,097 days.
fn civil(day: i64) -> (i64, i64, i64) {
    const BLOCK: i64 = 146_097;
    // From 0000-03-01.
    let day = day + 719_468;
    let (block, day) = (day.div_euclid(BLOCK), day.rem_euclid(BLOCK));
    // Without the days that leap years add before this one: every 4th, not every 100th, the last of the block.
    let year = (day - day / 1_460 + day / 36_524 - day / (BLOCK - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (block * 400 + year + later, month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::signal::{Signal, SignalHead};

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_a_signal() {
        let head = SignalHead {
            rule_index: 0,
            rule: "xspread".into(),
            signal: "XSPREAD".into(),
            instance: vec![("s".into(), "BTC/USDT".into())],
            fields: vec!["edge".into(), "lag".into(), "v".into()],
        };
        let values = [Value::Num(0.0012), Value::Duration(1_600_000_000), Value::Unknown];
        let signal = Signal::new(1, 1_723_161_253_937_085_768, &head, &values);
        assert_eq!(
            written(|out| write_text(&signal, out)),
            "2024-08-08T23:54:13.937085768Z  xspread  XSPREAD  s=BTC/USDT  edge=0.0012  lag=1.6s  v=unknown\n"
        );
    }

    #[test]
    fn durations() {
        for (d, want) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5us"),
            (250_000_000, "250ms"),
            (-1_600_000_000, "-1.6s"),
            (90_000_000_000, "90s"),
            (120_000_000_000, "2m"),
            (86_400_000_000_000, "1d"),
            (1_000_000_001, "1.000000001s"),
            (i64::MIN, "-9223372036.854775808s"),
        ] {
            assert_eq!(written(|out| write_duration(d, out)), want);
        }
    }

    #[test]
    fn dates() {
        const DAY: i64 = 86_400_000_000_000;
        for (ts, want) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (11_016 * DAY, "2000-02-29T00:00:00.000000000Z"),
            (19_782 * DAY, "2024-02-29T00:00:00.000000000Z"),
            (19_783 * DAY, "2024-03-01T00:00:00.000000000Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        ] {
            assert_eq!(written(|out| write_timestamp(ts, out)), want);
        }
        // Every day of 400 years comes after the one before.
        let mut last = civil(-1);
        for day in 0..146_097 {
            let next = civil(day);
            let (year, month, date) = last;
            let follows = [(year, month, date + 1), (year, month + 1, 1), (year + 1, 1, 1)];
            assert!(follows.contains(&next), "{last:?} {next:?}");
            last = next;
        }
        assert_eq!(last, (2369, 12, 31));
    }
}
