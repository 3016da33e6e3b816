//! Sequences at random, the engine against the reference evaluator: every kind of step, times that meet, labels that are read.
//!
//! `ASCEP_PAIRS` sets how many pairs are tried and `ASCEP_SEED` the seed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use ascep_lang::TypedRules;
use ascep_lang::program::{CmpOp, Constant, MarketField, ParamId, Period, Sequence};
use ascep_lang::span::{FileId, Span};
use ascep_runtime::event::{Event, InstrumentId, Payload, Quote, Trade};
use ascep_runtime::reference::{Reference, ReferenceOptions};
use ascep_runtime::{Engine, EngineOptions, Signal};
use common::sequence::{Q, all, seq};
use common::*;

const NAMES: [&str; 3] = ["A/B", "C/D", "E/F"];

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) ^ (self.0 >> 51)) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn name(&mut self) -> &'static str {
        NAMES[usize::try_from(self.below(3)).unwrap()]
    }

    fn small(&mut self) -> f64 {
        (1 + self.below(4)) as f64
    }

    fn plain_event(&mut self) -> E {
        let name = self.name();
        match self.below(6) {
            0 | 1 => trade(name),
            2 => quote(name),
            3 => trade(name).filter(last(name).gt(num(self.small()))),
            4 => bid(name).gt(num(self.small())).edge(),
            _ => trade(name).silent(self.small()),
        }
    }

    fn event(&mut self) -> E {
        match self.below(10) {
            0 => all(self.small(), vec![self.plain_event(), self.plain_event()]),
            1 => self.plain_event().or(self.plain_event()),
            2 => self.plain_event().and(self.level(&[])),
            _ => self.plain_event(),
        }
    }

    fn number(&mut self, labels: &[E]) -> E {
        if !labels.is_empty() && self.chance(60) {
            return labels[usize::try_from(self.below(labels.len() as u64)).unwrap()].clone();
        }
        if self.chance(50) { num(self.small()) } else { market(MarketField::Qty, self.name()) }
    }

    fn level(&mut self, labels: &[E]) -> E {
        let op = [CmpOp::Gt, CmpOp::Le, CmpOp::Eq, CmpOp::Ne][usize::try_from(self.below(4)).unwrap()];
        let name = self.name();
        let left = if self.chance(50) { last(name) } else { bid(name) };
        let level = left.cmp(op, self.number(labels));
        match self.below(6) {
            0 => level.not(),
            1 => level.and(bid(name).known()),
            2 if labels.is_empty() => trade(self.name()).count(self.small(), true).gt(num(1.0)),
            _ => level,
        }
    }

    fn sequence(&mut self) -> (Q, Vec<(String, E)>) {
        let mut q = seq(3.0 + 3.0 * self.small());
        if self.chance(15) {
            q.sequence.within = Period::Param(ParamId(0));
        }
        let (mut labels, mut fields) = (vec![], vec![]);
        let matches = 1 + self.below(3);
        for step in 0..=matches {
            let last_one = step == matches;
            // Between the matches, and at the end, what must not be; a sequence of one match has something there.
            for _ in 0..if last_one && matches == 1 { 1 } else { self.below(3).saturating_sub(1 - self.below(2)) } {
                if step == 0 {
                    continue;
                }
                let level = self.chance(40);
                let input = if level { self.level(&labels) } else { self.event() };
                q = if self.chance(50) { q.no_for(input, self.small()) } else { q.no(input) };
                if !level && !labels.is_empty() && self.chance(30) {
                    let filter = self.level(&labels);
                    q = q.filter(filter);
                }
            }
            if last_one {
                break;
            }
            let on_level = !labels.is_empty() && self.chance(15);
            let input = if on_level { last(self.name()).gt(labels[labels.len() - 1].clone()) } else { self.event() };
            q = match self.below(6) {
                0 => q.times(input, u32::try_from(1 + self.below(3)).unwrap(), None),
                1 => {
                    let (min, more) = (1 + self.below(2), self.below(3));
                    q.times(input, u32::try_from(min).unwrap(), Some(u32::try_from(min + more).unwrap()))
                }
                2 => q.times(input, 2, Some(2)),
                _ => q.on(input),
            };
            if !labels.is_empty() && self.chance(30) {
                let filter = self.level(&labels);
                q = q.filter(filter);
            }
            let name = self.name();
            let kept = [q.first(last(name)), q.last(bid(name)), q.first(now()), q.count()];
            labels.extend([kept[0].clone(), kept[1].clone()]);
            fields.extend(kept.into_iter().enumerate().map(|(k, label)| (format!("s{step}_{k}"), label)));
        }
        (q, fields)
    }
}

