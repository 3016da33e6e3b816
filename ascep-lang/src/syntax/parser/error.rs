//! Syntax errors in a trader's words: what was found, what could stand there, and the likely way out.

use super::super::prepare::ends_value;
use super::build::{Build, Place};
use super::expected::{Expected, nearest};
use super::{SyntaxError, is_tainted};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::{Lexeme, Token};
use crate::span::Span;

/// Where the parser stopped.
struct Context<'a> {
    /// None at the end of the item.
    found: Option<Lexeme>,
    /// The index of `found` in `item`.
    at: usize,
    expected: Expected,
    item: &'a [Lexeme],
}

impl Context<'_> {
    /// The token `n` places before the one found.
    fn back(&self, n: usize) -> Option<Lexeme> {
        self.at.checked_sub(n).and_then(|at| self.item.get(at)).copied()
    }

    fn before(&self) -> Option<Token> {
        self.back(1).map(|l| l.token)
    }

    /// The token after the one found.
    fn after(&self) -> Option<Lexeme> {
        self.at.checked_add(1).and_then(|at| self.item.get(at)).copied()
    }

    fn is_rule(&self) -> bool {
        self.item.first().is_some_and(|l| matches!(l.token, Token::Rule | Token::If))
    }

    fn has(&self, token: Token) -> bool {
        self.item.iter().any(|l| l.token == token)
    }

    /// Whether `token` stands before the place where the parser stopped.
    fn has_seen(&self, token: Token) -> bool {
        self.item.iter().take(self.at).any(|l| l.token == token)
    }
}

impl<'s> Build<'s> {
    pub(super) fn syntax_error(&mut self, error: SyntaxError) {
        let (found, expected) = match error {
            SyntaxError::UnrecognizedToken { token: (start, token, end), expected } => (Some(Lexeme { token, start, end }), expected),
            SyntaxError::UnrecognizedEof { expected, .. } => (None, expected),
            SyntaxError::ExtraToken { token: (start, token, end) } => (Some(Lexeme { token, start, end }), Vec::new()),
            SyntaxError::InvalidToken { .. } | SyntaxError::User { .. } => return,
        };
        let item: &'s [Lexeme] = self.tokens;
        // Tokens that were put in have no width and start where the token before them ends.
        let at = found.map_or(item.len(), |found| item.partition_point(|l| (l.start, l.end) < (found.start, found.end)));
        let context = Context { found, at, expected: Expected::new(&expected), item };
        let put_in = |l: Lexeme| l.start == l.end;
        let last = found.or(context.back(1));
        // What was put in stands for a mistake that was reported.
        if last.is_none_or(|l| put_in(l) || is_tainted(self.item, l.start)) {
            return;
        }
        let diagnostic = self.special(&context).unwrap_or_else(|| self.general(&context));
        self.error(diagnostic);
    }

