//! Sequences made in code: the same programs as from text, and what is said of mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use ascep_lang::builder::{BuildError, ProgramBuilder};
use ascep_lang::{Options, Program, Source, compile};

const SECOND: Duration = Duration::from_secs(1);

fn compiled(text: &str) -> Program {
    compile(&[Source::new("a.cep", text)], &Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// Dumps as sets of lines: the order of nodes follows that of the calls.
#[track_caller]
fn same(built: &Program, text: &str) {
    built.validate().unwrap();
    let text = compiled(text);
    assert_eq!(built.dump(), text.dump());
}

#[test]
fn the_same_program_as_from_text() {
    let b = ProgramBuilder::new();
    let fall = b.seq(SECOND * 10);
    let low = fall.then(b.last("A/B").lt(100));
    fall.without(b.trade("A/B").filter(|it| it.side().is("sell").and(it.notional().gt(1e6))));
    let back = fall.then(b.trade("A/B").filter(|it| it.price().gt(101).and((it.ts() - low.ts()).lt(SECOND * 8))));
    b.rule("bounce").when(fall).emit("BOUNCE").field("lag", back.ts() - low.ts()).field("px", back.price()).limit(3, SECOND * 60).add();
    same(
        &b.build().unwrap(),
        r#"RULE bounce: IF SEQ low: last("A/B") < 100
              -> NO trade("A/B") WHERE it.side == "sell" AND it.notional > 1e6
              -> back: trade("A/B") WHERE it.price > 101 AND it.ts - low.ts < 8s
             WITHIN 10s THEN BOUNCE(lag = back.ts - low.ts, px = back.price) LIMIT 3 PER 1m"#,
    );
}

#[test]
fn quantifiers_waits_and_levels() {
    let b = ProgramBuilder::new();
    let d = b.length_param("d", SECOND, SECOND..=SECOND * 9);
    let seq = b.seq(d);
    let run = seq.then_times(b.trade("A/B"), 2, Some(4));
    seq.without_for(b.bid("A/B").gt(9), SECOND / 2);
    seq.then(b.bid("A/B").gt(run.last().price()));
    let many = seq.then_times(b.quote("A/B"), 1, None);
    b.rule("r").when(seq).emit("S").field("n", run.count()).field("b", many.first().bid()).field("s", run.first().side()).add();
    same(
        &b.build().unwrap(),
        r#"PARAM d = 1s IN 1s .. 9s
           RULE r: IF SEQ run: trade("A/B"){2..4} -> NO bid("A/B") > 9 FOR 500ms -> bid("A/B") > run.last.price -> many: quote("A/B"){1..}
             WITHIN d THEN S(n = run.count, b = many.first.bid, s = run.first.side)"#,
    );
}

#[test]
fn all_of_several() {
    let b = ProgramBuilder::new();
    let both = b.all([b.trade("A/B").filter(|it| it.qty().gt(5)), b.bid("A/B").gt(7).rises()], SECOND);
    b.rule("both").when(both).emit("BOTH").field("t", both.it().ts()).add();
    same(&b.build().unwrap(), r#"RULE both: IF ALL(trade("A/B") WHERE it.qty > 5, bid("A/B") > 7) WITHIN 1s THEN BOTH(t = it.ts)"#);
}

#[test]
fn several_rules_of_one_sequence() {
    let b = ProgramBuilder::new();
    let seq = b.seq(SECOND);
    let (first, second) = (seq.then(b.trade("A/B")), seq.then(b.quote("A/B")));
    b.rule("a").when(seq).emit("S").field("p", first.price()).add();
    b.rule("b").when(seq).emit("T").field("p", first.price()).add();
    b.rule("c").when(seq).emit("U").field("q", second.bid()).add();
    let program = b.build().unwrap();
    assert_eq!(program.rules[0].trigger, program.rules[1].trigger, "what it keeps is the same");
    assert_ne!(program.rules[0].trigger, program.rules[2].trigger);
    // Two filters that read labels are one.
    let b = ProgramBuilder::new();
    let seq = b.seq(SECOND);
    let a = seq.then(b.trade("A/B"));
    seq.then(b.trade("A/B").filter(|it| it.qty().gt(1)).filter(|it| it.price().gt(a.price())).filter(|it| it.qty().gt(a.qty())));
    b.rule("r").when(seq).emit("S").add();
    let dump = b.build().unwrap().dump();
    assert!(dump.contains(" = and ") && dump.contains("WHERE $"), "{dump}");
}

fn errors(build: impl FnOnce(&ProgramBuilder)) -> Vec<BuildError> {
    let b = ProgramBuilder::new();
    build(&b);
    b.build().expect_err("it is wrong").iter().cloned().collect()
}

#[test]
fn mistakes_are_told() {
    let wrong = BuildError::Sequence;
    let said = |build: fn(&ProgramBuilder)| errors(build);
    assert_eq!(
        said(|b| {
            let seq = b.seq(SECOND);
            seq.then(b.trade("A/B"));
            b.rule("r").when(seq).emit("S").add();
        })[0],
        wrong("a sequence of fewer than two steps")
    );
    assert_eq!(
        said(|b| {
            let seq = b.seq(SECOND);
            seq.without(b.trade("A/B"));
            seq.then(b.trade("A/B"));
            b.rule("r").when(seq).emit("S").add();
        })[0],
        wrong("a sequence that begins with what must not happen")
    );
    assert_eq!(
        said(|b| {
            let seq = b.seq(SECOND);
            seq.then_times(b.trade("A/B"), 2_000, None);
            seq.then(b.trade("A/B"));
            b.rule("r").when(seq).emit("S").add();
        })[0],
        wrong("a sequence of more than 1024 places")
    );
    assert_eq!(
        said(|b| {
            let seq = b.seq(SECOND);
            seq.then_times(b.trade("A/B"), 0, None);
            seq.then(b.trade("A/B"));
            b.rule("r").when(seq).emit("S").add();
        })[0],
        wrong("a step that cannot match")
    );
    assert_eq!(
        said(|b| {
            let seq = b.seq(SECOND);
            seq.then(b.trade("A/B"));
            seq.without_for(b.quote("A/B"), SECOND * 2);
            b.rule("r").when(seq).emit("S").add();
        })[0],
        wrong("a sequence that cannot end within its span")
    );
    assert_eq!(said(|b| b.rule("r").when(b.all([b.trade("A/B")], SECOND)).emit("S").add())[0], wrong("`all` of fewer than two events"));
    // Where labels have no value.
    let two = |b: &ProgramBuilder, read: fn(&ProgramBuilder, ascep_lang::builder::Matched<'_>)| {
        let seq = b.seq(SECOND);
        let a = seq.then(b.trade("A/B"));
        seq.then(b.quote("A/B"));
        b.rule("r").when(seq).emit("S").field("p", a.price()).add();
        read(b, a);
    };
    let outside = errors(|b| two(b, |b, a| b.rule("x").when(b.last("A/B").gt(a.price())).emit("S").add()));
    assert_eq!(outside, [BuildError::LabelOutside]);
    let field = errors(|b| two(b, |b, a| b.rule("x").when(b.last("A/B").gt(5)).emit("S").field("p", a.price()).add()));
    assert_eq!(field, [BuildError::LabelOutside]);
    let remembered = errors(|b| two(b, |b, a| b.rule("x").when(b.last("A/B").gt(a.price()).held_for(SECOND)).emit("S").add()));
    assert!(remembered.contains(&BuildError::LabelRemembered("for")), "{remembered:?}");
    let no_field = errors(|b| {
        two(b, |_, a| {
            let _ = a.bid();
        })
    });
    assert_eq!(no_field, [BuildError::Payload("bid")]);
    let in_event = said(|b| {
        let seq = b.seq(SECOND);
        let a = seq.then(b.trade("A/B"));
        seq.then(b.quote("A/B").or(b.trade("A/B").filter(|it| it.price().gt(a.price()))));
        b.rule("r").when(seq).emit("S").add();
    });
    assert_eq!(in_event, [BuildError::LabelInEvent]);
    let until = said(|b| {
        let seq = b.seq(SECOND);
        seq.then(b.trade("A/B"));
        seq.then(b.quote("A/B"));
        b.rule("r").when(b.trade("A/B")).until(seq).emit("S").add();
    });
    assert_eq!(until, [wrong("a sequence is the trigger of a rule and nothing else")]);
    let payload = said(|b| {
        let seq = b.seq(SECOND);
        let trade = b.trade("A/B");
        seq.then(trade);
        seq.then(trade.it().price().gt(5));
        b.rule("r").when(seq).emit("S").add();
    });
    assert_eq!(payload, [wrong("a step that reads the payload of an event that is not its own")]);
}

#[test]
fn a_label_of_a_later_step_is_refused_all_the_same() {
    let b = ProgramBuilder::new();
    let seq = b.seq(SECOND);
    let first = seq.then(b.trade("A/B"));
    seq.then(b.quote("A/B"));
    let other = ProgramBuilder::new();
    let elsewhere = other.seq(SECOND);
    elsewhere.then(other.trade("A/B"));
    elsewhere.then(other.last("A/B").gt(first.price()));
    other.rule("r").when(elsewhere).emit("S").add();
    let errors = other.build().unwrap_err();
    assert!(errors.iter().any(|e| matches!(e, BuildError::Foreign | BuildError::Invalid(_))), "{errors}");
    b.rule("r").when(seq).emit("S").add();
    b.build().unwrap();
}
