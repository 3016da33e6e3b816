//! Mistakes, each with the code and the place that it is reported with, and nothing else reported.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::diagnostic::Diagnostic;
use ascep_lang::{Code, FileId, Limits, Severity, syntax};

fn errors(text: &str) -> Vec<Diagnostic> {
    syntax::parse(FileId(0), text, &Limits::default()).1
}

/// Checks the codes and the texts they point at.
fn check(text: &str, wanted: &[(Code, &str)]) {
    let found = errors(text);
    let shown: Vec<(Code, &str)> = found.iter().map(|d| (d.code, &text[d.span.range()])).collect();
    assert_eq!(shown, wanted, "{text}\n{found:#?}");
    for d in found {
        assert_eq!(d.severity, Severity::Error);
        assert!(!d.message.ends_with('.') && d.message.chars().next().is_some_and(|c| !c.is_uppercase()), "{}", d.message);
    }
}

/// Checks the one error of `text`, and that putting its first replacement in mends it.
fn mends(text: &str, code: Code, place: &str, mended: &str) {
    check(text, &[(code, place)]);
    assert_eq!(fixed(text), mended);
    assert_eq!(errors(mended), [], "{mended}");
}

/// `text` with the first replacement of every error put in, last first.
fn fixed(text: &str) -> String {
    let mut fixed = text.to_owned();
    for d in errors(text).iter().rev() {
        let (span, with) = d.help.iter().find_map(|h| h.replacement.clone()).unwrap_or_else(|| panic!("no fix: {d:?}"));
        fixed.replace_range(span.range(), &with);
    }
    fixed
}

#[test]
fn characters_and_tokens() {
    check("IF a @ b > 1 THEN S", &[(Code::UnknownCharacter, "@")]);
    check("IF цена > 1 THEN S", &[(Code::UnknownCharacter, "цена")]);
    mends("IF\u{a0}a > 1 THEN S", Code::UnknownCharacter, "\u{a0}", "IF a > 1 THEN S");
    mends("IF\u{200b} a > 1 THEN S", Code::UnknownCharacter, "\u{200b}", "IF a > 1 THEN S");
    mends("IF f('A/B') > 1 THEN S", Code::UnknownCharacter, "'A/B'", "IF f(\"A/B\") > 1 THEN S");
    mends("IF f(“A/B”) > 1 THEN S", Code::UnknownCharacter, "“A/B”", "IF f(\"A/B\") > 1 THEN S");
    mends("IF f(\"A/B) > 1 THEN S", Code::UnterminatedString, "\"A/B) > 1 THEN S", "IF f(\"A/B\") > 1 THEN S");
    check("IF f(\"\nIF a THEN S", &[(Code::UnterminatedString, "\"")]);
    mends("IF x == \"a\\qb\" THEN S", Code::BadEscape, "\\q", "IF x == \"a\\\\qb\" THEN S");
}

#[test]
fn numbers_and_durations() {
    mends("IF x > 1__0 THEN S", Code::BadNumber, "1__0", "IF x > 10 THEN S");
    check("IF x > 1_x THEN S", &[(Code::BadNumber, "1_x")]);
    check("IF x > 1e999 THEN S", &[(Code::NumberRange, "1e999")]);
    mends("IF x FOR 5min THEN S", Code::BadUnitSuffix, "5min", "IF x FOR 5m THEN S");
    mends("IF x FOR 5S THEN S", Code::BadUnitSuffix, "5S", "IF x FOR 5s THEN S");
    mends("IF x FOR 10µs THEN S", Code::BadUnitSuffix, "10µs", "IF x FOR 10us THEN S");
    mends("IF x > 100k THEN S", Code::BadUnitSuffix, "100k", "IF x > 100e3 THEN S");
    mends("IF x > 5BP THEN S", Code::BadUnitSuffix, "5BP", "IF x > 5bp THEN S");
    check("IF x FOR 5M THEN S", &[(Code::BadUnitSuffix, "5M")]);
    check("IF x > 5zz THEN S", &[(Code::BadUnitSuffix, "5zz")]);
    check("IF x FOR 1.5ns THEN S", &[(Code::DurationRange, "1.5ns")]);
    check("IF x FOR 999999d THEN S", &[(Code::DurationRange, "999999d")]);
    check("IF x FOR 0s THEN S COOLDOWN 0ms", &[(Code::DurationRange, "0s"), (Code::DurationRange, "0ms")]);
    mends("IF x FOR 5 THEN S", Code::UnexpectedToken, "5", "IF x FOR 5s THEN S");
    mends("IF x FOR 5 min THEN S", Code::BadUnitSuffix, "5 min", "IF x FOR 5m THEN S");
}