    fn word(&self, lexeme: Lexeme) -> &'s str {
        self.slice((lexeme.start, lexeme.end))
    }

    fn lexeme_span(&self, lexeme: Lexeme) -> Span {
        self.span((lexeme.start, lexeme.end))
    }

    fn unexpected(&self, lexeme: Lexeme, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::UnexpectedToken, self.lexeme_span(lexeme), message)
    }

    /// Mistakes with a code or a way out of their own.
    fn special(&self, c: &Context<'_>) -> Option<Diagnostic> {
        self.no_such_operator(c)
            .or_else(|| self.misplaced_word(c))
            .or_else(|| self.missing_then(c))
            .or_else(|| self.reserved_value(c))
            .or_else(|| self.broken_number(c))
            .or_else(|| self.punctuation(c))
            .or_else(|| self.foreign_word(c))
    }

    /// `%` and `^` without an operand.
    fn no_such_operator(&self, c: &Context<'_>) -> Option<Diagnostic> {
        let lexeme = [c.found, c.back(1)].into_iter().flatten().find(|l| matches!(l.token, Token::PercentSign | Token::Power))?;
        let text = self.word(lexeme);
        let (code, help) = if lexeme.token == Token::PercentSign {
            (Code::PercentOperator, "the remainder is `mod(a, b)`; a percentage is written in one, as `0.5%`")
        } else {
            (Code::ForeignOperator, "a power is `pow(a, b)`")
        };
        Some(Diagnostic::new(code, self.lexeme_span(lexeme), format!("there is no operator `{text}`")).help(help))
    }

    /// `SEQ`, `ALL`, `NO`, `FOR`, `AND` after `FOR`, `->`: words of the language in a wrong place.
    fn misplaced_word(&self, c: &Context<'_>) -> Option<Diagnostic> {
        let found = c.found?;
        let span = self.lexeme_span(found);
        let text = self.word(found);
        match found.token {
            Token::Seq | Token::All if c.expected.has_value() => {
                let message = format!("`{text}` can only be the whole trigger of a rule");
                let help = "make it a rule of its own: `IF SEQ .. WITHIN d THEN ..`, without brackets around it";
                Some(Diagnostic::new(Code::SeqNotTrigger, span, message).help(help))
            }
            Token::No if c.expected.has_value() => {
                Some(self.unexpected(found, format!("`{text}` needs brackets here")).help("write `(NO e FOR d)`"))
            }
            Token::For | Token::And | Token::Or if c.has_seen(Token::If) && !c.has_seen(Token::Then) => self.unbracketed_for(c, found),
            Token::Arrow if !c.has_seen(Token::Seq) => {
                Some(self.unexpected(found, "`->` stands between the steps of a `SEQ`").help("write `IF SEQ a -> b WITHIN 10s THEN ..`"))
            }
            Token::Then if c.has_seen(Token::Then) => Some(
                self.unexpected(found, "this rule has a second `THEN`").help("several actions stand after one `THEN`, with commas between"),
            ),
            Token::Within | Token::Until | Token::Then if c.expected.has("->") && !c.expected.has("WITHIN") => Some(
                self.unexpected(found, "a `SEQ` has two steps at least")
                    .labelled("only one step before this")
                    .help("write the next step after `->`, or leave `SEQ` out"),
            ),
            _ => None,
        }
    }

    /// `a FOR 3s AND b`, and `FOR` in a step of a `SEQ`: what is held wants brackets.
    fn unbracketed_for(&self, c: &Context<'_>, found: Lexeme) -> Option<Diagnostic> {
        let (for_at, message) = if found.token == Token::For {
            if c.expected.has("FOR") || !c.expected.has("->") {
                return None;
            }
            (c.at, "a step that is held for a time needs brackets".to_owned())
        } else {
            let for_at = c.at.checked_sub(2).filter(|at| c.item.get(*at).is_some_and(|l| l.token == Token::For))?;
            (for_at, format!("`{}` after `FOR` needs brackets around what is held", self.word(found)))
        };
        let start = self.start_of_condition(c.item, for_at)?;
        // The held part ends with its duration, if that can be seen.
        let end = c.item.get(for_at + 1).filter(|l| matches!(l.token, Token::Duration | Token::Name))?.end;
        let text = self.slice((start, end));
        Some(self.unexpected(found, message).labelled("`FOR` holds the whole condition before it").fix(
            "put it in brackets",
            self.span((start, end)),
            format!("({text})"),
        ))
    }

    /// The first byte of the condition that the token at `at` is part of.
    fn start_of_condition(&self, item: &[Lexeme], at: usize) -> Option<u32> {
        let mut depth = 0_u32;
        let mut start = None;
        for lexeme in item.iter().take(at).rev() {
            match lexeme.token {
                Token::RParen | Token::RBracket => depth += 1,
                Token::LParen | Token::LBracket if depth > 0 => depth -= 1,
                Token::LParen | Token::LBracket => return start,
                Token::If | Token::Until | Token::Eq | Token::Comma | Token::Arrow | Token::Seq | Token::Colon if depth == 0 => {
                    return start;
                }
                _ => {}
            }
            start = Some(lexeme.start);
        }
        start
    }

    fn missing_then(&self, c: &Context<'_>) -> Option<Diagnostic> {
        if !c.is_rule() || c.has(Token::Then) || !c.expected.has("THEN") {
            return None;
        }
        let name = c.item.get(1).filter(|l| l.token == Token::Name && c.item.first().is_some_and(|f| f.token == Token::Rule));
        let message = match name {
            Some(name) => format!("the rule `{}` has no `THEN`", self.word(*name)),
            None => "this rule has no `THEN`".to_owned(),
        };
        let lexeme = c.found.or_else(|| c.back(1))?;
        let span = self.lexeme_span(lexeme);
        let diagnostic = Diagnostic::new(Code::MissingThen, span, message);
        let Some(found) = c.found else {
            let end = self.span((lexeme.end, lexeme.end));
            return Some(diagnostic.labelled("the rule ends here").fix("say what it emits", end, " THEN SIGNAL"));
        };
        let text = self.word(found);
        let is_misspelt = found.token == Token::Name
            && c.after().is_some_and(|l| l.token == Token::Name)
            && (nearest(&text.to_ascii_uppercase(), ["THEN"]).is_some()
                || ["do", "emit", "signal", "alert", "fire"].contains(&&*text.to_ascii_lowercase()));
        Some(if is_misspelt {
            diagnostic.labelled("not a word of the language").fix("did you mean `THEN`?", span, "THEN")
        } else if found.token == Token::Name {
            diagnostic.labelled("`THEN` belongs before this").fix("add it", self.span((found.start, found.start)), "THEN ")
        } else {
            diagnostic.labelled("`THEN` and an action are missing before this")
        })
    }

    /// A reserved word that was meant as a name.
    fn reserved_value(&self, c: &Context<'_>) -> Option<Diagnostic> {
        let found = c.found.filter(|l| l.token.is_keyword() && c.expected.has("name"))?;
        let is_noun = matches!(
            found.token,
            Token::Const
                | Token::Param
                | Token::Set
                | Token::Use
                | Token::Rule
                | Token::Each
                | Token::Above
                | Token::Below
                | Token::Every
                | Token::Tick
                | Token::Cooldown
                | Token::Limit
                | Token::Per
                | Token::Test
                | Token::At
                | Token::Advance
                | Token::Expect
                | Token::None
                | Token::All
        );
        let text = self.word(found);
        if !is_noun || text.chars().all(|c| c.is_ascii_uppercase()) {
            return None;
        }
        let span = self.lexeme_span(found);
        Some(
            Diagnostic::new(Code::ReservedName, span, format!("`{text}` is a reserved word and cannot be a name"))
                .labelled(c.expected.sentence(c.before()))
                .fix("choose another name", span, format!("{text}_")),
        )
    }

    /// `.5`, `1 000`, `100,000`.
    fn broken_number(&self, c: &Context<'_>) -> Option<Diagnostic> {
        let found = c.found?;
        let is_number =
            |l: &Lexeme| matches!(l.token, Token::Number | Token::Percent | Token::BasisPoint | Token::Duration) && l.start < l.end;
        let before = c.back(1).filter(is_number);
        let after = c.after().filter(is_number);
        match (found.token, before, after) {
            (Token::Dot, None, Some(after)) if found.end == after.start && c.expected.has_value() => {
                let place: Place = (found.start, after.end);
                let text = self.slice(place);
                Some(self.unexpected(found, format!("`{text}` is not a number")).fix(
                    "write the zero",
                    self.span(place),
                    format!("0{text}"),
                ))
            }
            (Token::Comma, Some(before), Some(after)) if before.end == found.start && found.end == after.start => {
                let place: Place = (before.start, after.end);
                let text = self.slice(place);
                let message = format!("`{text}` is two numbers with a comma between them");
                Some(self.unexpected(found, message).fix("write thousands with `_`", self.span(place), text.replacen(',', "_", 1)))
            }
            (_, Some(before), _) if is_number(&found) => {
                let place: Place = (before.start, found.end);
                let text = self.slice(place);
                let digits = self.slice((before.end, found.start)).trim_matches(' ').is_empty() && before.token == Token::Number;
                let fix: String = text.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
                let diagnostic = self.unexpected(found, format!("two numbers follow each other: `{text}`"));
                Some(if digits && self.word(found).bytes().take(3).all(|b| b.is_ascii_digit()) && self.word(found).len() >= 3 {
                    diagnostic.fix("write thousands with `_`", self.span(place), fix)
                } else {
                    diagnostic.labelled("an operator is missing before this")
                })
            }
            _ => None,
        }
    }

    /// A comma too many, brackets that are missing, an operator in two parts.
    fn punctuation(&self, c: &Context<'_>) -> Option<Diagnostic> {
        let found = c.found?;
        let before = c.back(1)?;
        let text = self.word(found);
        match (before.token, found.token) {
            (Token::Comma, Token::RParen | Token::RBracket) => {
                Some(self.unexpected(before, format!("nothing follows this comma before `{text}`")).fix(
                    "take it out",
                    self.lexeme_span(before),
                    "",
                ))
            }
            (Token::Lt | Token::Gt | Token::EqEq | Token::Ne, Token::Eq) if before.end < found.start => {
                let place = (before.start, found.end);
                let joined = format!("{}{text}", self.word(before));
                Some(self.unexpected(found, format!("`{}` is one operator", joined)).fix("write it in one", self.span(place), joined))
            }
            (Token::Name, Token::Str) => {
                let place = (before.start, found.end);
                let name = self.word(before);
                let message = format!("the argument of `{name}` is not in brackets");
                Some(self.unexpected(found, message).fix("put it in brackets", self.span(place), format!("{name}({text})")))
            }
            _ => None,
        }
    }

    /// A word of another language, or one with a slip in it.
    fn foreign_word(&self, c: &Context<'_>) -> Option<Diagnostic> {
        // `a CROSSES OVER b` reads well up to `b`.
        if let Some(side) = c.back(1).filter(|l| l.token == Token::Name && c.back(2).is_some_and(|l| l.token == Token::Crosses)) {
            let meant = match self.word(side).to_ascii_uppercase().as_str() {
                "OVER" | "UP" | "UPWARDS" | "ABOV" => Some("ABOVE"),
                "UNDER" | "DOWN" | "DOWNWARDS" | "BELO" => Some("BELOW"),
                _ => None,
            };
            if let Some(meant) = meant {
                let message = format!("`{}` is not a side to cross to", self.word(side));
                return Some(self.unexpected(side, message).fix(format!("did you mean `{meant}`?"), self.lexeme_span(side), meant));
            }
        }
        let found = c.found.filter(|l| l.token == Token::Name)?;
        let text = self.word(found);
        let span = self.lexeme_span(found);
        let upper = text.to_ascii_uppercase();
        let instead = match upper.as_str() {
            "ELSE" => {
                return Some(self.unexpected(found, "there is no `ELSE`").help("write a second rule with `NOT` before its condition"));
            }
            "BETWEEN" if c.expected.has("IN") => {
                return Some(self.unexpected(found, format!("`{text}` is not a word of the language")).help("write `x IN low .. high`"));
            }
            "IS" | "EQUALS" => Some("=="),
            "DURING" => Some("WITHIN"),
            "HAVING" | "WITH" => Some("WHERE"),
            "WHEN" => Some("IF"),
            "CROSS" => Some("CROSSES"),
            "TO" => Some(".."),
            upper => nearest(upper, c.expected.words().filter(|word| word.len() > 2)),
        };
        let instead = instead.filter(|word| c.expected.has(word))?;
        let message = format!("{}, found `{text}`", c.expected.sentence(c.before()));
        Some(self.unexpected(found, message).fix(format!("did you mean `{instead}`?"), span, instead))
    }

    fn general(&self, c: &Context<'_>) -> Diagnostic {
        let wanted = c.expected.sentence(c.before());
        let before = c.back(1);
        let after = before.map(|l| self.word(l)).filter(|text| text.len() <= 40);
        let after = after.map_or_else(String::new, |text| format!(" after `{text}`"));
        if let Some(found) = c.found {
            let text = self.word(found);
            let label = if ends_value(found.token) && before.is_some_and(|l| ends_value(l.token)) {
                "an operator may be missing before this"
            } else {
                "not expected here"
            };
            return self.unexpected(found, format!("{wanted}{after}, found `{text}`")).labelled(label);
        }
        let span = before.map_or_else(|| self.span((0, 0)), |l| self.lexeme_span(l));
        if self.is_last {
            Diagnostic::new(Code::UnexpectedEnd, span, format!("the text ends too early: {wanted}{after}"))
                .labelled("the text ends after this")
        } else {
            let message = format!("the next item starts too early: {wanted}{after}");
            Diagnostic::new(Code::UnexpectedToken, span, message).labelled("this item is not finished")
        }
    }
}
