//! Signals as JSON lines, byte for byte the same on every machine: numbers and strings as RFC 8785 writes them.

use std::io::Write as _;

use super::{SignalData, Value};

/// Appends one line, with its end:
/// `{"seq":1,"ts":1722988800000000000,"rule":"xspread","signal":"XSPREAD","instance":{},"fields":{"edge":0.0012}}`.
///
/// Durations and timestamps are integer nanoseconds, unknown is `null`. Nothing but `out` is allocated.
pub fn write_jsonl<S: SignalData + ?Sized>(signal: &S, out: &mut Vec<u8>) {
    let head = signal.head();
    out.extend_from_slice(b"{\"seq\":");
    write_integer(signal.seq(), out);
    out.extend_from_slice(b",\"ts\":");
    write_integer(signal.ts(), out);
    out.extend_from_slice(b",\"rule\":");
    write_string(head.rule(), out);
    out.extend_from_slice(b",\"signal\":");
    write_string(head.signal(), out);
    out.extend_from_slice(b",\"instance\":");
    write_instance(signal, out);
    out.extend_from_slice(b",\"fields\":");
    write_fields(signal, out);
    out.extend_from_slice(b"}\n");
}

/// The bindings of `FOR EACH` as an object.
pub(super) fn write_instance<S: SignalData + ?Sized>(signal: &S, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, symbol)) in signal.head().instance().enumerate() {
        write_key(index, name, out);
        write_string(symbol, out);
    }
    out.push(b'}');
}

/// The fields as an object.
pub(super) fn write_fields<S: SignalData + ?Sized>(signal: &S, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, name) in signal.head().fields().enumerate() {
        write_key(index, name, out);
        write_value(signal.value(index), out);
    }
    out.push(b'}');
}

fn write_key(index: usize, name: &str, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
    write_string(name, out);
    out.push(b':');
}

fn write_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Unknown => out.extend_from_slice(b"null"),
        Value::Num(x) => write_number(x, out),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Duration(x) | Value::Timestamp(x) => write_integer(x, out),
        Value::Symbol(text) | Value::Text(text) => write_string(text, out),
    }
}

pub(super) fn write_integer(x: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = write!(out, "{x}");
}

/// ECMAScript's form; `null` for what no field can be.
pub(crate) fn write_number(x: f64, out: &mut Vec<u8>) {
    if x.is_finite() {
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(x).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A quoted string with the escapes of RFC 8785 and no others.
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            0x08 => b"\\b",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            0x0c => b"\\f",
            b'\r' => b"\\r",
            0x00..=0x1f => {
                let _ = write!(out, "\\u{byte:04x}");
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(escape);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::signal::{OwnedSignal, OwnedValue, Signal, SignalHead};

    fn line(values: &[(&str, Value<'_>)]) -> String {
        let head = SignalHead {
            rule_index: 0,
            rule: "r".into(),
            signal: "S".into(),
            instance: vec![("s".into(), "C/D".into()), ("t".into(), "k:A/B".into())],
            fields: values.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        let values: Vec<Value<'_>> = values.iter().map(|(_, value)| *value).collect();
        let signal = Signal::new(7, -1, &head, &values);
        let (mut out, mut owned) = (Vec::new(), Vec::new());
        write_jsonl(&signal, &mut out);
        write_jsonl(&signal.to_owned(), &mut owned);
        assert_eq!(out, owned);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_stand_in_a_fixed_order() {
        assert_eq!(
            line(&[("edge", Value::Num(0.0012)), ("k", Value::Unknown)]),
            "{\"seq\":7,\"ts\":-1,\"rule\":\"r\",\"signal\":\"S\",\"instance\":{\"s\":\"C/D\",\"t\":\"k:A/B\"},\"fields\":{\"edge\":0.0012,\"k\":null}}\n"
        );
    }

    #[test]
    fn values_of_every_kind() {
        let cases: &[(Value<'_>, &str)] = &[
            (Value::Num(-0.0), "0"),
            (Value::Num(1e20), "100000000000000000000"),
            (Value::Num(1e21), "1e+21"),
            (Value::Num(1e-7), "1e-7"),
            (Value::Num(0.1 + 0.2), "0.30000000000000004"),
            (Value::Num(5e-324), "5e-324"),
            (Value::Num(f64::NAN), "null"),
            (Value::Bool(true), "true"),
            (Value::Bool(false), "false"),
            (Value::Duration(2_500_000_000), "2500000000"),
            (Value::Timestamp(i64::MAX), "9223372036854775807"),
            (Value::Symbol("A/B"), "\"A/B\""),
            (Value::Text("a\"\\\u{8}\t\n\u{c}\r\u{1}/\u{7f}é"), "\"a\\\"\\\\\\b\\t\\n\\f\\r\\u0001/\u{7f}é\""),
        ];
        for (value, want) in cases {
            assert!(line(&[("v", *value)]).ends_with(&format!("\"fields\":{{\"v\":{want}}}}}\n")), "{value:?}");
        }
    }

    #[test]
    fn a_value_that_is_missing_is_unknown() {
        let head = SignalHead { rule_index: 0, rule: "r".into(), signal: "S".into(), instance: vec![], fields: vec!["a".into()] };
        let signal = OwnedSignal { seq: 1, ts: 2, head, values: Vec::<OwnedValue>::new() };
        let mut out = Vec::new();
        write_jsonl(&signal, &mut out);
        assert!(String::from_utf8(out).unwrap().contains("{\"a\":null}"));
    }
}
