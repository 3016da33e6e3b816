//! What the grammar could have taken, in words.

use crate::lexer::Token;

/// The tokens that could have stood where the parser stopped, by their names in the grammar.
pub(super) struct Expected(Vec<String>);

/// Tokens that continue an operand; after one there are so many of them that they go by one word.
const OPERATORS: [&str; 21] =
    ["+", "-", "*", "/", "??", "%", "^", ".", "[", "(", "<", "<=", ">", ">=", "==", "!=", "CROSSES", "IN", "AND", "OR", "WHERE"];

/// Tokens that an operand starts with.
const VALUES: [&str; 13] = ["name", "number", "percent", "basis-point", "duration", "string", "TRUE", "FALSE", "(", "[", "-", "NOT", "NO"];

/// How many alternatives a message names.
const SHOWN: usize = 5;

impl Expected {
    /// From LALRPOP's list, whose entries stand in quotes.
    pub(super) fn new(raw: &[String]) -> Self {
        Self(raw.iter().map(|name| name.trim_matches('"').to_owned()).collect())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|n| n == name)
    }

    /// Whether an operand could have stood here.
    pub(super) fn has_value(&self) -> bool {
        self.has("(") && self.has("number")
    }

    /// The reserved words among them.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|name| name.bytes().all(|b| b.is_ascii_uppercase()))
    }

    /// `expected a value or ..`, with the token before in mind.
    pub(super) fn sentence(&self, before: Option<Token>) -> String {
        let mut rest: Vec<&str> = self.0.iter().map(String::as_str).filter(|name| !matches!(*name, "%" | "^")).collect();
        let mut parts: Vec<String> = Vec::new();
        if self.has_value() {
            rest.retain(|name| !VALUES.contains(name) && !matches!(*name, "SEQ" | "ALL"));
            parts.push(if self.has("NOT") { "a condition" } else { "a value" }.to_owned());
        } else if self.has("duration") {
            rest.retain(|name| !["duration", "name", "number"].contains(name));
            parts.push("a duration such as `5s`".to_owned());
        } else if self.has("+") && self.has("*") {
            // A `FOR` among them is worth naming: it is the one that takes a duration.
            rest.retain(|name| !OPERATORS.contains(name));
            parts.push("an operator".to_owned());
        }
        if rest.contains(&":") && rest.contains(&"IF") {
            // A head without its colon is read on, with an error of its own.
            rest.retain(|name| !matches!(*name, "IF" | "LET"));
        }
        for name in rest {
            parts.push(match name {
                "name" => match before {
                    Some(Token::Then) => "the name of a signal".to_owned(),
                    Some(Token::Rule) => "a name for the rule".to_owned(),
                    _ => "a name".to_owned(),
                },
                "number" => "a number".to_owned(),
                "string" => "a text in double quotes".to_owned(),
                other => format!("`{other}`"),
            });
        }
        parts.truncate(SHOWN);
        match parts.as_slice() {
            [] => "expected nothing more".to_owned(),
            [one] => format!("expected {one}"),
            [first @ .., last] => format!("expected {} or {last}", first.join(", ")),
        }
    }
}

/// The word of `words` that is one slip away from `text`, or two where it is long.
pub(super) fn nearest<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let allowed = if text.len() < 6 { 1 } else { 2 };
    words.into_iter().map(|word| (distance(text, word), word)).filter(|(d, _)| *d <= allowed).min().map(|(_, word)| word)
}

/// Edit distance over bytes, where a swap of neighbours is one edit; for short words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 2 || a.len() > 32 {
        return usize::MAX;
    }
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 8);
    let mut two_back: Vec<usize> = Vec::new();
    let mut back: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (at(&back, j) + usize::from(x != y)).min(at(&back, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&two_back, j - 1) + 1);
            }
            row.push(best);
        }
        two_back = std::mem::replace(&mut back, row);
    }
    back.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        assert_eq!(nearest("THNE", ["IF", "THEN"]), Some("THEN"));
        assert_eq!(nearest("COOLDWN", ["COOLDOWN", "LIMIT"]), Some("COOLDOWN"));
        assert_eq!(nearest("COLDWN", ["COOLDOWN"]), Some("COOLDOWN"));
        assert_eq!(nearest("PRICE", ["PER", "LIMIT"]), None);
    }

    #[test]
    fn words() {
        let names = |list: &[&str]| Expected::new(&list.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>());
        assert_eq!(names(&["THEN", "+", "*", "-", "UNTIL", "%"]).sentence(None), "expected an operator, `THEN` or `UNTIL`");
        assert_eq!(names(&["name"]).sentence(Some(Token::Then)), "expected the name of a signal");
        assert_eq!(names(&["number", "(", "name", "-"]).sentence(None), "expected a value");
        assert_eq!(names(&["duration", "name", "number"]).sentence(None), "expected a duration such as `5s`");
        assert_eq!(names(&[]).sentence(None), "expected nothing more");
    }
}