/// A pair that is played; the lines of both.
fn play(dice: &mut Dice) -> (Vec<String>, Vec<String>, String) {
    let mut table: Vec<Sequence> = vec![];
    let mut rules = vec![];
    for _ in 0..1 + dice.below(2) {
        let (q, fields) = dice.sequence();
        rules.push(fields.into_iter().fold(rule(q.node(&mut table)), |rule, (name, value)| rule.field(&name, value)));
    }
    let params = vec![param_decl("d", Constant::Duration(secs(6.0)), None)];
    let mut program = program_with(&rules, params.clone(), vec![], false);
    program.tables.sequences = table.clone();
    let mut tree = program_with(&rules, params, vec![], true);
    tree.tables.sequences = table;
    let spans = vec![Span::new(FileId(0), 0, 0); tree.nodes.len()];
    let typed = TypedRules { tables: tree.tables, nodes: tree.nodes, spans, rules: tree.rules };
    let mut engine = Engine::new(&program, EngineOptions::default()).unwrap();
    let mut reference = Reference::new(&typed, ReferenceOptions::default()).unwrap();
    let (mut of_engine, mut of_reference, mut clock) = (vec![], vec![], 0);
    let mut played = String::new();
    for _ in 0..40 {
        // Half seconds, so that times meet.
        clock += [0, 0, 1, 1, 2, 3, 5][usize::try_from(dice.below(7)).unwrap()] * S / 2;
        let mut sink = |signal: &Signal<'_>| of_engine.push(show(signal));
        let owned = |signal: &ascep_runtime::signal::OwnedSignal| {
            let values: Vec<_> = signal.values.iter().map(|value| value.as_value()).collect();
            show(&Signal::new(signal.seq, signal.ts, &signal.head, &values))
        };
        match dice.below(12) {
            0 => {
                played += &format!("advance {}\n", clock as f64 / 1e9);
                engine.advance_to(clock, &mut sink);
                of_reference.extend(reference.advance_to(clock).iter().map(owned));
            }
            1 => {
                let d = Constant::Duration(secs(3.0 * dice.small()));
                played += &format!("set d {d:?}\n");
                engine.set_param(ParamId(0), d, &mut sink).unwrap();
                of_reference.extend(reference.set_param("d", d).unwrap().iter().map(owned));
            }
            _ => {
                let (name, price) = (dice.name(), dice.small() + 1.0);
                let payload = if dice.chance(60) {
                    Payload::Trade(Trade { price, qty: dice.small(), side: None })
                } else {
                    let bid = if dice.chance(10) { MISS } else { price };
                    Payload::Quote(Quote { bid, ask: price + 1.0, bid_qty: 1.0, ask_qty: 1.0 })
                };
                played += &format!("{} {name} {payload:?}\n", clock as f64 / 1e9);
                let instrument = engine.instrument(name).unwrap_or(InstrumentId::UNNAMED);
                let event = Event { ts: clock, venue_ts: None, instrument, payload };
                engine.on_event(&event, &mut sink).unwrap();
                of_reference.extend(reference.on_event(name, &event).iter().map(owned));
            }
        }
    }
    (of_engine, of_reference, format!("{}{played}", program.dump()))
}

#[test]
fn sequences_agree_with_the_reference() {
    let setting = |name: &str, default: u64| std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"));
    let (pairs, seed) = (setting("ASCEP_PAIRS", 10_000) / 2, setting("ASCEP_SEED", 1));
    let (mut signals, mut silent) = (0, 0);
    for pair in 0..pairs {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(pair).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (engine, reference, program) = play(&mut dice);
        assert!(engine == reference, "pair {pair}\n{program}\nengine:\n{engine:#?}\nreference:\n{reference:#?}");
        signals += engine.len();
        silent += usize::from(engine.is_empty());
    }
    eprintln!("{pairs} pairs, {silent} silent, {signals} signals");
    assert!(signals as u64 * 2 > pairs, "{signals} signals of {pairs} pairs");
}
