//! Names, items, events and rules: what they mean in the program that comes out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use ascep_lang::program::{Constant, EventKind, MarketField, Mode, Node, Op, Period, Program, Stat, Window};
use ascep_lang::{Code, Diagnostic, InputType, Options, Severity, Source, analyze, compile};

fn program(text: &str) -> Program {
    let program = compile(&[Source::new("rules.cep", text)], &Options::default()).unwrap_or_else(|d| panic!("{text}\n{d:#?}"));
    assert_eq!(program.warnings, [], "{text}");
    program
}

fn errors_of(sources: &[Source], options: &Options) -> Vec<Diagnostic> {
    let diagnostics = analyze(sources, options).diagnostics.into_vec();
    diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect()
}

fn codes(text: &str) -> Vec<String> {
    errors_of(&[Source::new("rules.cep", text)], &Options::default()).iter().map(|d| d.code.to_string()).collect()
}

/// A node as text, arguments and all.
fn show(program: &Program, id: ascep_lang::program::NodeId) -> String {
    let Node { op, args, .. } = &program.nodes[id.0 as usize];
    let symbol = |s: ascep_lang::program::SymbolId| program.tables.symbols[s.0 as usize].clone();
    let name = match op {
        Op::Const(Constant::Num(bits)) => return format!("{}", f64::from_bits(*bits)),
        Op::Const(Constant::Text(t)) => return format!("'{}'", program.tables.texts[t.0 as usize]),
        Op::Const(Constant::Symbol(s)) => return symbol(*s),
        Op::Const(Constant::Bool(b)) => return b.to_string(),
        Op::Const(Constant::Duration(d)) => return format!("{d}ns"),
        Op::Param(p) => return format!("${}", program.tables.params[p.0 as usize].name),
        Op::Market(f, s) => return format!("{f:?}[{}]", symbol(*s)),
        Op::Event(k, s) => return format!("{k:?}[{}]", symbol(*s)),
        Op::Age(s) => return format!("Age[{}]", symbol(*s)),
        Op::Num(f) => format!("{f:?}"),
        Op::Compare(c) => format!("{c:?}"),
        op => format!("{op:?}"),
    };
    let args: Vec<String> = args.iter().map(|&a| show(program, a)).collect();
    format!("{name}({})", args.join(", "))
}

fn trigger(text: &str) -> String {
    let program = program(text);
    show(&program, program.rules[0].trigger)
}

