//! Semantic actions of the grammar: items, rules and tests. Expressions are in `expr`, syntax errors in `error`.

use std::cell::Cell;

use super::super::literal;
use super::super::prepare::{ItemTokens, NO_ITEM, Prepared};
use super::super::report::Report;
use super::super::tree::{
    Action, Arg, Expr, ExprId, ExprKind, ForEach, Ident, Item, MAX_NESTING, Rule, SetRef, StrLit, Tail, Test, TestStep, Text, Tree, UsePath,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::{Lexeme, Token};
use crate::limits::Limits;
use crate::span::{FileId, Span};

/// First byte and one past the last.
pub(crate) type Place = (u32, u32);

/// What the semantic actions work on.
pub(crate) struct Build<'s> {
    pub(super) file: FileId,
    pub(super) text: &'s str,
    pub(super) tree: Tree,
    pub(super) report: Report,
    max_nodes: usize,
    /// Set when nothing more need be parsed.
    stop: &'s Cell<bool>,
    /// The item that is being parsed, its tokens, and whether it is the last one.
    pub(super) item: &'s ItemTokens,
    pub(super) tokens: &'s [Lexeme],
    pub(super) is_last: bool,
    /// Stands for all that is too deep in this item.
    too_deep: Option<ExprId>,
    /// Lists that no event of a test and no named argument has taken yet.
    lists: Vec<ExprId>,
    // The parts of the rule or test that is being parsed.
    each: Vec<ForEach>,
    lets: Vec<(Ident, ExprId)>,
    actions: Vec<Action>,
    tails: Vec<Tail>,
    steps: Vec<TestStep>,
}

impl<'s> Build<'s> {
    pub(super) fn new(file: FileId, text: &'s str, limits: &Limits, prepared: &'s Prepared, stop: &'s Cell<bool>) -> Self {
        // A guess that spares most of the growing: about five of six tokens make no node.
        let exprs = Vec::with_capacity(prepared.len() / 2);
        let tree = Tree { exprs, items: Vec::with_capacity(prepared.items.len()), ..Tree::default() };
        Self {
            file,
            text,
            tree,
            report: Report::new(limits.max_errors),
            max_nodes: limits.max_nodes.min(u32::MAX as usize),
            stop,
            item: &NO_ITEM,
            tokens: &[],
            is_last: false,
            too_deep: None,
            lists: Vec::new(),
            each: Vec::new(),
            lets: Vec::new(),
            actions: Vec::new(),
            tails: Vec::new(),
            steps: Vec::new(),
        }
    }

    pub(super) fn max_nodes(&self) -> usize {
        self.max_nodes
    }

    pub(super) fn start_item(&mut self, item: &'s ItemTokens, tokens: &'s [Lexeme], is_last: bool) {
        self.item = item;
        self.tokens = tokens;
        self.is_last = is_last;
        self.too_deep = None;
        self.lists.clear();
        self.each.clear();
        self.lets.clear();
        self.actions.clear();
        self.tails.clear();
        self.steps.clear();
    }

