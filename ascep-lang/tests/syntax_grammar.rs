//! Each construct of the grammar, as the tree it makes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::syntax::{self, Item, MAX_NESTING};
use ascep_lang::{FileId, Limits};

/// The dump of a text without mistakes.
fn tree(text: &str) -> String {
    let (tree, diagnostics) = syntax::parse(FileId(0), text, &Limits::default());
    assert_eq!(diagnostics, [], "{text}");
    syntax::dump_tree(&tree, false)
}

/// The dump of one condition.
fn cond(text: &str) -> String {
    let dump = tree(&format!("LET x = {text}"));
    dump.strip_prefix("(let x ").and_then(|d| d.strip_suffix(")\n")).unwrap().to_owned()
}

/// The dump of one trigger.
fn trigger(text: &str) -> String {
    let dump = tree(&format!("IF {text} THEN S"));
    dump.strip_prefix("(rule\n  (if ").and_then(|d| d.strip_suffix(")\n  (then S))\n")).unwrap().to_owned()
}

#[test]
fn operators_bind_as_the_page_says() {
    assert_eq!(cond("a ?? b + c * -d.e[1]"), "(?? a (+ b (* c (neg (index (field d e) 1)))))");
    assert_eq!(cond("a - b - c / d / e"), "(- (- a b) (/ (/ c d) e))");
    assert_eq!(cond("a ?? b ?? c"), "(?? (?? a b) c)");
    assert_eq!(cond("--a"), "(neg (neg a))");
    assert_eq!(cond("-a * b"), "(* (neg a) b)");
    assert_eq!(cond("a * -b"), "(* a (neg b))");
    assert_eq!(cond("a -1"), "(- a 1)");
    assert_eq!(cond("(a + b) * c"), "(* (paren (+ a b)) c)");
    assert_eq!(cond("a + b > c ?? d"), "(> (+ a b) (?? c d))");
}

#[test]
fn conditions() {
    assert_eq!(cond("a OR b AND NOT c > 1 OR d"), "(or a (and b (not (> c 1))) d)");
    assert_eq!(cond("a AND b AND (c AND d)"), "(and a b (paren (and c d)))");
    assert_eq!(cond("NOT NOT a"), "(not (not a))");
    assert_eq!(cond("a and B or Not c"), "(or (and a B) (not c))");
    for op in ["<", "<=", ">", ">=", "==", "!="] {
        assert_eq!(cond(&format!("a {op} b")), format!("({op} a b)"));
    }
    assert_eq!(cond("a IN -1bp .. b + 1"), "(in a (neg 1bp) (+ b 1))");
    assert_eq!(cond("a CROSSES b"), "(crosses a b)");
    assert_eq!(cond("a CROSSES ABOVE b * 2"), "(crosses-above a (* b 2))");
    assert_eq!(cond("a crosses below b"), "(crosses-below a b)");
}

#[test]
fn time_covers_the_whole_condition() {
    assert_eq!(cond("a OR b AND c FOR 3s"), "(for (or a (and b c)) 3s)");
    assert_eq!(cond("(a FOR 3s) AND b"), "(and (paren (for a 3s)) b)");
    assert_eq!(cond("a FOR hold"), "(for a hold)");
    assert_eq!(cond("e WHERE it.x > 1 OR it.y"), "(where e (or (> (field it x) 1) (field it y)))");
    assert_eq!(cond("e WHERE c FOR 3s"), "(for (where e c) 3s)");
    assert_eq!(cond("NO e WHERE c FOR 3s"), "(no (where e c) 3s)");
    assert_eq!(cond("NO a OR b FOR 3s"), "(no (or a b) 3s)");
    assert_eq!(cond("NO e"), "(no e)");
    assert_eq!(cond("once(NO e FOR 1m, 5m)"), "(call once (no e 1m) 5m)");
    assert_eq!(cond("count(e WHERE it.q > 2, 1s, partial = TRUE)"), "(call count (where e (> (field it q) 2)) 1s (partial TRUE))");
}

