//! Which answer of which venue a file holds, and its entries, each of which is looked at on its own: one that is wrong leaves the others.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::LoadError;
use super::spec::UniverseFormat;
use crate::number::short;

/// The entries of an answer as they stand there.
pub(super) enum Answer<'a> {
    Binance(Vec<&'a RawValue>),
    Kraken(Vec<(Cow<'a, str>, &'a RawValue)>),
    Coinbase(Vec<&'a RawValue>),
    Csv,
}

/// What tells the answers from each other.
#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow, default)]
    symbols: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    products: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    msg: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

/// An object with its keys as they stand there, those that stand twice among them.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A text that is borrowed where it holds no escape.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with an entry for each market")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// Tells what a file holds, and takes it apart.
pub(super) fn tell<'a>(file: &str, bytes: &'a [u8], format: Option<UniverseFormat>) -> Result<Answer<'a>, LoadError> {
    let name = || file.to_owned();
    let (json, skipped) = recorded(bytes);
    let Some(first) = json.iter().find(|byte| !byte.is_ascii_whitespace()) else { return Err(LoadError::Empty { file: name() }) };
    let is_json = matches!(first, b'{' | b'[');
    let want = match format {
        Some(UniverseFormat::Csv) => return Ok(Answer::Csv),
        None if !is_json => return Ok(Answer::Csv),
        Some(UniverseFormat::Binance) => "exchangeInfo of Binance",
        Some(UniverseFormat::Kraken) => "AssetPairs of Kraken",
        Some(UniverseFormat::Coinbase) => "products of Coinbase",
        None => "universe",
    };
    let not = |key| LoadError::NotThat { file: name(), want, key };
    // Places are those in the file: the line in front of a recorded answer is the same line.
    let broken = |error: serde_json::Error| LoadError::NotJson {
        file: name(),
        line: error.line().max(1),
        column: error.column() + if error.line() <= 1 { skipped } else { 0 },
        message: strip(&error),
    };
    if *first == b'[' {
        let entries = serde_json::from_slice(json).map_err(broken)?;
        return match format {
            None | Some(UniverseFormat::Coinbase) => Ok(Answer::Coinbase(entries)),
            Some(UniverseFormat::Kraken) => Err(not("`result`")),
            Some(_) => Err(not("`symbols`")),
        };
    }
    if !is_json {
        // The reader's own words say what stands there and where.
        serde_json::from_slice::<&RawValue>(json).map_err(broken)?;
        return Err(not("object"));
    }
    let top: Top<'a> = serde_json::from_slice(json).map_err(broken)?;
    let is = |one| format.is_none_or(|format| format == one);
    // What is inside of the answer was read as JSON already; only its kind can be wrong.
    if let Some(raw) = top.symbols.filter(|_| is(UniverseFormat::Binance)) {
        return serde_json::from_str(raw.get()).map(Answer::Binance).map_err(|_| not("list `symbols`"));
    }
    if let Some(raw) = top.result.filter(|_| is(UniverseFormat::Kraken)) {
        let entries = serde_json::from_str::<Entries<'a>>(raw.get()).map_err(|_| not("object `result`"))?;
        // Kraken may give an empty result beside its error.
        if let Some(error) = top.error.filter(|raw| entries.0.is_empty() && !is_nothing(raw)) {
            return Err(LoadError::Refused { file: name(), message: short(error.get()) });
        }
        return Ok(Answer::Kraken(entries.0));
    }
    if let Some(raw) = top.products.filter(|_| is(UniverseFormat::Coinbase)) {
        return serde_json::from_str(raw.get()).map(Answer::Coinbase).map_err(|_| not("list `products`"));
    }
    if let Some(message) = [top.error, top.msg, top.message].into_iter().flatten().find(|raw| !is_nothing(raw)) {
        return Err(LoadError::Refused { file: name(), message: short(message.get()) });
    }
    Err(not(match format {
        Some(UniverseFormat::Binance) => "`symbols`",
        Some(UniverseFormat::Kraken) => "`result`",
        Some(UniverseFormat::Coinbase) => "`products`",
        _ => "`symbols`, `result` or `products`",
    }))
}

/// `[]`, however it is spaced, or `null`.
fn is_nothing(raw: &RawValue) -> bool {
    let inner = raw.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    raw.get() == "null" || inner.is_some_and(|inner| inner.trim().is_empty())
}

/// The answer in a recording of it, `https://.. -> time: {json}`, up to the end of its line; and how many bytes stand before it.
fn recorded(bytes: &[u8]) -> (&[u8], usize) {
    if !bytes.starts_with(b"http") {
        return (bytes, 0);
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(arrow) = memchr::memmem::find(line, b" -> ") else { return (bytes, 0) };
    let Some(colon) = line.get(arrow..).and_then(|rest| memchr::memmem::find(rest, b": ")) else { return (bytes, 0) };
    let start = arrow + colon + 2;
    (line.get(start..).unwrap_or_default(), start)
}

/// What the JSON reader says, without the place, which stands elsewhere.
pub(super) fn strip(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}
