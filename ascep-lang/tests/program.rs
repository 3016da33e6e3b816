//! Programs as data: every printed form, reading back, and refusing what does not hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::program::{
    Action, ClockFn, CmpOp, Constant, EventKind, Input, InputId, InvalidProgram, LANGUAGE_VERSION, LoadError, MarketField, Mode, Node,
    NodeId, NumFn, Op, PROGRAM_VERSION, Param, ParamId, PayloadField, Period, Problem, Program, Rule, Side, Stat, SymbolId, Tables, TextId,
    Type, UnitId, Window,
};
use ascep_lang::span::Span;
use ascep_lang::syntax::CrossSide;

const PURE: Type = Type::Num(UnitId(0));
const PRICE: Type = Type::Num(UnitId(1));
const BTC: SymbolId = SymbolId(0);

fn number(x: f64) -> Op {
    Op::Const(Constant::Num(x.to_bits()))
}

/// A program with every operator in it.
fn sample() -> Program {
    let mut nodes: Vec<Node> = Vec::new();
    let mut add = |op: Op, args: &[u32], ty: Type| {
        nodes.push(Node { op, args: args.iter().map(|&i| NodeId(i)).collect(), ty });
        u32::try_from(nodes.len() - 1).unwrap()
    };
    let second = Period::Fixed(1_000_000_000);
    let bid = add(Op::Market(MarketField::Bid, BTC), &[], PRICE);
    let ask = add(Op::Market(MarketField::Ask, BTC), &[], PRICE);
    let edge = add(Op::Num(NumFn::Sub), &[ask, bid], PRICE);
    let ratio = add(Op::Num(NumFn::Div), &[edge, ask], PURE);
    let fee = add(Op::Param(ParamId(0)), &[], PURE);
    let above = add(Op::Compare(CmpOp::Gt), &[ratio, fee], Type::Bool);
    let held = add(Op::For(Period::Param(ParamId(1))), &[above], Type::Bool);
    let not = add(Op::Not, &[held], Type::Bool);
    let trade = add(Op::Event(EventKind::Trade, BTC), &[], Type::Event);
    let quote = add(Op::Event(EventKind::Quote, BTC), &[], Type::Event);
    let side = add(Op::Market(MarketField::TradeSide, BTC), &[], Type::Text);
    let sell = add(Op::Const(Constant::Text(TextId(4))), &[], Type::Text);
    let is_sell = add(Op::Compare(CmpOp::Eq), &[side, sell], Type::Bool);
    let sale = add(Op::Where, &[trade, is_sell], Type::Event);
    let either = add(Op::EventOr, &[trade, quote], Type::Event);
    let picked = add(Op::Pick, &[trade, bid, ask], PRICE);
    let count = add(Op::Window { stat: Stat::Count, window: Window::Time(second), partial: true, max: None }, &[sale], PURE);
    let updates = add(Op::Window { stat: Stat::Count, window: Window::Updates(9), partial: false, max: None }, &[bid], PURE);
    let many = add(Op::Compare(CmpOp::Ge), &[count, updates], Type::Bool);
    let both = add(Op::And, &[many, not], Type::Bool);
    let rising = add(Op::Edge, &[both], Type::Event);
    let quiet = add(Op::NoFor(second), &[rising], Type::Event);
    let since = add(Op::Since, &[either], Type::Duration);
    let age = add(Op::Age(BTC), &[], Type::Duration);
    let young = add(Op::Compare(CmpOp::Lt), &[since, age], Type::Bool);
    let once = add(Op::Once(second), &[sale], Type::Bool);
    let or = add(Op::Or, &[young, once], Type::Bool);
    let before = add(Op::Index(3), &[bid], PRICE);
    let filled = add(Op::Coalesce, &[before, bid], PRICE);
    let known = add(Op::Known, &[filled], Type::Bool);
    let crossed = add(Op::Crosses(CrossSide::Above), &[bid, filled], Type::Event);
    let gated = add(Op::EventAnd, &[crossed, known], Type::Event);
    let imbalance = add(Op::Imbalance { symbol: BTC, depth: 5 }, &[], PURE);
    let deep = add(Op::DepthPrice { symbol: BTC, side: Side::Sell }, &[imbalance], PRICE);
    let hour = add(Op::Clock(ClockFn::HourOfDay), &[], PURE);
    let input = add(Op::Input(InputId(0)), &[], PURE);
    let limit = add(number(-0.0), &[], PURE);
    let clamp = add(Op::Num(NumFn::Clamp), &[hour, limit, input], PURE);

    let rule = |name, trigger, mode, fields: &[(u32, u32)]| Rule {
        name: TextId(name),
        instance: Vec::new(),
        trigger: NodeId(trigger),
        mode,
        until: None,
        cooldown: None,
        limit: None,
        actions: vec![Action { name: TextId(2), fields: fields.iter().map(|&(n, v)| (TextId(n), NodeId(v))).collect() }],
        span: Span::default(),
    };
    let mut wide = rule(0, or, Mode::Every(second), &[(5, deep), (6, clamp)]);
    wide.instance = vec![(TextId(3), BTC)];
    wide.until = Some(NodeId(gated));
    wide.cooldown = Some(second);
    wide.limit = Some((3, Period::Fixed(60_000_000_000)));
    let text = |s: &str| s.to_owned();
    Program {
        version: PROGRAM_VERSION,
        language: LANGUAGE_VERSION,
        tables: Tables {
            symbols: vec![text("BTC/USDT")],
            texts: ["wide", "quiet", "WIDE", "s", "sell", "px", "h"].map(text).to_vec(),
            units: vec![text("1"), text("USDT/BTC")],
            params: vec![
                Param {
                    name: text("fee"),
                    ty: PURE,
                    value: Constant::Num(0.001f64.to_bits()),
                    range: Some((Constant::Num(0.0f64.to_bits()), Constant::Num(0.01f64.to_bits()))),
                },
                Param { name: text("hold"), ty: Type::Duration, value: Constant::Duration(5_000_000), range: None },
            ],
            inputs: vec![Input { name: text("vol"), ty: PURE }],
            ..Tables::default()
        },
        nodes,
        rules: vec![wide, rule(1, quiet, Mode::Event, &[(5, picked)])],
        warnings: Vec::new(),
    }
}

