//! Text to tokens. Every byte of a text is in a token or in white space between two, so nothing is lost;
//! what no token starts with is [`Token::Unknown`]. What a token means is left to the parser.

use std::fmt;
use std::ops::Range;

use logos::Logos;

/// The kind of a token. Its text is the range it comes with.
#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[logos(skip r"[ \t\r\n\x0C]+")]
pub enum Token {
    /// `CONST`
    #[token("const", ignore(case))]
    Const,
    /// `PARAM`
    #[token("param", ignore(case))]
    Param,
    /// `IN`
    #[token("in", ignore(case))]
    In,
    /// `LET`
    #[token("let", ignore(case))]
    Let,
    /// `FN`
    #[token("fn", ignore(case))]
    Fn,
    /// `SET`
    #[token("set", ignore(case))]
    Set,
    /// `USE`
    #[token("use", ignore(case))]
    Use,
    /// `RULE`
    #[token("rule", ignore(case))]
    Rule,
    /// `FOR`
    #[token("for", ignore(case))]
    For,
    /// `EACH`
    #[token("each", ignore(case))]
    Each,
    /// `IF`
    #[token("if", ignore(case))]
    If,
    /// `UNTIL`
    #[token("until", ignore(case))]
    Until,
    /// `THEN`
    #[token("then", ignore(case))]
    Then,
    /// `SEQ`
    #[token("seq", ignore(case))]
    Seq,
    /// `WITHIN`
    #[token("within", ignore(case))]
    Within,
    /// `ALL`
    #[token("all", ignore(case))]
    All,
    /// `AND`
    #[token("and", ignore(case))]
    And,
    /// `OR`
    #[token("or", ignore(case))]
    Or,
    /// `NOT`
    #[token("not", ignore(case))]
    Not,
    /// `WHERE`
    #[token("where", ignore(case))]
    Where,
    /// `NO`
    #[token("no", ignore(case))]
    No,
    /// `CROSSES`
    #[token("crosses", ignore(case))]
    Crosses,
    /// `ABOVE`
    #[token("above", ignore(case))]
    Above,
    /// `BELOW`
    #[token("below", ignore(case))]
    Below,
    /// `EVERY`
    #[token("every", ignore(case))]
    Every,
    /// `TICK`
    #[token("tick", ignore(case))]
    Tick,
    /// `COOLDOWN`
    #[token("cooldown", ignore(case))]
    Cooldown,
    /// `LIMIT`
    #[token("limit", ignore(case))]
    Limit,
    /// `PER`
    #[token("per", ignore(case))]
    Per,
    /// `TEST`
    #[token("test", ignore(case))]
    Test,
    /// `AT`
    #[token("at", ignore(case))]
    At,
    /// `ADVANCE`
    #[token("advance", ignore(case))]
    Advance,
    /// `EXPECT`
    #[token("expect", ignore(case))]
    Expect,
    /// `NONE`
    #[token("none", ignore(case))]
    None,
    /// `TRUE`
    #[token("true", ignore(case))]
    True,
    /// `FALSE`
    #[token("false", ignore(case))]
    False,

    /// A name: letters, digits and `_`, not starting with a digit.
    #[regex("[A-Za-z_][A-Za-z0-9_]*", priority = 1)]
    Name,
    /// `1_000`, `2.5`, `1e6`
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?", priority = 10)]
    Number,
    /// `0.5%`
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?%", priority = 10)]
    Percent,
    /// `5bp` or `5bps`
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?bps?", priority = 10)]
    BasisPoint,
    /// `250ms`, `3s`, `1m`, `1h`, `1d`, `10us`, `5ns`
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?(ns|us|ms|s|m|h|d)", priority = 10)]
    Duration,
    /// A number with a suffix that is none of those: `5min`.
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?[A-Za-zµμ_][A-Za-z0-9_]*", priority = 5)]
    BadSuffix,
    /// `"BTC/USDT"`
    #[regex(r#""([^"\\\n\r]|\\[^\n\r])*""#)]
    Str,
    /// A string without its closing quote, up to the end of its line.
    #[regex(r#""([^"\\\n\r]|\\[^\n\r])*\\?"#)]
    UnterminatedStr,
    /// `'BTC/USDT'` and `“BTC/USDT”`, which only other languages have.
    #[regex(r"'[^'\n\r]*'")]
    #[regex("[“”„][^“”\"\n\r]*[“”\"]")]
    ForeignStr,

