//! Rules with the same tokens are prepared once.
//!
//! From the word that starts a rule to the next item, what becomes of the tokens depends on their kinds and on how literals are written. So where
//! the kinds are those of a rule in which nothing was found, and the literals are plain, they are taken as they are. Such rules have the same
//! pattern, which spares the parser work too.

use std::hash::Hasher;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHasher};

use super::{Work, Zone};
use crate::lexer::{Lexeme, Token};
use crate::syntax::literal;

/// The number of a pattern in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) struct PatternId(pub(in crate::syntax) u32);

/// The raw tokens of a file, without comments.
pub(super) struct Raw {
    pub(super) lexemes: Vec<Lexeme>,
    /// Their kinds, as bytes that compare and hash fast.
    kinds: Vec<u8>,
}

impl Raw {
    pub(super) fn with_capacity(len: usize) -> Self {
        Self { lexemes: Vec::with_capacity(len), kinds: Vec::with_capacity(len) }
    }

    pub(super) fn push(&mut self, lexeme: Lexeme) {
        self.lexemes.push(lexeme);
        self.kinds.push(lexeme.token as u8);
    }

    /// The tokens of a rule behind the word at `start - 1` that starts it, with the one behind them. It is enough that this is right for most rules.
    fn rule(&self, start: usize) -> Option<Range<usize>> {
        let rest = self.kinds.get(start..)?;
        let then = rest.iter().position(|kind| *kind == Token::Then as u8)?;
        let end = rest.get(then..)?.iter().position(|kind| STARTS.contains(kind))?;
        Some(start..start + then + end)
    }
}

/// Words that start items.
const STARTS: [u8; 9] = [
    Token::Rule as u8,
    Token::If as u8,
    Token::Let as u8,
    Token::Const as u8,
    Token::Param as u8,
    Token::Fn as u8,
    Token::Set as u8,
    Token::Use as u8,
    Token::Test as u8,
];

/// What is left to be seen of the state of [`Work`] at the end of a rule in which nothing was found.
#[derive(Clone, Copy)]
struct Ending {
    zone: Zone,
    equals_seen: bool,
    params_closed: bool,
    prefixes: u32,
    /// At which token of the rule the last clause starts.
    clause: usize,
}

/// A rule in which nothing was found.
struct Pattern {
    /// The word that starts it.
    first: Token,
    /// Its raw tokens.
    range: Range<usize>,
    ending: Ending,
}

/// A rule that may be a pattern.
struct Candidate {
    key: u64,
    first: Token,
    range: Range<usize>,
    out: usize,
    items: usize,
    found: usize,
}

/// The patterns of a file.
#[derive(Default)]
pub(super) struct Patterns {
    /// Every rule is looked at by itself.
    off: bool,
    by_key: FxHashMap<u64, u32>,
    list: Vec<Pattern>,
    candidate: Option<Candidate>,
}

impl Patterns {
    pub(super) fn new(on: bool) -> Self {
        Self { off: !on, ..Self::default() }
    }

    /// Takes the tokens from `at` on if they are those of a known pattern, where the word that starts a rule was taken right before. Gives the
    /// number of the next token to be taken.
    pub(super) fn skip(&mut self, raw: &Raw, at: usize, work: &mut Work<'_>) -> usize {
        let Some(first) = work.just_started().filter(|_| !self.off) else { return at };
        let Some(range) = raw.rule(at) else { return at };
        // With the token behind, which decides how the last one is read.
        let Some(kinds) = raw.kinds.get(range.start..=range.end) else { return at };
        let mut hasher = FxHasher::default();
        hasher.write(kinds);
        let key = hasher.finish();
        let Some((id, pattern)) = self.by_key.get(&key).and_then(|id| Some((*id, self.list.get(*id as usize)?))) else {
            let (items, out, found) = (work.items.len(), work.out.len(), work.report.len());
            self.candidate = Some(Candidate { key, first, range, out, items, found });
            return at;
        };
        let tokens = raw.lexemes.get(range.clone()).unwrap_or_default();
        let same = pattern.first == first && raw.kinds.get(pattern.range.start..=pattern.range.end) == Some(kinds);
        if !same || !tokens.iter().all(|lexeme| work.is_plain(*lexeme)) {
            return at;
        }
        work.take_all(tokens, PatternId(id), pattern.ending);
        // With the word that starts it.
        work.as_read = range.start.checked_sub(1).map(|start| (start..range.end, work.out.len()));
        range.end
    }

