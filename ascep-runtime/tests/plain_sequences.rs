//! Sequences of filtered trades alone, whose runs are moved on from one record of an entry: at random, in batches, with machine code and without, against the reference evaluator and
//! against the engine whose sequences stand in line like everything else.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::fmt::Write as _;

use ascep_lang::program::Constant;
use ascep_lang::{Options, Source, analyze};
use ascep_runtime::event::{Event, InstrumentId, Payload, Quote, Side, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::{Engine, EngineOptions, Signal};

const NAMES: [&str; 2] = ["A/B", "C/D"];
const SECOND: i64 = 1_000_000_000;
const EVENTS: u64 = 300;

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) ^ (self.0 >> 51)) % n
    }

    fn name(&mut self) -> &'static str {
        NAMES[usize::from(self.below(4) == 0)]
    }

    /// A trade with a filter. Few numbers, so that filters of several steps are the same, or true together.
    fn filtered(&mut self) -> String {
        let (name, k) = (self.name(), self.below(4));
        if self.below(12) == 0 {
            return format!("quote(\"{name}\") WHERE it.bid > {k}.5");
        }
        let filter = match self.below(5) {
            0 => format!("it.qty > {k}.5"),
            1 => format!("it.qty < {}.5", 3 - k),
            2 => format!("it.side == \"buy\" AND it.qty > {k}.5"),
            3 => format!("it.side == \"sell\" AND it.price > {k}.5"),
            _ => format!("it.price == {}", k + 1),
        };
        format!("trade(\"{name}\") WHERE {filter}")
    }

    fn sequence(&mut self) -> String {
        // More places now and then than a record has.
        let places = if self.below(20) == 0 { 7 } else { 2 + self.below(5) };
        let mut steps = vec![self.filtered()];
        for _ in 1..places {
            for _ in 0..self.below(3).saturating_sub(1) + u64::from(self.below(8) == 0) {
                steps.push(format!("NO {}", self.filtered()));
            }
            // What is in no record now and then: other events, several matches, ends of waits, captures.
            steps.push(match self.below(40) {
                0 => format!("trade(\"{}\")", self.name()),
                1 => format!("{} {{1..2}}", self.filtered()),
                3 => format!("last(\"{}\") > {}.5", self.name(), 1 + self.below(3)),
                4 | 5 => format!("mid(\"{}\") > {}", self.name(), 2 + self.below(3)),
                2 => format!("NO {} FOR 1s -> {}", self.filtered(), self.filtered()),
                _ => self.filtered(),
            });
        }
        if self.below(20) == 0 {
            steps.push(format!("NO {} FOR 1s", self.filtered()));
        }
        let within = if self.below(4) == 0 { "d".to_owned() } else { format!("{}s", 2 + self.below(8)) };
        format!("SEQ {} WITHIN {within}", steps.join(" -> "))
    }

    fn rules(&mut self) -> String {
        let mut text = String::from("PARAM d = 6s IN 1s .. 20s\n");
        for rule in 0..1 + self.below(4) {
            let rest = match self.below(8) {
                0 => " COOLDOWN 3s",
                1 => " LIMIT 1 PER 5s",
                _ => "",
            };
            let _ = writeln!(text, "RULE r{rule}: IF {} THEN S(qty = qty(\"A/B\")){rest}", self.sequence());
        }
        if self.below(12) == 0 {
            // More filters of an instrument, and more of one shape, than are looked at one by one.
            let filter = |k: u64| format!("trade(\"A/B\") WHERE it.qty > {k}.25");
            for k in 0..5 {
                let _ = writeln!(text, "IF SEQ {} -> {} WITHIN 3s THEN U", filter(k), filter((k + 2) % 9));
            }
        }
        match self.below(10) {
            // A filter that a rule looks at too.
            0 => _ = writeln!(text, "IF {} THEN T", self.filtered()),
            // Rows behind the filters.
            1 | 2 => _ = writeln!(text, "IF last(\"A/B\") > 3 AND mid(\"A/B\") < 4 THEN T(last = last(\"A/B\"))"),
            3 => _ = writeln!(text, "IF ({}) OR ({}) THEN T", self.filtered(), self.filtered()),
            4 => _ = writeln!(text, "IF since({}) > 2s THEN T", self.filtered()),
            _ => {}
        }
        text
    }

    fn event(&mut self, ts: i64, instruments: [InstrumentId; 2]) -> (&'static str, Event<'static>) {
        let at = usize::from(self.below(3) == 0);
        let (price, qty) = ((1 + self.below(5)) as f64, self.below(5) as f64);
        let payload = if self.below(10) == 0 {
            Payload::Quote(Quote { bid: price, ask: price + 1.0, bid_qty: 1.0, ask_qty: 1.0 })
        } else {
            Payload::Trade(Trade { price, qty, side: [Some(Side::Buy), Some(Side::Sell), None][self.below(3) as usize] })
        };
        (NAMES[at], Event { ts, venue_ts: None, instrument: instruments[at], payload })
    }
}

/// What a step of a play is.
enum Do {
    Events(Vec<(&'static str, Event<'static>)>),
    Set(i64),
    Advance(i64),
}