    /// `(`
    #[token("(")]
    LParen,
    /// `)`
    #[token(")")]
    RParen,
    /// `[`
    #[token("[")]
    LBracket,
    /// `]`
    #[token("]")]
    RBracket,
    /// `{`
    #[token("{")]
    LBrace,
    /// `}`
    #[token("}")]
    RBrace,
    /// `,`
    #[token(",")]
    Comma,
    /// `:`
    #[token(":")]
    Colon,
    /// `.`
    #[token(".")]
    Dot,
    /// `..`
    #[token("..")]
    DotDot,
    /// `->`
    #[token("->")]
    Arrow,
    /// `=`
    #[token("=")]
    Eq,
    /// `==`
    #[token("==")]
    EqEq,
    /// `!=`
    #[token("!=")]
    Ne,
    /// `<`
    #[token("<")]
    Lt,
    /// `<=`
    #[token("<=")]
    Le,
    /// `>`
    #[token(">")]
    Gt,
    /// `>=`
    #[token(">=")]
    Ge,
    /// `+`
    #[token("+")]
    Plus,
    /// `-`
    #[token("-")]
    Minus,
    /// `*`
    #[token("*")]
    Star,
    /// `/`
    #[token("/")]
    Slash,
    /// `??`
    #[token("??")]
    Coalesce,
    /// `%`, which is no operator.
    #[token("%")]
    PercentSign,
    /// `^` or `**`, which are no operators.
    #[token("^")]
    #[token("**")]
    Power,
    /// An operator of another language: `&&`, `<>`, `≥`.
    #[token("&&")]
    #[token("&")]
    #[token("||")]
    #[token("|")]
    #[token("!")]
    #[token("<>")]
    #[token("===")]
    #[token("!==")]
    #[token("=<")]
    #[token("=>")]
    #[token(":=")]
    #[token("+=")]
    #[token("-=")]
    #[token("?")]
    #[token("…")]
    #[token("...")]
    #[token("..=")]
    #[token("→")]
    #[token("≥")]
    #[token("≤")]
    #[token("≠")]
    #[token("×")]
    #[token("÷")]
    #[token("−")]
    #[token("–")]
    #[token("¬")]
    #[token("∧")]
    #[token("∨")]
    #[token(";")]
    Foreign,
    /// `// ..` and `/* .. */`: comments of other languages.
    #[regex(r"//[^\n\r]*", allow_greedy = true)]
    #[regex(r"/\*([^*]|\*+[^*/])*\*+/")]
    ForeignComment,
    /// `# ..` to the end of the line.
    #[regex(r"#[^\n\r]*", allow_greedy = true)]
    Comment,
    /// Characters that no token starts with.
    Unknown,
}

impl Token {
    /// What the token is called in a message: its own text where it has only one.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Const => "CONST",
            Self::Param => "PARAM",
            Self::In => "IN",
            Self::Let => "LET",
            Self::Fn => "FN",
            Self::Set => "SET",
            Self::Use => "USE",
            Self::Rule => "RULE",
            Self::For => "FOR",
            Self::Each => "EACH",
            Self::If => "IF",
            Self::Until => "UNTIL",
            Self::Then => "THEN",
            Self::Seq => "SEQ",
            Self::Within => "WITHIN",
            Self::All => "ALL",
            Self::And => "AND",
            Self::Or => "OR",
            Self::Not => "NOT",
            Self::Where => "WHERE",
            Self::No => "NO",
            Self::Crosses => "CROSSES",
            Self::Above => "ABOVE",
            Self::Below => "BELOW",
            Self::Every => "EVERY",
            Self::Tick => "TICK",
            Self::Cooldown => "COOLDOWN",
            Self::Limit => "LIMIT",
            Self::Per => "PER",
            Self::Test => "TEST",
            Self::At => "AT",
            Self::Advance => "ADVANCE",
            Self::Expect => "EXPECT",
            Self::None => "NONE",
            Self::True => "TRUE",
            Self::False => "FALSE",
            Self::Name => "name",
            Self::Number => "number",
            Self::Percent => "percent",
            Self::BasisPoint => "basis-point",
            Self::Duration => "duration",
            Self::BadSuffix => "bad-suffix",
            Self::Str => "string",
            Self::UnterminatedStr => "unterminated-string",
            Self::ForeignStr => "foreign-string",
            Self::LParen => "(",
            Self::RParen => ")",
            Self::LBracket => "[",
            Self::RBracket => "]",
            Self::LBrace => "{",
            Self::RBrace => "}",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Dot => ".",
            Self::DotDot => "..",
            Self::Arrow => "->",
            Self::Eq => "=",
            Self::EqEq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Star => "*",
            Self::Slash => "/",
            Self::Coalesce => "??",
            Self::PercentSign => "%",
            Self::Power => "^",
            Self::Foreign => "foreign",
            Self::ForeignComment => "foreign-comment",
            Self::Comment => "comment",
            Self::Unknown => "unknown",
        }
    }

    /// Whether this is a reserved word.
    #[must_use]
    pub fn is_keyword(self) -> bool {
        (self as u8) <= (Self::False as u8)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.describe())
    }
}

/// A token with its place, half the size of what [`tokens`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Lexeme {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Lexes `text`, of less than 4 GiB. A byte order mark at the start is white space.
pub(crate) fn lex(text: &str) -> impl Iterator<Item = Lexeme> + '_ {
    lex_part(text, 0..text.len())
}

