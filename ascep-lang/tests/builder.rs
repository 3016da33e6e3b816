//! Programs made in code: what comes out, and what is said of mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use ascep_lang::builder::{BuildError, ProgramBuilder, bp, percent};
use ascep_lang::program::{Mode, Side};
use ascep_lang::{Code, Options, Program, Source, compile};

const SECOND: Duration = Duration::from_secs(1);

fn compiled(text: &str) -> Program {
    compile(&[Source::new("a.cep", text)], &Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_same_program_as_from_text() {
    let b = ProgramBuilder::new();
    let fee = b.param_in("fee", bp(7.5), bp(0.0)..=bp(50.0));
    let round = (1 / b.ask("BTC/USDT")) * (1 / b.ask("ETH/BTC")) * b.bid("ETH/USDT");
    let net = round * (1 - fee) * (1 - fee) * (1 - fee);
    b.rule("tri").when(net.gt(1.0002)).emit("TRIANGLE").field("net", net - 1).cooldown(Duration::from_millis(250)).add();
    let built = b.build().unwrap();
    let text = compiled(
        "PARAM fee = 7.5bp IN 0bp .. 50bp
         RULE tri:
           LET loop = (1 / ask(\"BTC/USDT\")) * (1 / ask(\"ETH/BTC\")) * bid(\"ETH/USDT\")
           LET net  = loop * (1 - fee) * (1 - fee) * (1 - fee)
           IF net > 1.0002 THEN TRIANGLE(net = net - 1) COOLDOWN 250ms",
    );
    assert_eq!(built.dump(), text.dump());
    assert!(built.warnings.is_empty());
}

#[test]
fn equal_parts_are_one_operator() {
    let b = ProgramBuilder::new();
    for (i, limit) in [1.0, 2.0, 3.0].into_iter().enumerate() {
        b.rule(&format!("r{i}")).when(b.mid("A/B").gt(limit)).emit("S").add();
    }
    let program = b.build().unwrap();
    assert_eq!(program.dump().matches("mid").count(), 1, "{}", program.dump());
    assert_eq!(program.rules.len(), 3);
}

#[test]
fn every_kind_of_value() {
    let b = ProgramBuilder::new();
    let hold = b.length_param("hold", SECOND, Duration::from_millis(1)..=Duration::from_secs(60));
    let on = b.switch("on", true);
    let host = b.input("volatility") * 2 + b.number(percent(1.0));
    let sale = b.trade("A/B").filter(|it| it.side().is("sell").and(it.qty().ge(1)).and(it.price().gt(b.bid("A/B").ago(1))));
    let spike = b.price("A/B").crosses_above(b.mid("A/B").max(b.last("A/B")).clamp(1, 9).round());
    let quiet = b.quote("A/B").or(b.book("A/B")).absent_for(hold);
    let calm = b.age("A/B").lt(SECOND).and(!b.latency("A/B").gt(Duration::from_millis(5))).or(on).held_for(hold);
    let count = b.trade("A/B").count_in(SECOND) + sale.count_so_far_in(SECOND) + b.bid("A/B").updates_in(SECOND);
    let deep = b.depth_price("A/B", Side::Sell, 5).or_else(b.microprice("A/B"));
    b.rule("a").instance("s", "A/B").when(sale).emit("S").field("px", sale.it().price()).field("at", sale.it().ts()).add();
    b.rule("b")
        .when(spike.and(calm))
        .until(quiet)
        .emit("S")
        .emit("T")
        .field("deep", deep)
        .field("n", count)
        .field("side", b.side("A/B"))
        .add();
    b.rule("c")
        .when(host.gt(0).and(spike.once_in(SECOND)))
        .every(SECOND)
        .limit(3, SECOND)
        .emit("U")
        .field("ago", spike.since() / SECOND)
        .add();
    b.rule("d")
        .when(b.hour_of_day().between(9, 17).and(b.imbalance("A/B", 5).abs().gt(0.5)))
        .every_tick()
        .emit("V")
        .field("now", b.now())
        .add();
    let program = b.build().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(program.warnings, []);
    assert!(matches!(
        program.rules.iter().map(|r| r.mode).collect::<Vec<_>>()[..],
        [Mode::Event, Mode::Event, Mode::Every(_), Mode::EveryTick]
    ));
    assert_eq!(program.rules[0].instance.len(), 1);
    assert_eq!(Program::from_json(&program.to_json().unwrap()).unwrap().dump(), program.dump());
}

#[test]
fn units_are_those_of_the_language() {
    let wrong = |b: &ProgramBuilder| {
        b.rule("seed").when((b.price("EUR/USD") - b.price("USD/EUR")).gt(0.001)).emit("S").add();
    };
    let b = ProgramBuilder::new();
    wrong(&b);
    let program = b.build().unwrap();
    assert_eq!(program.warnings.iter().map(|w| w.code).collect::<Vec<_>>(), [Code::UnitMismatch]);
    assert_eq!(program.warnings[0].message, "a difference: USD per EUR and EUR per USD do not agree");
    let b = ProgramBuilder::new().strict_units();
    wrong(&b);
    assert!(matches!(b.build().unwrap_err().iter().next(), Some(BuildError::Units(_))));
    let b = ProgramBuilder::new().strict_units();
    b.rule("seed").when((b.price("EUR/USD") - 1 / b.price("USD/EUR")).gt(0.001)).emit("S").add();
    b.build().unwrap();
    let b = ProgramBuilder::new().strict_units();
    let fee = b.param("fee", bp(10.0));
    b.rule("flexible").when(b.price("A/B").gt(b.number(100_000) * (1 + fee))).emit("S").add();
    b.rule("amount").when(b.qty("A/B").gt(10_000 / b.price("A/B"))).emit("S").add();
    b.build().unwrap();
    let b = ProgramBuilder::new();
    b.rule("round").when(((1 / b.ask("BTC/USDT")) * b.ask("ETH/BTC") * b.bid("ETH/USDT")).gt(1.0002)).emit("S").add();
    let warnings = b.build().unwrap().warnings;
    assert_eq!(warnings.iter().map(|w| w.code).collect::<Vec<_>>(), [Code::TriangleNotClosed]);
    assert_eq!(warnings[0].help[0].message, "turn `ask(\"ETH/BTC\")` over");
    let b = ProgramBuilder::new();
    b.rule("amount").when(b.spread("A/B").gt(bp(5.0))).emit("S").add();
    assert_eq!(b.build().unwrap().warnings.len(), 1);
}

#[test]
fn mistakes_are_all_told() {
    let b = ProgramBuilder::new();
    let other = ProgramBuilder::new();
    let x = b.last("A/B");
    b.rule("rule_1").when(x.gt(f64::NAN)).emit("S").field("a", x).field("a", x).add();
    b.rule("1st").when(x.gt(1)).emit("S").add();
    b.rule("none").when(x.gt(1)).add();
    b.rule("twice").when(x.gt(1)).emit("S").add();
    b.rule("twice").when(x.gt(1)).emit("S").add();
    b.rule("foreign").when(other.last("A/B").gt(1)).emit("S").add();
    b.rule("every").when(b.trade("A/B")).every(SECOND).emit("S").add();
    b.rule("zero").when(x.gt(1).held_for(Duration::ZERO)).limit(0, SECOND).emit("S").add();
    b.rule("held").when(x.gt(1).held_for(b.age("A/B"))).emit("S").add();
    b.rule("payload").when(x.gt(1)).emit("S").field("q", b.trade("A/B").it().qty()).add();
    b.rule("fields").when(b.quote("A/B").filter(|it| it.price().gt(1))).emit("S").add();
    b.rule("early").when(x.gt(1)).field("x", x).emit("S").add();
    b.rule("constant").when(b.number(2).pow(3.0).gt(1)).emit("S").add();
    let _ = (b.imbalance("A/B", 21), x.ago(0), b.last("A//B"), b.side("A/B").is("sel"), b.input("i"), b.input("i"));
    let _ = b.param_in("p", 5.0, 6.0..=7.0);
    let errors: Vec<_> = b.build().unwrap_err().iter().map(ToString::to_string).collect();
    let wanted = [
        "the rule name `rule_1` is reserved for rules without a name",
        "NaN is not a finite number",
        "the field `a` stands twice in `S`",
        "`1st` is not a name: a letter or `_`, then letters, digits and `_`",
        "the rule `none` emits nothing",
        "the name `twice` stands twice",
        "a value of another builder",
        "the rule `every` is triggered by an event: there is nothing to repeat",
        "a period is above zero, fits in 64 bits of nanoseconds, and is a duration or a parameter that is one",
        "the limit of the rule `zero` is zero",
        "a period is above zero, fits in 64 bits of nanoseconds, and is a duration or a parameter that is one",
        "the rule `payload` reads the payload of an event that is not its trigger",
        "the event has no field `price`",
        "the field `x` stands before the first signal of its rule",
        "a depth of 21 levels; it is 1 to 20",
        "a look back over 0 updates; it is 1 to 65536",
        "the symbol `A//B`: it has more than one `/`",
        "`sel` is not a side: \"buy\" or \"sell\"",
        "the name `i` stands twice",
        "the parameter `p` is outside its range",
        "nothing can change the trigger of the rule `constant`",
    ];
    assert_eq!(errors, wanted);
}

/// Whatever is put together gives a program that holds (`build` validates it), or errors that are not about that; never a panic.
#[test]
fn anything_put_together_holds_or_is_refused() {
    use proptest::prelude::*;
    let step = (0u8..24, 0usize..40, 0usize..40, any::<i16>());
    let built = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    runner
        .run(&proptest::collection::vec(step, 1..60), |steps| {
            let b = ProgramBuilder::new();
            let mut numbers = vec![b.bid("A/B"), b.ask("C/B")];
            let mut levels = vec![b.last("A/B").gt(1)];
            let mut events = vec![b.trade("A/B"), b.quote("C/D")];
            for (i, (what, x, y, k)) in steps.into_iter().enumerate() {
                let n = |i: usize| numbers[i % numbers.len()];
                let (l, m) = (levels[x % levels.len()], levels[y % levels.len()]);
                let (e, f) = (events[x % events.len()], events[y % events.len()]);
                let (p, q) = (n(x), n(y));
                let time = Duration::from_millis(u64::from(k.unsigned_abs()) + u64::from(k != 7));
                match what {
                    0 => numbers.push(p + q),
                    1 => numbers.push(p * q),
                    2 => numbers.push(p / f64::from(k)),
                    3 => numbers.push(p.min(q).clamp(f64::from(k), 9)),
                    4 => numbers.push(p.sqrt().ln().exp().pow(f64::from(k))),
                    5 => numbers.push(p.ago(u32::from(k.unsigned_abs() / 2) + 1)),
                    6 => numbers.push(p.or_else(q).modulo(-p).round()),
                    7 => numbers.push(e.count_in(time) + p.updates_in(time)),
                    8 if k > 0 => events.push(e.filter(|it| it.ts().before(b.now()))),
                    8 => events.push(b.trade("A/B").filter(|it| it.qty().gt(p))),
                    9 => numbers.push(b.age("A/B") / time),
                    10 => levels.push(p.gt(q)),
                    11 => levels.push(l.and(!m)),
                    12 => levels.push(l.or(m).held_for(time)),
                    13 => levels.push(e.once_in(time)),
                    14 => levels.push(p.known().or_else(l)),
                    15 => levels.push(e.since().lt(time)),
                    16 if k == 9 => numbers.push(e.it().price()),
                    16 => events.push(b.quote("A/B").or(b.book("A/B")).filter(|it| it.bid().gt(p))),
                    17 => events.push(e.and(l)),
                    18 => events.push(e.or(f)),
                    19 => events.push(e.absent_for(time)),
                    20 => events.push(p.crosses(q)),
                    21 => events.push(l.rises()),
                    22 => b.rule(&format!("r{i}")).when(l).until(f).emit("S").field("x", p).every_tick().add(),
                    _ => b.rule(&format!("r{i}")).when(e).until(l).emit("S").field("x", p).cooldown(time).limit(3, time).add(),
                }
            }
            match b.build() {
                Ok(_) => built.set(built.get() + 1),
                Err(errors) => prop_assert!(!errors.iter().any(|e| matches!(e, BuildError::Invalid(_))), "{}", errors),
            }
            Ok(())
        })
        .unwrap();
    assert!(built.get() > 100, "{} of 300 were built", built.get());
}
