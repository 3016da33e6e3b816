//! Snapshots: what is refused, what is kept when a program changes, and that no bytes make a panic, a wrong state or a large allocation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use ascep_lang::program::{Constant, Side};
use ascep_lang::{InputType, Options, Program, Source, compile};
use ascep_runtime::event::{Book, Event, InstrumentId, Level, Loss, MISSING, Payload, Quote, Trade};
use ascep_runtime::signal::{Signal, Value, write_jsonl};
use ascep_runtime::{Engine, EngineOptions, Fate, HostFunctions, Report, SnapshotError};

const S: i64 = 1_000_000_000;

/// An operator of each kind with a memory, rules of each mode, fields of each type.
const RULES: &str = r#"
USE arbitrage
PARAM level = 100 IN 0 .. 200
PARAM span = 3s IN 1s .. 10s
LET x = last("A/B")
RULE edge: IF x > level UNTIL quote("C/D") THEN A(x = x, side = side("A/B"), was = x[2])
RULE held: IF x > 99 FOR span THEN A COOLDOWN 2s LIMIT 3 PER 20s
RULE silent: IF NO trade("C/D") FOR 2s THEN A(age = age("C/D"))
RULE turns: IF x > 100 THEN A(h = hour_of_day()) EVERY 1s
RULE ticks: IF bid("C/D") + host > 100 THEN A EVERY TICK
RULE once: IF NOT once(x > 101, 3s) THEN A
RULE seen: IF once(quote("C/D"), span) AND since(trade("C/D")) > 1s THEN A(s = since(quote("A/B")))
RULE cross: IF x CROSSES ABOVE avg(x, 5s) THEN A(d = stddev(x, 5s, partial = TRUE), z = zscore(x, 8), m = median(x, 5s))
RULE sums: IF sum(x, 4s, partial = TRUE) > 300 THEN A(n = count(x, 4s), lo = lowest(x, 5), hi = highest(x, 6s), v = vwap("A/B", 5s))
RULE pairs: IF corr(x, bid("C/D"), 10) > 0 THEN A(b = beta(x, bid("C/D"), 9s), s = slope(x, 7s), p = percentile(x, 90, 6))
RULE past: IF change(x, 3s) > 0 THEN A(d = delta(x, 2s), t = twap(x, 4s, partial = TRUE), r = rate(trade("A/B"), 3s))
RULE bars: IF bar("A/B", 5s) THEN A(o = bar("A/B", 5s).open, v = bar("A/B", 5s).vwap, n = bar("A/B", 5s).count, t = bar("A/B", 5s).start)
RULE steps: IF SEQ a: trade("A/B") {2..4} -> NO quote("A/B") WHERE it.bid > a.last.price -> b: quote("C/D") WHERE it.bid > a.first.price WITHIN 9s
  THEN A(n = a.count, lag = b.ts - a.first.ts, s = a.last.side)
RULE wait: IF SEQ trade("A/B") -> NO quote("C/D") FOR 1s -> quote("A/B") -> NO book("A/B") WITHIN 8s THEN A
RULE means: IF ema(x, 5) > sma(x, 8) THEN A(d = decay(x, 3s), r = rsi(x, 4), m = macd(x, 3, 6, 4).signal, w = wma(x, 5), b = bollinger(x, 5, 2).upper)
RULE candles: IF bar("A/B", 2s) THEN A(a = atr(bar("A/B", 2s), 3), o = obv(bar("A/B", 2s)), k = stoch(bar("A/B", 2s), 4, 2, 2).d)
RULE round: IF cross(buy = "A/B", sell = "k:A/B", fee_buy = level / 100_000, fee_sell = 1bp).net > 0 THEN A(g = cross(buy = "A/B", sell = "k:A/B", fee_buy = level / 100_000, fee_sell = 1bp).age) LIMIT 5 PER 3s
RULE ours: IF twice(x) > 199 THEN A(t = twice(bid("C/D")))
RULE both: IF ALL(trade("A/B"), quote("C/D"), x > 100) WITHIN 2s THEN A
RULE book: IF imbalance("A/B", depth = 3) > 0.1 OR depth_price("A/B", "buy", qty = 2) > 101 THEN A(l = latency("A/B"))
RULE big FOR EACH s IN ["A/B", "C/D"]: IF trade(s) WHERE it.qty > 5 THEN A(s = s, c = count(trade(s) WHERE it.qty > 5, 10), m = avg(it.price, 3))
"#;

