//! The syntax tree of one file: faithful to the text, meaning comes later.
//!
//! Expressions live in one arena and name each other by [`ExprId`]; children are always allocated before
//! their parent, so a pass may walk the arena in index order and dropping a tree is flat. The height of
//! every expression is at most [`MAX_NESTING`], which the parser guarantees; `AND` and `OR` chains are
//! n-ary and count once.

use serde::{Deserialize, Serialize};

use crate::span::Span;

/// The greatest height of an expression.
pub const MAX_NESTING: u32 = 128;

/// A text as a tree holds it: a short one, as names and symbols are, needs no memory of its own.
pub type Text = compact_str::CompactString;

/// An expression in the arena of its [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExprId(pub u32);

/// One parsed file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Items in text order.
    pub items: Vec<Item>,
    /// The expression arena, children first.
    pub exprs: Vec<Expr>,
    /// Comments in text order, kept for the formatter.
    pub comments: Vec<Comment>,
}

impl Tree {
    /// The expression `id`, if it belongs to this tree.
    #[must_use]
    pub fn expr(&self, id: ExprId) -> Option<&Expr> {
        self.exprs.get(id.0 as usize)
    }
}

/// A `# ...` comment, without its line end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The text with its `#`.
    pub text: Text,
    /// Where it stands.
    pub span: Span,
}

/// A name as written, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ident {
    /// The text. Keywords in name position keep the user's case.
    pub text: Text,
    /// Where it stands.
    pub span: Span,
}

/// An item of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the form above each variant names its fields")]
pub enum Item {
    /// `CONST id = expr`
    Const { name: Ident, value: ExprId, span: Span },
    /// `PARAM id = expr [IN low .. high]`
    Param { name: Ident, default: ExprId, range: Option<(ExprId, ExprId)>, span: Span },
    /// `LET id = cond`
    Let { name: Ident, value: ExprId, span: Span },
    /// `FN id(ids) = cond`
    Fn { name: Ident, params: Vec<Ident>, body: ExprId, span: Span },
    /// `SET id = ["sym", ..]`
    Set { name: Ident, symbols: Vec<StrLit>, span: Span },
    /// `USE name` or `USE "path"`
    Use { path: UsePath, span: Span },
    /// A rule.
    Rule(Rule),
    /// A test.
    Test(Test),
}

/// What a `USE` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsePath {
    /// A library module: `USE arbitrage`.
    Module(Ident),
    /// A file: `USE "./mine.cep"`.
    File(StrLit),
}

/// A string literal, unescaped, with its place (quotes included).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StrLit {
    /// The text between the quotes.
    pub text: Text,
    /// Where it stands.
    pub span: Span,
}

/// `[RULE id [FOR EACH ..]* : LET*] IF trigger [UNTIL cond] THEN action, .. tail*`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Absent for a bare `IF`.
    pub name: Option<Ident>,
    /// `FOR EACH` clauses, outermost first.
    pub each: Vec<ForEach>,
    /// The rule's own `LET`s.
    pub lets: Vec<(Ident, ExprId)>,
    /// What is watched; `Seq` and `All` stand only here.
    pub trigger: ExprId,
    /// What arms the rule again.
    pub until: Option<ExprId>,
    /// At least one.
    pub actions: Vec<Action>,
    /// Tails as written, duplicates included.
    pub tails: Vec<Tail>,
    /// The whole rule.
    pub span: Span,
}

/// `FOR EACH id IN set`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    /// The variable.
    pub var: Ident,
    /// The symbols it takes.
    pub set: SetRef,
}

/// A named set or one written in place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SetRef {
    /// The name of a `SET`.
    Named(Ident),
    /// `["sym", ..]`
    Inline(Vec<StrLit>, Span),
}

/// `NAME` or `NAME(field = expr, ..)`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The signal's name.
    pub name: Ident,
    /// Fields in text order.
    pub fields: Vec<(Ident, ExprId)>,
    /// The whole action.
    pub span: Span,
}

/// A tail of a rule. Durations are expressions: a literal or a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the form above each variant names its fields")]
pub enum Tail {
    /// `EVERY TICK`
    EveryTick(Span),
    /// `EVERY d`
    Every(ExprId, Span),
    /// `COOLDOWN d`
    Cooldown(ExprId, Span),
    /// `LIMIT n PER d`
    Limit { count: ExprId, per: ExprId, span: Span },
}

/// `TEST "name" { .. }`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Its name.
    pub name: StrLit,
    /// Its steps in text order.
    pub steps: Vec<TestStep>,
    /// The whole test.
    pub span: Span,
}