#[test]
fn the_section_on_twelve_rules_compiles_but_for_later_operators() {
    let text = r#"
RULE btc_high: IF price("BTC/USDT") > 100_000 UNTIL price("BTC/USDT") < 99_500 THEN BTC_HIGH(px = price("BTC/USDT"))

CONST FEE = 10bp
RULE xspread:
  LET buy  = ask("binance:BTC/USDT") * (1 + FEE)
  LET sell = bid("kraken:BTC/USDT") * (1 - FEE)
  IF sell / buy - 1 > 5bp AND age("binance:BTC/USDT") < 500ms AND age("kraken:BTC/USDT") < 500ms
  THEN XSPREAD(edge = sell / buy - 1) COOLDOWN 1s

PARAM fee = 7.5bp IN 0bp .. 50bp
RULE tri_btc_eth:
  LET loop = (1 / ask("BTC/USDT")) * (1 / ask("ETH/BTC")) * bid("ETH/USDT")
  LET net  = loop * (1 - fee) * (1 - fee) * (1 - fee)
  IF net > 1 + 2bp THEN TRIANGLE(net = net - 1) COOLDOWN 250ms

SET MAJORS = ["BTC/USDT", "ETH/USDT", "SOL/USDT"]
RULE stale FOR EACH s IN MAJORS: IF NO quote(s) FOR 5s THEN FEED_STALE(symbol = s)

RULE whale:
  IF trade("BTC/USDT") WHERE it.notional > 1_000_000 THEN WHALE(px = it.price, q = it.qty)
  COOLDOWN 30s LIMIT 10 PER 1h

RULE imb:
  LET i = imbalance("BTC/USDT", depth = 5)
  IF i > 0.6 FOR 500ms THEN BUY_PRESSURE(i = i, micro = microprice("BTC/USDT")) EVERY 1s
"#;
    let now = program(text);
    assert_eq!(now.rules.len(), 8);
    let later = r#"
RULE golden:
  LET c = bar("BTC/USDT", 1m).close
  IF ema(c, 12) CROSSES ABOVE ema(c, 26) AND rsi(c, 14) < 70 THEN LONG_SETUP(px = c)

RULE pairs:
  LET z = zscore(ln(mid("ETH/USDT")) - 0.62 * ln(mid("BTC/USDT")), 30m)
  IF abs(z) > 2 UNTIL abs(z) < 0.5 THEN PAIR_ENTRY(z = z)

RULE vwap_dev: IF abs(price("BTC/USDT") / vwap("BTC/USDT", 15m) - 1) > 0.8% FOR 3s THEN VWAP_STRETCH

RULE flash_rebound FOR EACH s IN MAJORS:
  IF SEQ crash: change(price(s), 1s) < -2%
      -> NO trade(s) WHERE it.side == "sell" AND it.notional > 1e6
      -> back: change(price(s), 1s) > 1%
     WITHIN 10s
  THEN FLASH_REBOUND(symbol = s, lag = back.ts - crash.ts) LIMIT 3 PER 1m

RULE wide: IF (spread_ratio("BTC/USDT") > 5bp FOR 10s) AND volume("BTC/USDT", 1m) > 20 THEN WIDE_MARKET

FN burst(s, k) = volume(s, 10s) > k * twap(volume(s, 10s), 1h)
RULE breakout FOR EACH s IN MAJORS:
  IF price(s) > highest(price(s), 1h)[1] AND burst(s, 4) THEN BREAKOUT(symbol = s) COOLDOWN 5m
"#;
    let found = analyze(&[Source::new("all.cep", format!("{text}{later}"))], &Options::default()).diagnostics.into_vec();
    assert!(found.iter().all(|d| d.code.as_str().starts_with("E07")), "{found:#?}");
}

#[test]
fn events_and_levels() {
    let a = |cond: &str| trigger(&format!("IF {cond} THEN S"));
    assert_eq!(
        a("trade(\"A/B\") AND last(\"A/B\") > 5 AND known(bid(\"A/B\"))"),
        "EventAnd(Trade[A/B], Gt(Last[A/B], 5), Known(Bid[A/B]))"
    );
    assert_eq!(a("last(\"A/B\") > 5 AND trade(\"A/B\")"), "EventAnd(Trade[A/B], Gt(Last[A/B], 5))");
    assert_eq!(a("trade(\"C/D\") OR last(\"A/B\") > 5"), "EventOr(Trade[C/D], Edge(Gt(Last[A/B], 5)))");
    assert_eq!(a("last(\"A/B\") IN 1 .. 5"), "And(Ge(Last[A/B], 1), Le(Last[A/B], 5))");
    assert_eq!(a("last(\"A/B\") CROSSES BELOW 5"), "Crosses(Below)(Last[A/B], 5)");
    assert_eq!(a("since(last(\"A/B\") > 5) > 1s"), "Gt(Since(Edge(Gt(Last[A/B], 5))), 1000000000ns)");
    assert_eq!(a("once(last(\"A/B\") > 5, 1us)"), "Once(Fixed(1000))(Gt(Last[A/B], 5))");
    assert_eq!(a("last(\"A/B\")[2] > 5"), "Gt(Index(2)(Last[A/B]), 5)");
    assert_eq!(a("NOT (TRUE AND last(\"A/B\") > 5)"), "Not(Gt(Last[A/B], 5))");
    assert_eq!(a("last(\"A/B\") > 2 * 3 - 1"), "Gt(Last[A/B], 5)");
    assert_eq!(a("1 / 0 > 1 OR last(\"A/B\") > -5".replace("1 / 0 > 1 OR ", "").as_str()), "Gt(Last[A/B], -5)");
    let p = program("IF count(bid(\"A/B\") > 5, 10, partial = TRUE) + count(bid(\"A/B\"), 1us) > 1 THEN S");
    let counts: Vec<Op> = p.nodes.iter().map(|n| n.op).filter(|o| matches!(o, Op::Window { .. })).collect();
    assert_eq!(
        counts,
        [
            Op::Window { stat: Stat::Count, window: Window::Updates(10), partial: false, max: None },
            Op::Window { stat: Stat::Count, window: Window::Time(Period::Fixed(1000)), partial: false, max: None }
        ]
    );
}