#[test]
fn postfix_and_calls() {
    assert_eq!(cond("now()"), "(call now)");
    assert_eq!(cond("f(a, b > 1, n = 2, m = NOT c)"), "(call f a (> b 1) (n 2) (m (not c)))");
    assert_eq!(cond("bar(\"A/B\", 1m).close[1]"), "(index (field (call bar \"A/B\" 1m) close) 1)");
    assert_eq!(cond("(a)[n + 1].k"), "(field (index (paren a) (+ n 1)) k)");
}

#[test]
fn literals() {
    assert_eq!(cond("1_000"), "1000");
    assert_eq!(cond("1e6"), "1000000");
    assert_eq!(cond("2.50"), "2.5");
    assert_eq!(cond("0.5%"), "0.5%");
    assert_eq!(cond("5bps"), "5bp");
    assert_eq!(cond("TRUE"), "TRUE");
    assert_eq!(cond("false"), "FALSE");
    assert_eq!(cond("f(250ms, 3s, 1m, 1h, 1d, 10us, 5ns, 1.5s, 60s, 0s)"), "(call f 250ms 3s 1m 1h 1d 10us 5ns 1500ms 1m 0s)");
    assert_eq!(cond(r#""a\"b\\c\n\t""#), r#""a\"b\\c\n\t""#);
    assert_eq!(cond("a IN 1..3"), "(in a 1 3)");
    assert_eq!(cond("a IN 2bp .. 5bp"), "(in a 2bp 5bp)");
}

#[test]
fn sequences() {
    assert_eq!(trigger("SEQ a -> b WITHIN 10s"), "(seq (step a) (step b) (within 10s))");
    assert_eq!(trigger("SEQ a -> b"), "(seq (step a) (step b))");
    assert_eq!(
        trigger("SEQ x: a WHERE c {3} -> NO d WHERE e FOR 2s -> y: f > 1 OR g {2..} -> h{2..4} -> NO i WITHIN w"),
        "(seq (step x: (where a c) {3..3}) (step (no (where d e) 2s)) (step y: (or (> f 1) g) {2..}) (step h {2..4}) (step (no i)) (within w))"
    );
    assert_eq!(trigger("SEQ a: (NO e FOR 3s) -> b: NOT c WITHIN 5s"), "(seq (step a: (paren (no e 3s))) (step b: (not c)) (within 5s))");
    assert_eq!(trigger("ALL(a, b > 1 FOR 2s, e WHERE c) WITHIN 5s"), "(all a (for (> b 1) 2s) (where e c) (within 5s))");
    assert_eq!(trigger("ALL(a, b)"), "(all a b)");
}

#[test]
fn rules() {
    assert_eq!(
        tree("RULE r FOR EACH s IN M FOR EACH t IN [\"a\", \"b\"]: LET x = 1 LET y = s IF x UNTIL y FOR 1s THEN A, B(v = 1) EVERY 1s"),
        "(rule r\n  (each s M)\n  (each t [\"a\" \"b\"])\n  (let x 1)\n  (let y s)\n  (if x)\n  (until (for y 1s))\n  (then A)\n  (then B (v 1))\n  (every 1s))\n"
    );
    assert_eq!(
        tree("IF a THEN S LIMIT n PER d COOLDOWN 5m EVERY TICK"),
        "(rule\n  (if a)\n  (then S)\n  (limit n d)\n  (cooldown 5m)\n  (every-tick))\n"
    );
    assert_eq!(tree("IF a THEN S\nIF b THEN T").matches("(rule").count(), 2);
    assert_eq!(tree("IF a THEN SIGNAL LET b = c"), "(rule\n  (if a)\n  (then SIGNAL))\n(let b c)\n");
}

#[test]
fn items() {
    assert_eq!(tree("CONST A = 1 + 2"), "(const A (+ 1 2))\n");
    assert_eq!(tree("PARAM p = -1 IN -2 .. 3 * 4"), "(param p (neg 1) (neg 2) (* 3 4))\n");
    assert_eq!(tree("PARAM p = a ?? 5s"), "(param p (?? a 5s))\n");
    assert_eq!(tree("FN f(a, b) = a > b FOR 1s"), "(fn f (a b) (for (> a b) 1s))\n");
    assert_eq!(tree("FN f() = 1"), "(fn f () 1)\n");
    assert_eq!(tree("SET M = [\"A/B\"] SET E = []"), "(set M [\"A/B\"])\n(set E [])\n");
    assert_eq!(tree("USE arbitrage USE \"./x.cep\""), "(use arbitrage)\n(use \"./x.cep\")\n");
    assert_eq!(tree(""), "");
    assert_eq!(tree("\u{feff}# only this\r\n"), "(comment \"# only this\")\n");
}

#[test]
fn tests_of_rules() {
    assert_eq!(
        tree(
            "TEST \"t\" { SET p = 2 AT 0s book(\"A/B\", bids = [[1, 2]], asks = []) ADVANCE d EXPECT S AT 1s EXPECT T(x = 1) AT 2s EXPECT NONE }"
        ),
        "(test \"t\"\n  (set p 2)\n  (at 0s (call book \"A/B\" (bids (list (list 1 2))) (asks (list))))\n  (advance d)\n  (expect S 1s)\n  (expect T (x 1) 2s)\n  (expect-none))\n"
    );
    assert_eq!(tree("TEST \"a\" {} TEST \"b\" {} LET x = 1"), "(test \"a\")\n(test \"b\")\n(let x 1)\n");
}

#[test]
fn comments_and_places() {
    let text = "# one\r\nLET a = b # two\nLET µ# three\n";
    let (tree, diagnostics) = syntax::parse(FileId(7), text, &Limits::default());
    assert!(!diagnostics.is_empty());
    let comments: Vec<&str> = tree.comments.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(comments, ["# one", "# two", "# three"]);
    for comment in &tree.comments {
        assert_eq!(&text[comment.span.range()], comment.text);
        assert_eq!(comment.span.file, FileId(7));
    }
}

#[test]
fn spans_cover_the_text_they_came_from() {
    let text = "RULE r: IF f(a, n = 2) > -1 FOR 3s THEN S(x = y) LIMIT 3 PER 1m";
    let (tree, _) = syntax::parse(FileId(0), text, &Limits::default());
    let spans: Vec<&str> = tree.exprs.iter().map(|e| &text[e.span.range()]).collect();
    assert_eq!(spans, ["a", "2", "f(a, n = 2)", "1", "-1", "f(a, n = 2) > -1", "3s", "f(a, n = 2) > -1 FOR 3s", "y", "3", "1m"]);
    let Some(Item::Rule(rule)) = tree.items.first() else { panic!() };
    assert_eq!(&text[rule.span.range()], text);
    assert_eq!(&text[rule.actions[0].span.range()], "S(x = y)");
    assert_eq!(&text[rule.name.as_ref().unwrap().span.range()], "r");
}

#[test]
fn heights() {
    let (tree, _) = syntax::parse(FileId(0), "LET x = (a + b) * c AND d AND e AND f", &Limits::default());
    assert_eq!(tree.exprs.last().unwrap().height, 5);
    let deep = |n: u32| format!("LET x = {}a", "-".repeat(n as usize));
    let codes = |text: &str| syntax::parse(FileId(0), text, &Limits::default()).1.len();
    assert_eq!(codes(&deep(MAX_NESTING - 1)), 0);
    assert_eq!(codes(&deep(MAX_NESTING)), 1);
    assert_eq!(codes(&deep(MAX_NESTING + 1)), 1);
    let wide = format!("LET x = {}", vec!["a"; 5000].join(" AND "));
    assert_eq!(codes(&wide), 0, "an AND counts once");
}