#[test]
fn every_operator_validates_and_reads_back() {
    let program = sample();
    program.validate().unwrap();
    assert_eq!(Program::from_json(&program.to_json().unwrap()).unwrap(), program);
}

#[test]
fn dump_is_a_line_a_thing() {
    let dump = sample().dump();
    for line in [
        "param fee : num<1> = 0.001 in 0 .. 0.01",
        "param hold : duration = 5ms",
        "input vol : num<1>",
        "n0 = bid \"BTC/USDT\" : num<USDT/BTC>",
        "n2 = sub n1 n0 : num<USDT/BTC>",
        "n6 = for hold n5 : bool",
        "n16 = count 1s partial n13 : num<1>",
        "n17 = count 9 updates n0 : num<1>",
        "n32 = imbalance \"BTC/USDT\" depth=5 : num<1>",
        "n33 = depth_price \"BTC/USDT\" sell n32 : num<USDT/BTC>",
        "n36 = const -0 : num<1>",
        "rule wide [s = \"BTC/USDT\"] if n26 until n31 EVERY 1s COOLDOWN 1s LIMIT 3 PER 1m",
        "  then WIDE px=n33 h=n37",
        "rule quiet if n21 event",
    ] {
        assert!(dump.lines().any(|l| l == line), "{line} is not in\n{dump}");
    }
}

#[test]
fn the_graph_joins_what_reads_what() {
    let program = sample();
    let graph = program.graph();
    assert_eq!(graph.node_count(), program.nodes.len() + 2);
    let args: usize = program.nodes.iter().map(|n| n.args.len()).sum();
    assert_eq!(graph.edge_count(), args + 3 + 3);
    assert!(!petgraph::algo::is_cyclic_directed(&graph));
    let json: serde_json::Value = serde_json::from_str(&program.to_json_graph()).unwrap();
    assert_eq!(json["nodes"][2]["args"], serde_json::json!([1, 0]));
    assert_eq!(json["nodes"][2]["unit"], "USDT/BTC");
    assert_eq!(json["rules"][0]["instance"][0]["symbol"], "BTC/USDT");
}

