//! What indicators and ways round markets are made of, and values with parts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::program::{BarField, Cycle, CycleField, CycleKind, NumFn, Op, Program, Stat, Window};
use ascep_lang::{Code, Options, RenderOptions, Source, analyze, compile};

fn compiled(text: &str) -> Program {
    let sources = [Source::new("rules.cep", text)];
    compile(&sources, &Options::default()).unwrap_or_else(|e| panic!("{}", e.render(&sources, RenderOptions::default())))
}

/// A field of the signal as a term of operators.
fn term(program: &Program, field: usize) -> String {
    fn write(program: &Program, node: u32) -> String {
        let found = &program.nodes[node as usize];
        let args: Vec<String> = found.args.iter().map(|a| write(program, a.0)).collect();
        let name = match found.op {
            Op::Ema { n, skip } => format!("ema{n}+{skip}"),
            Op::Window { stat, window: Window::Updates(n), partial: false, max: None } => format!("{}{n}", stat.name()),
            Op::Num(f) => format!("{f:?}"),
            Op::Const(_) => program.dump().lines().find(|l| l.trim_start().starts_with(&format!("{node} "))).unwrap_or("const").to_owned(),
            Op::Rsi(n) | Op::Atr(n) => format!("{}{n}", found.op.name()),
            op => op.name().to_owned(),
        };
        if args.is_empty() { name } else { format!("{name}({})", args.join(" ")) }
    }
    write(program, program.rules[0].actions[0].fields[field].1.0)
}

fn terms(fields: &str) -> Vec<String> {
    let program = compiled(&format!("LET x = last(\"B/Q\")\nLET b = bar(\"B/Q\", 1m)\nIF quote(\"B/Q\") THEN S({fields})"));
    program.validate().unwrap();
    (0..program.rules[0].actions[0].fields.len()).map(|i| term(&program, i)).collect()
}

#[test]
fn averages() {
    let found = terms("a = sma(x, 5), b = ema(x, 5), c = wma(x, 5), d = rsi(x, 14)");
    assert_eq!(found, ["avg5(last)", "ema5+0(last)", "wma5(last)", "rsi14(last)"]);
    // One operator, whatever it is called.
    let both = compiled("LET x = last(\"B/Q\")\nIF sma(x, 5) - avg(x, 5) > 1 THEN S");
    assert_eq!(both.nodes.iter().filter(|n| matches!(n.op, Op::Window { .. })).count(), 1);
}

/// The fast average passes over as many updates as the slow one takes longer, so that both start at one update.
#[test]
fn macd_is_three_lines() {
    let line = "Sub(ema12+14(last) ema26+0(last))";
    let found = terms("a = macd(x).line, b = macd(x).signal, c = macd(x, fast = 12, slow = 26, signal = 9).hist");
    assert_eq!(found, [line.to_owned(), format!("ema9+0({line})"), format!("Sub({line} ema9+0({line}))")]);
    assert_eq!(terms("a = macd(x, 1, 2, 2).line"), ["Sub(ema1+1(last) ema2+0(last))"]);
}

#[test]
fn bands_are_deviations_around_the_mean() {
    let found = terms("a = bollinger(x, 20, qty(\"B\")).upper, b = bollinger(x, 20, 2).middle, c = bollinger(x, 20, qty(\"B\")).lower");
    assert_eq!(found[0], "Add(avg20(last) Mul(qty stddev_pop20(last)))");
    assert_eq!(found[1], "avg20(last)");
    assert_eq!(found[2], "Sub(avg20(last) Mul(qty stddev_pop20(last)))");
}

#[test]
fn indicators_of_bars() {
    let found = terms("a = atr(b, 14), o = obv(b), k = stoch(b, 14, 3, 5).k, d = stoch(b, 14, 3, 5).d");
    assert_eq!(found[0], "atr14(.high(bar) .low(bar) .close(bar))");
    assert_eq!(found[1], "obv(.close(bar) .volume(bar))");
    let raw = "fast_k(.close(bar) lowest14(.low(bar)) highest14(.high(bar)))";
    assert_eq!(found[2], format!("avg3({raw})"));
    assert_eq!(found[3], format!("avg5(avg3({raw}))"));
}