    pub(super) fn finish_item(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            if let Some(span) = self.tree.expr(list).map(|e| e.span) {
                self.error(
                    Diagnostic::new(
                        Code::UnexpectedToken,
                        span,
                        "a list can stand only in `SET`, `FOR EACH`, the events of a test and as an argument with a name",
                    )
                    .labelled("this is a list"),
                );
            }
        }
    }

    pub(super) fn finish(self) -> (Tree, Report) {
        (self.tree, self.report)
    }

    pub(crate) fn span(&self, (start, end): Place) -> Span {
        Span { file: self.file, start, end }
    }

    pub(super) fn slice(&self, (start, end): Place) -> &'s str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    pub(crate) fn ident(&self, place: Place) -> Ident {
        Ident { text: Text::new(self.slice(place)), span: self.span(place) }
    }

    pub(crate) fn str_lit(&self, place: Place) -> StrLit {
        StrLit { text: literal::string(self.slice(place)).0, span: self.span(place) }
    }

    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        if self.report.is_full() {
            self.report.cut_at(diagnostic.span);
            self.stop.set(true);
        }
        self.report.push(diagnostic);
    }

    /// Adds an expression of height `below + 1`.
    pub(super) fn alloc(&mut self, kind: ExprKind, place: Place, below: u32) -> ExprId {
        if let Some(id) = self.too_deep {
            return id;
        }
        let span = self.span(place);
        let id = ExprId(u32::try_from(self.tree.exprs.len()).unwrap_or(u32::MAX));
        let (kind, height) = if self.tree.exprs.len() >= self.max_nodes {
            if !self.stop.replace(true) {
                let message = format!("this file has more than {} expressions", self.max_nodes);
                self.error(Diagnostic::new(Code::TooManyNodes, span, message).help("split it into several programs"));
            }
            self.too_deep = Some(id);
            (ExprKind::Error, 1)
        } else if below >= MAX_NESTING {
            let message = format!("expressions may be nested {MAX_NESTING} deep, and this is deeper");
            self.error(
                Diagnostic::new(Code::NestingTooDeep, span, message)
                    .labelled("too deep, or too long a chain of operators")
                    .help("give parts of it a name with `LET`"),
            );
            self.too_deep = Some(id);
            (ExprKind::Error, 1)
        } else {
            (kind, below + 1)
        };
        self.tree.exprs.push(Expr { kind, span, height });
        id
    }

    pub(super) fn height(&self, id: ExprId) -> u32 {
        self.tree.expr(id).map_or(0, |e| e.height)
    }

    pub(super) fn kind(&self, id: ExprId) -> &ExprKind {
        self.tree.expr(id).map_or(&ExprKind::Error, |e| &e.kind)
    }

    pub(super) fn place(&self, id: ExprId) -> Place {
        self.tree.expr(id).map_or((0, 0), |e| (e.span.start, e.span.end))
    }

    pub(super) fn hold_list(&mut self, list: ExprId, parts: &[ExprId]) {
        // The inner lists go with the outer one.
        self.lists.retain(|id| !parts.contains(id));
        self.lists.push(list);
    }

    /// Lists that are at home where they stand.
    pub(super) fn take_lists(&mut self, taken: impl Iterator<Item = ExprId>) {
        if !self.lists.is_empty() {
            taken.for_each(|id| self.lists.retain(|list| *list != id));
        }
    }

    // Items.

    pub(crate) fn const_item(&mut self, name: Place, value: ExprId, place: Place) {
        let item = Item::Const { name: self.ident(name), value, span: self.span(place) };
        self.tree.items.push(item);
    }

    pub(crate) fn param_item(&mut self, name: Place, default: ExprId, range: Option<(ExprId, ExprId)>, place: Place) {
        let item = Item::Param { name: self.ident(name), default, range, span: self.span(place) };
        self.tree.items.push(item);
    }

    pub(crate) fn let_item(&mut self, name: Place, value: ExprId, place: Place) {
        let item = Item::Let { name: self.ident(name), value, span: self.span(place) };
        self.tree.items.push(item);
    }

    pub(crate) fn fn_item(&mut self, name: Place, params: Option<Vec<Place>>, body: ExprId, place: Place) {
        let params = params.unwrap_or_default().into_iter().map(|p| self.ident(p)).collect();
        let item = Item::Fn { name: self.ident(name), params, body, span: self.span(place) };
        self.tree.items.push(item);
    }

    pub(crate) fn set_item(&mut self, name: Place, symbols: Vec<StrLit>, place: Place) {
        let item = Item::Set { name: self.ident(name), symbols, span: self.span(place) };
        self.tree.items.push(item);
    }

    /// A set whose symbols cannot be read still gives its name, so that uses of it are not mistakes too.
    pub(crate) fn broken_set(&mut self, name: Place, place: Place) {
        self.set_item(name, Vec::new(), place);
    }

    pub(crate) fn use_module(&mut self, name: Place, place: Place) {
        let item = Item::Use { path: UsePath::Module(self.ident(name)), span: self.span(place) };
        self.tree.items.push(item);
    }

    pub(crate) fn use_file(&mut self, path: StrLit, place: Place) {
        let item = Item::Use { path: UsePath::File(path), span: self.span(place) };
        self.tree.items.push(item);
    }

    // Rules.

    pub(crate) fn missing_colon(&mut self, at: u32) {
        let place = self.span((at, at));
        self.error(Diagnostic::new(Code::UnexpectedToken, place, "a `:` is missing after the head of the rule").fix("add it", place, ":"));
    }

    pub(crate) fn each(&mut self, var: Place, set: SetRef) {
        let var = self.ident(var);
        self.each.push(ForEach { var, set });
    }

    pub(crate) fn rule_let(&mut self, name: Place, value: ExprId) {
        let name = self.ident(name);
        self.lets.push((name, value));
    }

    pub(crate) fn action(&mut self, name: Place, args: Vec<Arg>, place: Place) {
        let fields = self.fields(args);
        let action = Action { name: self.ident(name), fields, span: self.span(place) };
        self.actions.push(action);
    }

    /// The fields of an action from what was parsed as arguments.
    fn fields(&mut self, args: Vec<Arg>) -> Vec<(Ident, ExprId)> {
        let mut fields = Vec::with_capacity(args.len());
        for Arg { name, value } in args {
            let value = self.value(value);
            if let Some(name) = name {
                fields.push((name, value));
                continue;
            }
            let place = self.place(value);
            let text = self.slice(place);
            let start = self.span((place.0, place.0));
            // A plain name is a good name for itself.
            let name = if matches!(self.kind(value), ExprKind::Name(_)) { text } else { "value" };
            let diagnostic = Diagnostic::new(Code::UnexpectedToken, self.span(place), format!("a field needs a name: `{text}` has none"))
                .fix("name it", start, format!("{name} = "));
            self.error(diagnostic);
        }
        fields
    }

    pub(crate) fn every_tick(&mut self, place: Place) {
        let tail = Tail::EveryTick(self.span(place));
        self.tails.push(tail);
    }

    pub(crate) fn every(&mut self, duration: ExprId, place: Place) {
        let tail = Tail::Every(duration, self.span(place));
        self.tails.push(tail);
    }

    pub(crate) fn cooldown(&mut self, duration: ExprId, place: Place) {
        let tail = Tail::Cooldown(duration, self.span(place));
        self.tails.push(tail);
    }

    pub(crate) fn limit(&mut self, count: ExprId, per: ExprId, place: Place) {
        let tail = Tail::Limit { count, per, span: self.span(place) };
        self.tails.push(tail);
    }

    pub(crate) fn rule(&mut self, name: Option<Place>, trigger: ExprId, until: Option<ExprId>, place: Place) {
        let rule = Rule {
            name: name.map(|n| self.ident(n)),
            each: std::mem::take(&mut self.each),
            lets: std::mem::take(&mut self.lets),
            trigger,
            until,
            actions: std::mem::take(&mut self.actions),
            tails: std::mem::take(&mut self.tails),
            span: self.span(place),
        };
        self.tree.items.push(Item::Rule(rule));
    }

    // Tests.

    pub(crate) fn test(&mut self, name: StrLit, place: Place) {
        let test = Test { name, steps: std::mem::take(&mut self.steps), span: self.span(place) };
        self.tree.items.push(Item::Test(test));
    }

    pub(crate) fn test_at(&mut self, at: ExprId, event: ExprId, place: Place) {
        // Lists are at home here.
        let start = self.place(event).0;
        let exprs = &self.tree.exprs;
        self.lists.retain(|list| exprs.get(list.0 as usize).is_some_and(|e| e.span.start < start));
        let step = TestStep::At { at, event, span: self.span(place) };
        self.steps.push(step);
    }

    pub(crate) fn test_advance(&mut self, to: ExprId, place: Place) {
        let step = TestStep::Advance { to, span: self.span(place) };
        self.steps.push(step);
    }

    pub(crate) fn test_expect(&mut self, name: Place, args: Option<Vec<Arg>>, at: ExprId, place: Place) {
        let fields = self.fields(args.unwrap_or_default());
        let step = TestStep::Expect { name: self.ident(name), fields, at, span: self.span(place) };
        self.steps.push(step);
    }

    pub(crate) fn test_expect_none(&mut self, place: Place) {
        let step = TestStep::ExpectNone(self.span(place));
        self.steps.push(step);
    }

    pub(crate) fn test_set(&mut self, param: Place, value: ExprId, place: Place) {
        let step = TestStep::Set { param: self.ident(param), value, span: self.span(place) };
        self.steps.push(step);
    }

    // Mistakes.

    pub(crate) fn recover(&mut self, recovery: super::Recovery) {
        self.syntax_error(recovery.error);
    }

    pub(crate) fn broken(&mut self, recovery: super::Recovery, place: Place) -> ExprId {
        self.syntax_error(recovery.error);
        self.alloc(ExprKind::Error, place, 0)
    }

    /// Tokens outside of any item.
    pub(super) fn stray(&mut self, tokens: &[Lexeme]) {
        let Some(first) = tokens.iter().find(|l| l.start < l.end) else { return };
        if super::is_tainted(self.item, first.start) {
            return;
        }
        let place = (first.start, first.end);
        let text = self.slice(place);
        let mut diagnostic = Diagnostic::new(Code::UnexpectedToken, self.span(place), format!("`{text}` does not start an item"));
        let starts = ["RULE", "IF", "LET", "CONST", "PARAM", "FN", "SET", "USE", "TEST"];
        let meant = match text.to_ascii_uppercase().as_str() {
            "WHEN" | "ON" | "ALERT" => Some("IF"),
            "DEF" | "DEFINE" | "FUNC" | "FUNCTION" => Some("FN"),
            "VAR" | "VAL" => Some("LET"),
            "IMPORT" | "INCLUDE" => Some("USE"),
            upper => super::expected::nearest(upper, starts),
        };
        diagnostic = match meant {
            Some(word) if first.token == Token::Name => diagnostic.fix(format!("did you mean `{word}`?"), self.span(place), word),
            _ => diagnostic.help("items start with `RULE`, `IF`, `LET`, `CONST`, `PARAM`, `FN`, `SET`, `USE` or `TEST`"),
        };
        self.error(diagnostic);
    }
}