#[test]
fn numbers_as_people_write_them() {
    mends("IF x > .5 THEN S", Code::UnexpectedToken, ".", "IF x > 0.5 THEN S");
    mends("IF x > 100,000 THEN S", Code::UnexpectedToken, ",", "IF x > 100_000 THEN S");
    mends("IF x > 100 000 THEN S", Code::UnexpectedToken, "000", "IF x > 100_000 THEN S");
    mends("IF x > 5 ms THEN S", Code::BadUnitSuffix, "5 ms", "IF x > 5ms THEN S");
    check("IF x > 1 2 THEN S", &[(Code::UnexpectedToken, "2")]);
}

#[test]
fn operators_of_other_languages() {
    mends("IF a % 3 > 1 THEN S", Code::PercentOperator, "%", "IF mod(a, 3) > 1 THEN S");
    mends("IF x > 5 % THEN S", Code::PercentOperator, "5 %", "IF x > 5% THEN S");
    check("IF a % > 1 THEN S", &[(Code::PercentOperator, "%")]);
    mends("IF a ^ 2 > 1 THEN S", Code::ForeignOperator, "^", "IF pow(a, 2) > 1 THEN S");
    mends("IF a ** 2 > 1 THEN S", Code::ForeignOperator, "**", "IF pow(a, 2) > 1 THEN S");
    mends("IF x = 5 THEN S", Code::SingleEquals, "=", "IF x == 5 THEN S");
    mends("IF (x = 5) THEN S", Code::SingleEquals, "=", "IF (x == 5) THEN S");
    mends("LET y = x = 5", Code::SingleEquals, "=", "LET y = x == 5");
    mends("FN f(a) = a = 5", Code::SingleEquals, "=", "FN f(a) = a == 5");
    mends("IF f(1 = x) THEN S", Code::SingleEquals, "=", "IF f(1 == x) THEN S");
    for (foreign, ours) in [
        ("&&", "AND"),
        ("||", "OR"),
        ("<>", "!="),
        ("===", "=="),
        ("=<", "<="),
        ("=>", ">="),
        ("≥", ">="),
        ("≠", "!="),
        ("×", "*"),
        ("−", "-"),
    ] {
        mends(&format!("IF a {foreign} b THEN S"), Code::ForeignOperator, foreign, &format!("IF a {ours} b THEN S"));
    }
    mends("IF a&&b THEN S", Code::ForeignOperator, "&&", "IF a AND b THEN S");
    mends("IF !a THEN S", Code::ForeignOperator, "!", "IF NOT a THEN S");
    mends("IF x IN 1 ... 2 THEN S", Code::ForeignOperator, "...", "IF x IN 1 .. 2 THEN S");
    mends("IF SEQ a => b WITHIN 1s THEN S", Code::ForeignOperator, "=>", "IF SEQ a -> b WITHIN 1s THEN S");
    mends("CONST a := 5", Code::ForeignOperator, ":=", "CONST a = 5");
    mends("CONST a = 5;", Code::ForeignOperator, ";", "CONST a = 5");
    mends("// five\nCONST a = 5", Code::ForeignOperator, "// five", "# five\nCONST a = 5");
    check("/* five */ CONST a = 5", &[(Code::ForeignOperator, "/* five */")]);
    mends("IF 1 < x < 5 THEN S", Code::ChainedComparison, "1 < x < 5", "IF 1 < x AND x < 5 THEN S");
    check("IF 1 < x < 5 < y THEN S", &[(Code::ChainedComparison, "1 < x < 5")]);
    check("IF a CROSSES b > 1 THEN S", &[(Code::ChainedComparison, "a CROSSES b > 1")]);
    mends("IF x > = 5 THEN S", Code::UnexpectedToken, "=", "IF x >= 5 THEN S");
}

#[test]
fn reserved_words() {
    mends("CONST limit = 5", Code::ReservedName, "limit", "CONST limit_ = 5");
    mends("IF a THEN S(at = 5)", Code::ReservedName, "at", "IF a THEN S(at_ = 5)");
    mends("IF a.test > 5 THEN S", Code::ReservedName, "test", "IF a.test_ > 5 THEN S");
    mends("RULE all: IF a THEN S", Code::ReservedName, "all", "RULE all_: IF a THEN S");
    mends("RULE r FOR EACH set IN M: IF a THEN S", Code::ReservedName, "set", "RULE r FOR EACH set_ IN M: IF a THEN S");
    mends("FN f(in, b) = b", Code::ReservedName, "in", "FN f(in_, b) = b");
    mends("FN use(b) = b", Code::ReservedName, "use", "FN use_(b) = b");
    mends("IF a THEN no, S", Code::ReservedName, "no", "IF a THEN no_, S");
    mends("IF a THEN TEST", Code::ReservedName, "TEST", "IF a THEN TEST_");
    mends("IF SEQ at: a -> b WITHIN 1s THEN S", Code::ReservedName, "at", "IF SEQ at_: a -> b WITHIN 1s THEN S");
    mends("TEST \"t\" { EXPECT above AT 1s }", Code::ReservedName, "above", "TEST \"t\" { EXPECT above_ AT 1s }");
    mends("IF limit > 5 THEN S", Code::ReservedName, "limit", "IF limit_ > 5 THEN S");
}