fn program(text: &str) -> Program {
    let options = Options::default().with_input("host", InputType::Number).with_function("twice", [InputType::Number], InputType::Number);
    compile(&[Source::new("rules.cep", text)], &options).unwrap_or_else(|found| panic!("{found:?}"))
}

fn options() -> EngineOptions {
    EngineOptions::default().with_max_window_samples(64)
}

fn functions() -> HostFunctions {
    HostFunctions::new().with("twice", |args| if let [Value::Num(x)] = args { Value::Num(2.0 * x) } else { Value::Unknown })
}

fn build(text: &str) -> Engine {
    Engine::with_functions(&program(text), options(), &functions()).unwrap()
}

fn restore(program: &Program, bytes: &[u8]) -> Result<(Engine, Report), SnapshotError> {
    Engine::restore_with_functions(program, options(), &functions(), bytes)
}

struct Stream {
    seed: u64,
    ts: i64,
}

impl Stream {
    fn new() -> Self {
        Self { seed: 88_172_645_463_325_252, ts: 1_000 * S }
    }

    fn bits(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    /// Plays so many steps; the signals as JSON.
    fn play(&mut self, engine: &mut Engine, steps: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..steps {
            let bits = self.bits();
            let mut sink = |signal: &Signal<'_>| write_jsonl(signal, &mut out);
            self.ts += (bits % 5).cast_signed() * S / 4;
            let price = 95.0 + ((bits >> 20) % 101) as f64 * 0.1;
            let qty = if bits.is_multiple_of(7) { MISSING } else { ((bits >> 30) % 10) as f64 };
            let instrument =
                engine.instrument(["A/B", "C/D", "A/B", "C/D", "k:A/B"][(bits >> 8) as usize % 5]).unwrap_or(InstrumentId::UNNAMED);
            let levels = [Level { price, qty: 3.0 }, Level { price: price + 0.1, qty: 2.0 }];
            let payload = match (bits >> 12) % 16 {
                0..=7 => Payload::Trade(Trade { price, qty, side: [None, Some(Side::Buy), Some(Side::Sell)][(bits >> 40) as usize % 3] }),
                8..=11 => Payload::Quote(Quote { bid: price, ask: price + 0.5, bid_qty: qty, ask_qty: 1.0 }),
                12 | 13 => Payload::Book(Book { bids: &levels[..1], asks: &levels }),
                14 if bits.is_multiple_of(3) => Payload::Forget(Loss::ALL[(bits >> 50) as usize % 4]),
                14 => {
                    engine.advance_to(self.ts, &mut sink);
                    continue;
                }
                _ => {
                    let value = Constant::Num((price + 2.0).to_bits());
                    if let Some(level) = engine.param("level") {
                        engine.set_param(level, value, &mut sink).unwrap();
                    }
                    if let Some(host) = engine.input("host") {
                        engine.on_input(host, Some(Constant::Num((qty.max(0.0) - 3.0).to_bits())), &mut sink).unwrap();
                    }
                    continue;
                }
            };
            let venue_ts = bits.is_multiple_of(3).then_some(self.ts - 1_000);
            engine.on_event(&Event { ts: self.ts, venue_ts, instrument, payload }, &mut sink).unwrap();
        }
        out
    }
}

fn played(text: &str, steps: usize) -> (Engine, Stream) {
    let (mut engine, mut stream) = (build(text), Stream::new());
    stream.play(&mut engine, steps);
    (engine, stream)
}

#[test]
fn every_rule_of_the_workload_fires_and_goes_on() {
    let program = program(RULES);
    for steps in [0, 1, 7, 50, 300, 1_000] {
        let (mut engine, mut stream) = played(RULES, steps);
        let bytes = engine.snapshot();
        let (mut restored, report) = restore(&program, &bytes).unwrap();
        assert!(report.is_all_kept(), "{steps}: {report:#?}");
        assert!(restored.snapshot() == bytes);
        assert_eq!((restored.now(), restored.counters()), (engine.now(), engine.counters()));
        let mut again = Stream { ..stream };
        let (want, got) = (stream.play(&mut engine, 2_000), again.play(&mut restored, 2_000));
        assert!(String::from_utf8(want.clone()).unwrap() == String::from_utf8(got).unwrap(), "{steps}");
        assert!(engine.snapshot() == restored.snapshot());
        let text = String::from_utf8(want).unwrap();
        for rule in RULES.lines().filter_map(|line| line.strip_prefix("RULE ")?.split([':', ' ']).next()) {
            assert!(text.contains(&format!("\"rule\":\"{rule}\"")), "{rule} never fires");
        }
    }
}

#[test]
fn a_snapshot_is_not_mistaken() {
    let (engine, _) = played(RULES, 200);
    let (program, bytes) = (program(RULES), engine.snapshot());
    let refused = |bytes: &[u8]| restore(&program, bytes).map(|_| ()).unwrap_err();
    assert_eq!(refused(&[]), SnapshotError::Foreign);
    assert_eq!(refused(b"IF price(\"A/B\") > 1 THEN A"), SnapshotError::Foreign);
    let mut other = bytes.clone();
    other[8] = 77;
    assert_eq!(refused(&other), SnapshotError::Version { form: 77, language: 1 });
    let mut other = bytes.clone();
    other[12] = 2;
    assert_eq!(refused(&other), SnapshotError::Version { form: 4, language: 2 });
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(refused(&longer), SnapshotError::Damaged);
    let tight = options().with_max_bytes(10);
    assert!(matches!(Engine::restore(&program, tight, &bytes), Err(SnapshotError::Build(_))));
}

#[test]
fn every_cut_and_every_changed_byte_is_refused() {
    // All 255 values where there are few bytes, some where there are many.
    let small = "RULE r: IF last(\"A/B\") > 100 FOR 1s THEN A(m = avg(last(\"A/B\"), 3))";
    for (text, steps, changes) in [(small, 30, (1..=255).collect::<Vec<u8>>()), (RULES, 120, vec![1, 128, 255])] {
        let (engine, _) = played(text, steps);
        let (program, bytes) = (program(text), engine.snapshot());
        for end in 0..bytes.len() {
            restore(&program, &bytes[..end]).unwrap_err();
        }
        let mut changed = bytes.clone();
        for place in 0..bytes.len() {
            for change in &changes {
                changed[place] ^= change;
                restore(&program, &changed).unwrap_err();
                changed[place] ^= change;
            }
        }
        assert!(changed == bytes);
    }
}

/// The same with a checksum that fits, as a stranger would write it: an error, or an engine that works, and no more memory than the engine itself.
#[test]
fn forged_bytes_are_an_error_or_an_engine_that_runs() {
    let (engine, _) = played(RULES, 150);
    let (program, bytes) = (program(RULES), engine.snapshot());
    let end = bytes.len() - 4;
    let (mut refused, mut taken) = (0, 0);
    let whole = allocation_counter::measure(|| drop(restore(&program, &bytes).unwrap())).bytes_max;
    let mut forged = bytes.clone();
    let mut dice = Stream::new();
    let try_one = |forged: &mut Vec<u8>| {
        let checksum = crc32fast::hash(&forged[..end]);
        forged[end..].copy_from_slice(&checksum.to_le_bytes());
        let mut outcome = None;
        let most = allocation_counter::measure(|| outcome = Some(restore(&program, forged))).bytes_max;
        assert!(most <= whole + (4 << 20), "{most} bytes for {whole}");
        let Ok((mut engine, _)) = outcome.unwrap() else { return false };
        // Whatever it came to hold, it goes on, and what it writes can be read.
        Stream { seed: 5, ts: engine.now().unwrap_or(0).min(i64::MAX / 2) }.play(&mut engine, 30);
        let again = engine.snapshot();
        restore(&program, &again).unwrap();
        true
    };
    for place in (24..end).step_by(5) {
        for change in [1, 0x80, 0xff] {
            forged[place] ^= change;
            if try_one(&mut forged) {
                taken += 1;
            } else {
                refused += 1;
            }
            forged[place] ^= change;
        }
    }
    // Several places at once.
    for _ in 0..800 {
        forged.copy_from_slice(&bytes);
        for _ in 0..1 + dice.bits() % 6 {
            let place = 24 + (dice.bits() % (end as u64 - 24)) as usize;
            forged[place] = (dice.bits() >> 24) as u8;
        }
        if try_one(&mut forged) {
            taken += 1;
        } else {
            refused += 1;
        }
    }
    assert!(refused > 300 && taken > 300, "{refused} refused, {taken} taken");
}

/// With provenance everything can be explained after a restore as before.
#[test]
fn explanations_go_on() {
    let options = options().with_provenance(true);
    let (program, mut stream) = (program(RULES), Stream::new());
    let mut engine = Engine::with_functions(&program, options.clone(), &functions()).unwrap();
    for _ in 0..20 {
        stream.play(&mut engine, 40);
        let bytes = engine.snapshot();
        let (mut restored, report) = Engine::restore_with_functions(&program, options.clone(), &functions(), &bytes).unwrap();
        assert!(report.is_all_kept() && restored.snapshot() == bytes);
        for rule in 0..u32::try_from(program.rules.len()).unwrap() {
            let (want, got) = (engine.explain_rule(rule).unwrap(), restored.explain_rule(rule).unwrap());
            assert_eq!(got.to_string(), want.to_string());
        }
    }
    // An engine without takes it over as well.
    let (_, report) = restore(&program, &engine.snapshot()).unwrap();
    assert!(report.is_all_kept());
}

fn rule_fates(report: &Report) -> Vec<(String, Fate)> {
    report
        .rules
        .iter()
        .map(|rule| (rule.instance.iter().fold(rule.rule.clone(), |name, (_, symbol)| format!("{name} {symbol}")), rule.fate))
        .collect()
}

#[test]
fn what_did_not_change_keeps_its_state() {
    let before = "PARAM p = 1\nPARAM q = 2\nRULE a: IF avg(last(\"A/B\"), 60s) > 90 THEN A(n = count(trade(\"A/B\"), 60s)) EVERY 1s\n\
        RULE b FOR EACH s IN [\"A/B\", \"C/D\"]: IF sum(last(s), 100s) > p THEN A\nRULE c: IF once(quote(\"C/D\"), 5s) THEN A\n\
        RULE d: IF highest(last(\"A/B\"), 10) > q THEN A";
    let after = "PARAM p = 1\nPARAM q = 3\nPARAM r = 2\nRULE a: IF avg(last(\"A/B\"), 60s) > 90 THEN B(n = count(trade(\"A/B\"), 60s), m = stddev(last(\"A/B\"), 60s)) EVERY 1s\n\
        RULE e: IF NO quote(\"C/D\") FOR 3s THEN A\n\
        RULE b FOR EACH s IN [\"C/D\", \"E/F\"]: IF sum(last(s), 100s) > p THEN A\n\
        RULE d: IF highest(last(\"A/B\"), 10) > q THEN A";
    let (mut engine, mut stream) = played(before, 300);
    let (mut left_alone, mut again) = played(before, 300);
    let report = engine.replace(&program(after)).unwrap();
    let fates: Vec<_> = rule_fates(&report);
    assert_eq!(
        fates.iter().map(|(name, fate)| (name.as_str(), *fate)).collect::<Vec<_>>(),
        [
            ("a", Fate::Kept),
            ("e", Fate::New),
            ("b C/D", Fate::Kept),
            ("b E/F", Fate::New),
            // The default of q was changed, and nobody had set it: what reads it begins anew.
            ("d", Fate::Reset),
            ("b A/B", Fate::Dropped),
            ("c", Fate::Dropped),
        ]
    );
    let params: Vec<_> = report.params.iter().map(|param| (param.name.as_str(), param.fate)).collect();
    assert_eq!(params, [("p", Fate::Kept), ("q", Fate::Reset), ("r", Fate::New)]);
    let operators: Vec<_> = report.operators.iter().map(|op| (op.operator.as_str(), op.fate)).collect();
    assert_eq!(
        operators,
        [
            ("avg(last(\"A/B\"), 1m)", Fate::Kept),
            ("count(trade(\"A/B\"), 1m)", Fate::Kept),
            ("stddev(last(\"A/B\"), 1m)", Fate::New),
            ("NO quote(\"C/D\") FOR 3s", Fate::New),
            ("sum(last(\"C/D\"), 100s)", Fate::Kept),
            ("sum(last(\"E/F\"), 100s)", Fate::New),
            ("highest(last(\"A/B\"), 10)", Fate::Kept),
        ]
    );
    assert_eq!(report.dropped_operators, 2, "once, and a sum");
    // The windows that were kept have what they had: the fields of `a` are as if nothing had happened.
    let field = |lines: Vec<u8>, name: &str| -> Vec<String> {
        String::from_utf8(lines)
            .unwrap()
            .lines()
            .filter_map(|line| Some(line.split_once(name)?.1.split([',', '}']).next()?.to_owned()))
            .collect()
    };
    let (got, want) = (stream.play(&mut engine, 500), again.play(&mut left_alone, 500));
    let (got, want) = (field(got, "\"n\":"), field(want, "\"n\":"));
    assert!(!want.is_empty());
    assert_eq!(got, want);
}

#[test]
fn a_new_aggregate_over_a_window_that_is_kept_finds_its_samples() {
    let before = "RULE a: IF quote(\"C/D\") THEN A(n = count(last(\"A/B\"), 100s, partial = TRUE))";
    let after = "RULE a: IF quote(\"C/D\") THEN A(n = count(last(\"A/B\"), 100s, partial = TRUE), m = highest(last(\"A/B\"), 100s, partial = TRUE), \
        s = sum(last(\"A/B\"), 100s, partial = TRUE), d = median(last(\"A/B\"), 100s, partial = TRUE), v = stddev(last(\"A/B\"), 100s, partial = TRUE))";
    let mut engine = build(before);
    let mut lines = Vec::new();
    let mut step = |engine: &mut Engine, s: i64, name: &str, payload: Payload<'_>| {
        let instrument = engine.instrument(name).unwrap();
        engine
            .on_event(&Event { ts: s * S, venue_ts: None, instrument, payload }, &mut |signal: &Signal<'_>| write_jsonl(signal, &mut lines))
            .unwrap();
    };
    let trade = |price: f64| Payload::Trade(Trade { price, qty: 1.0, side: None });
    for (s, price) in [(1, 5.0), (2, 9.0), (3, 4.0)] {
        step(&mut engine, s, "A/B", trade(price));
    }
    engine.replace(&program(after)).unwrap();
    step(&mut engine, 4, "A/B", trade(6.0));
    step(&mut engine, 5, "C/D", Payload::Quote(Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 }));
    let line = String::from_utf8(lines).unwrap();
    assert!(line.contains(r#""n":4,"m":9,"s":24,"d":5.5,"v":2.1602468994692"#), "{line}");
}

#[test]
fn rules_remember_that_they_are_disarmed_and_when_they_fired() {
    let text = |name: &str, extra: &str| {
        format!(
            "RULE a: IF last(\"A/B\") > 5 UNTIL last(\"A/B\") < 3 THEN {name}\nRULE b: IF trade(\"A/B\") THEN {name} COOLDOWN 10s LIMIT 2 PER 60s{extra}"
        )
    };
    let (mut engine, mut names) = (Engine::new(&program(&text("A", "")), options()).unwrap(), Vec::new());
    let mut trade = |engine: &mut Engine, s: i64, price: f64| {
        let instrument = engine.instrument("A/B").unwrap();
        let payload = Payload::Trade(Trade { price, qty: 1.0, side: None });
        let mut sink = |signal: &Signal<'_>| names.push(format!("{} {} {}", signal.seq, signal.rule(), signal.name()));
        engine.on_event(&Event { ts: s * S, venue_ts: None, instrument, payload }, &mut sink).unwrap();
    };
    trade(&mut engine, 0, 6.0);
    // Another signal is no other rule.
    let report = engine.replace(&program(&text("B", "\nRULE c: IF quote(\"A/B\") THEN C"))).unwrap();
    assert_eq!(report.rules_with(Fate::Kept), 2);
    trade(&mut engine, 5, 4.0);
    trade(&mut engine, 6, 6.0);
    trade(&mut engine, 12, 2.0);
    trade(&mut engine, 24, 6.0);
    trade(&mut engine, 61, 6.0);
    assert_eq!(names, ["1 a A", "2 b A", "3 b B", "4 a B", "5 b B"]);
}

#[test]
fn a_rule_without_a_name_is_known_by_what_it_fires_on() {
    let (mut engine, _) =
        played("IF avg(last(\"A/B\"), 5) > 99 THEN A\nIF quote(\"C/D\") THEN B COOLDOWN 1h\nIF quote(\"C/D\") THEN C COOLDOWN 1h", 200);
    let report = engine
        .replace(&program("IF trade(\"C/D\") THEN N\nIF quote(\"C/D\") THEN B COOLDOWN 1h\nIF avg(last(\"A/B\"), 5) > 99 THEN A"))
        .unwrap();
    let fates: Vec<_> = rule_fates(&report);
    let fates: Vec<_> = fates.iter().map(|(name, fate)| (name.as_str(), *fate)).collect();
    assert_eq!(fates, [("rule_1", Fate::New), ("rule_2", Fate::Kept), ("rule_3", Fate::Kept), ("rule_3", Fate::Dropped)]);
    // The COOLDOWN goes on.
    let instrument = engine.instrument("C/D").unwrap();
    let payload = Payload::Quote(Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 });
    let mut signals = 0;
    let event = Event { ts: engine.now().unwrap(), venue_ts: None, instrument, payload };
    engine.on_event(&event, &mut |_: &Signal<'_>| signals += 1).unwrap();
    assert_eq!(signals, 0);
    let report = engine.replace(&program("RULE a: IF last(\"A/B\") > 1 THEN A")).unwrap();
    assert_eq!(report.rules_with(Fate::Dropped), 3);
}

#[test]
fn one_rule_without_a_name_does_not_go_on_as_two() {
    let one = "IF quote(\"C/D\") THEN B COOLDOWN 1h";
    let (mut engine, _) = played(one, 200);
    let report = engine.replace(&program(&format!("{one}\n{one}"))).unwrap();
    let fates: Vec<_> = rule_fates(&report).into_iter().map(|(_, fate)| fate).collect();
    assert_eq!(fates, [Fate::Kept, Fate::New]);
    // The new one is not cooling down.
    let instrument = engine.instrument("C/D").unwrap();
    let payload = Payload::Quote(Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 });
    let mut rules = Vec::new();
    let event = Event { ts: engine.now().unwrap(), venue_ts: None, instrument, payload };
    engine.on_event(&event, &mut |signal: &Signal<'_>| rules.push(signal.rule().to_owned())).unwrap();
    assert_eq!(rules, ["rule_2"]);
    let report = engine.replace(&program(one)).unwrap();
    let fates: Vec<_> = rule_fates(&report).into_iter().map(|(_, fate)| fate).collect();
    assert_eq!(fates, [Fate::Kept, Fate::Dropped]);
}

#[test]
fn a_parameter_keeps_what_it_was_set_to_if_it_still_may() {
    let text = |value: &str, range: &str| {
        format!("PARAM p = {value} IN {range}\nRULE a: IF quote(\"A/B\") THEN A(p = p)\nRULE b: IF last(\"A/B\") * p > 9 THEN B")
    };
    let fate = |set: Option<f64>, value: &str, range: &str| {
        let mut engine = Engine::new(&program(&text("2", "0 .. 10")), options()).unwrap();
        let mut fields = Vec::new();
        if let Some(x) = set {
            engine.set_param(engine.param("p").unwrap(), Constant::Num(x.to_bits()), &mut |_: &Signal<'_>| {}).unwrap();
        }
        let report = engine.replace(&program(&text(value, range))).unwrap();
        let instrument = engine.instrument("A/B").unwrap();
        let quote = Payload::Quote(Quote { bid: 1.0, ask: 2.0, bid_qty: 1.0, ask_qty: 1.0 });
        let event = Event { ts: S, venue_ts: None, instrument, payload: quote };
        engine.on_event(&event, &mut |signal: &Signal<'_>| write_jsonl(signal, &mut fields)).unwrap();
        let p = String::from_utf8(fields).unwrap().split_once("\"p\":").unwrap().1.split('}').next().unwrap().to_owned();
        (report.params[0].fate, p)
    };
    assert_eq!(fate(None, "2", "0 .. 10"), (Fate::Kept, "2".into()));
    assert_eq!(fate(None, "3", "0 .. 10"), (Fate::Reset, "3".into()));
    assert_eq!(fate(Some(5.0), "3", "0 .. 10"), (Fate::Kept, "5".into()));
    assert_eq!(fate(Some(5.0), "3", "0 .. 4"), (Fate::Reset, "3".into()));
}

#[test]
fn another_bound_on_windows_begins_them_anew() {
    let text = "RULE a: IF avg(last(\"A/B\"), 60s) > 99 THEN A(n = lowest(last(\"A/B\"), 5), m = count(last(\"A/B\"), 9s, max = 20))";
    let (engine, _) = played(text, 100);
    let (_, report) = Engine::restore(&program(text), options().with_max_window_samples(32), &engine.snapshot()).unwrap();
    let fates: Vec<_> = report.operators.iter().map(|op| (op.operator.as_str(), op.fate)).collect();
    assert_eq!(
        fates,
        [
            ("avg(last(\"A/B\"), 1m)", Fate::New),
            ("lowest(last(\"A/B\"), 5)", Fate::Kept),
            ("count(last(\"A/B\"), 9s, max = 20)", Fate::Kept)
        ]
    );
    assert_eq!(report.rules[0].fate, Fate::Reset);
}

#[test]
fn a_program_that_cannot_run_leaves_the_engine_as_it_was() {
    let (mut engine, _) = played(RULES, 100);
    let before = engine.snapshot();
    let mut broken = program(RULES);
    broken.nodes.clear();
    engine.replace(&broken).unwrap_err();
    assert!(engine.snapshot() == before);
}

#[test]
fn spellings_and_order_of_instruments_do_not_matter() {
    let (mut engine, _) = {
        let options = options().with_default_venue("b");
        let program = program("RULE a: IF avg(last(\"A/B\"), 5) > 0 THEN A\nRULE z: IF last(\"C/D\") > 1 THEN A");
        let (mut engine, mut stream) = (Engine::new(&program, options).unwrap(), Stream::new());
        stream.play(&mut engine, 100);
        (engine, stream)
    };
    let report = engine.replace(&program("RULE z: IF last(\"b:C/D\") > 1 THEN A\nRULE a: IF avg(last(\"b:A/B\"), 5) > 0 THEN A")).unwrap();
    assert!(report.is_all_kept(), "{report:#?}");
}

#[test]
fn before_the_first_event_there_is_little_to_keep() {
    let text = "PARAM p = 1\nRULE a: IF last(\"A/B\") > p FOR 5s THEN A";
    let mut engine = build(text);
    engine.set_param(engine.param("p").unwrap(), Constant::Num(4.0_f64.to_bits()), &mut |_: &Signal<'_>| {}).unwrap();
    let (restored, report) = Engine::restore(&program(text), options(), &engine.snapshot()).unwrap();
    assert!(report.is_all_kept());
    assert_eq!(restored.now(), None);
    assert!(restored.snapshot() == engine.snapshot());
}
