//! From raw tokens to tokens the grammar can read, split at the starts of items.
//!
//! Mistakes that one token shows are reported and mended here: characters and literals that cannot be read, operators
//! of other languages, `=` for `==`, reserved words as names, brackets that do not match. The grammar then sees
//! what was meant, and one mistake makes one error. Depth is bounded here too, before any stack grows with it.

use std::ops::Range;

use super::report::Report;
use super::tree::{Comment, MAX_NESTING};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::{Lexeme, Token, lex_part};
use crate::span::{FileId, Span};

mod lexical;
mod pattern;

pub(super) use pattern::PatternId;
use pattern::{Patterns, Raw};

/// The tokens of a file, ready to be parsed.
#[derive(Debug)]
pub(super) struct Prepared {
    /// All tokens as they were read.
    raw: Vec<Lexeme>,
    /// Those of the items with which something had to be done, or might have been.
    mended: Vec<Lexeme>,
    pub(super) items: Vec<ItemTokens>,
    pub(super) comments: Vec<Comment>,
}

impl Prepared {
    /// The tokens of an item.
    pub(super) fn tokens(&self, item: &ItemTokens) -> &[Lexeme] {
        let list = if item.is_raw { &self.raw } else { &self.mended };
        list.get(item.range.clone()).unwrap_or_default()
    }

    /// How many tokens the text has.
    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }
}

/// One item's share of the tokens.
#[derive(Debug, Default)]
pub(super) struct ItemTokens {
    range: Range<usize>,
    /// The range is one of tokens as they were read: those of a pattern are not copied.
    is_raw: bool,
    /// Whether it starts with a word that starts items.
    pub(super) starts: bool,
    /// Too deep to be parsed; reported.
    pub(super) dead: bool,
    /// Items with the same one have tokens of the same kinds, with which nothing is wrong.
    pub(super) pattern: Option<PatternId>,
    /// Bytes in which something was reported that may make the grammar stumble again.
    pub(super) tainted: Vec<Range<u32>>,
}

/// An item without tokens.
pub(super) static NO_ITEM: ItemTokens =
    ItemTokens { range: 0..0, is_raw: false, starts: false, dead: false, pattern: None, tainted: Vec::new() };

/// Where in an item we are, as far as one token at a time can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// Before an item, or after a test.
    Outside,
    /// `RULE ..` up to its `IF`.
    Head,
    /// After `IF`.
    Condition,
    /// After `THEN`.
    Actions,
    /// `TEST ..`
    Test,
    /// Any other item.
    Item,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bracket {
    /// The arguments of a call or an action.
    Call,
    /// The parameters of a `FN`.
    Params,
    /// `(` for grouping, or of `ALL`.
    Group,
    /// `[`
    Square,
    /// `{`
    Brace,
}

