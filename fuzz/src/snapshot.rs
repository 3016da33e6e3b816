//! Bytes as the inside of a snapshot, with a head and a checksum that fit. Whatever is restored from them runs, and what it writes then is read
//! again as the same.

use ascep_lang::{Options, Program, Source, compile};
use ascep_runtime::event::{Event, InstrumentId, Payload, Quote, Trade};
use ascep_runtime::signal::Signal;
use ascep_runtime::{Engine, EngineOptions, SnapshotError};

/// One operator of each kind with a memory, small.
const RULES: &str = r#"
PARAM p = 3 IN 1 .. 9
PARAM d = 2s IN 1s .. 5s
LET x = last("A/B")
RULE a: IF x > p FOR d UNTIL quote("C/D") THEN A(w = x[2], s = side("A/B"))
RULE b: IF NO trade("C/D") FOR d THEN A(o = once(x > p, 3s), e = since(quote("A/B"))) COOLDOWN 1s LIMIT 2 PER 9s
RULE c: IF x CROSSES avg(x, d) THEN A(d = stddev(x, 4s, partial = TRUE), m = median(x, 4s), h = highest(x, 3), t = twap(x, 3s), v = slope(x, 4s))
RULE e: IF bar("A/B", 2s) THEN A(r = rsi(x, 3), k = decay(x, 2s), m = ema(x, 2))
RULE f: IF SEQ a: trade("A/B") {2..3} -> NO quote("C/D") FOR 1s -> b: quote("A/B") WHERE it.bid > a.last.price WITHIN 9s THEN A(n = a.count, s = a.first.side)
RULE g: IF ALL(trade("A/B"), quote("C/D")) WITHIN 3s THEN A(b = corr(x, bid("C/D"), 3))
"#;

fn program() -> Program {
    compile(&[Source::new("fuzz.cep", RULES)], &Options::default()).expect("the rules compile")
}

fn options() -> EngineOptions {
    EngineOptions::default().with_max_window_samples(8)
}

/// Events from a seed.
fn play(engine: &mut Engine, mut seed: u64, steps: usize) -> usize {
    let mut signals = 0;
    let mut ts = engine.now().unwrap_or(0).min(i64::MAX / 2);
    for _ in 0..steps {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ts += i64::try_from(seed >> 61).unwrap_or(0) * 250_000_000;
        let price = 1.0 + f64::from(u8::try_from(seed >> 56).unwrap_or(0) % 8);
        let payload = if seed >> 40 & 1 == 0 {
            Payload::Trade(Trade { price, qty: 1.0, side: None })
        } else {
            Payload::Quote(Quote { bid: price, ask: price + 1.0, bid_qty: 1.0, ask_qty: 2.0 })
        };
        let name = if seed >> 41 & 1 == 0 { "A/B" } else { "C/D" };
        let instrument = engine.instrument(name).unwrap_or(InstrumentId::UNNAMED);
        let event = Event { ts, venue_ts: None, instrument, payload };
        engine.on_event(&event, &mut |_: &Signal<'_>| signals += 1).expect("the event is sound");
    }
    signals
}

/// Where the head ends.
const HEAD: usize = 24;

/// The inside of a snapshot after so many events, for seeds.
pub fn payload(steps: usize) -> Vec<u8> {
    let mut engine = Engine::new(&program(), options()).expect("the program can be run");
    play(&mut engine, 7, steps);
    let bytes = engine.snapshot();
    bytes.get(HEAD..bytes.len() - 4).unwrap_or_default().to_vec()
}

/// Panics where a snapshot makes the engine panic, or what it makes can't be written and read. Says whether the bytes were taken.
pub fn check(bytes: &[u8]) {
    let _ = is_taken(bytes);
}

/// [`check`], and whether the bytes made an engine.
pub fn is_taken(bytes: &[u8]) -> bool {
    let program = program();
    let bare = Engine::restore(&program, options(), bytes);
    assert!(matches!(bare, Err(SnapshotError::Foreign | SnapshotError::Version { .. } | SnapshotError::Damaged)), "without a checksum");
    // The head of a real snapshot, so that the versions fit.
    let fresh = Engine::new(&program, options()).expect("the program can be run").snapshot();
    let mut sealed = fresh.get(..HEAD - 8).unwrap_or_default().to_vec();
    sealed.extend((bytes.len() as u64).to_le_bytes());
    sealed.extend(bytes);
    sealed.extend(crc32fast::hash(&sealed).to_le_bytes());
    let Ok((mut engine, _)) = Engine::restore(&program, options(), &sealed) else { return false };
    play(&mut engine, 11, 40);
    let written = engine.snapshot();
    let (again, report) = Engine::restore(&program, options(), &written).expect("what an engine writes is read");
    assert!(report.is_all_kept(), "{report:?}");
    assert!(again.snapshot() == written, "what is read is written the same");
    true
}