/// One line of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the form above each variant names its fields")]
pub enum TestStep {
    /// `AT dur event(args)`; `event` is a `Call`.
    At { at: ExprId, event: ExprId, span: Span },
    /// `ADVANCE dur`
    Advance { to: ExprId, span: Span },
    /// `EXPECT NAME[(field = v, ..)] AT dur`
    Expect { name: Ident, fields: Vec<(Ident, ExprId)>, at: ExprId, span: Span },
    /// `EXPECT NONE`
    ExpectNone(Span),
    /// `SET param = expr`
    Set { param: Ident, value: ExprId, span: Span },
}

/// An expression with its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
    /// Its height: 1 for a leaf.
    pub height: u32,
}

/// How a number was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NumberKind {
    /// A plain number takes the unit its place asks for.
    Plain,
    /// `0.5%`: already divided by 100, pure.
    Percent,
    /// `5bp`: already divided by 10,000, pure.
    BasisPoint,
}

/// The kinds of expression. Levels, events and numbers share one tree; types come later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the form above each variant names its fields")]
pub enum ExprKind {
    /// A number.
    Number(f64, NumberKind),
    /// A duration in nanoseconds.
    Duration(i64),
    /// A string: a symbol or a name.
    Str(Text),
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// A name: CONST, PARAM, LET, SET, a FN parameter, a FOR EACH variable, a label, `it`.
    Name(Text),
    /// `-x`
    Neg(ExprId),
    /// `NOT c`
    Not(ExprId),
    /// `a AND b AND ..`: two or more.
    And(Vec<ExprId>),
    /// `a OR b OR ..`: two or more.
    Or(Vec<ExprId>),
    /// Arithmetic and comparison.
    Binary(BinaryOp, ExprId, ExprId),
    /// `x IN low .. high`
    Between { value: ExprId, low: ExprId, high: ExprId },
    /// `a CROSSES [ABOVE|BELOW] b`
    Crosses { left: ExprId, side: CrossSide, right: ExprId },
    /// `f(args)`
    Call { callee: Ident, args: Vec<Arg> },
    /// `x.field`
    Field { base: ExprId, field: Ident },
    /// `x[n]`
    Index { base: ExprId, index: ExprId },
    /// `( c )`
    Paren(ExprId),
    /// `low .. high`, only as a named argument.
    Range { low: ExprId, high: ExprId },
    /// `[a, b]`: only in the events of a `TEST` and as a named argument, an error elsewhere.
    List(Vec<ExprId>),
    /// `c FOR d`
    For { cond: ExprId, duration: ExprId },
    /// `e WHERE c`
    Where { event: ExprId, filter: ExprId },
    /// `NO e FOR d`, a `WHERE` inside being part of `event`; without a duration only inside a SEQ, an error elsewhere.
    No { event: ExprId, duration: Option<ExprId> },
    /// `SEQ steps WITHIN d`; the parser accepts it without `WITHIN`, the checker does not.
    Seq { steps: Vec<Step>, within: Option<ExprId> },
    /// `ALL(cond, ..) WITHIN d`
    All { parts: Vec<ExprId>, within: Option<ExprId> },
    /// Where the text could not be read; a diagnostic has been reported.
    Error,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// `name = value`
    pub name: Option<Ident>,
    /// The value.
    pub value: ExprId,
}

/// A step of a `SEQ`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// `label:`
    pub label: Option<Ident>,
    /// What it waits for. `NO e [FOR d]` steps hold a `No`.
    pub event: ExprId,
    /// `{n}`, `{n..}`, `{n..m}`
    pub quantifier: Option<Quantifier>,
    /// The whole step.
    pub span: Span,
}

/// `{n}` has `max == Some(min)`, `{n..}` has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantifier {
    /// At least so many.
    pub min: u32,
    /// At most so many.
    pub max: Option<u32>,
}

/// Binary operators other than the n-ary `AND` and `OR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `??`
    Coalesce,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
    /// `!=`
    Ne,
}

impl BinaryOp {
    /// Whether it compares: `< <= > >= == !=`.
    #[must_use]
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Lt | Self::Le | Self::Gt | Self::Ge | Self::Eq | Self::Ne)
    }

    /// The operator as it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Coalesce => "??",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Eq => "==",
            Self::Ne => "!=",
        }
    }
}

/// The side of `CROSSES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CrossSide {
    /// `CROSSES ABOVE`
    Above,
    /// `CROSSES BELOW`
    Below,
    /// `CROSSES`: either.
    Either,
}