#[test]
fn parts_go_through_names_and_functions() {
    let text = "FN up(m, k) = m.hist > k * m.signal\nRULE r: LET m = macd(last(\"B/Q\")) LET again = m IF up(again, 1) THEN S(l = m.line, n = (m).signal)";
    assert!(compiled(text).rules.len() == 1);
    // What is not read is not computed.
    let line = compiled("IF macd(last(\"B/Q\")).line > 0 THEN S");
    assert_eq!(line.nodes.iter().filter(|n| matches!(n.op, Op::Ema { .. })).count(), 2);
    // A constant, and what is defined after it, do not lose the parts of what was defined before.
    let order = "LET m = macd(last(\"B/Q\"))\nCONST k = 1 + 1\nPARAM p = k\nIF m.hist > p * k THEN S";
    assert!(compiled(order).warnings.is_empty());
}

/// Where no number is meant for sure, the finding names every part, and nothing is lost without a finding.
#[test]
fn a_bare_record_is_never_silent() {
    let places = [
        "IF macd(last(\"B/Q\")) THEN S",
        "IF NOT macd(last(\"B/Q\")) THEN S",
        "IF trade(\"B/Q\") WHERE macd(last(\"B/Q\")) THEN S",
        "IF macd(last(\"B/Q\")) IN 1 .. 5 THEN S",
        "IF last(\"B/Q\") IN macd(last(\"B/Q\")) .. 5 THEN S",
        "IF macd(last(\"B/Q\")) CROSSES ABOVE 5 THEN S",
        "IF once(macd(last(\"B/Q\")), 1m) THEN S",
        "IF since(macd(last(\"B/Q\"))) > 5s THEN S",
        "IF trade(\"B/Q\") THEN S(m = macd(last(\"B/Q\")))",
        "IF trade(\"B/Q\") THEN S(m = macd(last(\"B/Q\")) ?? 5)",
        "IF trade(\"B/Q\") THEN S(m = 5 * macd(last(\"B/Q\")))",
        "IF trade(\"B/Q\") THEN S(m = last(macd(last(\"B/Q\"))))",
        "IF trade(\"B/Q\") THEN S(m = max(1, macd(last(\"B/Q\"))))",
        "IF trade(\"B/Q\") THEN S(m = depth_price(\"B/Q\", \"buy\", qty = macd(last(\"B/Q\"))))",
        "IF trade(\"B/Q\") THEN S(m = rsi(macd(last(\"B/Q\")), 14))",
        "IF trade(\"B/Q\") THEN S(m = avg(last(\"B/Q\"), macd(last(\"B/Q\"))))",
        "IF last(\"B/Q\") > 1 FOR macd(last(\"B/Q\")) THEN S",
        "IF last(\"B/Q\") > 1 UNTIL macd(last(\"B/Q\")) THEN S",
        "IF NO macd(last(\"B/Q\")) FOR 5s THEN S",
        "CONST m = macd(last(\"B/Q\"))\nIF last(\"B/Q\") > m.line THEN S",
        "PARAM m = macd(last(\"B/Q\"))\nIF last(\"B/Q\") > m.line THEN S",
    ];
    for text in places {
        let analysis = analyze(&[Source::new("rules.cep", text)], &Options::default());
        assert!(analysis.program.is_none(), "{text}");
        assert_eq!(analysis.diagnostics.errors().count(), 1, "{text}: {:#?}", analysis.diagnostics);
    }
    let found = analyze(&[Source::new("rules.cep", "IF -macd(last(\"B/Q\")) > 5 THEN S")], &Options::default()).diagnostics;
    let helps: Vec<_> = found.as_slice()[0].help.iter().filter_map(|h| h.replacement.as_ref().map(|r| r.1.clone())).collect();
    assert_eq!(helps, ["macd(last(\"B/Q\")).line", "macd(last(\"B/Q\")).signal", "macd(last(\"B/Q\")).hist"]);
}

