//! `SEQ`, `ALL` and labels: what they become, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, missing_docs)]

use ascep_lang::program::{
    Capture, CaptureOf, InvalidProgram, Mode, Node, NodeId, Op, Period, Problem, SeqStep, StepInput, StepKind, Type,
};
use ascep_lang::{Code, Diagnostic, Options, Program, RenderOptions, Source, analyze, compile};

fn program(text: &str) -> Program {
    let sources = [Source::new("rules.cep", text)];
    let program = compile(&sources, &Options::default()).unwrap_or_else(|e| panic!("{}", e.render(&sources, RenderOptions::default())));
    assert!(program.warnings.is_empty(), "{text}\n{:#?}", program.warnings);
    program.validate().unwrap_or_else(|e| panic!("{text}\n{e}\n{}", program.dump()));
    program
}

fn findings(text: &str) -> Vec<Diagnostic> {
    analyze(&[Source::new("rules.cep", text)], &Options::default()).diagnostics.into_vec()
}

fn dump(text: &str) -> String {
    program(text).dump()
}

/// The line of the dump that starts so.
#[track_caller]
fn has(dump: &str, line: &str) {
    assert!(dump.lines().any(|l| l == line), "{line} is not in\n{dump}");
}

#[test]
fn steps_are_events_edges_and_levels() {
    let d = dump(
        r#"IF SEQ trade("A/B") -> price("A/B") > 5 -> NO bid("A/B") > 6 -> quote("A/B") WHERE it.bid > 7 {3} -> NO trade("A/B") WHERE it.qty > 1 FOR 2s
           WITHIN 10s THEN S"#,
    );
    for line in [
        r#"n0 = trade "A/B" : event"#,
        "n4 = edge n3 : event",
        "n7 = gt n5 n6 : bool",
        "n11 = where n8 n10 : event",
        "n15 = where n0 n14 : event",
        "n16 = seq $0 -> $1 -> NO $2 -> $3{3} -> NO $4 FOR 2s WITHIN 10s n0 n4 n7 n11 n15 : event",
    ] {
        has(&d, line);
    }
    let p = program(r#"IF SEQ trade("A/B") -> NO bid("A/B") > 6 -> bid("A/B") > 7 {2..} WITHIN 10s THEN S"#);
    let step = |input, kind| SeqStep { input, filter: None, kind };
    assert_eq!(
        p.tables.sequences[0].steps,
        [
            step(StepInput::Event(0), StepKind::Match { min: 1, max: Some(1) }),
            step(StepInput::Level(1), StepKind::Absent { hold: None }),
            step(StepInput::Event(2), StepKind::Match { min: 2, max: None }),
        ]
    );
    assert_eq!(p.tables.sequences[0].within, Period::Fixed(10_000_000_000));
}

#[test]
fn what_reads_labels_is_looked_at_in_the_run() {
    // An event with a filter, part of an AND, a level, a level with a filter, and what must not happen.
    let d = dump(
        r#"IF SEQ a: trade("A/B") -> b: trade("A/B") WHERE it.price > a.price AND it.side == "buy" -> quote("A/B") AND a.qty > 2 AND bid("A/B") > 1
           -> price("A/B") > b.price -> price("A/B") > a.price WHERE a.qty > 3 -> NO ask("A/B") < a.price -> NO trade("A/B") WHERE it.qty > a.qty FOR 1s
           WITHIN 10s THEN S"#,
    );
    let seq = d.lines().find(|l| l.contains("= seq")).unwrap();
    assert!(
        seq.contains("seq $0 -> $3 WHERE $2 -> $6 WHERE $5 -> $8 -> $10 WHERE $9 -> NO $11 -> NO $13 WHERE $12 FOR 1s WITHIN 10s KEEP 1.first.$1, 1.first.$4, 2.first.$7"),
        "{d}"
    );
    // The bid is no matter of the run.
    has(&d, "n16 = event_and n12 n15 : event");
}

#[test]
fn filters_without_labels_stay_in_the_event() {
    let d = dump(r#"IF SEQ a: trade("A/B") -> (trade("A/B") WHERE it.qty > 1) WHERE it.price > a.price WITHIN 10s THEN S"#);
    has(&d, "n7 = where n0 n6 : event");
    assert!(d.contains("seq $0 -> $3 WHERE $2 WITHIN"), "{d}");
    // A level with a filter is its rising edge.
    let d =
        dump(r#"IF SEQ bid("A/B") > 5 WHERE ask("A/B") > 6 -> NO bid("A/B") > 7 WHERE ask("A/B") > 8 -> quote("A/B") WITHIN 10s THEN S"#);
    has(&d, "n7 = where n3 n6 : event");
    has(&d, "n13 = where n10 n12 : event");
    assert_eq!(program(r#"IF SEQ (NO quote("A/B") FOR 3s) -> trade("A/B") WITHIN 1s THEN S"#).tables.sequences[0].steps.len(), 2);
}

#[test]
fn labels_are_captures_each_once() {
    let p = program(
        r#"IF SEQ a: trade("A/B") -> b: quote("C/D") {2..} -> c: bid("A/B") > a.price WITHIN 10s
           THEN S(p = a.price, t = a.ts, first = b.first.bid, last = b.last.bid, n = b.count, lag = c.ts - a.ts, up = b.last.bid / b.first.bid - 1, i = it.ts)"#,
    );
    let of: Vec<_> = p.tables.sequences[0].captures.iter().map(|c| (c.step, c.of)).collect();
    let [price, ts, first, last, n, c_ts] = of[..] else { panic!("{of:?}") };
    assert!(
        matches!(price, (0, CaptureOf::First(_))) && matches!(ts, (0, CaptureOf::First(_))) && matches!(c_ts, (2, CaptureOf::First(_)))
    );
    assert!(matches!(first, (1, CaptureOf::First(_))) && matches!(last, (1, CaptureOf::Last(_))) && n == (1, CaptureOf::Count));
    let d = p.dump();
    assert!(d.contains("capture 0 : num<B/A>") && d.contains("capture 2 : num<D/C>") && d.contains("capture 4 : num<1>"), "{d}");
    // The time of a sequence is the clock.
    let field = p.rules[0].actions[0].fields.last().unwrap().1;
    assert_eq!(p.nodes[field.0 as usize].op, Op::Clock(ascep_lang::program::ClockFn::Now));
    // A bar has its own fields.
    let d = dump(
        r#"IF SEQ a: bar("A/B", 1m) WHERE it.close > it.open -> b: bar("A/B", 1m) WHERE it.close > a.close * 1.01 WITHIN 5m THEN S(v = b.volume, s = a.start)"#,
    );
    assert!(d.contains("capture 0 : num<B/A>") && d.contains("capture 1 : num<A>") && d.contains("capture 2 : timestamp"), "{d}");
    // Quantified by 1 is quantified.
    let p = program(r#"IF SEQ a: trade("A/B") {1} -> quote("A/B") WITHIN 10s THEN S(p = a.last.price)"#);
    assert!(matches!(p.tables.sequences[0].captures[..], [Capture { step: 0, of: CaptureOf::Last(_) }]));
}

#[test]
fn the_payload_of_an_or_is_picked_for_a_label() {
    let d = dump(r#"IF SEQ a: trade("A/B") OR trade("k:A/B") -> quote("A/B") WITHIN 10s THEN S(p = a.price, v = a.venue_ts)"#);
    assert!(d.contains("= pick n0 ") && d.contains("capture 0 : num<B/A>") && d.contains("capture 1 : timestamp"), "{d}");
}

#[test]
fn labels_pass_through_functions_and_conditions() {
    let d = dump(
        r#"FN over(x, y, by) = x > y * (1 + by)
           FN ratio(x, y) = x / y - 1
           IF SEQ a: trade("A/B") -> b: trade("A/B") WHERE over(it.price, a.price, 1%) WITHIN 10s THEN S(r = ratio(b.price, a.price))"#,
    );
    assert!(d.contains("seq $0 -> $3 WHERE $2 WITHIN 10s KEEP 1.first.$1, 2.first.$4"), "{d}");
}

#[test]
fn equal_sequences_are_one_node() {
    let rule =
        |field: &str| format!(r#"IF SEQ a: trade("A/B") -> NO quote("A/B") -> b: last("A/B") > a.price WITHIN 10s THEN S(x = {field})"#);
    let p = program(&format!("{}\n{}\n{}", rule("a.price"), rule("a.price * 2"), rule("b.ts")));
    assert_eq!(p.tables.sequences.len(), 2, "what is kept is part of a sequence");
    assert_eq!(p.rules[0].trigger, p.rules[1].trigger);
    assert_ne!(p.rules[0].trigger, p.rules[2].trigger);
    // Instances differ in their arguments and share the sequence.
    let p = program(
        r#"RULE r FOR EACH s IN ["A/B", "C/D"]: IF SEQ a: trade(s) -> b: trade(s) WHERE it.price > a.price WITHIN 10s THEN S(x = b.price)"#,
    );
    assert_eq!((p.rules.len(), p.tables.sequences.len()), (2, 1));
    assert_ne!(p.rules[0].trigger, p.rules[1].trigger);
    // Sequences are numbered as the rules need them, not as they were found.
    let unused = r#"RULE r FOR EACH s IN ["A/B"]: IF SEQ trade(s) -> quote(s) WITHIN 1s THEN S"#;
    assert_eq!(program(unused).tables.sequences.len(), 1);
}

#[test]
fn all() {
    let d = dump(
        r#"PARAM d = 5s IN 1s .. 10s IF ALL(trade("A/B") WHERE it.qty > 1, bid("A/B") > 5, NO quote("A/B") FOR 3s) WITHIN d THEN S(t = it.ts)"#,
    );
    has(&d, "n11 = all WITHIN d n4 n8 n10 : event");
    assert!(d.contains("n12 = now : timestamp"), "{d}");
}

#[test]
fn periods_may_be_parameters_and_constants() {
    let d = dump(
        "CONST q = 2s\nPARAM w = 10s IN 1s .. 1m\nPARAM h = 3s IN 1s .. 1m\nIF SEQ trade(\"A/B\") -> NO quote(\"A/B\") FOR h -> NO trade(\"C/D\") FOR q WITHIN w THEN S",
    );
    assert!(d.contains("seq $0 -> NO $1 FOR h -> NO $2 FOR 2s WITHIN w n0"), "{d}");
}

/// Code, text, what is pointed at, and where it is given the text of the only fix.
const REFUSED: &[(Code, &str, &str, Option<&str>)] = &[
    (Code::LabelOutside, r#"IF SEQ a: trade("A/B") WHERE a.price > 5 -> quote("A/B") WITHIN 1s THEN S"#, "a.price", Some("it")),
    (Code::LabelOutside, r#"IF SEQ a: trade("A/B") WHERE b.bid > 5 -> b: quote("A/B") WITHIN 1s THEN S"#, "b.bid", None),
    (Code::LabelOutside, r#"IF SEQ a: trade("A/B") -> NO quote("A/B") WHERE b.bid > 5 -> b: quote("A/B") WITHIN 1s THEN S"#, "b.bid", None),
    (Code::LabelOutside, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s UNTIL last("A/B") > a.price THEN S"#, "a.price", None),
    (Code::LabelOutside, r#"RULE r: LET x = a.price * 2 IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = x)"#, "a.price", None),
    (Code::LabelOutside, r#"RULE r: LET x = a IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = x)"#, "a", None),
    (Code::LabelRemembered, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = a.price[1])"#, "a.price[1]", None),
    (Code::LabelRemembered, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = it.ts[1])"#, "it.ts[1]", None),
    (
        Code::LabelRemembered,
        r#"IF SEQ a: trade("A/B") -> last("A/B") CROSSES ABOVE a.price WITHIN 1s THEN S"#,
        r#"last("A/B") CROSSES ABOVE a.price"#,
        None,
    ),
    (
        Code::LabelRemembered,
        r#"IF SEQ a: trade("A/B") -> (last("A/B") > a.price FOR 1s) WITHIN 5s THEN S"#,
        r#"last("A/B") > a.price FOR 1s"#,
        None,
    ),
    (
        Code::LabelRemembered,
        r#"IF SEQ a: trade("A/B") -> quote("A/B") WHERE count(last("A/B") > a.price, 1s) > 2 WITHIN 5s THEN S"#,
        r#"last("A/B") > a.price"#,
        None,
    ),
    (
        Code::LabelRemembered,
        r#"IF SEQ a: trade("A/B") -> quote("A/B") OR last("A/B") > a.price WITHIN 5s THEN S"#,
        r#"last("A/B") > a.price"#,
        None,
    ),
    (Code::LabelRemembered, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = avg(a.price, 3))"#, "avg(a.price, 3)", None),
    (
        Code::LabelRemembered,
        r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = count(a.price, 3s))"#,
        "count(a.price, 3s)",
        None,
    ),
    (
        Code::LabelRemembered,
        r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 1s THEN S(x = zscore(last("A/B") - a.price, 3s))"#,
        r#"zscore(last("A/B") - a.price, 3s)"#,
        None,
    ),
    (
        Code::LabelInEvent,
        r#"IF SEQ a: trade("A/B") -> quote("A/B") OR (trade("A/B") WHERE it.price > a.price) WITHIN 5s THEN S"#,
        r#"quote("A/B") OR (trade("A/B") WHERE it.price > a.price)"#,
        None,
    ),
    (
        Code::LabelInEvent,
        "FN f(x) = trade(\"A/B\") WHERE it.price > x\nIF SEQ a: trade(\"A/B\") -> f(a.price) WITHIN 5s THEN S",
        "f(a.price)",
        None,
    ),
    (
        Code::NoFirst,
        r#"IF SEQ NO quote("A/B") FOR 3s -> trade("A/B") WITHIN 5s THEN S"#,
        r#"NO quote("A/B") FOR 3s"#,
        Some(r#"(NO quote("A/B") FOR 3s)"#),
    ),
    (Code::NoFirst, r#"IF SEQ NO quote("A/B") -> trade("A/B") WITHIN 5s THEN S"#, r#"NO quote("A/B")"#, None),
    (Code::NeverCompletes, r#"IF SEQ trade("A/B") -> NO quote("A/B") FOR 6s WITHIN 5s THEN S"#, "5s", None),
    (Code::NeverCompletes, r#"IF SEQ trade("A/B") -> NO quote("A/B") FOR 5s -> trade("A/B") WITHIN 5s THEN S"#, "5s", None),
    (
        Code::NeverCompletes,
        r#"IF SEQ trade("A/B") -> NO quote("A/B") FOR 3s -> trade("A/B") -> NO quote("A/B") FOR 2s WITHIN 5s THEN S"#,
        "5s",
        None,
    ),
    (
        Code::SequenceTooLong,
        r#"IF SEQ trade("A/B") {1024} -> quote("A/B") WITHIN 5s THEN S"#,
        r#"SEQ trade("A/B") {1024} -> quote("A/B") WITHIN 5s"#,
        None,
    ),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = a.prise)"#, "prise", Some("price")),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = a.bid)"#, "bid", None),
    (Code::UnknownField, r#"IF SEQ a: last("A/B") > 5 -> quote("A/B") WITHIN 5s THEN S(x = a.price)"#, "price", None),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = a.first.price)"#, "price", Some("a.price")),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = a.count)"#, "count", None),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") {2} -> quote("A/B") WITHIN 5s THEN S(x = a.first)"#, "first", None),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") {2} -> quote("A/B") WITHIN 5s THEN S(x = a.frist.price)"#, "frist", Some("first")),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") {2} -> quote("A/B") WITHIN 5s THEN S(x = a.cuont)"#, "cuont", Some("count")),
    (Code::UnknownField, r#"IF SEQ a: trade("A/B") {2} -> quote("A/B") WITHIN 5s THEN S(x = a.last.pric)"#, "pric", Some("price")),
    (Code::TypeMismatch, r#"IF SEQ a: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = a)"#, "a", None),
    (Code::DuplicateName, r#"IF SEQ a: trade("A/B") -> a: quote("A/B") WITHIN 5s THEN S"#, "a", None),
    (Code::DuplicateName, r#"RULE r: LET a = 5 IF SEQ a: trade("A/B") WHERE it.qty > a -> quote("A/B") WITHIN 5s THEN S"#, "a", None),
    (
        Code::ShadowedName,
        "CONST a = 5\nIF SEQ a: trade(\"A/B\") -> quote(\"A/B\") WITHIN 5s THEN S(x = a.price)\nIF last(\"A/B\") > a THEN S",
        "a",
        None,
    ),
    (Code::ReservedName, r#"IF SEQ it: trade("A/B") -> quote("A/B") WITHIN 5s THEN S"#, "it", None),
    (Code::UnknownName, r#"IF SEQ crash: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = crsh.price)"#, "crsh", Some("crash")),
    (Code::LevelAsEvent, r#"IF SEQ a: trade("A/B") -> a.price > 5 WITHIN 5s THEN S"#, "a.price > 5", None),
    (Code::LevelAsEvent, r#"IF SEQ trade("A/B") -> TRUE WITHIN 5s THEN S"#, "TRUE", None),
    (Code::LevelAsEvent, r#"IF SEQ trade("A/B") -> last("A/B") WITHIN 5s THEN S"#, r#"last("A/B")"#, None),
    (Code::LevelAsEvent, r#"IF SEQ trade("A/B") -> NO TRUE -> quote("A/B") WITHIN 5s THEN S"#, "TRUE", None),
    (
        Code::WhereWithoutEvent,
        r#"IF SEQ a: trade("A/B") -> NO last("A/B") > a.price WHERE a.qty > 1 -> quote("A/B") WITHIN 5s THEN S"#,
        r#"last("A/B") > a.price"#,
        None,
    ),
    (Code::SeqWithoutWithin, r#"IF ALL(trade("A/B"), quote("A/B")) THEN S"#, r#"ALL(trade("A/B"), quote("A/B"))"#, None),
    (Code::WrongArgumentCount, r#"IF ALL(trade("A/B")) WITHIN 5s THEN S"#, r#"ALL(trade("A/B")) WITHIN 5s"#, Some(r#"trade("A/B")"#)),
    (Code::EveryWithEvent, r#"IF SEQ trade("A/B") -> quote("A/B") WITHIN 5s THEN S EVERY 1s"#, "EVERY 1s", None),
    (Code::WantDuration, r#"IF SEQ trade("A/B") -> quote("A/B") WITHIN x THEN S CONST x = "y""#, "x", None),
    (Code::UnknownField, r#"IF ALL(trade("A/B"), quote("A/B")) WITHIN 5s THEN S(x = it.price)"#, "price", None),
    (Code::UnknownField, r#"IF SEQ trade("A/B") -> trade("A/B") WITHIN 5s THEN S(x = it.price)"#, "price", None),
];

#[test]
fn refused() {
    let mut wrong = 0;
    for (code, text, place, fix) in REFUSED {
        let found = findings(text);
        let good = found.iter().all(|d| d.code == *code) && found.iter().any(|d| text.get(d.span.range()) == Some(*place));
        let fixes: Vec<_> = found.iter().flat_map(|d| &d.help).filter_map(|h| h.replacement.as_ref()).map(|r| r.1.as_str()).collect();
        if !good || fixes != fix.iter().copied().collect::<Vec<_>>() {
            wrong += 1;
            let sources = [Source::new("rules.cep", *text)];
            eprintln!(
                "{code}, fixes {fixes:?}\n{}",
                analyze(&sources, &Options::default()).diagnostics.render(&sources, RenderOptions::default())
            );
        }
    }
    assert_eq!(wrong, 0);
    let both = findings(r#"IF SEQ a: trade("A/B") {2..} -> quote("A/B") WITHIN 5s THEN S(x = a.price)"#);
    let fixes: Vec<_> = both[0].help.iter().filter_map(|h| h.replacement.as_ref()).map(|r| r.1.as_str()).collect();
    assert_eq!((both.len(), both[0].code, fixes), (1, Code::UnknownField, vec!["a.first.price", "a.last.price"]));
}

#[test]
fn a_wait_that_just_fits_is_fine() {
    for text in [
        r#"IF SEQ trade("A/B") -> NO quote("A/B") FOR 5s WITHIN 5s THEN S"#,
        r#"IF SEQ trade("A/B") -> NO quote("A/B") FOR 4999999999ns -> trade("A/B") WITHIN 5s THEN S"#,
        r#"IF SEQ trade("A/B") -> NO quote("A/B") FOR 3s -> NO trade("C/D") FOR 4s -> trade("A/B") WITHIN 5s THEN S"#,
        "PARAM w = 1s IN 1s .. 9s\nIF SEQ trade(\"A/B\") -> NO quote(\"A/B\") FOR 5s WITHIN w THEN S",
        r#"IF SEQ trade("A/B") {1023} -> quote("A/B") WITHIN 5s THEN S"#,
    ] {
        program(text);
    }
}

#[test]
fn a_label_is_found_before_a_function_of_that_name_and_not_in_bodies() {
    program(r#"IF SEQ mid: trade("A/B") -> quote("A/B") WITHIN 5s THEN S(x = mid.price, y = mid("A/B"))"#);
    let found = findings("FN f(x) = a.price + x\nIF SEQ a: trade(\"A/B\") -> quote(\"A/B\") WITHIN 5s THEN S(x = f(1))");
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::UnknownName]);
}

#[test]
fn one_mistake_is_said_once_for_all_instances() {
    let found = findings(
        r#"RULE r FOR EACH s IN ["A/B", "C/D"]: IF SEQ a: trade(s) -> b: nothing(s) WHERE it.x > a.pricee -> quote(s) WHERE it.bid > b.y WITHIN 5s THEN S(q = b.z)"#,
    );
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::UnknownFunction, Code::UnknownField]);
}

/// A sequence with captures in a filter, a level and a field.
fn sample() -> Program {
    program(
        r#"IF SEQ a: trade("A/B") -> b: trade("A/B") WHERE it.price > a.price -> NO bid("A/B") > b.price -> c: bid("A/B") > a.price {2..} WITHIN 10s
           UNTIL trade("A/B") THEN S(x = a.price, y = b.ts, n = c.count)"#,
    )
}

type Case = (fn(&mut Program), Problem);

#[test]
fn captures_that_no_run_gives_are_refused() {
    let node = |p: &Program, op: fn(&Op) -> bool| p.nodes.iter().position(|n| op(&n.op)).unwrap();
    let d = sample().dump();
    // n2 = capture 0, n3 = price > capture 0
    has(&d, "n2 = capture 0 : num<B/A>");
    has(&d, "n3 = gt n1 n2 : bool");
    let cases: &[Case] = &[
        (|p| p.nodes[2].op = Op::Capture(9), Problem::Capture),
        // Of a later step, and of the step itself.
        (|p| p.nodes[2].op = Op::Capture(1), Problem::Capture),
        (|p| p.tables.sequences[0].captures[0].step = 3, Problem::Capture),
        // A number where the time of the step is kept.
        (|p| p.tables.sequences[0].captures.swap(0, 2), Problem::Capture),
        (|p| p.rules[0].until = Some(NodeId(3)), Problem::Capture),
        (|p| p.rules[0].until = Some(p.rules[0].trigger), Problem::Trigger),
        (|p| (p.rules[0].trigger, p.rules[0].mode) = (NodeId(3), Mode::Edge), Problem::Capture),
        (|p| p.rules[0].trigger = NodeId(0), Problem::Capture),
        (|p| p.tables.sequences[0].captures.truncate(2), Problem::Capture),
        (|p| p.tables.sequences[0].steps[1].filter = None, Problem::Capture),
        (|p| p.tables.sequences[0].steps[1].filter = Some(99), Problem::Index),
        (|p| p.tables.sequences[0].steps[2].filter = p.tables.sequences[0].steps[1].filter, Problem::Operator),
        (|p| p.tables.sequences[0].steps[0].kind = StepKind::Absent { hold: None }, Problem::Arity),
        (|p| p.tables.sequences[0].steps[3].kind = StepKind::Match { min: 2, max: Some(1) }, Problem::Range),
        (|p| p.tables.sequences[0].steps[3].kind = StepKind::Match { min: 1_022, max: None }, Problem::Range),
        (|p| p.tables.sequences[0].within = Period::Fixed(0), Problem::Period),
        (|p| p.tables.sequences.clear(), Problem::Index),
        (|p| add(p, Op::Edge, &[3], Type::Event), Problem::Capture),
        (|p| add(p, Op::For(Period::Fixed(1)), &[3], Type::Bool), Problem::Capture),
        (|p| add(p, Op::Index(1), &[2], p.nodes[2].ty), Problem::Capture),
        (|p| add(p, Op::NoFor(Period::Fixed(1)), &[p.rules[0].trigger.0], Type::Event), Problem::Trigger),
        (|p| add(p, Op::EventOr, &[0, p.rules[0].trigger.0], Type::Event), Problem::Trigger),
    ];
    fn add(p: &mut Program, op: Op, args: &[u32], ty: Type) {
        p.nodes.push(Node { op, args: args.iter().map(|a| NodeId(*a)).collect(), ty });
    }
    for (index, (harm, problem)) in cases.iter().enumerate() {
        let mut p = sample();
        harm(&mut p);
        let found = p.validate().expect_err(&index.to_string());
        assert!(
            matches!(found, InvalidProgram::Node { problem: q, .. } | InvalidProgram::Rule { problem: q, .. } if q == *problem),
            "{index}: {found:?}"
        );
    }
    // A source that reads a capture itself.
    let mut p = sample();
    let seq = node(&p, |op| matches!(op, Op::Seq(_)));
    p.nodes[seq].args[1] = NodeId(2);
    assert_eq!(p.validate(), Err(InvalidProgram::Node { index: seq, problem: Problem::Capture }));
}

/// A program from anywhere is checked in a time that is bounded by its size.
#[test]
fn many_sequences_over_one_large_field_are_no_trap() {
    let rule = |n: usize| format!("RULE r{n}: IF SEQ a: trade(\"A/B\") -> quote(\"A/B\") WITHIN {}s THEN S(x = a.price)\n", n + 1);
    let mut p = program(&(0..300).map(rule).collect::<String>());
    let capture = p.rules[0].actions[0].fields[0].1;
    let ty = p.nodes[capture.0 as usize].ty;
    let mut last = capture;
    for _ in 0..3_000 {
        p.nodes.push(Node { op: Op::Num(ascep_lang::program::NumFn::Neg), args: [last].into_iter().collect(), ty });
        last = NodeId(u32::try_from(p.nodes.len() - 1).unwrap());
    }
    for rule in &mut p.rules {
        rule.actions[0].fields[0].1 = last;
    }
    p.validate().unwrap();
    let mut more = p.clone();
    let field = more.rules[0].actions[0].fields[0];
    more.rules[0].actions[0].fields.clear();
    for n in 0..20_000 {
        more.tables.texts.push(format!("f{n}"));
        let name = ascep_lang::program::TextId(u32::try_from(more.tables.texts.len() - 1).unwrap());
        more.rules[0].actions[0].fields.push((name, field.1));
    }
    assert_eq!(more.validate(), Err(InvalidProgram::Rule { index: 0, problem: Problem::Range }));
}