#[test]
fn payloads_become_what_they_are_read_from() {
    let p = program("IF trade(\"A/B\") WHERE it.side == \"sell\" AND it.price > 5 THEN S(p = it.price, t = it.ts, v = it.venue_ts)");
    assert_eq!(show(&p, p.rules[0].trigger), "Where(Trade[A/B], And(Eq(TradeSide[A/B], 'sell'), Gt(Last[A/B], 5)))");
    let fields: Vec<String> = p.rules[0].actions[0].fields.iter().map(|f| show(&p, f.1)).collect();
    assert_eq!(fields, ["Last[A/B]", "Clock(Now)()", "VenueTs[A/B]"]);

    let p = program("IF (trade(\"x:A/B\") OR trade(\"y:A/B\") AND last(\"C/D\") > 1) WHERE it.qty > 1 THEN S(p = it.price)");
    assert_eq!(show(&p, p.rules[0].actions[0].fields[0].1), "Pick(Trade[x:A/B], Last[x:A/B], Last[y:A/B])");
    // The alternatives read the same: no choice.
    let p = program("IF (trade(\"A/B\") WHERE it.qty > 1) OR (trade(\"A/B\") WHERE it.price > 1) THEN S(p = it.price)");
    assert_eq!(show(&p, p.rules[0].actions[0].fields[0].1), "Last[A/B]");
    // Only fields that all alternatives have in one unit.
    assert_eq!(codes("IF trade(\"A/B\") OR trade(\"C/D\") THEN S(p = it.price)"), ["E0411"]);
    assert_eq!(codes("IF trade(\"A/B\") OR quote(\"A/B\") THEN S(p = it.price, t = it.venue_ts)"), ["E0411"]);
    assert_eq!(codes("IF NO quote(\"A/B\") FOR 1s THEN S(p = it.bid)"), ["E0411"]);
    assert_eq!(codes("IF last(\"A/B\") > 5 THEN S(p = it.price)"), ["E0508"]);
    assert_eq!(codes("IF trade(\"A/B\") UNTIL it.price > 5 THEN S"), ["E0508"]);
    assert_eq!(codes("RULE r: LET p = it.price IF trade(\"A/B\") THEN S(p = p)"), ["E0508"]);
    assert!(codes("IF book(\"A/B\") THEN S(p = it.bid, q = it.ask_qty)").is_empty());
    // The innermost event is `it`.
    let p = program("IF trade(\"A/B\") WHERE count(trade(\"C/D\") WHERE it.qty > 2, 1m) > 3 AND it.qty > 1 THEN S");
    assert!(show(&p, p.rules[0].trigger).contains("Where(Trade[C/D], Gt(Qty[C/D], 2))"));
    assert!(show(&p, p.rules[0].trigger).ends_with("Gt(Qty[A/B], 1)))"));
}