impl Bracket {
    fn closer(self) -> Token {
        match self {
            Self::Call | Self::Params | Self::Group => Token::RParen,
            Self::Square => Token::RBracket,
            Self::Brace => Token::RBrace,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Open {
    bracket: Bracket,
    at: Lexeme,
    /// Prefix operators that wait for the bracket to close.
    prefixes: u32,
}

impl Open {
    /// How much deeper it is inside.
    fn depth(self) -> u32 {
        self.prefixes + u32::from(self.bracket != Bracket::Brace)
    }
}

/// Prepares the tokens of a part of `text`, with or without patterns: what comes out is the same, and takes longer without.
pub(super) fn prepare(file: FileId, text: &str, part: Range<usize>, patterns: bool, report: &mut Report) -> Prepared {
    let mut comments = Vec::new();
    let mut raw = Raw::with_capacity(part.len() / 4);
    for lexeme in lex_part(text, part) {
        if lexeme.token == Token::Comment {
            let range = lexeme.range();
            let span = Span::new(file, range.start, range.end);
            comments.push(Comment { text: text.get(range).unwrap_or_default().into(), span });
        } else {
            raw.push(lexeme);
        }
    }
    let mut work = Work {
        file,
        text,
        report,
        out: Vec::new(),
        items: Vec::new(),
        item_start: 0,
        as_read: None,
        dead: false,
        open: Vec::new(),
        zone: Zone::Outside,
        equals_seen: false,
        params_closed: false,
        prefixes: 0,
        brackets_depth: 0,
        clause_start: 0,
        dropped: None,
        muted: false,
    };
    let mut patterns = Patterns::new(patterns);
    let mut at = 0;
    while let Some((lexeme, rest)) = raw.lexemes.get(at..).and_then(<[Lexeme]>::split_first) {
        if work.report.is_over() {
            break;
        }
        patterns.note(&raw, at, &mut work);
        work.take(*lexeme, rest);
        at = patterns.skip(&raw, at + 1, &mut work);
    }
    work.finish_item();
    let Work { out: mended, items, .. } = work;
    Prepared { raw: raw.lexemes, mended, items, comments }
}

struct Work<'a> {
    file: FileId,
    text: &'a str,
    report: &'a mut Report,
    out: Vec<Lexeme>,
    items: Vec<ItemTokens>,
    /// Where the last item starts in `out`, and whether it is beyond reading.
    item_start: usize,
    /// Where the tokens of the last item stand as they were read, and where they end in `out`, if nothing had to be done with them so far.
    as_read: Option<(Range<usize>, usize)>,
    dead: bool,
    open: Vec<Open>,
    zone: Zone,
    /// The `=` of the binding we are in has been seen.
    equals_seen: bool,
    /// The token before closed the parameters of a `FN`.
    params_closed: bool,
    /// Prefix operators right before this token.
    prefixes: u32,
    /// Open brackets, and the prefix operators in front of them.
    brackets_depth: u32,
    /// Where the clause we are in starts.
    clause_start: u32,
    /// Where tokens were left out right before this one.
    dropped: Option<u32>,
    /// A string is not closed: nothing after it in this item can be trusted.
    muted: bool,
}

impl Work<'_> {
    fn span(&self, lexeme: Lexeme) -> Span {
        Span { file: self.file, start: lexeme.start, end: lexeme.end }
    }

    fn text(&self, lexeme: Lexeme) -> &str {
        self.text.get(lexeme.range()).unwrap_or_default()
    }

    /// The token of this item that is `back` places before the next one.
    fn back(&self, back: usize) -> Option<Token> {
        let item = self.out.get(self.item_start..)?;
        item.get(item.len().checked_sub(back)?).map(|l| l.token)
    }

    fn end(&self) -> u32 {
        self.out.last().map_or(0, |l| l.end)
    }

    fn taint(&mut self, range: Range<u32>) {
        if let Some(item) = self.items.last_mut() {
            item.tainted.push(range);
        }
    }

    /// Takes one raw token; `rest` are those after it.
    fn take(&mut self, lexeme: Lexeme, rest: &[Lexeme]) {
        let next = rest.first().map(|l| l.token);
        let Some(mut lexeme) = (if self.dead { Some(lexeme) } else { self.mend(lexeme, next) }) else {
            self.dropped.get_or_insert(lexeme.start);
            return;
        };
        if !self.dead && lexeme.token.is_keyword() && self.is_name_position(lexeme.token, next) {
            self.reserved(lexeme);
            lexeme.token = Token::Name;
        }
        if self.starts_item(lexeme.token, rest) {
            self.start_item(lexeme);
        } else if self.items.is_empty() || (self.zone == Zone::Outside && !self.in_stray()) {
            self.push_item(false);
        }
        if self.dead {
            return;
        }
        match lexeme.token {
            Token::Then | Token::Until | Token::If | Token::Let | Token::Every | Token::Cooldown | Token::Limit => self.clause(lexeme),
            Token::At | Token::Advance | Token::Expect | Token::Set if self.zone == Zone::Test => {
                self.close(usize::from(self.open.first().is_some_and(|open| open.bracket == Bracket::Brace)));
            }
            Token::Eq => lexeme.token = self.equals(lexeme),
            _ => {}
        }
        self.push(lexeme);
    }

    fn in_stray(&self) -> bool {
        self.items.last().is_some_and(|item| !item.starts)
    }

    /// Whether `token` starts an item here. `LET` and `IF` belong to a rule's head, `SET` to a test.
    fn starts_item(&self, token: Token, rest: &[Lexeme]) -> bool {
        match token {
            Token::Rule | Token::Const | Token::Param | Token::Fn | Token::Use | Token::Test => true,
            Token::If | Token::Let => self.zone != Zone::Head || self.dead,
            // A set in the steps of a test stands there because the test was not closed.
            Token::Set if self.zone == Zone::Test && !self.dead => {
                matches!(rest, [a, b, c, ..] if (a.token, b.token, c.token) == (Token::Name, Token::Eq, Token::LBracket))
            }
            Token::Set => true,
            _ => false,
        }
    }

    fn start_item(&mut self, lexeme: Lexeme) {
        self.push_item(true);
        self.zone = match lexeme.token {
            Token::Rule => Zone::Head,
            Token::Test => Zone::Test,
            // Becomes `Condition` when the keyword itself is handled.
            _ => Zone::Item,
        };
        self.clause_start = lexeme.start;
    }

    fn push_item(&mut self, starts: bool) {
        self.finish_item();
        self.item_start = self.out.len();
        self.items.push(ItemTokens { range: self.item_start..self.item_start, starts, ..ItemTokens::default() });
    }

    /// Closes what is open and the token range of the last item.
    fn finish_item(&mut self) {
        if self.dead {
            self.open.clear();
        }
        self.close(0);
        let len = self.out.len();
        let as_read = self.as_read.take().filter(|(_, end)| *end == len && !self.dead);
        if let Some(item) = self.items.last_mut() {
            item.range.end = len;
            if let Some((range, _)) = as_read {
                (item.range, item.is_raw) = (range, true);
                self.out.truncate(self.item_start);
            }
        }
        self.zone = Zone::Outside;
        self.dead = false;
        self.equals_seen = false;
        self.params_closed = false;
        self.prefixes = 0;
        self.brackets_depth = 0;
        self.dropped = None;
        self.muted = false;
    }

    /// A word that starts a part of a rule, and never stands in brackets.
    fn clause(&mut self, lexeme: Lexeme) {
        self.close(0);
        self.clause_start = lexeme.start;
        self.equals_seen = false;
        match lexeme.token {
            Token::If => self.zone = Zone::Condition,
            Token::Then => self.zone = Zone::Actions,
            _ => {}
        }
    }

    /// Reports brackets that are open above `keep` and closes them where we are.
    fn close(&mut self, keep: usize) {
        let Some(innermost) = self.open.last().copied().filter(|_| self.open.len() > keep) else { return };
        let end = self.end();
        let mut closers = String::new();
        while self.open.len() > keep {
            let Some(open) = self.open.pop() else { break };
            closers.push_str(open.bracket.closer().describe());
            self.brackets_depth = self.brackets_depth.saturating_sub(open.depth());
            self.out.push(Lexeme { token: open.bracket.closer(), start: end, end });
        }
        self.prefixes = 0;
        self.params_closed = innermost.bracket == Bracket::Params;
        self.taint(innermost.at.start..end.saturating_add(1));
        if !self.muted {
            let opener = self.text(innermost.at).to_owned();
            let place = Span { file: self.file, start: end, end };
            let diagnostic = Diagnostic::new(Code::UnclosedBracket, self.span(innermost.at), format!("this `{opener}` is never closed"))
                .labelled("opened here")
                .fix(format!("close it with `{closers}`"), place, closers);
            self.report.push(diagnostic);
        }
    }

    /// Whether a `=` binds a name here, and otherwise what it was meant to be.
    fn equals(&mut self, lexeme: Lexeme) -> Token {
        let (last, before) = (self.back(1), self.back(2));
        let binds = match self.open.last().map(|open| open.bracket) {
            Some(Bracket::Call) => last == Some(Token::Name) && matches!(before, Some(Token::LParen | Token::Comma)),
            None | Some(Bracket::Brace) => {
                self.params_closed
                    || (last == Some(Token::Name) && matches!(before, Some(Token::Const | Token::Param | Token::Let | Token::Set)))
            }
            Some(_) => false,
        };
        if binds {
            self.equals_seen = true;
            return Token::Eq;
        }
        let in_brackets = self.open.last().is_some_and(|open| !matches!(open.bracket, Bracket::Brace | Bracket::Params));
        if !last.is_some_and(ends_value) || !(in_brackets || self.equals_seen || self.zone == Zone::Condition) {
            return Token::Eq;
        }
        // `(a = 1, b = 2)` is a call without its name, which is one mistake.
        if before == Some(Token::Comma) && self.open.last().is_some_and(|open| open.bracket == Bracket::Group) {
            return Token::EqEq;
        }
        let span = self.span(lexeme);
        let left = self.out.last().map(|l| self.text(*l).to_owned()).unwrap_or_default();
        self.report.push(
            Diagnostic::new(Code::SingleEquals, span, format!("`=` after `{left}` does not compare"))
                .labelled("`=` gives a name to a value")
                .fix("write `==` to compare", span, "=="),
        );
        Token::EqEq
    }

    fn push(&mut self, lexeme: Lexeme) {
        let (last, before) = (self.back(1), self.back(2));
        let was_closed = std::mem::take(&mut self.params_closed);
        match lexeme.token {
            Token::LParen => {
                let bracket = match (last, before) {
                    (Some(Token::Name), Some(Token::Fn)) => Bracket::Params,
                    (Some(Token::Name), _) => Bracket::Call,
                    _ => Bracket::Group,
                };
                self.open_bracket(bracket, lexeme);
            }
            Token::LBracket => self.open_bracket(Bracket::Square, lexeme),
            Token::LBrace => self.open_bracket(Bracket::Brace, lexeme),
            Token::RParen | Token::RBracket | Token::RBrace => {
                if !self.close_bracket(lexeme) {
                    self.params_closed = was_closed;
                    return;
                }
            }
            // `a - b` has no prefix operator.
            Token::Minus if last.is_some_and(ends_value) => self.prefixes = 0,
            Token::Minus | Token::Not => self.prefixes += 1,
            _ => self.prefixes = 0,
        }
        if self.brackets_depth + self.prefixes > MAX_NESTING {
            self.too_deep(lexeme);
            return;
        }
        if let Some(start) = self.dropped.take() {
            self.taint(start..lexeme.end);
        }
        self.out.push(lexeme);
        if lexeme.token == Token::RBrace && self.open.is_empty() && self.zone == Zone::Test {
            let len = self.out.len();
            if let Some(item) = self.items.last_mut() {
                item.range.end = len;
            }
            self.zone = Zone::Outside;
            // What follows without a word that starts an item is an item of its own, which the parser refuses.
        }
    }

    fn open_bracket(&mut self, bracket: Bracket, at: Lexeme) {
        let open = Open { bracket, at, prefixes: std::mem::take(&mut self.prefixes) };
        self.open.push(open);
        self.brackets_depth += open.depth();
    }

    /// Whether the closer stays in the stream.
    fn close_bracket(&mut self, lexeme: Lexeme) -> bool {
        self.prefixes = 0;
        let Some(at) = self.open.iter().rposition(|open| open.bracket.closer() == lexeme.token) else {
            if !self.muted {
                let text = self.text(lexeme).to_owned();
                let span = self.span(lexeme);
                self.report.push(
                    Diagnostic::new(Code::UnexpectedToken, span, format!("this `{text}` closes nothing"))
                        .labelled("no bracket is open here")
                        .fix("take it out", span, ""),
                );
            }
            // The word that starts the clause is still a good place for a mistake in the clause before.
            self.taint(self.clause_start + 1..lexeme.end);
            self.dropped.get_or_insert(lexeme.start);
            return false;
        };
        self.close(at + 1);
        if let Some(open) = self.open.pop() {
            self.brackets_depth = self.brackets_depth.saturating_sub(open.depth());
            self.params_closed = open.bracket == Bracket::Params;
        }
        true
    }

    fn too_deep(&mut self, lexeme: Lexeme) {
        let span = self.span(lexeme);
        self.report.push(
            Diagnostic::new(Code::NestingTooDeep, span, format!("expressions may be nested {MAX_NESTING} deep, and this is deeper"))
                .labelled("too deep from here")
                .help("give parts of it a name with `LET`"),
        );
        self.open.clear();
        self.out.truncate(self.item_start);
        if let Some(item) = self.items.last_mut() {
            item.dead = true;
        }
        self.dead = true;
    }
}

/// Whether an operand may end with `token`.
pub(super) fn ends_value(token: Token) -> bool {
    matches!(
        token,
        Token::Name
            | Token::Number
            | Token::Percent
            | Token::BasisPoint
            | Token::Duration
            | Token::Str
            | Token::True
            | Token::False
            | Token::RParen
            | Token::RBracket
    )
}
