//! `cycles(..)` in rules: what is told, when and in which order, what settings, losses and ages do, and what of it can be read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod common;

use ascep_lang::program::{
    Constant, Op, OpportunityField as F, ParamId, Period, Program, Scan, ScanFilters, ScanId, ScanMarket, Setting, SymbolId, TextId, Type,
};
use ascep_runtime::event::{Event, Loss, MISSING, Payload, Quote};
use ascep_runtime::{BuildError, Engine, EngineOptions, HostFunctions, MemoryReport, ParamError, Signal};
use common::sequence::{all, seq};
use common::*;

const MARKETS: [&str; 11] = ["BTC/USDT", "ETH/BTC", "ETH/USDT", "X/Y", "k:BTC/USDT", "k:ETH/USDT", "A/USDT", "A/B", "B/C", "C/D", "D/USDT"];

/// With what their prices move about.
const PRICES: [f64; 11] = [100.0, 0.05, 5.0, 1.0, 100.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0];

/// Two venues, and a ring of five markets.
const SHORT: [u32; 5] = [0, 1, 2, 4, 5];
const LONG: [u32; 6] = [6, 7, 8, 9, 10, 0];

fn scan(markets: &[u32], fee: Setting) -> Scan {
    let market = |symbol: &u32| ScanMarket::Venue { symbol: SymbolId(*symbol), filters: ScanFilters::default(), fee: None };
    Scan {
        venue: None,
        home: "USDT".into(),
        legs: (2, 3),
        fee: Some(fee),
        min_net: Setting::fixed(0.0),
        step: Setting::fixed(0.001),
        max_age: None,
        max_skew: None,
        markets: markets.iter().map(market).collect(),
    }
}

fn triangle() -> Scan {
    scan(&[0, 1, 2], Setting::fixed(0.001))
}

fn cycles(id: u32) -> E {
    e(Op::Cycles(ScanId(id)), vec![], Type::Event)
}

fn it(field: F) -> E {
    of(0, field)
}

fn of(id: u32, field: F) -> E {
    let ty = match field {
        F::Path | F::State | F::Reason => Type::Text,
        F::Age | F::Skew | F::Lifetime => Type::Duration,
        _ => NUM,
    };
    e(Op::OpportunityField(field), vec![cycles(id)], ty)
}

/// A rule that says all of it but numbers of many digits.
fn told() -> R {
    rule(cycles(0)).field("state", it(F::State)).field("why", it(F::Reason)).field("path", it(F::Path))
}

fn program_of(rules: &[R], scans: Vec<Scan>, params: Vec<ascep_lang::program::Param>) -> Program {
    let mut program = program_with(rules, params, vec![], false);
    program.tables.symbols = MARKETS.map(str::to_owned).to_vec();
    program.tables.scans = scans;
    program
}

fn run(rules: &[R], scans: Vec<Scan>) -> Run {
    Run::of(&program_of(rules, scans, vec![]))
}

/// The way that buys bitcoin, buys ether with it and sells that pays 2.7 % before fees, and the other one nothing.
fn quotes(run: &mut Run, s: f64) -> &mut Run {
    run.quote(s, "BTC/USDT", 100.0, 101.0).quote(s, "ETH/BTC", 0.05, 0.0501).quote(s, "ETH/USDT", 5.2, 5.3)
}

const BUYS: &str = "buy BTC/USDT, buy ETH/BTC, sell ETH/USDT";