/// The steps of a play; instruments have the same numbers in all engines.
fn play(dice: &mut Dice, engine: &Engine) -> Vec<Do> {
    let instruments = NAMES.map(|name| engine.instrument(name).unwrap_or(InstrumentId::UNNAMED));
    let (mut steps, mut ts, mut left) = (vec![], 0, EVENTS);
    while left > 0 {
        let some = (1 + dice.below(60)).min(left);
        left -= some;
        let events = (0..some).map(|_| {
            ts += [0, 0, 1, 1, 2][dice.below(5) as usize] * SECOND / 4;
            dice.event(ts, instruments)
        });
        steps.push(Do::Events(events.collect()));
        match dice.below(4) {
            0 => steps.push(Do::Set((1 + dice.below(9) as i64) * SECOND)),
            1 => {
                ts += dice.below(4) as i64 * SECOND;
                steps.push(Do::Advance(ts));
            }
            _ => {}
        }
    }
    steps
}

/// How the events of a play are given.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Batches,
    /// One by one.
    Events,
    /// In batches, each to an engine that was restored from a snapshot of the one before.
    Restored,
}

fn lines_of(engine: &mut Engine, steps: &[Do], way: Way, restored: impl Fn(&[u8]) -> Engine) -> Vec<String> {
    let mut lines = vec![];
    let mut sink = |signal: &Signal<'_>| lines.push(format!("{:?}", signal.to_owned()));
    for step in steps {
        if way == Way::Restored {
            *engine = restored(&engine.snapshot());
        }
        match step {
            Do::Events(events) if way == Way::Events => {
                events.iter().for_each(|(_, event)| engine.on_event(event, &mut sink).unwrap());
            }
            Do::Events(events) => {
                let events: Vec<Event<'_>> = events.iter().map(|(_, event)| *event).collect();
                engine.on_events(&events, &mut sink).unwrap();
            }
            Do::Set(d) => engine.set_param(engine.param("d").unwrap(), Constant::Duration(*d), &mut sink).unwrap(),
            Do::Advance(ts) => engine.advance_to(*ts, &mut sink),
        }
    }
    lines
}

#[test]
fn plain_sequences_agree_with_the_reference() {
    let (mut signals, mut silent, mut by_machine) = (0, 0, 0);
    let pairs: u64 = std::env::var("ASCEP_PAIRS").ok().map_or(300, |pairs| pairs.parse().unwrap());
    for pair in 0..pairs {
        let mut dice = Dice((pair + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let text = dice.rules();
        let analysis = analyze(&[Source::new("plain.cep", text.as_str())], &Options::default());
        let (Some(typed), Some(program)) = (analysis.typed, analysis.program) else { panic!("{text}\n{:?}", analysis.diagnostics) };
        let engine = |options: EngineOptions| Engine::new(&program, options).unwrap();
        let (mut machine, mut interpreter) =
            (engine(EngineOptions::default().with_jit(true)), engine(EngineOptions::default().with_jit(false)));
        let mut in_line = engine(EngineOptions::default().with_columns(false));
        let steps = play(&mut dice, &machine);

        let mut reference = Reference::new(&typed, ReferenceOptions::default()).unwrap();
        let mut expected = vec![];
        for step in &steps {
            let mut note = |signals: Vec<_>| expected.extend(signals.iter().map(|signal| format!("{signal:?}")));
            match step {
                Do::Events(events) => events.iter().for_each(|(name, event)| note(reference.on_event(name, event))),
                Do::Set(d) => note(reference.set_param("d", Constant::Duration(*d)).unwrap()),
                Do::Advance(ts) => note(reference.advance_to(*ts)),
            }
        }
        let (mut restored, mut single) = (engine(EngineOptions::default().with_jit(true)), engine(EngineOptions::default().with_jit(true)));
        let ways = [
            ("machine code", &mut machine, Way::Batches),
            ("interpreter", &mut interpreter, Way::Batches),
            ("in line", &mut in_line, Way::Batches),
            ("one by one", &mut single, Way::Events),
            ("restored", &mut restored, Way::Restored),
        ];
        for (name, engine, way) in ways {
            let restored = |bytes: &[u8]| Engine::restore(&program, EngineOptions::default().with_jit(true), bytes).unwrap().0;
            let lines = lines_of(engine, &steps, way, restored);
            assert!(lines == expected, "pair {pair}, {name}\n{text}\n{lines:#?}\nreference:\n{expected:#?}");
        }
        assert!(machine.snapshot() == single.snapshot() && machine.snapshot() == restored.snapshot(), "{text}");
        assert_eq!((machine.counters(), machine.snapshot()), (interpreter.counters(), interpreter.snapshot()), "{text}");
        assert_eq!(machine.counters(), in_line.counters(), "{text}");
        signals += expected.len();
        silent += u64::from(expected.is_empty());
        by_machine += machine.machine_events();
    }
    assert!(signals as u64 > 5 * pairs && silent < pairs / 3, "{signals} signals, {silent} of {pairs} plays silent");
    assert_eq!(by_machine > EVENTS * pairs / 3, cfg!(feature = "jit"), "{by_machine}");
}