#[test]
fn brackets() {
    check("IF f(a > 5 THEN S", &[(Code::UnclosedBracket, "(")]);
    let text = "IF f(g(a) > 5 THEN S(x = 1";
    let places: Vec<u32> = errors(text).iter().map(|d| d.span.start).collect();
    assert_eq!(places, [4, 20]);
    mends("SET M = [\"a\"\nIF a THEN S", Code::UnclosedBracket, "[", "SET M = [\"a\"]\nIF a THEN S");
    mends("TEST \"t\" { EXPECT NONE\nIF a THEN S", Code::UnclosedBracket, "{", "TEST \"t\" { EXPECT NONE}\nIF a THEN S");
    check("IF f(a[1) > 5 THEN S", &[(Code::UnclosedBracket, "[")]);
    mends("IF a) > 5 THEN S", Code::UnexpectedToken, ")", "IF a > 5 THEN S");
    mends("IF (a] > 5) THEN S", Code::UnexpectedToken, "]", "IF (a > 5) THEN S");
    mends("SET M = [\"a\",]", Code::UnexpectedToken, ",", "SET M = [\"a\"]");
    mends("IF f(a,) THEN S", Code::UnexpectedToken, ",", "IF f(a) THEN S");
}

#[test]
fn rules_without_their_words() {
    mends("IF a > 5", Code::MissingThen, "5", "IF a > 5 THEN SIGNAL");
    mends("RULE r: IF a > 5 S(x = 1)", Code::MissingThen, "S", "RULE r: IF a > 5 THEN S(x = 1)");
    mends("IF a > 5 THNE S", Code::MissingThen, "THNE", "IF a > 5 THEN S");
    check("IF a > 5 COOLDOWN 5s", &[(Code::MissingThen, "COOLDOWN")]);
    mends("RULE r IF a THEN S", Code::UnexpectedToken, "", "RULE r: IF a THEN S");
    mends("WHEN a > 5 THEN S", Code::UnexpectedToken, "WHEN", "IF a > 5 THEN S");
    mends("RLUE r: IF a > 5 THEN S", Code::UnexpectedToken, "RLUE", "RULE r: IF a > 5 THEN S");
    mends("IF a THEN S COLDOWN 5s", Code::UnexpectedToken, "COLDOWN", "IF a THEN S COOLDOWN 5s");
    mends("IF a CROSSES OVER b THEN S", Code::UnexpectedToken, "OVER", "IF a CROSSES ABOVE b THEN S");
    check("IF a THEN", &[(Code::UnexpectedEnd, "THEN")]);
    check("IF a THEN\nIF b THEN S", &[(Code::UnexpectedToken, "THEN")]);
    check("IF a THEN S ELSE T", &[(Code::UnexpectedToken, "ELSE")]);
    check("IF a THEN S THEN T", &[(Code::UnexpectedToken, "THEN")]);
    check("IF a BETWEEN 1 AND 2 THEN S", &[(Code::UnexpectedToken, "BETWEEN")]);
    check("CONST", &[(Code::UnexpectedEnd, "CONST")]);
    check("LET a = b +", &[(Code::UnexpectedEnd, "+")]);
    check("hello", &[(Code::UnexpectedToken, "hello")]);
}

#[test]
fn values_and_conditions() {
    mends("IF a THEN S(x = b > 1)", Code::UnexpectedToken, "b > 1", "IF a THEN S(x = (b > 1))");
    mends("IF a THEN S(px)", Code::UnexpectedToken, "px", "IF a THEN S(px = px)");
    mends("IF price \"A/B\" > 1 THEN S", Code::UnexpectedToken, "\"A/B\"", "IF price(\"A/B\") > 1 THEN S");
    check("IF f(a = 1, b, c) THEN S", &[(Code::PositionalAfterNamed, "b")]);
    check("LET x = [1]", &[(Code::UnexpectedToken, "[1]")]);
    check("IF f(a b, c d) THEN S", &[(Code::UnexpectedToken, "b")]);
    mends("IF a FOR 3s AND b THEN S", Code::UnexpectedToken, "AND", "IF (a FOR 3s) AND b THEN S");
    check("IF a AND NO b FOR 3s THEN S", &[(Code::UnexpectedToken, "NO")]);
}

