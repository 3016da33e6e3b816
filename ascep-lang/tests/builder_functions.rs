//! Windows, bars, indicators and ways round markets made in code: the program is the one of the text, and mistakes are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use ascep_lang::builder::{BuildError, Number, ProgramBuilder, bp};
use ascep_lang::program::Side;
use ascep_lang::{Options, Source, compile};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const S: &str = "B/Q";

/// An expression as text, and made in code.
type Pair = (&'static str, for<'b> fn(&'b ProgramBuilder) -> Number<'b>);

const PAIRS: &[Pair] = &[
    ("count(last(\"B/Q\"), 1m)", |b| b.last(S).updates(MINUTE)),
    ("count(trade(\"B/Q\"), 20)", |b| b.trade(S).count(20)),
    ("sum(qty(\"B/Q\"), 1m, max = 9)", |b| b.qty(S).sum(b.window(MINUTE).at_most(9))),
    ("avg(last(\"B/Q\"), 1m, partial = TRUE)", |b| b.last(S).avg(b.window(MINUTE).partial())),
    ("avg(last(\"B/Q\"), 20, partial = TRUE)", |b| b.last(S).avg(b.window(20).partial())),
    ("lowest(last(\"B/Q\"), 20)", |b| b.last(S).lowest(20)),
    ("highest(last(\"B/Q\"), 1h)[1]", |b| b.last(S).highest(HOUR).ago(1)),
    ("first(last(\"B/Q\"), 20)", |b| b.last(S).first(20)),
    ("last_value(last(\"B/Q\"), 20)", |b| b.last(S).last_value(20)),
    ("median(last(\"B/Q\"), 20)", |b| b.last(S).median(20)),
    ("percentile(last(\"B/Q\"), 97.5, 20)", |b| b.last(S).percentile(97.5, 20)),
    ("stddev(last(\"B/Q\"), 20)", |b| b.last(S).stddev(20)),
    ("stddev_pop(last(\"B/Q\"), 20)", |b| b.last(S).stddev_pop(20)),
    ("variance(last(\"B/Q\"), 20)", |b| b.last(S).variance(20)),
    ("zscore(last(\"B/Q\"), 1h)", |b| b.last(S).zscore(HOUR)),
    ("slope(last(\"B/Q\"), 1h)", |b| b.last(S).slope(HOUR)),
    ("corr(last(\"B/Q\"), qty(\"B/Q\"), 1h)", |b| b.last(S).corr(b.qty(S), HOUR)),
    ("beta(last(\"B/Q\"), qty(\"B/Q\"), 20)", |b| b.last(S).beta(b.qty(S), 20)),
    ("change(last(\"B/Q\"), 1m)", |b| b.last(S).change(MINUTE)),
    ("delta(last(\"B/Q\"), 1m, max = 7)", |b| b.last(S).delta(b.window(MINUTE).at_most(7))),
    ("twap(last(\"B/Q\"), 1m, partial = TRUE)", |b| b.last(S).twap(b.window(MINUTE).partial())),
    ("decay(last(\"B/Q\"), 1m)", |b| b.last(S).decay(MINUTE)),
    ("volume(\"B/Q\", 1m)", |b| b.volume(S, MINUTE)),
    ("vwap(\"B/Q\", 1m, partial = TRUE)", |b| b.vwap(S, b.window(MINUTE).partial())),
    ("rate(trade(\"B/Q\"), 1m)", |b| b.trade(S).rate_in(MINUTE)),
    ("sma(last(\"B/Q\"), 5)", |b| b.last(S).sma(5)),
    ("ema(last(\"B/Q\"), 5)", |b| b.last(S).ema(5)),
    ("wma(last(\"B/Q\"), 5)", |b| b.last(S).wma(5)),
    ("rsi(last(\"B/Q\"), 14)", |b| b.last(S).rsi(14)),
    ("macd(last(\"B/Q\")).line", |b| b.last(S).macd(12, 26, 9).line),
    ("macd(last(\"B/Q\"), 3, 5, 2).signal", |b| b.last(S).macd(3, 5, 2).signal),
    ("macd(last(\"B/Q\"), 3, 5, 2).hist", |b| b.last(S).macd(3, 5, 2).hist),
    ("bollinger(last(\"B/Q\"), 20, 2).upper", |b| b.last(S).bollinger(20, 2).upper),
    ("bollinger(last(\"B/Q\"), 20, 2).middle", |b| b.last(S).bollinger(20, 2).middle),
    ("bollinger(last(\"B/Q\"), 20, imbalance(\"B/Q\")).lower", |b| b.last(S).bollinger(20, b.imbalance(S, 1)).lower),
    ("bar(\"B/Q\", 1m).open - bar(\"B/Q\", 1m).high", |b| b.bar(S, MINUTE).open() - b.bar(S, MINUTE).high()),
    ("bar(\"B/Q\", 1m).low - bar(\"B/Q\", 1m).close", |b| b.bar(S, MINUTE).low() - b.bar(S, MINUTE).close()),
    ("bar(\"B/Q\", 1m).vwap", |b| b.bar(S, MINUTE).vwap()),
    ("bar(\"B/Q\", 1m).volume", |b| b.bar(S, MINUTE).volume()),
    ("bar(\"B/Q\", 1m).count", |b| b.bar(S, MINUTE).count()),
    ("(now() - bar(\"B/Q\", 1m).start) / 1m", |b| (b.now() - b.bar(S, MINUTE).start()) / MINUTE),
    ("atr(bar(\"B/Q\", 1m), 14)", |b| b.bar(S, MINUTE).atr(14)),
    ("obv(bar(\"B/Q\", 1m))", |b| b.bar(S, MINUTE).obv()),
    ("stoch(bar(\"B/Q\", 1m), 14, 3, 5).k", |b| b.bar(S, MINUTE).stoch(14, 3, 5).k),
    ("stoch(bar(\"B/Q\", 1m), 14, 3, 5).d", |b| b.bar(S, MINUTE).stoch(14, 3, 5).d),
    ("triangle(\"B/Q\", \"C/Q\", \"C/B\", fee = 1bp)", |b| b.triangle(["B/Q", "C/Q", "C/B"], bp(1.0)).net()),
    ("triangle(\"B/Q\", \"C/Q\", \"C/B\", fee = 1bp).direction", |b| b.triangle(["B/Q", "C/Q", "C/B"], bp(1.0)).direction()),
    ("cross(\"a:B/Q\", \"k:B/Q\", 1bp, 2bp).gross", |b| b.cross("a:B/Q", "k:B/Q", bp(1.0), bp(2.0)).gross()),
    ("cross(\"a:B/Q\", \"k:B/Q\", 1bp, 2bp).size", |b| b.cross("a:B/Q", "k:B/Q", bp(1.0), bp(2.0)).size()),
    ("inverse(\"B/Q\", \"Q/B\", fee = 1bp).age / 1ms", |b| b.inverse("B/Q", "Q/B", bp(1.0)).age() / Duration::from_millis(1)),
    ("inverse(\"B/Q\", \"Q/B\", fee = 1bp).skew / 1ms", |b| b.inverse("B/Q", "Q/B", bp(1.0)).skew() / Duration::from_millis(1)),
];

#[test]
fn code_and_text_make_one_program() {
    for (text, made) in PAIRS {
        let source = Source::new("a.cep", format!("USE arbitrage\nRULE r: IF trade(\"B/Q\") THEN S(v = {text})"));
        let compiled = compile(&[source], &Options::default()).unwrap_or_else(|e| panic!("{text}: {e}"));
        let b = ProgramBuilder::new().strict_units();
        b.rule("r").when(b.trade(S)).emit("S").field("v", made(&b)).add();
        let built = b.build().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(built.dump(), compiled.dump(), "{text}");
    }
}

#[test]
fn bars_trigger_rules_and_are_remembered() {
    let b = ProgramBuilder::new();
    let up = b.bar(S, MINUTE).closes().filter(|it| it.close().gt(it.open()).and(it.volume().gt(it.count() * 2)));
    let it = up.it();
    b.rule("r")
        .when(up)
        .emit("S")
        .field("c", it.close().avg(20))
        .field("h", it.high() - it.low())
        .field("w", it.vwap())
        .field("s", it.start())
        .add();
    let source = "RULE r: IF bar(\"B/Q\", 1m) WHERE it.close > it.open AND it.volume > it.count * 2
                  THEN S(c = avg(it.close, 20), h = it.high - it.low, w = it.vwap, s = it.start)";
    let compiled = compile(&[Source::new("a.cep", source)], &Options::default()).unwrap();
    assert_eq!(b.build().unwrap().dump(), compiled.dump());
}

#[test]
fn what_moves_by_its_market_alone_can_trigger() {
    let b = ProgramBuilder::new();
    b.rule("way").when(b.inverse("B/Q", "Q/B", bp(1.0)).net().gt(0)).emit("S").add();
    b.rule("deep").when(b.depth_price(S, Side::Buy, 5).gt(1)).emit("S").add();
    assert_eq!(b.build().unwrap().rules.len(), 2);
}

#[test]
fn mistakes_are_told() {
    let wrong = |make: fn(&ProgramBuilder)| {
        let b = ProgramBuilder::new();
        make(&b);
        b.build().unwrap_err().iter().next().unwrap().clone()
    };
    fn rule(b: &ProgramBuilder, x: Number<'_>) {
        b.rule("r").when(x.gt(0)).emit("S").add();
    }
    assert_eq!(wrong(|b| rule(b, b.last(S).avg(b.window(20).at_most(5)))), BuildError::Samples(5));
    assert_eq!(wrong(|b| rule(b, b.last(S).avg(b.window(MINUTE).at_most(0)))), BuildError::Samples(0));
    assert_eq!(wrong(|b| rule(b, b.last(S).avg(b.window(MINUTE).at_most(16_777_217)))), BuildError::Samples(16_777_217));
    assert_eq!(wrong(|b| rule(b, b.last(S).avg(0))), BuildError::Updates(0));
    assert_eq!(wrong(|b| rule(b, b.last(S).change(20))), BuildError::Period);
    assert_eq!(wrong(|b| rule(b, b.last(S).avg(Duration::ZERO))), BuildError::Period);
    assert_eq!(wrong(|b| rule(b, b.bar(S, Duration::ZERO).close())), BuildError::Period);
    assert_eq!(wrong(|b| rule(b, b.last(S).percentile(101.0, 20))), BuildError::Percentile("101".into()));
    assert_eq!(wrong(|b| rule(b, b.last(S).percentile(f64::NAN, 20))), BuildError::Percentile("NaN".into()));
    assert_eq!(wrong(|b| rule(b, b.last(S).ema(65_537))), BuildError::Updates(65_537));
    assert_eq!(wrong(|b| rule(b, b.last(S).macd(26, 12, 9).hist)), BuildError::Lengths { fast: 26, slow: 12 });
    assert!(matches!(wrong(|b| rule(b, b.inverse("B/Q", "B/Q", bp(1.0)).net())), BuildError::Way(_)));
    assert!(matches!(wrong(|b| rule(b, b.triangle(["B/Q", "C/B", "BQ"], bp(1.0)).net())), BuildError::Way(_)));
    assert!(matches!(wrong(|b| rule(b, b.trade(S).it().close())), BuildError::Payload("close")));
    let b = ProgramBuilder::new().strict_units();
    rule(&b, b.inverse("B/Q", "Q/B", b.qty(S)).net());
    assert!(matches!(b.build().unwrap_err().iter().next(), Some(BuildError::Units(_))));
}