#[test]
fn pictures_escape_what_the_user_wrote() {
    let mut program = sample();
    program.tables.symbols[0] = "A\"]\\n/B<b>|#\n".to_owned();
    program.tables.texts[5] = "p\"x".to_owned();
    let dot = program.to_dot();
    assert!(dot.contains(r#"label="bid(\"A\\\"]\\\\n/B<b>|#\\u{a}\")\nnum<USDT/BTC>""#), "{dot}");
    assert!(dot.contains(r#"[label="p\"x", style=dotted]"#), "{dot}");
    let mermaid = program.to_mermaid();
    assert!(mermaid.contains("bid(#34;A#92;#34;]#92;#92;n/B#60;b#62;#124;#35;#92;u{a}#34;)"), "{mermaid}");
    assert_eq!(mermaid.lines().count(), 1 + program.graph().node_count() + program.graph().edge_count());
}

/// A change and what the check must say of it.
type Case = (fn(&mut Program), Problem);

#[test]
fn each_thing_that_does_not_hold_is_named() {
    let cases: &[Case] = &[
        (|p| p.nodes[0].op = Op::Market(MarketField::Bid, SymbolId(1)), Problem::Index),
        (|p| p.nodes[0].ty = Type::Num(UnitId(2)), Problem::Index),
        (|p| p.nodes[0].ty = Type::Bool, Problem::Type),
        (|p| p.nodes[2].args[0] = NodeId(2), Problem::Order),
        (|p| p.nodes[2].args[0] = NodeId(u32::MAX), Problem::Order),
        (|p| p.nodes[2].args.push(NodeId(0)), Problem::Arity),
        (|p| p.nodes[0].args.push(NodeId(0)), Problem::Order),
        (|p| p.nodes[7].args.clear(), Problem::Arity),
        (|p| p.nodes[4].op = Op::Param(ParamId(7)), Problem::Index),
        (|p| p.nodes[4].op = Op::Param(ParamId(1)), Problem::Type),
        (|p| p.nodes[6].op = Op::For(Period::Fixed(0)), Problem::Period),
        (|p| p.nodes[6].op = Op::For(Period::Param(ParamId(0))), Problem::Type),
        (|p| p.tables.params[1].value = Constant::Duration(-1), Problem::Period),
        (|p| p.nodes[13].args.swap(0, 1), Problem::Type),
        (|p| p.nodes[13].op = Op::Payload(PayloadField::Ts), Problem::Operator),
        (|p| p.nodes[17].op = Op::Window { stat: Stat::Count, window: Window::Updates(0), partial: false, max: None }, Problem::Range),
        (|p| p.nodes[27].op = Op::Index(65_537), Problem::Range),
        (|p| p.nodes[32].op = Op::Imbalance { symbol: BTC, depth: 21 }, Problem::Range),
        (|p| p.nodes[32].op = Op::Imbalance { symbol: BTC, depth: 0 }, Problem::Range),
        (|p| p.nodes[36].op = number(f64::NAN), Problem::NotFinite),
        (|p| p.nodes[36].op = number(f64::INFINITY), Problem::NotFinite),
        (|p| p.nodes[36].op = Op::Const(Constant::Bool(true)), Problem::Type),
        (|p| p.nodes[11].op = Op::Const(Constant::Text(TextId(99))), Problem::Index),
        (|p| p.tables.params[0].value = Constant::Num(1.0f64.to_bits()), Problem::Value),
        (|p| p.tables.params[0].value = Constant::Num(f64::NAN.to_bits()), Problem::NotFinite),
        (|p| p.tables.params[0].ty = Type::Event, Problem::Type),
        (|p| p.tables.params[1].name = "fee".to_owned(), Problem::Name),
        (|p| p.tables.inputs[0].name = "fee".to_owned(), Problem::Name),
        (|p| p.tables.inputs[0].ty = Type::Num(UnitId(9)), Problem::Index),
        (|p| p.tables.symbols.push("BTC/USDT".to_owned()), Problem::Name),
        (|p| p.rules[0].trigger = NodeId(9999), Problem::Index),
        (|p| p.rules[0].mode = Mode::Event, Problem::Type),
        (|p| p.rules[1].mode = Mode::EveryTick, Problem::Type),
        (|p| p.rules[0].mode = Mode::Every(Period::Fixed(-5)), Problem::Period),
        (|p| p.rules[0].until = Some(NodeId(0)), Problem::Type),
        (|p| p.rules[0].cooldown = Some(Period::Fixed(0)), Problem::Period),
        (|p| p.rules[0].limit = Some((0, Period::Fixed(1))), Problem::Range),
        (|p| p.rules[0].instance[0].1 = SymbolId(5), Problem::Index),
        (|p| p.rules[0].name = TextId(70), Problem::Index),
        (|p| p.rules[0].actions.clear(), Problem::NoAction),
        (|p| p.rules[0].actions[0].fields[0].1 = NodeId(8), Problem::Type),
        (|p| p.rules[0].actions[0].fields[0].0 = TextId(6), Problem::Name),
        (|p| p.rules.push(p.rules[1].clone()), Problem::Name),
    ];
    for (i, (change, wanted)) in cases.iter().enumerate() {
        let mut program = sample();
        change(&mut program);
        let found = match program.validate().expect_err(&format!("case {i}")) {
            InvalidProgram::Node { problem, .. }
            | InvalidProgram::Rule { problem, .. }
            | InvalidProgram::Param { problem, .. }
            | InvalidProgram::Input { problem, .. }
            | InvalidProgram::Symbol { problem, .. } => problem,
            other => panic!("case {i}: {other}"),
        };
        assert_eq!(found, *wanted, "case {i}");
        // What is invalid must still be printable: it is looked at to find out why.
        print_all(&program);
    }
}

#[test]
fn other_versions_are_refused_by_name() {
    let text = sample().to_json().unwrap().replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(Program::from_json(&text), Err(LoadError::Version { format: 2, language: 1 })));
    assert!(matches!(Program::from_json("{\"version\":9,\"language\":1}"), Err(LoadError::Version { .. })));
    assert!(matches!(Program::from_json("[]"), Err(LoadError::Json(_))));
    assert!(matches!(Program::from_json(""), Err(LoadError::Json(_))));
    assert!(matches!(sample_with_version(7).validate(), Err(InvalidProgram::Version { format: 7, .. })));
}

fn sample_with_version(version: u32) -> Program {
    Program { version, ..sample() }
}

fn print_all(program: &Program) {
    let _ = (program.dump(), program.to_dot(), program.to_mermaid(), program.to_json_graph(), program.graph());
}

/// Every number and every tag of the file turned into something else, one at a time: refused or still a program that holds, never a panic.
#[test]
fn no_change_to_a_file_gets_past_the_check_unseen() {
    let text = sample().to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut paths = Vec::new();
    leaves(&value, &mut String::new(), &mut paths);
    assert!(paths.len() > 150);
    let hostile = ["0", "1", "-1", "4294967295", "9223372036854775807", "18446744073709551615", "null", "\"Event\"", "[]", "\"\""];
    let (mut refused, mut accepted) = (0, 0);
    for path in &paths {
        for with in hostile {
            let mut changed = value.clone();
            *changed.pointer_mut(path).unwrap() = serde_json::from_str(with).unwrap();
            match Program::from_json(&changed.to_string()) {
                Ok(program) => {
                    accepted += 1;
                    program.validate().unwrap();
                    print_all(&program);
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 4 * accepted, "{refused} refused, {accepted} accepted");
}

fn leaves(value: &serde_json::Value, path: &mut String, out: &mut Vec<String>) {
    let len = path.len();
    match value {
        serde_json::Value::Array(list) => {
            for (i, v) in list.iter().enumerate() {
                path.push_str(&format!("/{i}"));
                leaves(v, path, out);
                path.truncate(len);
            }
        }
        serde_json::Value::Object(map) => {
            for (k, v) in map {
                path.push_str(&format!("/{k}"));
                leaves(v, path, out);
                path.truncate(len);
            }
        }
        _ => out.push(path.clone()),
    }
}