#[test]
fn sequences() {
    check("LET x = SEQ a -> b WITHIN 1s", &[(Code::SeqNotTrigger, "SEQ")]);
    check("IF (SEQ a -> b WITHIN 1s) THEN S", &[(Code::SeqNotTrigger, "(SEQ a -> b WITHIN 1s)")]);
    check("IF a AND ALL(b, c) WITHIN 1s THEN S", &[(Code::SeqNotTrigger, "ALL")]);
    check("IF SEQ a WITHIN 1s THEN S", &[(Code::UnexpectedToken, "WITHIN")]);
    check("IF a -> b THEN S", &[(Code::UnexpectedToken, "->")]);
    check("IF SEQ a {0} -> b {1.5} WITHIN 1s THEN S", &[(Code::BadQuantifier, "{0}"), (Code::BadQuantifier, "{1.5}")]);
    mends("IF SEQ a {4..2} -> b WITHIN 1s THEN S", Code::BadQuantifier, "{4..2}", "IF SEQ a {2..4} -> b WITHIN 1s THEN S");
    mends("IF SEQ x: NO a -> b WITHIN 1s THEN S", Code::UnexpectedToken, "x", "IF SEQ NO a -> b WITHIN 1s THEN S");
    mends("IF SEQ a FOR 1s -> b WITHIN 1s THEN S", Code::UnexpectedToken, "FOR", "IF SEQ (a FOR 1s) -> b WITHIN 1s THEN S");
}

#[test]
fn messages_name_what_was_found() {
    let message = |text: &str| errors(text).first().unwrap().message.clone();
    assert_eq!(message("IF a > THEN S"), "expected a value after `>`, found `THEN`");
    assert_eq!(message("IF a > b c THEN S"), "expected an operator, `FOR`, `UNTIL` or `THEN` after `b`, found `c`");
    assert_eq!(message("RULE : IF a THEN S"), "expected a name for the rule after `RULE`, found `:`");
    assert_eq!(message("IF a THEN 5"), "expected the name of a signal after `THEN`, found `5`");
    assert_eq!(message("IF a THEN S EVERY"), "the text ends too early: expected a duration such as `5s` or `TICK` after `EVERY`");
    assert_eq!(message("IF a THEN S LIMIT x 1m"), "expected `PER` after `x`, found `1m`");
    assert_eq!(message("SET M = \"A/B\""), "expected `[` after `=`, found `\"A/B\"`");
    assert_eq!(message("RULE a IF x"), "a `:` is missing after the head of the rule");
    assert_eq!(message("RULE r FOR s IN M: IF a THEN S"), "expected `EACH` after `FOR`, found `s`");
}

#[test]
fn each_mistake_of_a_file_is_one_error() {
    let text = "CONST FEE = 10bpp
RULE a: IF price(\"A/B\") = 5 THEN S
RULE b:
  LET x = price(\"A/B\" + 1
  IF x > > 5 UNTIL x < 3 THEN T(v = x
RULE c: IF x > 1 && y THEN U COOLDOWN 5
";
    check(
        text,
        &[
            (Code::BadUnitSuffix, "10bpp"),
            (Code::SingleEquals, "="),
            (Code::UnclosedBracket, "("),
            (Code::UnexpectedToken, ">"),
            (Code::UnclosedBracket, "("),
            (Code::ForeignOperator, "&&"),
            (Code::UnexpectedToken, "5"),
        ],
    );
    let (tree, _) = syntax::parse(FileId(0), text, &Limits::default());
    assert_eq!(tree.items.len(), 4, "all items are still known");
}

#[test]
fn mistakes_in_one_rule_are_told_apart() {
    let text = "RULE r FOR EACH IN M: LET a = 1 + LET b = ) IF a > * 2 UNTIL b 5 THEN S(x y) COOLDOWN LIMIT 3 PER 1m";
    check(
        text,
        &[
            (Code::UnexpectedToken, "IN"),
            (Code::UnexpectedToken, "LET"),
            (Code::UnexpectedToken, ")"),
            (Code::UnexpectedToken, "*"),
            (Code::UnexpectedToken, "5"),
            (Code::UnexpectedToken, "y"),
            (Code::UnexpectedToken, "LIMIT"),
        ],
    );
}

#[test]
fn tests_recover_step_by_step() {
    let text = "TEST \"t\" { AT 5 trade(\"A\") AT 1s x EXPECT S(a b) AT 1s SET = 2 ADVANCE 1s 2s EXPECT NONE }";
    check(
        text,
        &[
            (Code::UnexpectedToken, "5"),
            (Code::UnexpectedToken, "EXPECT"),
            (Code::UnexpectedToken, "b"),
            (Code::UnexpectedToken, "="),
            (Code::UnexpectedToken, "2s"),
        ],
    );
}
