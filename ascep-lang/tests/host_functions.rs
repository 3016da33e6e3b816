//! Functions that the host declares: their types, and what is said where a call or a declaration is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::program::{HostFunction, Op, Type};
use ascep_lang::{Code, InputType, Options, Program, Source, analyze};

fn price() -> InputType {
    InputType::Price { base: "B".into(), quote: "Q".into() }
}

fn options() -> Options {
    Options::default()
        .with_function("fair", [price(), InputType::Ratio], price())
        .with_function("open", [InputType::Timestamp], InputType::Bool)
        .with_function("wait", [InputType::Duration, InputType::Bool, InputType::Number], InputType::Duration)
        .with_function("pi", [], InputType::Number)
}

fn program(text: &str) -> Program {
    let analysis = analyze(&[Source::new("rules.cep", text)], &options());
    assert!(analysis.diagnostics.is_empty(), "{:#?}", analysis.diagnostics);
    let program = analysis.program.unwrap();
    program.validate().unwrap();
    program
}

#[test]
fn calls_are_operators_of_their_types() {
    let text =
        "RULE r: LET s = last(\"B/Q\") IF fair(s, 1%) > s AND open(now()) AND wait(age(\"B/Q\"), s > 1, pi()) > 5s THEN S(f = fair(s, 1%))";
    let analysis = analyze(&[Source::new("rules.cep", text)], &options());
    assert!(analysis.diagnostics.iter().all(|d| d.code == Code::ClockHeld), "{:#?}", analysis.diagnostics);
    let program = analysis.program.unwrap();
    program.validate().unwrap();
    let hosts: Vec<_> = program.nodes.iter().filter(|n| matches!(n.op, Op::Host(_))).collect();
    // The two equal calls are one.
    assert_eq!(hosts.len(), 4);
    let HostFunction { name, args, result } = &program.tables.functions[0];
    assert_eq!((name.as_str(), args.len(), args[0] == *result), ("fair", 2, true));
    let Type::Num(unit) = *result else { panic!() };
    assert_eq!(program.tables.units[unit.0 as usize], "Q/B");
    assert_eq!(program.tables.functions[1].args, [Type::Timestamp]);
    assert!(program.dump().contains("fair"), "{}", program.dump());
}

#[test]
fn they_mix_with_the_functions_of_the_language() {
    program("IF avg(fair(last(\"B/Q\"), 1%), 20) > 5 THEN S");
    program("FN near(x) = abs(fair(x, 1%) / x - 1) < 1bp\nIF near(mid(\"B/Q\")) THEN S");
    // An input and a function have one space of names.
    let twice = options().with_input("fair", InputType::Number);
    let found = analyze(&[Source::new("rules.cep", "IF trade(\"B/Q\") THEN S")], &twice).diagnostics;
    assert_eq!(found.as_slice()[0].message, "the host declares the name `fair` twice");
}

#[test]
fn wrong_calls_are_told() {
    let calls = [
        ("fair(last(\"B/Q\"))", "E0401", "`fair` takes 2 arguments and is given 1"),
        ("fair(last(\"B/Q\"), 1, 2)", "E0401", "`fair` takes 2 arguments and is given 3"),
        ("pi(last(\"B/Q\"))", "E0401", "`pi` takes no arguments and is given 1"),
        ("fair(last(\"B/Q\"), edge = 1%)", "E0402", "the arguments of `fair` have no names"),
        ("fair(qty(\"B/Q\"), 1%)", "W1001", "an argument of `fair`, `qty(\"B/Q\")`, is in B"),
        ("fair(last(\"B/Q\"), last(\"B/Q\"))", "W1001", "an argument of `fair`, `last(\"B/Q\")`, is in Q per B"),
        ("fair(\"B/Q\", 1%)", "E0406", "`\"B/Q\"` is a string and not a number"),
        ("open(5s)", "E0405", "`5s` is a duration and not a timestamp"),
        ("open(trade(\"B/Q\"))", "E0405", "`trade(\"B/Q\")` is an event and not a timestamp"),
        ("wait(1s, last(\"B/Q\"), 1)", "E0407", "`last(\"B/Q\")` is a number, and `wait` wants a condition"),
        ("wait(1s, trade(\"B/Q\"), 1)", "E0501", "`trade(\"B/Q\")` is an event, and `wait` wants a condition that holds"),
        ("fiar(last(\"B/Q\"), 1%)", "E0302", "there is no function `fiar`"),
        ("fair", "E0415", "`fair` is a function of the host and not a value"),
    ];
    for (call, code, message) in calls {
        let text = format!("IF trade(\"B/Q\") THEN S(v = {call})");
        let found = analyze(&[Source::new("rules.cep", text)], &options()).diagnostics.into_vec();
        let [only] = found.as_slice() else { panic!("{call}: {found:#?}") };
        assert_eq!((only.code.as_str(), only.message.as_str()), (code, message), "{call}");
    }
    let near = analyze(&[Source::new("rules.cep", "IF fiar(last(\"B/Q\"), 1%) > 1 THEN S")], &options()).diagnostics;
    assert!(near.as_slice()[0].help[0].message.contains("`fair`"));
}

#[test]
fn wrong_declarations_are_told() {
    let found = |options: &Options, text: &str| analyze(&[Source::new("rules.cep", text)], options).diagnostics.into_vec();
    let rule = "IF trade(\"B/Q\") THEN S";
    let built_in =
        Options::default().with_function("avg", [InputType::Number], InputType::Number).with_function("ema", [], InputType::Number);
    let messages: Vec<_> = found(&built_in, rule).into_iter().map(|d| (d.code, d.message)).collect();
    let hides = |name: &str| (Code::DuplicateName, format!("the host declares the function `{name}`, which is built in"));
    assert_eq!(messages, [hides("avg"), hides("ema")]);
    let text = Options::default().with_function("f", [InputType::Text], InputType::Number);
    assert_eq!(found(&text, rule)[0].code, Code::TypeMismatch);
    let own = found(&options(), &format!("FN fair(x) = x\n{rule}"));
    assert_eq!((own[0].code, own[0].message.as_str()), (Code::DuplicateName, "`fair` is defined twice"));
    // A function that no rule calls is no finding.
    assert!(found(&options(), rule).is_empty());
    // One of constants alone never changes.
    assert!(found(&options(), "IF fair(1, 2) > 1 THEN S").iter().any(|d| d.code == Code::ConstantTrigger));
}