    /// Makes a pattern of the rule that ends before token `at`, if nothing was found in it.
    pub(super) fn note(&mut self, raw: &Raw, at: usize, work: &mut Work<'_>) {
        let Some(candidate) = self.candidate.take_if(|c| c.range.end <= at) else { return };
        let tokens = raw.lexemes.get(candidate.range.clone()).unwrap_or_default();
        let clean = candidate.range.end == at
            && work.items.len() == candidate.items
            && work.report.len() == candidate.found
            && work.out.get(candidate.out..) == Some(tokens);
        let Some(ending) = work.ending(tokens).filter(|_| clean) else { return };
        let id = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        if let Some(item) = work.items.last_mut() {
            item.pattern = Some(PatternId(id));
        }
        self.list.push(Pattern { first: candidate.first, range: candidate.range, ending });
        self.by_key.entry(candidate.key).or_insert(id);
    }
}

impl Work<'_> {
    /// The word that started a rule, if it was the last token.
    fn just_started(&self) -> Option<Token> {
        let item = self.items.last()?;
        match self.out.get(self.item_start..)? {
            [only] if matches!(only.token, Token::Rule | Token::If) && item.starts && item.tainted.is_empty() && !self.dead => {
                Some(only.token)
            }
            _ => None,
        }
    }

    /// Whether nothing can be wrong with a token that is read by its text.
    fn is_plain(&self, lexeme: Lexeme) -> bool {
        let bytes = || self.text.as_bytes().get(lexeme.range()).unwrap_or_default();
        match lexeme.token {
            Token::Number | Token::Percent | Token::BasisPoint => {
                bytes().len() <= 15 && !bytes().iter().any(|b| matches!(b, b'_' | b'e' | b'E'))
            }
            Token::Duration => literal::duration(self.text(lexeme)).is_ok(),
            Token::Str => !bytes().contains(&b'\\'),
            _ => true,
        }
    }

    /// Where this leaves off, if a rule of these tokens is whole here.
    fn ending(&self, tokens: &[Lexeme]) -> Option<Ending> {
        let &Self { zone, equals_seen, params_closed, prefixes, .. } = self;
        let clean = self.open.is_empty() && self.brackets_depth == 0 && self.dropped.is_none() && !self.muted && !self.dead;
        let clause = tokens.iter().position(|l| l.start == self.clause_start)?;
        // Whether `5 min` is a duration in two parts is read from its text.
        let parted = tokens.windows(2).any(|pair| matches!(pair, [a, b] if (a.token, b.token) == (Token::Number, Token::Name)));
        let untainted = self.items.last().is_some_and(|item| item.tainted.is_empty());
        (clean && untainted && !parted).then_some(Ending { zone, equals_seen, params_closed, prefixes, clause })
    }

    /// Takes tokens with which nothing is wrong.
    fn take_all(&mut self, tokens: &[Lexeme], pattern: PatternId, ending: Ending) {
        self.out.extend_from_slice(tokens);
        Ending { zone: self.zone, equals_seen: self.equals_seen, params_closed: self.params_closed, prefixes: self.prefixes, .. } = ending;
        self.clause_start = tokens.get(ending.clause).map_or(self.clause_start, |l| l.start);
        if let Some(item) = self.items.last_mut() {
            item.pattern = Some(pattern);
        }
    }
}
