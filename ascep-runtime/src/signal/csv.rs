//! Signals as CSV rows (RFC 4180, lines end in `\n`); instance and fields are JSON in quoted cells.

use super::SignalData;
use super::json::{write_fields, write_instance, write_integer};

/// Appends the header line: `seq,ts,rule,signal,instance,fields`.
pub fn write_csv_header(out: &mut Vec<u8>) {
    out.extend_from_slice(b"seq,ts,rule,signal,instance,fields\n");
}

/// Appends one row, with its end. Nothing but `out` is allocated.
pub fn write_csv_row<S: SignalData + ?Sized>(signal: &S, out: &mut Vec<u8>) {
    let head = signal.head();
    write_integer(signal.seq(), out);
    out.push(b',');
    write_integer(signal.ts(), out);
    for name in [head.rule(), head.signal()] {
        out.push(b',');
        if name.contains([',', '"', '\n', '\r']) {
            quoted(out, |out| out.extend_from_slice(name.as_bytes()));
        } else {
            out.extend_from_slice(name.as_bytes());
        }
    }
    out.push(b',');
    quoted(out, |out| write_instance(signal, out));
    out.push(b',');
    quoted(out, |out| write_fields(signal, out));
    out.push(b'\n');
}

/// What `write` appends, in quotes, with the quotes in it doubled; in place.
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    let start = out.len();
    write(out);
    let (end, quotes) = (out.len(), out.iter().skip(start).filter(|byte| **byte == b'"').count());
    out.resize(end + quotes, 0);
    // From the back, so that nothing is overwritten before it is moved.
    let mut to = end + quotes;
    for from in (start..end).rev() {
        let Some(&byte) = out.get(from) else { break };
        for _ in 0..=usize::from(byte == b'"') {
            to -= 1;
            if let Some(place) = out.get_mut(to) {
                *place = byte;
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::signal::{Signal, SignalHead, Value};

    #[test]
    fn a_row_has_six_cells() {
        let head = SignalHead {
            rule_index: 0,
            rule: "r".into(),
            signal: "S,\"x\"".into(),
            instance: vec![("s".into(), "A/B".into())],
            fields: vec!["v".into(), "w".into()],
        };
        let signal = Signal::new(1, 5, &head, &[Value::Num(0.5), Value::Text("a\"b")]);
        let mut out = Vec::new();
        write_csv_header(&mut out);
        write_csv_row(&signal, &mut out);
        write_csv_row(&signal.to_owned(), &mut out);
        let row = r#"1,5,r,"S,""x""","{""s"":""A/B""}","{""v"":0.5,""w"":""a\""b""}""#;
        assert_eq!(String::from_utf8(out).unwrap(), format!("seq,ts,rule,signal,instance,fields\n{row}\n{row}\n"));
    }
}