fn line(s: &str, rule: u32, state: &str, why: &str, path: &str) -> String {
    format!(r#"{s} rule_{rule} {{"state":"{state}","why":{why},"path":"{path}"}}"#)
}

#[track_caller]
fn expect(run: &Run, lines: &[String]) {
    assert_eq!(run.lines, lines);
}

#[test]
fn an_opportunity_opens_moves_and_closes() {
    let mut run = run(
        &[told(), rule(cycles(0)).field("life", it(F::Lifetime)).field("skew", it(F::Skew)).field("age", it(F::Age))],
        vec![triangle()],
    );
    run.quote(1.0, "BTC/USDT", 100.0, 101.0).quote(2.0, "ETH/BTC", 0.05, 0.0501).quote(4.0, "ETH/USDT", 5.2, 5.3);
    // Less than a step, then more than one, then nothing left.
    run.quote(5.0, "ETH/USDT", 5.201, 5.3).quote(6.0, "ETH/USDT", 5.25, 5.3).trade(7.0, "ETH/USDT", 1.0).quote(8.0, "ETH/USDT", 5.0, 5.3);
    let times = |s: &str, life: &str, skew: &str, age: &str| format!(r#"{s} rule_2 {{"life":{life},"skew":{skew},"age":{age}}}"#);
    expect(
        &run,
        &[
            line("4", 1, "open", "null", BUYS),
            times("4", "0", "3000000000", "3000000000"),
            line("6", 1, "update", "null", BUYS),
            times("6", "2000000000", "5000000000", "5000000000"),
            line("8", 1, "close", "\"edge\"", BUYS),
            times("8", "4000000000", "7000000000", "7000000000"),
        ],
    );
    assert_eq!(run.engine.counters().opportunities, 3);
}

#[test]
fn returns_and_sizes_are_those_of_the_telling() {
    let fields = [("net", F::Net), ("gross", F::Gross), ("size", F::Size), ("profit", F::Profit), ("peak", F::Peak)];
    let all = fields.into_iter().fold(rule(cycles(0)), |rule, (name, field)| rule.field(name, it(field)));
    let mut run = run(&[all], vec![triangle()]);
    quotes(&mut run, 1.0);
    let gross = (1.0 / 101.0) * (1.0 / 0.0501) * 5.2 - 1.0;
    let kept: f64 = 1.0 - 0.001;
    let net = (1.0 / 101.0) * kept * ((1.0 / 0.0501) * kept) * (5.2 * kept) - 1.0;
    // One ether is bid for and asked, one bitcoin asked: the ether on offer is the least.
    let number = |name: &str| {
        let text = run.lines[0].split_once(&format!("\"{name}\":")).unwrap().1;
        text.split([',', '}']).next().unwrap().parse::<f64>().unwrap()
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b.abs(), "{a} {b}");
    close(number("net"), net);
    close(number("gross"), gross);
    close(number("peak"), net);
    assert!(number("size") > 4.9 && number("size") < 5.2, "{}", number("size"));
    assert!((number("profit") - number("size") * net).abs() < 1e-9);
}

#[test]
fn without_quantities_a_size_is_unknown() {
    let mut run = run(&[rule(cycles(0)).field("size", it(F::Size)).field("profit", it(F::Profit))], vec![triangle()]);
    for (name, bid, ask) in [("BTC/USDT", 100.0, 101.0), ("ETH/BTC", 0.05, 0.0501), ("ETH/USDT", 5.2, 5.3)] {
        run.event(1.0, name, Payload::Quote(Quote { bid, ask, bid_qty: MISSING, ask_qty: MISSING }));
    }
    run.expect(&[r#"1 rule_1 {"size":null,"profit":null}"#]);
}

/// Two ways between two venues and the triangles over both: what one quote opens.
fn across() -> Scan {
    Scan { legs: (2, 3), ..scan(&[0, 1, 2, 4, 5], Setting::fixed(0.0)) }
}

#[test]
fn each_telling_of_an_event_is_an_event_of_its_own() {
    let count = |id| cycles(id).count(100.0, true);
    let mut sequences = vec![];
    let rules = [
        rule(cycles(0)).field("path", it(F::Path)).field("n", count(0)),
        // Two in a row, both of one quote.
        rule(seq(5.0).on(cycles(0)).on(cycles(0)).node(&mut sequences)),
        rule(count(0).gt(num(1.0))),
    ];
    let mut program = program_of(&rules, vec![across()], vec![]);
    program.tables.sequences = sequences;
    let mut run = Run::of(&program);
    run.quote(1.0, "BTC/USDT", 100.0, 101.0).quote(1.0, "ETH/USDT", 5.0, 5.1).quote(1.0, "ETH/BTC", 0.05, 0.0505).expect_none();
    // Both what bitcoin and what ether costs elsewhere: nothing yet for the second one alone.
    run.quote(2.0, "k:BTC/USDT", 103.0, 104.0);
    run.expect(&[
        r#"2 rule_1 {"path":"buy BTC/USDT, sell k:BTC/USDT","n":1}"#,
        r#"2 rule_1 {"path":"buy ETH/USDT, sell ETH/BTC, sell k:BTC/USDT","n":2}"#,
        "2 rule_2",
        "2 rule_3",
    ]);
}

#[test]
fn what_is_too_old_closes_by_a_timer_after_the_events_of_its_time() {
    let aged = Scan { max_age: Some(Period::Fixed(3 * S)), ..triangle() };
    let rules = [told(), rule(quote("A/B").silent(3.0))];
    let mut run = run(&rules, vec![aged]);
    quotes(&mut run, 1.0);
    // Events of others move the clock: the deadline of 4 s comes in between, after all other timers of it.
    run.pass(9.0);
    let (open, close) = (line("1", 1, "open", "null", BUYS), line("4", 1, "close", "\"age\"", BUYS));
    expect(&run, &[open.clone(), "4 rule_2".to_owned(), close.clone()]);
    // Renewed in time; a repeated price is a quote.
    quotes(&mut run, 10.0);
    run.lines.clear();
    quotes(&mut run, 12.0);
    quotes(&mut run, 14.5);
    run.expect(&[]).advance(17.4).expect(&[]);
    // At the very moment it is too old by the quotes of the other legs already, until they are renewed, too.
    run.quote(17.5, "ETH/USDT", 5.2, 5.3);
    expect(&run, &[line("17.5", 1, "close", "\"age\"", BUYS)]);
    run.lines.clear();
    quotes(&mut run, 17.5).advance(20.5);
    expect(&run, &[line("17.5", 1, "open", "null", BUYS), "20.5 rule_2".to_owned(), line("20.5", 1, "close", "\"age\"", BUYS)]);
}

#[test]
fn tellings_of_a_deadline_see_what_its_timers_did() {
    let aged = Scan { max_age: Some(Period::Fixed(3 * S)), ..triangle() };
    // No trade for 3 s from the quote on, and then a telling: that of the same deadline comes after the timers that end the wait.
    let mut sequences = vec![];
    let waits = seq(9.0).on(quote("P/Q")).no_for(trade("A/B"), 2.0).on(cycles(0)).node(&mut sequences);
    let mut program = program_of(&[rule(cycles(0).and(age("A/B").ge(dur(3.0)))), rule(waits)], vec![aged], vec![]);
    program.tables.sequences = sequences;
    let mut run = Run::of(&program);
    quotes(&mut run, 1.0);
    run.quote(2.0, "X/Y", 1.0, 2.0).advance(5.0).expect(&["4 rule_1", "4 rule_2"]);
}

#[test]
fn legs_may_be_too_far_apart() {
    let skewed = Scan { max_skew: Some(Period::Fixed(2 * S)), ..triangle() };
    let mut run = run(&[told()], vec![skewed]);
    run.quote(1.0, "BTC/USDT", 100.0, 101.0).quote(2.0, "ETH/BTC", 0.05, 0.0501).quote(3.5, "ETH/USDT", 5.2, 5.3).expect_none();
    run.quote(4.0, "BTC/USDT", 100.0, 101.0).quote(4.1, "ETH/USDT", 5.2, 5.3);
    expect(&run, &[line("4", 1, "open", "null", BUYS), line("4.1", 1, "close", "\"skew\"", BUYS)]);
}

#[test]
fn losses_and_faults_close_at_once() {
    for (loss, why) in [(Loss::Gap, "gap"), (Loss::Reset, "reset"), (Loss::Stale, "stale"), (Loss::Disconnect, "disconnect")] {
        let mut run = run(&[told()], vec![triangle()]);
        quotes(&mut run, 1.0);
        run.event(2.0, "ETH/BTC", Payload::Forget(loss)).quote(3.0, "ETH/USDT", 5.2, 5.3).quote(4.0, "ETH/BTC", 0.05, 0.0501);
        expect(
            &run,
            &[line("1", 1, "open", "null", BUYS), line("2", 1, "close", &format!("{why:?}"), BUYS), line("4", 1, "open", "null", BUYS)],
        );
    }
    for (bid, ask, why) in [(101.0, 101.0, "locked"), (102.0, 101.0, "crossed"), (MISS, 101.0, "one_sided")] {
        let mut run = run(&[told()], vec![triangle()]);
        quotes(&mut run, 1.0);
        run.quote(2.0, "BTC/USDT", bid, ask).quote(3.0, "X/Y", 2.0, 1.0);
        assert_eq!(run.lines[1], line("2", 1, "close", &format!("{why:?}"), BUYS));
        let counters = run.engine.counters();
        assert_eq!((counters.locked, counters.crossed), (u64::from(why == "locked"), u64::from(why == "crossed")), "{why}");
    }
    // A side without levels.
    let mut run = run(&[told()], vec![triangle()]);
    quotes(&mut run, 1.0);
    run.book(2.0, "BTC/USDT", &[(100.0, 1.0)], &[]);
    assert_eq!(run.lines[1], line("2", 1, "close", "\"one_sided\"", BUYS));
}

#[test]
fn a_parameter_sets_a_scan_at_once() {
    let number = |x: f64| Constant::Num(x.to_bits());
    let params = vec![
        param_decl("fee", number(0.02), None),
        param_decl("age", Constant::Duration(5 * S), None),
        param_decl("least", number(0.0), None),
        param_decl("step", number(0.001), None),
    ];
    let of = |id| Setting::Param(ParamId(id));
    let scan = Scan { min_net: of(2), step: of(3), max_age: Some(Period::Param(ParamId(1))), ..scan(&[0, 1, 2], of(0)) };
    let rules = [told(), rule(param(0, NUM).lt(num(0.001)))];
    let program = program_of(&rules, vec![scan], params);
    let mut run = Run::of(&program);
    // Before the first event it only gets its value.
    run.set("fee", number(0.03)).set("fee", number(0.01));
    quotes(&mut run, 1.0);
    run.pass(2.0).expect_none().set("fee", number(0.0));
    // The rules of the setting come first, then what the scan tells.
    expect(&run, &["2 rule_2".to_owned(), line("2", 1, "open", "null", BUYS)]);
    run.lines.clear();
    run.set("least", number(0.05)).set("least", number(0.02)).set("age", Constant::Duration(2 * S)).advance(9.0);
    expect(&run, &[line("2", 1, "close", "\"edge\"", BUYS), line("2", 1, "open", "null", BUYS), line("3", 1, "close", "\"age\"", BUYS)]);
    let mut refused = |name: &str, value| {
        let id = run.engine.param(name).unwrap();
        assert_eq!(run.engine.set_param(id, value, &mut |_: &ascep_runtime::Signal<'_>| ()), Err(ParamError::Range), "{name}");
    };
    refused("fee", number(1.0));
    refused("fee", number(-1.0));
    refused("least", number(-1.0));
    refused("age", Constant::Duration(0));
    run.set("least", number(-0.5)).set("step", number(-3.0)).set("fee", number(-0.5));
}

#[test]
fn filters_and_levels_read_what_is_told() {
    let text = |id| e(Op::Const(Constant::Text(TextId(id))), vec![], Type::Text);
    let opens = cycles(0).filter(it(F::State).cmp(ascep_lang::program::CmpOp::Eq, text(2)));
    let rules = [
        rule(opens.clone()).field("n", opens.clone().count(100.0, true)),
        rule(cycles(0).filter(it(F::Net).gt(num(0.03)))),
        rule(cycles(0).and(it(F::Reason).known())).field("why", it(F::Reason)),
        // As a level it holds from one telling to the next.
        rule(it(F::Net).gt(num(0.0)).held(2.0)),
    ];
    let mut program = program_of(&rules, vec![triangle()], vec![]);
    // Text 2 is the name of the first rule, which is called like a state here.
    program.tables.texts[2] = "open".into();
    let mut run = Run::of(&program);
    quotes(&mut run, 1.0);
    run.quote(2.0, "ETH/USDT", 5.25, 5.3).quote(5.0, "ETH/USDT", 5.0, 5.3);
    run.expect(&[r#"1 open {"n":1}"#, "2 rule_2", "3 rule_4", r#"5 rule_3 {"why":"edge"}"#]);
}

#[test]
fn what_a_sequence_has_captured_stays_as_it_was() {
    let markets = Scan { step: Setting::fixed(0.0001), ..across() };
    let mut sequences = vec![];
    let mut first = seq(50.0).on(cycles(0));
    let was = first.first(of(0, F::Path));
    let mut second = first.on(cycles(0));
    let then = second.first(of(0, F::Path));
    let trigger = second.on(trade("A/B")).node(&mut sequences);
    let mut program =
        program_of(&[rule(trigger).field("was", was).field("then", then).field("now", of(0, F::Path))], vec![markets], vec![]);
    program.tables.sequences = sequences;
    let mut run = Run::of(&program);
    run.quote(1.0, "BTC/USDT", 100.0, 101.0).quote(1.0, "k:BTC/USDT", 103.0, 104.0);
    run.quote(2.0, "ETH/USDT", 5.0, 5.1).quote(2.0, "k:ETH/USDT", 5.2, 5.3).trade(3.0, "BTC/USDT", 1.0);
    let line =
        r#"3 rule_1 {"was":"buy BTC/USDT, sell k:BTC/USDT","then":"buy ETH/USDT, sell k:ETH/USDT","now":"buy ETH/USDT, sell k:ETH/USDT"}"#;
    run.expect(&[line]);
}

#[test]
fn two_spellings_of_one_instrument_are_refused() {
    let program = program_of(&[told()], vec![scan(&[0, 1, 2, 4], Setting::fixed(0.0))], vec![]);
    let options = |venue: &str| EngineOptions::default().with_default_venue(venue);
    let error = Engine::new(&program, options("k")).unwrap_err();
    assert_eq!(error, BuildError::ScanTwice { first: "BTC/USDT".into(), second: "k:BTC/USDT".into() });
    Engine::new(&program, options("b")).unwrap();
}

#[test]
fn limits_are_kept_and_said() {
    let program = program_of(&[told()], vec![across()], vec![]);
    let error = Engine::new(&program, EngineOptions::default().with_max_scan_ways(3)).unwrap_err();
    assert_eq!(error, BuildError::ScanWays { limit: 3, legs: 3 });
    // Five legs take the room that is asked for, up to four as many places as there are ways.
    let long = program_of(&[told()], vec![Scan { legs: (2, 5), ..across() }], vec![]);
    let error = |program: &Program, bytes: usize| Engine::new(program, EngineOptions::default().with_max_bytes(bytes)).map(|_| ());
    assert!(matches!(error(&long, 4 << 20), Err(BuildError::Memory { limit: 4_194_304, .. })));
    assert!(matches!(error(&program, 1 << 20), Err(BuildError::Memory { .. })));
    error(&program, 2 << 20).unwrap();
    for options in [EngineOptions::default().with_max_scan_ways(0), EngineOptions::default().with_max_open_ways(usize::MAX)] {
        assert!(matches!(Engine::new(&program, options), Err(BuildError::Option { .. })));
    }
    let mut run = Run { engine: Engine::new(&program, EngineOptions::default().with_max_open_ways(1)).unwrap(), lines: vec![] };
    run.quote(1.0, "BTC/USDT", 100.0, 101.0).quote(1.0, "ETH/USDT", 5.0, 5.1).quote(1.0, "ETH/BTC", 0.05, 0.0505);
    run.quote(2.0, "k:BTC/USDT", 103.0, 104.0);
    assert_eq!((run.lines.len(), run.engine.counters().ways_not_followed), (1, 1));
}

#[test]
fn late_events_are_as_of_the_clock() {
    let mut run = run(&[told()], vec![Scan { max_age: Some(Period::Fixed(3 * S)), ..triangle() }]);
    run.pass(10.0);
    quotes(&mut run, 1.0);
    run.advance(20.0);
    expect(&run, &[line("10", 1, "open", "null", BUYS), line("13", 1, "close", "\"age\"", BUYS)]);
    assert_eq!(run.engine.counters().late, 3);
}

#[test]
fn two_scans_tell_one_after_the_other() {
    let strict = Scan { min_net: Setting::fixed(0.02), ..triangle() };
    let rules = [rule(cycles(1)), rule(cycles(0)), rule(all(1.0, vec![cycles(0), cycles(1)])), rule(cycles(0).and(cycles(1).once(9.0)))];
    let mut run = run(&rules, vec![triangle(), strict]);
    quotes(&mut run, 1.0);
    // In the order of what they are, not of the rules that name them.
    run.expect(&["1 rule_2", "1 rule_1", "1 rule_3"]);
}

/// A program with all that scans leave in an engine: open ways, ages, captured paths, levels that hold over what was told.
fn everything() -> Program {
    everything_of((2, 3), &SHORT)
}

fn everything_of(legs: (u8, u8), markets: &[u32]) -> Program {
    let number = |x: f64| Constant::Num(x.to_bits());
    let params = vec![param_decl("fee", number(0.001), Some((number(0.0), number(0.1))))];
    let fee = Setting::Param(ParamId(0));
    let aged = Scan {
        max_age: Some(Period::Fixed(4 * S)),
        max_skew: Some(Period::Fixed(3 * S)),
        step: Setting::fixed(0.0),
        legs,
        ..scan(markets, fee)
    };
    let mut sequences = vec![];
    let mut first = seq(20.0).on(cycles(0));
    let was = first.first(of(0, F::Path));
    let trigger = first.on(cycles(1)).on(trade("A/B")).node(&mut sequences);
    let numbers = [("net", F::Net), ("size", F::Size), ("profit", F::Profit), ("peak", F::Peak), ("life", F::Lifetime), ("age", F::Age)];
    let all = numbers.into_iter().fold(told(), |rule, (name, field)| rule.field(name, it(field)));
    let rules = [
        all,
        rule(trigger).field("was", was).field("now", of(0, F::Path)),
        rule(it(F::Net).gt(num(0.01)).held(1.0)),
        rule(cycles(0).or(cycles(1)).count(5.0, true).gt(num(4.0))).field("net", of(1, F::Net)),
        rule(cycles(1).silent(2.0)).field("why", of(1, F::Reason)),
    ];
    let mut program = program_of(&rules, vec![aged, triangle()], params);
    program.tables.sequences = sequences;
    program
}

#[derive(Clone)]
struct Stream {
    seed: u64,
    s: f64,
    markets: Vec<u32>,
}

impl Stream {
    fn new(seed: u64, s: f64) -> Self {
        Self { seed, s, markets: SHORT.to_vec() }
    }
}

impl Stream {
    fn bits(&mut self, n: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % n
    }

    fn play(&mut self, run: &mut Run, steps: usize) -> Vec<String> {
        run.lines.clear();
        for _ in 0..steps {
            self.s += self.bits(5) as f64 * 0.25;
            let at = self.bits(self.markets.len() as u64) as usize;
            let market = self.markets[at] as usize;
            let (name, middle) = (MARKETS[market], PRICES[market]);
            let price = middle * (1.0 + (self.bits(61) as f64 - 30.0) * 0.001);
            let what = self.bits(30);
            match what {
                0 => run.trade(self.s, name, price),
                1 => run.event(self.s, name, Payload::Forget(Loss::ALL[self.bits(4) as usize])),
                2 => run.advance(self.s),
                3 => run.set("fee", Constant::Num((self.bits(4) as f64 * 0.002).to_bits())),
                4 => run.quote(self.s, name, price * 1.001, price),
                5 => run.quote(self.s, name, price, MISS),
                6 => run.event(self.s, name, Payload::Quote(Quote { bid: price, ask: price * 1.001, bid_qty: MISSING, ask_qty: 2.0 })),
                _ => run.quote(self.s, name, price, price * 1.001),
            };
        }
        std::mem::take(&mut run.lines)
    }
}

#[test]
fn a_restored_engine_tells_the_same() {
    for seed in 0..60 {
        let long = seed >= 40;
        let program = if long { everything_of((2, 5), &LONG) } else { everything() };
        let mut stream = Stream { markets: if long { LONG.to_vec() } else { SHORT.to_vec() }, ..Stream::new(seed, 1.0) };
        let mut run = Run::of(&program);
        stream.play(&mut run, 3 + (seed % 40) as usize * 7);
        let bytes = run.engine.snapshot();
        let (engine, report) = Engine::restore(&program, EngineOptions::default(), &bytes).unwrap();
        assert!(report.is_all_kept(), "{report:?}");
        assert_eq!(engine.snapshot(), bytes, "seed {seed}");
        assert_eq!(engine.counters(), run.engine.counters());
        let mut other = Run { engine, lines: vec![] };
        let mut same = stream.clone();
        let lines = stream.play(&mut run, 300);
        let found = same.play(&mut other, 300);
        assert_eq!(found.iter().zip(&lines).find(|(found, line)| found != line), None, "seed {seed}");
        assert_eq!(found.len(), lines.len());
        let legs =
            |line: &str| line.split_once("path").map_or(0, |(_, path)| path.matches("USDT").count().max(path.matches(", ").count() + 1));
        assert_eq!(lines.iter().map(|line| legs(line)).max(), Some(if long { 5 } else { 3 }), "seed {seed}");
        assert_eq!(other.engine.snapshot(), run.engine.snapshot());
    }
}

#[test]
fn every_way_of_running_tells_the_same() {
    let program = everything();
    for seed in 100..110 {
        let all: Vec<Vec<String>> = [(true, false), (false, false), (true, true)]
            .into_iter()
            .map(|(columns, provenance)| {
                let options = EngineOptions::default().with_columns(columns).with_provenance(provenance);
                let mut run = Run { engine: Engine::new(&program, options).unwrap(), lines: vec![] };
                Stream::new(seed, 1.0).play(&mut run, 400)
            })
            .collect();
        assert!(all[0].len() > 100, "{}", all[0].len());
        assert!(all.iter().all(|lines| *lines == all[0]), "seed {seed}");
    }
}

#[test]
fn a_program_that_changes_keeps_the_scans_that_did_not() {
    let mut run = run(&[told()], vec![triangle()]);
    quotes(&mut run, 1.0);
    run.lines.clear();
    let next = |scan: Scan| program_of(&[rule(quote("A/B")), told()], vec![scan], vec![]);
    let report = run.engine.replace(&next(triangle())).unwrap();
    assert!(report.operators.iter().all(|operator| operator.fate == ascep_runtime::Fate::Kept), "{report:?}");
    run.quote(2.0, "ETH/BTC", 0.05, 0.0525);
    expect(&run, &[line("2", 2, "close", "\"edge\"", BUYS)]);
    run.quote(3.0, "ETH/BTC", 0.05, 0.0501);
    run.lines.clear();
    // Another threshold is another scan: it knows of nothing that was before.
    let report = run.engine.replace(&next(Scan { min_net: Setting::fixed(0.001), ..triangle() })).unwrap();
    assert!(report.operators.iter().any(|operator| operator.fate == ascep_runtime::Fate::New), "{report:?}");
    run.quote(4.0, "ETH/BTC", 0.05, 0.0525).expect(&[]);
    quotes(&mut run, 5.0);
    assert_eq!(run.lines.len(), 2, "{:?}", run.lines);
}

#[test]
fn damaged_snapshots_are_refused_or_run() {
    let program = everything();
    let mut run = Run::of(&program);
    let mut stream = Stream::new(5, 1.0);
    stream.play(&mut run, 60);
    let bytes = run.engine.snapshot();
    let mut refused = 0;
    for at in 24..bytes.len() - 4 {
        for flip in [1, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let end = damaged.len() - 4;
            let checksum = crc32fast::hash(&damaged[..end]).to_le_bytes();
            damaged[end..].copy_from_slice(&checksum);
            match Engine::restore(&program, EngineOptions::default(), &damaged) {
                Ok((engine, _)) => {
                    let mut run = Run { engine, lines: vec![] };
                    Stream::new(9, stream.s + 1000.0).play(&mut run, 12);
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn what_a_scan_takes_is_said_to_the_byte_and_nothing_is_allocated_later() {
    let of = |ways: usize, legs, markets: &[u32]| {
        let program = everything_of(legs, markets);
        for provenance in [false, true] {
            let options = EngineOptions::default().with_max_open_ways(ways).with_provenance(provenance);
            let said = MemoryReport::new(&program, &options, &HostFunctions::new()).unwrap();
            let mut engine = None;
            let info = allocation_counter::measure(|| engine = Some(Engine::new(&program, options.clone()).unwrap()));
            if !provenance {
                assert_eq!(info.bytes_current, (said.state + said.plan) as i64, "{ways} ways");
                assert!(info.bytes_max <= said.total as u64, "{} of {}", info.bytes_max, said.total);
            }
            assert!(said.rules.iter().all(|rule| rule.bytes <= said.state));
            let mut engine = engine.unwrap();
            let mut stream = Stream { markets: markets.to_vec(), ..Stream::new(7, 1.0) };
            let ids: Vec<_> = markets.iter().map(|market| engine.instrument(MARKETS[*market as usize]).unwrap()).collect();
            let fee = engine.param("fee").unwrap();
            let mut signals = 0_u64;
            let info = allocation_counter::measure(|| {
                let mut sink = |signal: &Signal<'_>| signals += signal.values.len() as u64;
                for _ in 0..20_000 {
                    stream.s += stream.bits(5) as f64 * 0.25;
                    let at = stream.bits(ids.len() as u64) as usize;
                    let price = PRICES[markets[at] as usize] * (1.0 + (stream.bits(61) as f64 - 30.0) * 0.001);
                    let quote = Quote { bid: price, ask: price * 1.001, bid_qty: 1.0, ask_qty: 2.0 };
                    let payload = match stream.bits(30) {
                        0 => Payload::Trade(ascep_runtime::event::Trade { price, qty: 1.0, side: None }),
                        1 => Payload::Forget(Loss::ALL[stream.bits(4) as usize]),
                        2 => {
                            let value = Constant::Num((stream.bits(4) as f64 * 0.002).to_bits());
                            engine.set_param(fee, value, &mut sink).unwrap();
                            continue;
                        }
                        3 => Payload::Quote(Quote { ask: price, ..quote }),
                        _ => Payload::Quote(quote),
                    };
                    engine.on_event(&Event { ts: secs(stream.s), venue_ts: None, instrument: ids[at], payload }, &mut sink).unwrap();
                }
            });
            assert_eq!(info.count_total, 0, "{ways} ways, provenance {provenance}");
            assert!(signals > 1_000 && engine.counters().opportunities > 1_000);
        }
    };
    for ways in [1, 40, 2_000] {
        of(ways, (2, 3), &SHORT);
        of(ways, (2, 4), &SHORT);
        of(ways, (3, 5), &LONG);
    }
}

#[test]
fn an_explanation_says_what_was_told_and_how_the_ways_stand() {
    let aged = Scan { max_age: Some(Period::Fixed(3 * S)), min_net: Setting::fixed(0.005), ..triangle() };
    let program = program_of(&[told()], vec![aged], vec![]);
    let mut engine = Engine::new(&program, EngineOptions::default().with_provenance(true)).unwrap();
    let mut why = Vec::new();
    let mut quote = |engine: &mut Engine, s: f64, name: &str, bid: f64, ask: f64| {
        let payload = Payload::Quote(Quote { bid, ask, bid_qty: 1.0, ask_qty: 1.0 });
        let event = Event { ts: secs(s), venue_ts: None, instrument: engine.instrument(name).unwrap(), payload };
        engine.on_event(&event, &mut |signal: &Signal<'_>| why.push(signal.explain().unwrap().to_string())).unwrap();
    };
    quote(&mut engine, 1.0, "BTC/USDT", 100.0, 101.0);
    let text = engine.explain_rule(0).unwrap().to_string();
    assert!(text.contains("has not occurred yet: 2 ways, 2 with a market that has no bid below an ask, none has all its quotes"), "{text}");
    quote(&mut engine, 1.5, "ETH/BTC", 0.05, 0.0501);
    quote(&mut engine, 3.0, "ETH/USDT", 5.2, 5.3);
    let text = engine.explain_rule(0).unwrap().to_string();
    assert!(text.contains("it fired at this time: signal 1"), "{text}");
    assert!(text.contains("2 ways, 1 open, the best now: buy BTC/USDT, buy ETH/BTC, sell ETH/USDT: net 0.02"), "{text}");
    assert!(text.contains("timer at 1970-01-01T00:00:04Z"), "{text}");
    quote(&mut engine, 10.0, "X/Y", 1.0, 2.0);
    let text = engine.explain_rule(0).unwrap().to_string();
    assert!(text.contains("last at 1970-01-01T00:00:04Z: 2 ways, 1 held back by the age of a quote, the best now: "), "{text}");
    quote(&mut engine, 11.0, "ETH/USDT", 5.0, 5.3);
    let text = engine.explain_rule(0).unwrap().to_string();
    assert!(text.contains("net -0.0") && text.contains("against 0.005"), "{text}");
    // What a signal says of the telling that it came from, and of the quotes of its legs.
    for part in [
        "told open at 1970-01-01T00:00:03Z: buy BTC/USDT, buy ETH/BTC, sell ETH/USDT: net 0.02",
        " against 0.005, gross 0.02",
        "oldest quote 2s, 2s apart",
    ] {
        assert!(why[0].contains(part), "{part} in {}", why[0]);
    }
    assert!(
        why[0]
            .contains("BTC/USDT 100 bid, 101 asked, 2s ago; ETH/BTC 0.05 bid, 0.0501 asked, 1.5s ago; ETH/USDT 5.2 bid, 5.3 asked, 0s ago"),
        "{}",
        why[0]
    );
    assert!(why[1].contains("told close (age) at 1970-01-01T00:00:04Z"), "{}", why[1]);
}
