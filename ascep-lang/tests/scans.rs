//! Scans as data: lowered, each once, its markets renumbered; read back, printed, and refused where something does not hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::lower;
use ascep_lang::program::{
    Action, Constant, InvalidProgram, Mode, Node, NodeId, Op, OpportunityField, Param, ParamId, PayloadField, Period, Problem, Program,
    Rule, Scan, ScanFilters, ScanId, ScanMarket, Setting, SymbolId, Tables, TextId, Type, TypedRules, UnitId,
};
use ascep_lang::span::Span;

fn scan(symbols: &[u32]) -> Scan {
    let filters = ScanFilters { lot: Some(0.01_f64.to_bits()), ..ScanFilters::default() };
    Scan {
        venue: None,
        home: "USDT".to_owned(),
        legs: (3, 4),
        fee: Some(Setting::Param(ParamId(0))),
        min_net: Setting::fixed(0.0002),
        step: Setting::fixed(0.0001),
        max_age: Some(Period::Fixed(500_000_000)),
        max_skew: None,
        markets: symbols
            .iter()
            .map(|s| ScanMarket::Venue { symbol: SymbolId(*s), filters, fee: None })
            .chain([ScanMarket::AssumedEqual { base: "USD".to_owned(), quote: "USDT".to_owned(), haircut: 0.001_f64.to_bits() }])
            .collect(),
    }
}

/// Two rules over one scan, with a third scan and a symbol that no rule needs.
fn typed() -> TypedRules {
    let mut nodes: Vec<Node> = Vec::new();
    let mut add = |op: Op, args: &[u32], ty: Type| {
        nodes.push(Node { op, args: args.iter().map(|&i| NodeId(i)).collect(), ty });
        u32::try_from(nodes.len() - 1).unwrap()
    };
    add(Op::Cycles(ScanId(0)), &[], Type::Event);
    let mut rules = Vec::new();
    for name in 0..2 {
        let event = add(Op::Cycles(ScanId(1)), &[], Type::Event);
        let net = add(Op::Payload(PayloadField::Opportunity(OpportunityField::Net)), &[event], Type::Num(UnitId(0)));
        let path = add(Op::Payload(PayloadField::Opportunity(OpportunityField::Path)), &[event], Type::Text);
        rules.push(Rule {
            name: TextId(name),
            instance: Vec::new(),
            trigger: NodeId(event),
            mode: Mode::Event,
            until: None,
            cooldown: None,
            limit: None,
            actions: vec![Action { name: TextId(2), fields: vec![(TextId(3), NodeId(net)), (TextId(4), NodeId(path))] }],
            span: Span::default(),
        });
    }
    let text = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let spans = vec![Span::default(); nodes.len()];
    let tables = Tables {
        symbols: text(&["X/USDT", "ETH/USDT", "BTC/USDT", "ETH/BTC"]),
        texts: text(&["a", "b", "S", "net", "path"]),
        units: text(&["1"]),
        params: vec![Param {
            name: "fee".to_owned(),
            ty: Type::Num(UnitId(0)),
            value: Constant::Num(0.001_f64.to_bits()),
            range: Some((Constant::Num(0.0_f64.to_bits()), Constant::Num(0.01_f64.to_bits()))),
        }],
        scans: vec![scan(&[0, 1]), scan(&[2, 3, 1])],
        ..Tables::default()
    };
    TypedRules { tables, nodes, spans, rules }
}

#[test]
fn a_scan_stands_once_with_its_markets_renumbered() {
    let program = lower(typed());
    program.validate().unwrap();
    assert_eq!(program.tables.scans, [scan(&[0, 1, 2])]);
    assert_eq!(program.tables.symbols, ["BTC/USDT", "ETH/BTC", "ETH/USDT"]);
    let ops: Vec<Op> = program.nodes.iter().map(|n| n.op).collect();
    let read = |field| Op::OpportunityField(field);
    assert_eq!(ops, [Op::Cycles(ScanId(0)), read(OpportunityField::Net), read(OpportunityField::Path)]);
    let scan = &program.tables.scans[0];
    assert_eq!(scan.params().collect::<Vec<_>>(), [ParamId(0)]);
    assert_eq!(scan.symbols().collect::<Vec<_>>(), [SymbolId(0), SymbolId(1), SymbolId(2)]);
}

