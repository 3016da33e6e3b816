//! What an engine is said to take against what the allocator hands out for it: to the byte for what it holds, and never more than was said
//! while it is made and while it runs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use ascep_lang::program::Program;
use ascep_lang::{Options, Source, compile};
use ascep_runtime::event::{Event, Payload, Quote, Trade};
use ascep_runtime::{Engine, EngineOptions, HostFunctions, MemoryReport, Signal};

fn program(text: &str) -> Program {
    compile(&[Source::new("rules.cep", text)], &Options::default()).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn report(program: &Program, options: &EngineOptions) -> MemoryReport {
    MemoryReport::new(program, options, &HostFunctions::new()).unwrap()
}

/// One rule for each kind of state.
const RULES: [&str; 22] = [
    "IF price(s) > 1 THEN S(symbol = s, text = \"some text\")",
    "IF price(s) > 1 AND bid(s) < 5 UNTIL ask(s) > 7 THEN S(p = price(s), b = bid(s))",
    "IF price(s) > 1 FOR 3s THEN S LIMIT 4 PER 3s",
    "IF NO trade(s) FOR 1s THEN S",
    "IF once(trade(s), 1s) AND once(bid(s) > 3, 2s) THEN S EVERY 3s",
    "IF depth_price(s, \"buy\", qty = 5) > 1 AND imbalance(s, depth = 3) > 0 THEN S",
    "IF age(s) > 3s OR since(trade(s)) > 2s THEN S",
    "IF bid(s) CROSSES ask(s)[30] THEN S",
    "IF count(trade(s), 3s) > 3 THEN S",
    "IF avg(bid(s), 3s) > stddev(bid(s), 3s) THEN S(x = slope(bid(s), 3s))",
    "IF highest(bid(s), 3s) > lowest(bid(s), 50) THEN S(x = median(bid(s), 3s), y = percentile(bid(s), 30, 1m))",
    "IF corr(bid(s), ask(s), 3s) > 0.5 AND vwap(s, 1m) > 4 THEN S(x = beta(bid(s), ask(s), 20))",
    "IF change(bid(s), 3s) > 1% OR twap(bid(s), 10s, partial = TRUE) > 3 THEN S",
    "IF decay(bid(s), 10s) > 2 THEN S",
    "IF bar(s, 1m).close > ema(bar(s, 1m).close, 20) THEN S(r = rsi(bid(s), 14), w = wma(bid(s), 9))",
    "IF macd(bid(s)).hist > 0 THEN S(a = atr(bar(s, 1m), 14), o = obv(bar(s, 1m)), k = stoch(bar(s, 1m), 14, 3, 3).k)",
    "IF SEQ a: trade(s) -> NO quote(s) WHERE it.bid > 3 FOR 2s -> b: trade(s) WHERE it.price > a.price {2..4} WITHIN 9s THEN S(p = a.price)",
    "IF SEQ trade(s) -> bid(s) > 3 -> NO trade(s) WITHIN 9s THEN S",
    "IF ALL(trade(s), quote(s), bid(s) > 3) WITHIN 2s THEN S",
    "IF trade(s) OR quote(s) THEN S COOLDOWN 3s",
    "IF zscore(ln(bid(s)) - ln(ask(s)), 30) > 2 THEN S",
    "IF price(s) > highest(price(s), 1h)[1] AND volume(s, 10s) > 4 * twap(volume(s, 10s), 1h) THEN S",
];

fn over(rules: &[&str], symbols: usize) -> Program {
    let symbols: Vec<String> = (0..symbols).map(|i| format!("\"S{i}/Q\"")).collect();
    let rules: Vec<String> =
        rules.iter().enumerate().map(|(k, rule)| format!("RULE r{k} FOR EACH s IN [{}]: {rule}", symbols.join(", "))).collect();
    program(&format!("PARAM p = 3 IN 1 .. 5\n{}\n", rules.join("\n")))
}

fn check(program: &Program, samples: usize, columns: bool) {
    // What the generator of machine code takes in passing is not foreseen.
    let options =
        EngineOptions::default().with_max_window_samples(samples).with_columns(columns).with_default_venue("venue").with_jit(false);
    let said = report(program, &options);
    let mut engine = None;
    let info = allocation_counter::measure(|| engine = Some(Engine::new(program, options.clone()).unwrap()));
    let held = usize::try_from(info.bytes_current).unwrap();
    assert_eq!(held, said.state + said.plan, "{} rules, {samples} samples", program.rules.len());
    assert_eq!(held, engine.unwrap().plan_stats().bytes);
    let peak = usize::try_from(info.bytes_max).unwrap();
    assert!(peak <= said.total && said.total <= 2 * peak, "{} rules: {peak} of {}", program.rules.len(), said.total);
    // No rule has more than there is, and together they have all but what belongs to no rule.
    assert!(said.rules.iter().all(|rule| rule.bytes <= said.state));
    let of_rules = said.rules.iter().map(|rule| rule.bytes).sum::<usize>();
    assert!(of_rules + 1_024 + program.nodes.len() >= said.state, "{of_rules} of {}", said.state);
}

#[test]
fn what_is_held_is_what_was_said_to_the_byte() {
    for samples in [1, 10, 3_000] {
        for rule in RULES {
            for symbols in [1, 30] {
                check(&over(&[rule], symbols), samples, true);
                check(&over(&[rule], symbols), samples, false);
            }
        }
        check(&over(&RULES, 1), samples, true);
        check(&over(&RULES, 40), samples, true);
    }
    check(&over(&RULES[..2], 5_000), 10, true);
    check(&over(&RULES, 2), 65_536, true);
    check(&program("IF price(\"A/B\") > 1 THEN S"), 1, true);
    for legs in ["2", "3..4", "2..5", "4..8"] {
        let found = format!(
            "cycles(home = \"Q\", fee = f, markets = [\"A/Q\", \"B/A\", \"B/Q\", \"C/B\", \"C/Q\", \"k:B/Q\"], legs = {legs}, max_age = 1s)"
        );
        let rules = format!(
            "USE arbitrage\nPARAM f = 1bp IN 0bp .. 9bp\nIF {found} THEN S(path = it.path, net = it.net)\n\
             IF SEQ a: {found} -> b: {found} WITHIN 9s THEN S(a = a.path, b = b.path)\nIF count({found}, 1m) > 3 THEN S"
        );
        check(&program(&rules), 10, true);
    }
    check(&program("USE arbitrage\nIF cross(buy = \"a:A/B\", sell = \"b:A/B\", fee_buy = 1bp, fee_sell = 1bp) > 0 THEN S"), 1, true);
}

#[test]
fn a_full_load_takes_what_was_reserved_and_no_more() {
    let program = over(&RULES, 3);
    let options = EngineOptions::default().with_max_window_samples(200).with_jit(false);
    let said = report(&program, &options);
    let mut dropped = 0;
    let info = allocation_counter::measure(|| {
        let mut engine = Engine::new(&program, options).unwrap();
        for k in 0..6_000_i64 {
            let instrument = engine.instrument(["S0/Q", "S1/Q", "S2/Q"][(k % 3) as usize]).unwrap();
            let price = 100.0 + (k % 17) as f64;
            let payload = if k % 2 == 0 {
                Payload::Trade(Trade { price, qty: 1.0, side: None })
            } else {
                Payload::Quote(Quote { bid: price, ask: price + 1.0, bid_qty: 1.0, ask_qty: 2.0 })
            };
            let event = Event { ts: k * 1_000_000, venue_ts: None, instrument, payload };
            engine.on_event(&event, &mut |_: &Signal<'_>| ()).unwrap();
        }
        dropped = engine.counters().samples_dropped;
    });
    assert!(dropped > 1_000, "windows are full");
    let peak = usize::try_from(info.bytes_max).unwrap();
    assert!(peak <= said.total && 2 * peak >= said.total, "{peak} of {}", said.total);
}

/// Machine code is beside what is counted; what leads to it is among it.
#[cfg(feature = "jit")]
#[test]
fn machine_code_is_counted_apart() {
    for rules in [&RULES[..1], &RULES[..], &["IF ln(bid(s)) > 1 THEN S"]] {
        let program = over(rules, 3);
        let options = EngineOptions::default().with_max_window_samples(10);
        let said = report(&program, &options);
        let mut engine = None;
        let info = allocation_counter::measure(|| engine = Some(Engine::new(&program, options.clone()).unwrap()));
        let stats = engine.unwrap().plan_stats();
        assert_eq!(usize::try_from(info.bytes_current).unwrap(), said.state + said.plan);
        assert_eq!((stats.bytes, stats.code_bytes), (said.state + said.plan, said.code));
        assert_eq!(stats.compiled_shapes + stats.refused_shapes, stats.shapes);
        assert_eq!(stats.code_bytes > 0, stats.compiled_shapes > 0);
    }
}

/// Each limit on machine code holds, and what is over it is counted.
#[cfg(feature = "jit")]
#[test]
fn limits_on_machine_code_hold() {
    let program = program(
        "RULE r FOR EACH s IN [\"A/B\", \"C/D\"]: IF bid(s) > 1 AND ask(s) < 9 THEN S\nRULE t: IF ask(\"A/B\") > 2 THEN T\nRULE u: IF ln(ask(\"A/B\")) > 2 THEN U",
    );
    let stats = |options: EngineOptions| {
        let stats = Engine::new(&program, options).unwrap().plan_stats();
        (stats.shapes, stats.compiled_shapes, stats.refused_shapes, stats.code_bytes > 0)
    };
    let default = EngineOptions::default;
    assert_eq!(stats(default()), (3, 2, 1, true), "a logarithm is not compiled");
    assert_eq!(stats(default().with_jit(false)), (3, 0, 0, false));
    assert_eq!(stats(default().with_max_compiled_shapes(1)), (3, 1, 2, true));
    assert_eq!(stats(default().with_max_compiled_shapes(0)), (3, 0, 3, false));
    assert_eq!(stats(default().with_max_code_bytes(100)), (3, 0, 3, false));
}