#[test]
fn ways_are_written_once_and_in_the_order_of_the_way() {
    let text = "USE arbitrage
LET t = triangle(\"BTC/USDT\", \"ETH/USDT\", \"ETH/BTC\", fee = 1%)
IF t > 2bp AND t.skew < 250ms THEN S(net = t.net, d = triangle(\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\", fee = 1%).direction)";
    let program = compiled(text);
    let name = |s: &ascep_lang::program::SymbolId| program.tables.symbols[s.0 as usize].as_str();
    let [Cycle { kind: CycleKind::Triangle, markets }] = program.tables.cycles.as_slice() else { panic!("{:?}", program.tables.cycles) };
    assert_eq!(markets.iter().map(name).collect::<Vec<_>>(), ["BTC/USDT", "ETH/BTC", "ETH/USDT"]);
    let fields: Vec<_> =
        program.nodes.iter().filter_map(|n| if let Op::Cycle { field, .. } = n.op { Some((field, n.args.len())) } else { None }).collect();
    assert_eq!(fields, [(CycleField::Net, 1), (CycleField::Skew, 1), (CycleField::Direction, 1)]);

    let two = compiled("USE arbitrage\nPARAM f = 1bp\nIF cross(buy = \"a:B/Q\", sell = \"k:B/Q\", fee_sell = f, fee_buy = 2bp) > 0 THEN S");
    let node = two.nodes.iter().find(|n| matches!(n.op, Op::Cycle { .. })).unwrap();
    let ops: Vec<_> = node.args.iter().map(|a| two.nodes[a.0 as usize].op.name()).collect();
    assert_eq!((ops, two.tables.cycles[0].kind), (vec!["const", "param"], CycleKind::Cross));
    // Both directions of the second market, in either order of the rest.
    for markets in ["\"B/Q\", \"B/C\", \"Q/C\"", "\"B/Q\", \"C/Q\", \"B/C\"", "\"B/Q\", \"C/B\", \"Q/C\"", "\"v:B/Q\", \"w:C/B\", \"C/Q\""]
    {
        assert!(!compiled(&format!("USE arbitrage\nIF triangle({markets}, fee = 0) > 0 THEN S")).rules.is_empty());
    }
}

/// The age of an opportunity compared with a constant has its timers, as that of a symbol; compared with another age it has none.
#[test]
fn the_age_of_an_opportunity_is_a_reading_of_the_clock() {
    let compared = |what: &str| compiled(&format!("USE arbitrage\nIF inverse(\"B/Q\", \"Q/B\", fee = 0).{what} THEN S")).warnings;
    assert_eq!(compared("age > 5s"), []);
    assert_eq!(compared("skew > 5s"), []);
    let found = compared("age > age(\"B/Q\")");
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::ClockHeld]);
}

#[test]
fn the_module_may_be_used_in_any_file() {
    let main = Source::new("main.cep", "USE \"./fees.cep\"\nIF inverse(\"B/Q\", \"Q/B\", fee = FEE) > 0 THEN S");
    let fees = Source::new("fees.cep", "USE arbitrage\nCONST FEE = 1bp");
    assert!(compile(&[main, fees], &Options::default()).unwrap().warnings.is_empty());
    // A function of the user of that name needs no module.
    assert!(compiled("FN inverse(s) = 1 / last(s)\nIF inverse(\"B/Q\") > 1 THEN S").tables.cycles.is_empty());
}

#[test]
fn operators_that_the_lists_name() {
    let program = compiled("IF stoch(bar(\"B/Q\", 1m), 5, 1, 1).k > 80 THEN S");
    assert!(program.nodes.iter().any(|n| n.op == Op::FastK));
    assert!(program.nodes.iter().any(|n| n.op == Op::BarField(BarField::High)));
    assert!(program.nodes.iter().any(|n| matches!(n.op, Op::Window { stat: Stat::Highest, .. })));
    assert!(!program.nodes.iter().any(|n| n.op == Op::Num(NumFn::Div)));
}