#[test]
fn a_scan_reads_back_and_a_program_from_before_has_none() {
    let program = lower(typed());
    assert_eq!(Program::from_json(&program.to_json().unwrap()).unwrap(), program);
    let json = Program { tables: Tables::default(), nodes: Vec::new(), rules: Vec::new(), ..program }.to_json().unwrap();
    assert!(Program::from_json(&json.replace(",\"scans\":[]", "")).unwrap().tables.scans.is_empty());
    assert!(json.contains(",\"scans\":[]"), "{json}");
}

#[test]
fn a_scan_is_written_as_in_a_rule() {
    let program = lower(typed());
    let text = "cycles(home = \"USDT\", fee = fee, markets = [\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\", USD=USDT], legs = 3..4, \
                min_net = 0.0002, max_age = 500ms, step = 0.0001)";
    assert_eq!(program.expression_within(NodeId(0), None, 1_000), text);
    assert_eq!(program.expression(NodeId(1)), "it.net");
    assert!(program.dump().contains("n1 = .net n0 : num<1>"), "{}", program.dump());
    for picture in [program.to_dot(), program.to_mermaid(), program.to_json_graph()] {
        assert!(picture.contains("ETH/BTC"), "{picture}");
    }
}

#[test]
fn what_does_not_hold_of_a_scan_is_refused() {
    let problem = |change: &dyn Fn(&mut Program)| {
        let mut program = lower(typed());
        change(&mut program);
        match program.validate() {
            Err(InvalidProgram::Node { index: 0 | 1, problem }) => problem,
            other => panic!("{other:?}"),
        }
    };
    let in_scan = |change: &dyn Fn(&mut Scan)| problem(&|program| change(&mut program.tables.scans[0]));
    assert_eq!(problem(&|p| p.tables.scans.clear()), Problem::Index);
    assert_eq!(problem(&|p| p.nodes[0].ty = Type::Bool), Problem::Type);
    assert_eq!(problem(&|p| p.nodes[1].ty = Type::Text), Problem::Type);
    assert_eq!(problem(&|p| p.tables.params[0].range = Some((Constant::Num(0), Constant::Num(1.0_f64.to_bits())))), Problem::Value);
    for legs in [(1, 3), (3, 9), (4, 3)] {
        assert_eq!(in_scan(&|s| s.legs = legs), Problem::Range);
    }
    assert_eq!(in_scan(&|s| s.home = "EUR".to_owned()), Problem::Name);
    assert_eq!(in_scan(&|s| s.fee = None), Problem::Value);
    assert_eq!(in_scan(&|s| s.fee = Some(Setting::fixed(1.0))), Problem::Value);
    assert_eq!(in_scan(&|s| s.fee = Some(Setting::Param(ParamId(7)))), Problem::Index);
    assert_eq!(in_scan(&|s| s.min_net = Setting::fixed(f64::NAN)), Problem::NotFinite);
    assert_eq!(in_scan(&|s| s.max_age = Some(Period::Fixed(0))), Problem::Period);
    assert_eq!(in_scan(&|s| s.max_skew = Some(Period::Param(ParamId(0)))), Problem::Type);
    assert_eq!(in_scan(&|s| s.markets.truncate(1)), Problem::Arity);
    assert_eq!(in_scan(&|s| s.markets[1] = s.markets[0].clone()), Problem::Name);
    let filters = |filters| in_scan(&|s| s.markets[0] = ScanMarket::Venue { symbol: SymbolId(0), filters, fee: None });
    let bits = |x: f64| Some(x.to_bits());
    assert_eq!(filters(ScanFilters { tick: bits(0.0), ..ScanFilters::default() }), Problem::Value);
    assert_eq!(filters(ScanFilters { min_qty: bits(2.0), max_qty: bits(1.0), ..ScanFilters::default() }), Problem::Value);
    assert_eq!(filters(ScanFilters { min_notional: bits(f64::INFINITY), ..ScanFilters::default() }), Problem::Value);
    let equal = |base: &str, haircut: f64| {
        in_scan(&|s| {
            s.markets[3] = ScanMarket::AssumedEqual { base: base.to_owned(), quote: "USDT".to_owned(), haircut: haircut.to_bits() }
        })
    };
    assert_eq!(equal("USD", 1.0), Problem::Value);
    assert_eq!(equal("USDT", 0.0), Problem::Name);
    let symbol = |name: &str| {
        let mut program = lower(typed());
        program.tables.symbols[0] = name.to_owned();
        program.validate()
    };
    assert_eq!(symbol("SPX"), Err(InvalidProgram::Node { index: 0, problem: Problem::Name }));
}
