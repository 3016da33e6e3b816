//! Tellings as lines on stdout: jsonl for programs, text for people. A reader of stdout that goes away is no error.

use std::io::{self, Write};

use ascep_runtime::arbitrage::{AssetId, CloseReason, Opportunity, State, Universe};
use ascep_runtime::event::Side;

use super::format;
use crate::error::Failure;

/// Bytes gathered before they are written, where nobody waits for each line.
const BATCH: usize = 1 << 16;

/// How tellings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// For people.
    Text,
    /// For programs.
    Jsonl,
    /// Nowhere: what is seen is the table.
    None,
}

/// Takes tellings and remembers the first thing that went wrong, since a sink cannot fail.
#[derive(Debug)]
pub(crate) struct Output {
    lines: Lines,
    /// Whether each line is written at once.
    each: bool,
    buffer: Vec<u8>,
    path: String,
    failure: Option<Failure>,
}

impl Output {
    /// To stdout; `each` writes every line at once, for a person or a program that waits for it.
    pub(crate) fn new(lines: Lines, each: bool) -> Self {
        Self { lines, each, buffer: Vec::with_capacity(BATCH), path: String::new(), failure: None }
    }

    /// Takes the telling with this number.
    pub(crate) fn telling(&mut self, seq: u64, telling: &Opportunity, universe: &Universe, home: Option<AssetId>) {
        if self.failure.is_some() || self.lines == Lines::None {
            return;
        }
        self.path.clear();
        telling.path.write(universe, home, &mut self.path);
        match self.lines {
            Lines::Jsonl => write_jsonl(seq, telling, &self.path, universe, home, &mut self.buffer),
            _ => write_text(telling, &self.path, &mut self.buffer),
        }
        if self.each || self.buffer.len() >= BATCH {
            self.write();
        }
    }

    /// What went wrong since it was last asked.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        if self.failure.is_none() {
            self.write();
        }
        self.check()
    }

    fn write(&mut self) {
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(&self.buffer).and_then(|()| stdout.flush()) {
            self.failure = Some(Failure::stdout(error));
        }
        self.buffer.clear();
    }
}

/// What happened, and why where it closed.
pub(crate) fn state(state: State) -> (&'static str, Option<CloseReason>) {
    match state {
        State::Open => ("open", None),
        State::Update => ("update", None),
        State::Close(reason) => ("close", Some(reason)),
    }
}

/// One line, its keys in this order. Numbers are in the form of RFC 8785; what is not known is `null`.
fn write_jsonl(seq: u64, telling: &Opportunity, path: &str, universe: &Universe, home: Option<AssetId>, out: &mut Vec<u8>) {
    let (state, reason) = state(telling.state);
    let reason = reason.map_or("null".to_owned(), |reason| format!("\"{}\"", reason.name()));
    // Writing to a vector can't fail. Names of assets and venues hold no quotation mark; a backslash in one is escaped.
    let _ = write!(out, "{{\"seq\":{seq},\"ts\":{},\"id\":{},\"state\":\"{state}\",\"reason\":{reason},\"path\":", telling.ts, telling.id);
    write_string(path, out);
    out.extend_from_slice(b",\"legs\":[");
    for (n, leg) in telling.path.legs_from(universe, home).enumerate() {
        out.extend_from_slice(if n == 0 { b"{\"market\":" } else { b",{\"market\":" });
        write_string(universe.market(leg.market).map_or("", |market| &market.symbol), out);
        out.extend_from_slice(if leg.side == Side::Buy { b",\"side\":\"buy\"}" } else { b",\"side\":\"sell\"}" });
    }
    out.push(b']');
    let numbers = [("net", telling.net), ("gross", telling.gross), ("size", telling.size), ("profit", telling.profit)];
    for (key, number) in numbers {
        let _ = write!(out, ",\"{key}\":");
        write_number(number, out);
    }
    let _ = write!(out, ",\"age\":{},\"skew\":{},\"lifetime\":{},\"peak\":", telling.age, telling.skew, telling.lifetime());
    write_number(telling.peak, out);
    out.extend_from_slice(b"}\n");
}

fn write_number(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(number).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A quoted string. No name holds a control character; marks that would end it are escaped all the same.
fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// `2024-08-08T23:54:13.937Z  open    #1  net 3.21 bp  gross 5.71 bp  size 120  profit 0.038  age 12.0 ms  skew 3.00 ms  buy ..`. Not for programs to read.
fn write_text(telling: &Opportunity, path: &str, out: &mut Vec<u8>) {
    let (state, reason) = state(telling.state);
    // Writing to a vector can't fail.
    let _ = write!(out, "{}  {state:<6}  #{}", format::moment(telling.ts), telling.id);
    if let Some(reason) = reason {
        let _ = write!(out, "  {}  after {}  peak {}", reason.name(), format::length(telling.lifetime()), format::bp(telling.peak));
    }
    let _ = writeln!(
        out,
        "  net {}  gross {}  size {}  profit {}  age {}  skew {}  {path}",
        format::bp(telling.net),
        format::bp(telling.gross),
        format::amount(telling.size),
        format::amount(telling.profit),
        format::length(telling.age),
        format::length(telling.skew),
    );
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::tests::{telling, universe};
    use super::*;

    fn written(state: State, write: impl Fn(&Opportunity, &str, &Universe, Option<AssetId>, &mut Vec<u8>)) -> String {
        let universe = universe();
        let home = universe.asset("USDT");
        let telling = telling(&universe, 1, state);
        let mut out = Vec::new();
        write(&telling, &telling.path.text(&universe, home), &universe, home, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_of_json_has_its_keys_in_order() {
        let line = written(State::Close(CloseReason::Edge), |t, path, universe, home, out| write_jsonl(7, t, path, universe, home, out));
        assert_eq!(
            line,
            "{\"seq\":7,\"ts\":1723161253937085768,\"id\":1,\"state\":\"close\",\"reason\":\"edge\",\
             \"path\":\"buy BTC/USDT, buy ETH/BTC, sell ETH/USDT\",\
             \"legs\":[{\"market\":\"BTC/USDT\",\"side\":\"buy\"},{\"market\":\"ETH/BTC\",\"side\":\"buy\"},{\"market\":\"ETH/USDT\",\"side\":\"sell\"}],\
             \"net\":0.0003,\"gross\":0.00055,\"size\":120.5,\"profit\":null,\"age\":12000000,\"skew\":3000000,\"lifetime\":25000000,\"peak\":0.0004}\n"
        );
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["legs"][2]["side"], "sell");
        let open = written(State::Open, |t, path, universe, home, out| write_jsonl(1, t, path, universe, home, out));
        assert!(open.contains("\"state\":\"open\",\"reason\":null,"), "{open}");
    }

    #[test]
    fn a_line_for_people() {
        assert_eq!(
            written(State::Close(CloseReason::Age), |t, path, _, _, out| write_text(t, path, out)),
            "2024-08-08T23:54:13.937Z  close   #1  age  after 25.0 ms  peak 4.00 bp  net 3.00 bp  gross 5.50 bp  size 120.5  profit -  age 12.0 ms  skew 3.00 ms  \
             buy BTC/USDT, buy ETH/BTC, sell ETH/USDT\n"
        );
    }
}
