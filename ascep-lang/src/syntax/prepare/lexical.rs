//! Mistakes that are in one token, and reserved words in the place of names.

use super::{Bracket, Work, Zone, ends_value};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::{Lexeme, Token};
use crate::span::Span;
use crate::syntax::literal::{self, DURATION_UNITS, LiteralError};

impl Work<'_> {
    /// The token as the grammar should see it, or none where it is left out. Reports what is wrong with it.
    pub(super) fn mend(&mut self, mut lexeme: Lexeme, next: Option<Token>) -> Option<Lexeme> {
        match lexeme.token {
            Token::Number | Token::Percent | Token::BasisPoint => {
                let text = self.text(lexeme);
                if let Err(error) = literal::number(text) {
                    self.bad_literal(lexeme, error);
                }
            }
            Token::Duration => {
                if let Err(error) = literal::duration(self.text(lexeme)) {
                    self.bad_literal(lexeme, error);
                }
            }
            Token::BadSuffix => lexeme.token = self.bad_suffix(lexeme),
            Token::Str => self.escapes(lexeme),
            Token::UnterminatedStr => {
                self.unterminated(lexeme);
                lexeme.token = Token::Str;
            }
            Token::ForeignStr => {
                let span = self.span(lexeme);
                let text = self.text(lexeme);
                let mut inner = text.chars();
                inner.next();
                inner.next_back();
                let fix = literal::quote(inner.as_str());
                let diagnostic = Diagnostic::new(
                    Code::UnknownCharacter,
                    span,
                    format!("`{text}` is not a string: its quotes are not `\"`"),
                )
                .fix("strings stand in double quotes", span, fix);
                self.report.push(diagnostic);
                self.taint(lexeme.start..lexeme.end);
                lexeme.token = Token::Str;
            }
            Token::PercentSign if self.back(1) == Some(Token::Number) && !next.is_some_and(starts_value) => {
                let number = self.out.last().copied()?;
                let span = self.span(number).to(self.span(lexeme));
                let fix = format!("{}%", self.text(number));
                let message = format!("there is no `%` operator, and `{fix}` is written without a space");
                self.report.push(Diagnostic::new(Code::PercentOperator, span, message).fix("write it as one", span, fix));
                return None;
            }
            Token::Name if self.back(1) == Some(Token::Number) && next != Some(Token::LParen) => return self.parted_unit(lexeme),
            Token::Foreign => lexeme.token = self.foreign(lexeme)?,
            Token::ForeignComment => {
                let span = self.span(lexeme);
                let text = self.text(lexeme);
                let marks = text.get(..2).unwrap_or_default();
                let mut diagnostic = Diagnostic::new(Code::ForeignOperator, span, format!("`{marks}` does not start a comment"));
                diagnostic = if marks == "//" {
                    diagnostic.fix("comments start with `#`", span, format!("#{}", text.get(2..).unwrap_or_default()))
                } else {
                    diagnostic.help("comments start with `#` and end with the line")
                };
                self.report.push(diagnostic);
                // A comment stands between tokens: what follows is as good as before.
                return None;
            }
            Token::Unknown => {
                self.unknown(lexeme);
                return None;
            }
            _ => {}
        }
        Some(lexeme)
    }

    fn bad_literal(&mut self, lexeme: Lexeme, error: LiteralError) {
        let span = self.span(lexeme);
        let text = self.text(lexeme);
        let diagnostic = match error {
            LiteralError::Underscore => {
                let fix: String = text.chars().filter(|c| *c != '_').collect();
                Diagnostic::new(Code::BadNumber, span, format!("`{text}` has an underscore that is not between two digits")).fix(
                    "leave it out",
                    span,
                    fix,
                )
            }
            LiteralError::TooLarge => {
                Diagnostic::new(Code::NumberRange, span, format!("`{text}` is too large")).help("the largest number is about 1.8e308")
            }
            LiteralError::NotWhole => Diagnostic::new(Code::DurationRange, span, format!("`{text}` is not a whole number of nanoseconds")),
            LiteralError::TooLong => Diagnostic::new(Code::DurationRange, span, format!("`{text}` is too long"))
                .help("durations are 64 bits of nanoseconds, about 292 years"),
        };
        self.report.push(diagnostic);
    }

    /// Reports a number with an unknown suffix and says what it probably is.
    fn bad_suffix(&mut self, lexeme: Lexeme) -> Token {
        let span = self.span(lexeme);
        let text = self.text(lexeme);
        let (number, suffix) = text.split_at_checked(literal::number_len(text)).unwrap_or((text, ""));
        if suffix.starts_with('_') || number.ends_with('_') {
            let message = format!("`{text}` is neither a number nor a name");
            self.report.push(Diagnostic::new(Code::BadNumber, span, message).help("a name starts with a letter or `_`"));
            return Token::Number;
        }
        let meant = literal::meant_suffix(suffix);
        let is_duration = DURATION_UNITS.iter().any(|(name, _)| *name == meant);
        let mut diagnostic = Diagnostic::new(Code::BadUnitSuffix, span, format!("`{text}` has a suffix that is not known: `{suffix}`"));
        diagnostic = if meant.is_empty() {
            diagnostic.help("a number may end in `%`, `bp`, or a unit of time: `ns`, `us`, `ms`, `s`, `m`, `h`, `d`")
        } else {
            diagnostic.fix(format!("did you mean `{number}{meant}`?"), span, format!("{number}{meant}"))
        };
        self.report.push(diagnostic);
        if is_duration || (meant.is_empty() && self.wants_duration()) { Token::Duration } else { Token::Number }
    }

    /// `5 min`: a name never follows a number, and this one is a unit. One in upper case is rather a signal without its `THEN`.
    fn parted_unit(&mut self, lexeme: Lexeme) -> Option<Lexeme> {
        let text = self.text(lexeme);
        let meant = if text.contains(char::is_uppercase) { "" } else { literal::meant_suffix(text) };
        let Some(number) = self.out.last().copied().filter(|_| !meant.is_empty()) else { return Some(lexeme) };
        let span = self.span(number).to(self.span(lexeme));
        let whole = self.text.get(span.range()).unwrap_or_default();
        let fix = format!("{}{meant}", self.text(number));
        let diagnostic = Diagnostic::new(Code::BadUnitSuffix, span, format!("the number and the unit of `{whole}` are not written in one"))
            .fix(format!("write `{fix}`"), span, fix);
        self.report.push(diagnostic);
        if let Some(last) = self.out.last_mut().filter(|_| DURATION_UNITS.iter().any(|(name, _)| *name == meant)) {
            last.token = Token::Duration;
        }
        None
    }

    /// Whether a duration follows the last token.
    fn wants_duration(&self) -> bool {
        matches!(self.back(1), Some(Token::For | Token::Within | Token::Every | Token::Cooldown | Token::Per | Token::At | Token::Advance))
    }

    fn escapes(&mut self, lexeme: Lexeme) {
        let text = self.text(lexeme);
        if !text.contains('\\') {
            return;
        }
        if let (_, Some(at)) = literal::string(text) {
            let start = lexeme.start as usize + at;
            let escaped = text.get(at + 1..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            let span = Span::new(self.file, start, start + 1 + escaped.len_utf8());
            let diagnostic = Diagnostic::new(Code::BadEscape, span, format!("`\\{escaped}` means nothing in a string"))
                .labelled(r#"known are `\"`, `\\`, `\n` and `\t`"#)
                .fix(r"a backslash itself is `\\`", span, format!("\\\\{escaped}"));
            self.report.push(diagnostic);
        }
    }

    fn unterminated(&mut self, lexeme: Lexeme) {
        let text = self.text(lexeme);
        let shown: String = text.chars().take(24).collect();
        let dots = if shown.len() < text.len() { " .." } else { "" };
        let message = format!("the string `{shown}{dots}` has no closing quote on its line");
        let mut diagnostic = Diagnostic::new(Code::UnterminatedString, self.span(lexeme), message).labelled("opened here");
        // A symbol ends where its letters do; close the quote there.
        let body = text.get(1..).unwrap_or_default();
        let word = body.find(|c: char| !(c.is_ascii_alphanumeric() || "/:_-.".contains(c))).unwrap_or(body.len());
        if word > 0 {
            let at = lexeme.start as usize + 1 + word;
            let symbol = body.get(..word).unwrap_or_default();
            diagnostic = diagnostic.fix(format!("close it: `\"{symbol}\"`"), Span::new(self.file, at, at), "\"");
        }
        self.report.push(diagnostic);
        self.muted = true;
        self.taint(lexeme.start..u32::MAX);
    }

    /// What an operator of another language is here; none where it has no counterpart and is left out.
    fn foreign(&mut self, lexeme: Lexeme) -> Option<Token> {
        let text = self.text(lexeme).to_owned();
        let span = self.span(lexeme);
        let (token, instead) = match text.as_str() {
            "&&" | "&" | "∧" => (Some(Token::And), "AND"),
            "||" | "|" | "∨" => (Some(Token::Or), "OR"),
            "!" | "¬" => (Some(Token::Not), "NOT"),
            "<>" | "!==" | "≠" => (Some(Token::Ne), "!="),
            "===" => (Some(Token::EqEq), "=="),
            "=<" | "≤" => (Some(Token::Le), "<="),
            "→" => (Some(Token::Arrow), "->"),
            "=>" if self.in_sequence() => (Some(Token::Arrow), "->"),
            "=>" | "≥" => (Some(Token::Ge), ">="),
            ":=" if self.zone == Zone::Condition => (Some(Token::EqEq), "=="),
            ":=" => (Some(Token::Eq), "="),
            "..." | "…" | "..=" => (Some(Token::DotDot), ".."),
            "×" => (Some(Token::Star), "*"),
            "÷" => (Some(Token::Slash), "/"),
            "−" | "–" => (Some(Token::Minus), "-"),
            _ => (None, ""),
        };
        let diagnostic = Diagnostic::new(Code::ForeignOperator, span, format!("`{text}` is not an operator here"));
        let diagnostic = match text.as_str() {
            ";" => {
                Diagnostic::new(Code::ForeignOperator, span, "`;` is not needed: the next item ends this one").fix("take it out", span, "")
            }
            "?" => diagnostic.help("`x ?? y` is `x`, or `y` where `x` is unknown"),
            "+=" | "-=" => diagnostic.help("nothing is assigned in a rule; `LET name = ..` names a value"),
            "!" => diagnostic.fix("write `NOT`", span, "NOT "),
            _ => {
                // `a&&b` needs spaces around the word.
                let word = instead.starts_with(|c: char| c.is_ascii_alphabetic());
                let glued = |c: Option<char>| word && c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                let before = glued(self.text.get(..lexeme.start as usize).and_then(|t| t.chars().next_back()));
                let after = glued(self.text.get(lexeme.end as usize..).and_then(|t| t.chars().next()));
                let fix = format!("{}{instead}{}", if before { " " } else { "" }, if after { " " } else { "" });
                diagnostic.fix(format!("write `{instead}`"), span, fix)
            }
        };
        self.report.push(diagnostic);
        token
    }

    /// Whether we are among the steps of a `SEQ`.
    fn in_sequence(&self) -> bool {
        self.open.is_empty() && self.out.get(self.item_start..).unwrap_or_default().iter().any(|l| l.token == Token::Seq)
    }

    fn unknown(&mut self, lexeme: Lexeme) {
        let text = self.text(lexeme);
        let span = self.span(lexeme);
        let mut chars = text.chars();
        let first = chars.next().unwrap_or_default();
        let single = chars.next().is_none();
        let visible = !first.is_control() && !first.is_whitespace() && !matches!(first, '\u{200b}'..='\u{200f}' | '\u{feff}');
        let diagnostic = if single && !visible {
            let name = format!("U+{:04X}", u32::from(first));
            let diagnostic = Diagnostic::new(Code::UnknownCharacter, span, format!("the character {name} does not belong here"));
            let instead = if first.is_whitespace() { " " } else { "" };
            diagnostic.fix("it cannot be seen; take it out", span, instead)
        } else if text.chars().all(char::is_alphanumeric) {
            Diagnostic::new(Code::UnknownCharacter, span, format!("`{text}` is not written in letters that a name can have"))
                .help("names are made of the letters A to Z, digits and `_`; other text stands in strings and comments")
        } else {
            let shown: String = text.chars().take(12).flat_map(char::escape_debug).collect();
            Diagnostic::new(Code::UnknownCharacter, span, format!("`{shown}` does not belong here"))
        };
        self.report.push(diagnostic);
    }

    /// Whether a name is wanted where the keyword `token` stands.
    pub(super) fn is_name_position(&self, token: Token, next: Option<Token>) -> bool {
        use Token::{Colon, Comma, Eq, LParen, Name};
        let Some(last) = self.back(1) else { return false };
        let bracket = self.open.last().map(|open| open.bracket);
        match last {
            Token::Dot => true,
            LParen | Comma if bracket == Some(Bracket::Params) => true,
            LParen | Comma if bracket == Some(Bracket::Call) => next == Some(Eq),
            Token::Const | Token::Param | Token::Let | Token::Set => next == Some(Eq),
            Token::Fn => next == Some(LParen),
            Token::Rule => next == Some(Colon) || (next == Some(Token::For) && token != Token::For),
            Token::Each => next == Some(Token::In),
            Token::Expect => token != Token::None && matches!(next, Some(LParen | Token::At)) && token != Token::At,
            Token::Seq | Token::Arrow => next == Some(Colon),
            Token::Then | Comma if self.zone == Zone::Actions && bracket.is_none() && token != Token::If => match next {
                None | Some(LParen | Comma | Token::Every | Token::Cooldown | Token::Limit) => true,
                Some(other) => token != Token::Every && other.is_keyword() && other != Token::Tick && !matches!(other, Name),
            },
            _ => false,
        }
    }

    pub(super) fn reserved(&mut self, lexeme: Lexeme) {
        let span = self.span(lexeme);
        let text = self.text(lexeme);
        let diagnostic = Diagnostic::new(Code::ReservedName, span, format!("`{text}` is a reserved word and cannot be a name"))
            .labelled("a name is wanted here")
            .fix("choose another name", span, format!("{text}_"));
        self.report.push(diagnostic);
    }
}

/// Whether an operand may start with `token`.
fn starts_value(token: Token) -> bool {
    token == Token::LParen || (ends_value(token) && !matches!(token, Token::RParen | Token::RBracket))
}
