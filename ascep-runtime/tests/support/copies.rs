//! Programs of several parts that share nothing but parameters and inputs: copies of a generated one over symbols of their own, and a stream that goes
//! to one copy, another, or all of them at one time.

use super::Pair;
use super::program::Program;
use super::stream::Input;

/// The text of so many copies of the rules, and what they are run on.
pub fn copies(pair: &Pair, count: usize) -> (String, Vec<Input>) {
    let head = |item: &str| item.starts_with("LET ") || item.starts_with("SET ");
    let (own, shared): (Vec<_>, Vec<_>) = pair.program.items.iter().cloned().partition(|(item, _)| head(item));
    let names: Vec<String> = own.iter().filter_map(|(item, _)| item.split_whitespace().nth(1)).map(str::to_owned).collect();
    let mut text = Program { items: shared, rules: Vec::new() }.text();
    for copy in 0..count {
        let mut rules = pair.program.rules.clone();
        for name in rules.iter_mut().filter_map(|rule| rule.name.as_mut()).filter(|_| copy > 0) {
            name.push_str(&format!("_{copy}"));
        }
        text.push_str(&renamed(&Program { items: own.clone(), rules }.text(), &names, copy));
    }
    let mut inputs = Vec::new();
    for (at, input) in pair.inputs.iter().enumerate() {
        let Input::Event { ts, venue_ts, symbol, what } = input else {
            inputs.push(input.clone());
            continue;
        };
        let draw = ((at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % (count + 1);
        let to = if draw == count { 0..count } else { draw..draw + 1 };
        inputs.extend(to.map(|copy| Input::Event { ts: *ts, venue_ts: *venue_ts, symbol: symbol_of(symbol, copy), what: what.clone() }));
    }
    (text, inputs)
}

/// A symbol of a copy: `b:A/B` is `b:A1/B1` of the first one.
fn symbol_of(symbol: &str, copy: usize) -> String {
    if copy == 0 {
        return symbol.to_owned();
    }
    let mut out = String::new();
    let mut chars = symbol.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c.is_ascii_uppercase() && !chars.peek().is_some_and(char::is_ascii_uppercase) {
            out.push_str(&copy.to_string());
        }
    }
    out
}

/// Rules with the symbols and the names of a copy.
fn renamed(text: &str, names: &[String], copy: usize) -> String {
    if copy == 0 {
        return text.to_owned();
    }
    let mut out = String::new();
    for (part, quoted) in text.split('"').zip([false, true].into_iter().cycle()) {
        if quoted {
            out.push_str(&format!("\"{}\"", symbol_of(part, copy)));
            continue;
        }
        let mut rest = part;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let len = rest[start..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len() - start);
            let word = &rest[start..start + len];
            // What stands after a dot is a field of something.
            let is_name = names.iter().any(|name| name == word) && !rest[..start].ends_with('.');
            out.push_str(&rest[..start + len]);
            if is_name {
                out.push_str(&format!("_{copy}"));
            }
            rest = &rest[start + len..];
        }
        out.push_str(rest);
    }
    out
}