/// Lexes a part of `text` that starts and ends between two tokens. Places are those in the whole.
pub(crate) fn lex_part(text: &str, part: Range<usize>) -> impl Iterator<Item = Lexeme> + '_ {
    let base = part.start;
    let narrow = move |n: usize| u32::try_from(base + n).unwrap_or(u32::MAX);
    let text = text.get(part).unwrap_or_default();
    let mut lexer = Token::lexer(text);
    if base == 0 && text.starts_with('\u{feff}') {
        lexer.bump('\u{feff}'.len_utf8());
    }
    let mut held: Option<Lexeme> = None;
    std::iter::from_fn(move || {
        // Neighbouring unknown characters are one token, so that a word in another script is one mistake.
        loop {
            let next = lexer.next().map(|token| {
                let range = lexer.span();
                Lexeme { token: token.unwrap_or(Token::Unknown), start: narrow(range.start), end: narrow(range.end) }
            });
            match (held.take(), next) {
                (Some(mut a), Some(b)) if a.token == Token::Unknown && b.token == Token::Unknown && a.end == b.start => {
                    a.end = b.end;
                    held = Some(a);
                }
                (None, Some(b)) if b.token == Token::Unknown => held = Some(b),
                (None, other) => return other,
                (Some(a), other) => {
                    held = other;
                    return Some(a);
                }
            }
        }
    })
}

/// The tokens of `text`, comments included, white space left out.
#[must_use]
pub fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    lex(text).map(|lexeme| (lexeme.token, lexeme.range())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token> {
        tokens(text).into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn dots_and_numbers() {
        use Token::{BasisPoint, Dot, DotDot, LBrace, Name, Number, RBrace};
        assert_eq!(kinds("{2..4}"), [LBrace, Number, DotDot, Number, RBrace]);
        assert_eq!(kinds("2bp..5bps"), [BasisPoint, DotDot, BasisPoint]);
        assert_eq!(kinds("1...3"), [Number, Token::Foreign, Number]);
        assert_eq!(kinds("1.5.x"), [Number, Dot, Name]);
        assert_eq!(kinds("1.e5"), [Number, Dot, Name]);
        assert_eq!(kinds("a.b"), [Name, Dot, Name]);
    }

    #[test]
    fn numbers_and_suffixes() {
        use Token::{BadSuffix, Duration, Number, Percent};
        assert_eq!(kinds("1_000 1e6 2.5 1E-3 1e+3"), [Number; 5]);
        assert_eq!(kinds("0.5% 1e2%"), [Percent; 2]);
        assert_eq!(kinds("250ms 3s 1m 1h 1d 10us 5ns 1.5s"), [Duration; 8]);
        assert_eq!(kinds("5min 5S 1e 5bpx 10µs 3mss 7_x"), [BadSuffix; 7]);
        assert_eq!(kinds("0.5 %"), [Number, Token::PercentSign]);
    }

    #[test]
    fn words_in_any_case() {
        assert_eq!(kinds("rule Rule RULE rules _rule"), [Token::Rule, Token::Rule, Token::Rule, Token::Name, Token::Name]);
        assert!(Token::Const.is_keyword() && Token::False.is_keyword() && !Token::Name.is_keyword());
        assert_eq!(kinds("SIGNAL"), [Token::Name]);
    }

    #[test]
    fn strings_end_on_their_line() {
        use Token::{Name, Str, UnterminatedStr};
        assert_eq!(kinds(r#""a" "b\"" "\\" ""#), [Str, Str, Str, UnterminatedStr]);
        assert_eq!(kinds("\"a\nb"), [UnterminatedStr, Name]);
        assert_eq!(kinds("\"a\\\nb"), [UnterminatedStr, Name]);
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(kinds("\u{feff}a # b\r\n@ €€ @"), [Token::Name, Token::Comment, Token::Unknown, Token::Unknown, Token::Unknown]);
        let text = "\u{feff}IF é\u{301}x \"y \n 'z #";
        let mut end = '\u{feff}'.len_utf8();
        for (_, range) in tokens(text) {
            assert!(text.get(end..range.start).is_some_and(|gap| gap.chars().all(char::is_whitespace)), "{range:?}");
            end = range.end;
        }
        assert_eq!(end, text.len());
    }

    #[test]
    fn other_languages() {
        use Token::{Arrow, Foreign, ForeignComment, ForeignStr, Minus, Name, Power, Slash};
        assert_eq!(kinds("&& || ! <> === ≥ ;"), [Foreign; 7]);
        assert_eq!(kinds("a ** b ^ c"), [Name, Power, Name, Power, Name]);
        assert_eq!(kinds("a->b a - b"), [Name, Arrow, Name, Name, Minus, Name]);
        assert_eq!(kinds("// x\na / b /* c */"), [ForeignComment, Name, Slash, Name, ForeignComment]);
        assert_eq!(kinds("'a' “b”"), [ForeignStr; 2]);
    }
}