#[test]
fn modes_and_tails() {
    let p = program(
        "PARAM d = 5s IN 1s .. 1m
CONST C = 2s
IF last(\"A/B\") > 5 THEN S COOLDOWN d LIMIT 3 PER C
IF trade(\"A/B\") THEN S
IF last(\"A/B\") > 5 THEN S EVERY TICK
IF last(\"A/B\") > 5 UNTIL quote(\"A/B\") THEN S, T(x = 1) EVERY d",
    );
    let d = Period::Param(ascep_lang::program::ParamId(0));
    let modes: Vec<Mode> = p.rules.iter().map(|r| r.mode).collect();
    assert_eq!(modes, [Mode::Edge, Mode::Event, Mode::EveryTick, Mode::Every(d)]);
    assert_eq!((p.rules[0].cooldown, p.rules[0].limit), (Some(d), Some((3, Period::Fixed(2_000_000_000)))));
    assert_eq!(show(&p, p.rules[3].until.unwrap()), "Quote[A/B]");
    assert_eq!(p.rules[3].actions.len(), 2);
    let names: Vec<&str> = p.rules.iter().map(|r| p.tables.texts[r.name.0 as usize].as_str()).collect();
    assert_eq!(names, ["rule_1", "rule_2", "rule_3", "rule_4"]);
}

#[test]
fn instances_come_in_the_order_of_their_sets() {
    let p = program(
        "SET M = [\"C/D\", \"A/B\"]
RULE r FOR EACH s IN M FOR EACH t IN [\"X/Y\", \"A/B\", \"V/W\"]:
  LET gap = last(s) > 5
  IF gap AND s != \"A/B\" AND last(t) > 3 THEN S(s = s, t = t)
RULE q: IF trade(\"A/B\") THEN T",
    );
    let shown: Vec<String> = p
        .rules
        .iter()
        .map(|r| r.instance.iter().map(|(v, s)| format!("{}={} ", p.tables.texts[v.0 as usize], p.tables.symbols[s.0 as usize])).collect())
        .collect();
    assert_eq!(shown, ["s=C/D t=X/Y ", "s=C/D t=A/B ", "s=C/D t=V/W ", "s=A/B t=X/Y ", "s=A/B t=A/B ", "s=A/B t=V/W ", ""]);
    assert_eq!(show(&p, p.rules[0].trigger), "And(Gt(Last[C/D], 5), Gt(Last[X/Y], 3))", "a true part says nothing");
    assert_eq!(show(&p, p.rules[3].trigger), "And(Gt(Last[A/B], 5), false, Gt(Last[X/Y], 3))", "a false part keeps the instants");
    assert_eq!(show(&p, p.rules[0].actions[0].fields[1].1), "X/Y");
    assert_eq!(codes("RULE r FOR EACH s IN [\"A/B\"] FOR EACH s IN [\"C/D\"]: IF trade(s) THEN S"), ["E0303"]);
    assert_eq!(codes("RULE r FOR EACH s IN [\"A/B\"]: LET s = 1 IF trade(\"A/B\") THEN S(s = s)"), ["E0303"]);
}

#[test]
fn functions_are_expanded_where_they_are_called() {
    let p = program(
        "CONST K = 2
PARAM p = 3 IN 1 .. 5
FN twice(x, k) = x * k
LET q = twice(last(\"A/B\"), K)
IF q > p THEN S(q = q, r = twice(twice(2, K), k = 10))",
    );
    assert_eq!(show(&p, p.rules[0].trigger), "Gt(Mul(Last[A/B], 2), $p)");
    assert_eq!(show(&p, p.rules[0].actions[0].fields[1].1), "40");
    // Arguments are worked out where they stand; names inside belong to the function.
    let p = program(
        "CONST K = 2
FN inner(x) = x * K
FN busy(s, d, n) = count(trade(s), d) > n AND inner(last(s)) > 1
RULE r FOR EACH s IN [\"A/B\"]: LET x = 5 IF busy(s, n = x, d = 1s) THEN S",
    );
    assert_eq!(
        show(&p, p.rules[0].trigger),
        "And(Gt(Window { stat: Count, window: Time(Fixed(1000000000)), partial: false, max: None }(Trade[A/B]), 5), Gt(Mul(Last[A/B], 2), 1))"
    );
    // `it` inside is that of the place.
    let p = program("FN big(k) = it.qty > k\nIF trade(\"A/B\") WHERE big(5) THEN S");
    assert_eq!(show(&p, p.rules[0].trigger), "Where(Trade[A/B], Gt(Qty[A/B], 5))");
    assert_eq!(codes("FN big(k) = it.qty > k\nIF big(5) THEN S"), ["E0508"]);
    assert_eq!(codes("FN f(x) = x + y\nRULE r: LET y = 1 IF f(last(\"A/B\")) > y THEN S"), ["E0301"], "no name of the caller is seen");
    assert_eq!(codes("FN f(x) = g(x)\nFN g(x) = f(x)\nIF f(last(\"A/B\")) > 0 THEN S"), ["E0306"]);
    assert_eq!(
        codes("FN f(x, y) = x + y\nIF f(last(\"A/B\")) > 0 AND f(1, 2, 3) > 0 AND f(1, z = 2) > 0 AND f(1, x = 2) > 0 THEN S"),
        ["E0404", "E0401", "E0402", "E0403"]
    );
    assert_eq!(
        codes("FN f(x) = nosuch(x) + gone\nIF trade(\"A/B\") THEN S"),
        ["E0302", "E0301"],
        "a function that nobody calls is looked at"
    );
    assert_eq!(codes("FN f(x, x) = x\nIF f(last(\"A/B\"), 1) > 0 THEN S").first().map(String::as_str), Some("E0303"));
}

#[test]
fn a_mistake_in_a_function_names_the_call() {
    let text = "FN f(x) = x + \"A/B\"\nIF f(last(\"A/B\")) > 0 AND f(mid(\"A/B\")) > 0 THEN S";
    let found = errors_of(&[Source::new("a", text)], &Options::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(&text[found[0].labels[0].span.range()], "f(last(\"A/B\"))");
    assert_eq!(found[0].labels[0].message, "in this call of `f`");
}

#[test]
fn names_may_be_used_before_they_are_defined() {
    let p = program("RULE r FOR EACH s IN M: IF last(s) > top THEN S\nLET top = base * 2\nLET base = mid(\"E/F\") * K\nCONST K = J + 1\nCONST J = 1\nSET M = [\"A/F\"]".replace("A/F", "E/F").as_str());
    assert_eq!(show(&p, p.rules[0].trigger), "Gt(Last[E/F], Mul(Mul(Mid[E/F], 2), 2))");
    // A rule's own LETs come one after the other.
    assert_eq!(codes("RULE r: LET a = b LET b = 1 IF last(\"A/B\") > a + b THEN S"), ["E0301"]);
    assert_eq!(codes("RULE r FOR EACH s IN [\"A/B\", \"C/D\"]: LET a = b LET b = 1 IF last(s) > a + b THEN S"), ["E0301"]);
}

#[test]
fn params_and_their_overrides() {
    let text = "PARAM fee = 10bp IN 0bp .. 50bp\nPARAM hold = 1s\nPARAM on = TRUE\nPARAM k = 5\nIF on AND spread_ratio(\"A/B\") > fee * k FOR hold THEN S";
    let with = |name: &str, value: &str| compile(&[Source::new("a", text)], &Options::default().with_param(name, value));
    let value = |name: &str, value: &str, index: usize| with(name, value).unwrap().tables.params[index].value;
    assert_eq!(value("fee", "20bp", 0), Constant::Num(0.002_f64.to_bits()));
    assert_eq!(value("fee", "0.001", 0), Constant::Num(0.001_f64.to_bits()));
    assert_eq!(value("hold", "250ms", 1), Constant::Duration(250_000_000));
    assert_eq!(value("on", "false", 2), Constant::Bool(false));
    assert_eq!(value("k", "-3", 3), Constant::Num((-3.0_f64).to_bits()));
    let code = |name: &str, value: &str| with(name, value).unwrap_err().into_vec()[0].code;
    assert_eq!(code("fee", "51bp"), Code::ParamOutOfRange);
    assert_eq!(code("fee", "1s"), Code::TypeMismatch);
    assert_eq!(code("fee", "abc"), Code::TypeMismatch);
    assert_eq!(code("fee", "1\nIF trade(\"A/B\") THEN X"), Code::TypeMismatch);
    assert_eq!(code("feee", "1bp"), Code::UnknownParam);
    let found = with("feee", "1bp").unwrap_err();
    assert_eq!(found.as_slice()[0].help[0].message, "did you mean `fee`?");
    // A length of time cannot become zero while the rules run.
    let hold = with("k", "1").unwrap().tables.params[1].clone();
    assert_eq!(hold.range, Some((Constant::Duration(1), Constant::Duration(i64::MAX))));
    assert_eq!(codes("PARAM d = 1s IN 0s * 1 .. 5s\nIF last(\"A/B\") > 5 FOR d THEN S").first().map(String::as_str), Some("E0106"));
    assert_eq!(codes("PARAM p = last(\"A/B\")\nIF last(\"A/B\") > p THEN S"), ["E0316"]);
    assert_eq!(codes("PARAM p = 1\nPARAM q = p\nIF last(\"A/B\") > p + q THEN S"), ["E0316"]);
}

#[test]
fn inputs_of_the_host() {
    let options = Options::default()
        .with_input("fair", InputType::Price { base: "BTC".into(), quote: "USDT".into() })
        .with_input("halted", InputType::Bool);
    let compile = |text: &str| compile(&[Source::new("a", text)], &options);
    let p = compile("IF price(\"BTC/USDT\") > fair AND NOT halted THEN S").unwrap();
    assert_eq!(p.warnings, []);
    assert_eq!(p.tables.inputs.len(), 2);
    assert_eq!(compile("IF price(\"ETH/USDT\") > fair THEN S").unwrap().warnings[0].code, Code::UnitMismatch);
    assert_eq!(compile("LET fair = 1\nIF last(\"A/B\") > fair THEN S").unwrap_err().into_vec()[0].code, Code::DuplicateName);
}

#[test]
fn files_use_each_other() {
    let main =
        Source::new("rules/main.cep", "USE \"./lib/fees.cep\"\nUSE \"../shared.cep\"\nRULE b: IF last(\"A/B\") > FEE + LIMIT_PX THEN S");
    let fees =
        Source::new("rules/lib/fees.cep", "USE \"../../shared.cep\"\nCONST FEE = 1\nCONST NEVER = 2\nRULE a: IF trade(\"A/B\") THEN S");
    let shared = Source::new("shared.cep", "CONST LIMIT_PX = 100\n");
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let sources: Vec<Source> = order.iter().map(|&i| [&main, &fees, &shared][i].clone()).collect();
        let p = compile(&sources, &Options::default()).unwrap_or_else(|d| panic!("{d:#?}"));
        assert_eq!(p.warnings, [], "an unused name of an included file is no finding");
        let names: Vec<&str> = p.rules.iter().map(|r| p.tables.texts[r.name.0 as usize].as_str()).collect();
        assert_eq!(names, ["a", "b"], "an included file stands where it is first used");
    }
    let missing = errors_of(&[main.clone(), fees.clone()], &Options::default());
    assert_eq!(missing.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::UseNotFound, Code::UnknownName, Code::UseNotFound]);
    let circle = [Source::new("a.cep", "USE \"b.cep\""), Source::new("b.cep", "USE \"./c.cep\""), Source::new("c.cep", "USE \"a.cep\"")];
    let found = errors_of(&circle, &Options::default());
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::UseCycle]);
    assert_eq!(found[0].help[0].message, "the circle: a.cep -> b.cep -> c.cep -> a.cep");
    let own = errors_of(&[Source::new("a.cep", "USE \"a.cep\"")], &Options::default());
    assert_eq!(own.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::UseCycle]);
}

#[test]
fn five_mistakes_are_five_findings() {
    let text = "CONST k = last(\"A/B\")\nIF prcie(\"A/B\") > 5 THEN S\nIF trade(\"A/B\") FOR 3s THEN S\nIF last(\"A/B\") > k + gone THEN S\nIF NOT quote(\"A/B\") THEN S";
    assert_eq!(codes(text), ["E0316", "E0302", "E0501", "E0301", "E0504"]);
}

#[test]
fn equal_expressions_are_one_node_and_dead_ones_none() {
    let p = program(
        "LET m = mid(\"A/B\")
LET _unused = ask(\"Z/Z\") * 2
RULE a: IF m > 5 THEN S(m = m)
RULE b: IF mid(\"A/B\") > 5 AND last(\"A/B\") > 5 THEN S(m = mid(\"A/B\"))",
    );
    assert_eq!(p.nodes.iter().filter(|n| n.op == Op::Market(MarketField::Mid, ascep_lang::program::SymbolId(0))).count(), 1);
    assert_eq!(p.rules[0].actions[0].fields[0].1, p.rules[1].actions[0].fields[0].1);
    assert_eq!(p.tables.symbols, ["A/B"], "a symbol that no rule needs is not there");
    for (i, node) in p.nodes.iter().enumerate() {
        assert!(node.args.iter().all(|a| (a.0 as usize) < i), "arguments first");
    }
    // The order of definitions does not show.
    let q = program(
        "RULE a: IF m > 5 THEN S(m = m)
RULE b: IF mid(\"A/B\") > 5 AND last(\"A/B\") > 5 THEN S(m = mid(\"A/B\"))
LET m = mid(\"A/B\")",
    );
    assert_eq!((p.nodes, p.tables), (q.nodes, q.tables));
}

#[test]
fn programs_are_data() {
    let p = program("IF (trade(\"x:A/B\") OR trade(\"y:A/B\")) WHERE it.qty > 1 THEN S(p = it.price)");
    let text = serde_json::to_string(&p).unwrap();
    assert_eq!(serde_json::from_str::<Program>(&text).unwrap(), p);
    assert!(p.nodes.iter().any(|n| matches!(n.op, Op::Event(EventKind::Trade, _))));
}

#[test]
fn clock_comparisons_are_told_apart() {
    let warned = |cond: &str| {
        let found = analyze(&[Source::new("a", format!("USE arbitrage\nPARAM d = 5s\nIF d > 1s AND {cond} THEN S"))], &Options::default())
            .diagnostics
            .into_vec();
        found.iter().map(|d| d.code.to_string()).collect::<Vec<_>>()
    };
    for silent in [
        "age(\"A/B\") > d",
        "age(\"A/B\") < 2 * d",
        "hour_of_day() IN 9 .. 17",
        "day_of_week() == 5",
        "since(trade(\"A/B\")) >= 1s",
        "5s < age(\"A/B\")",
        "inverse(\"A/B\", \"B/A\", fee = 1bp).age < 500ms",
    ] {
        assert!(warned(silent).is_empty(), "{silent}: {:?}", warned(silent));
    }
    for held in [
        "age(\"A/B\") > since(trade(\"A/B\"))",
        "age(\"A/B\") / 1ms > 5",
        "(age(\"A/B\") ?? 1h) > 5s",
        "age(\"A/B\") > latency(\"A/B\")",
        "abs(age(\"A/B\")) > 5s",
        "hour_of_day() * 60 > 5",
        "max(age(\"A/B\"), 1s) IN 1s .. 5s",
    ] {
        assert_eq!(warned(held), ["W2004"], "{held}");
    }
    assert!(warned("(trade(\"A/B\") WHERE it.ts - it.venue_ts > 5ms)").is_empty());
}
