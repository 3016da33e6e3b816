//! Every function of the language: it compiles, its value has the type and unit of the reference, and what it takes is checked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use ascep_lang::program::{BarField, MarketField, Op, PayloadField, Period, Stat, Type, Window};
use ascep_lang::{Analysis, Options, Program, RenderOptions, Source, analyze, compile, functions};

fn analyzed(text: &str) -> Analysis {
    analyze(&[Source::new("rules.cep", text)], &Options::default())
}

fn compiled(text: &str) -> Program {
    let sources = [Source::new("rules.cep", text)];
    compile(&sources, &Options::default()).unwrap_or_else(|e| panic!("{}", e.render(&sources, RenderOptions::default())))
}

/// The operators of a program with the places of their arguments.
fn ops(text: &str) -> Vec<(Op, Vec<u32>)> {
    compiled(text).nodes.iter().map(|n| (n.op, n.args.iter().map(|a| a.0).collect())).collect()
}

/// An expression and the type of its value, with the unit of a number.
const CALLS: &[(&str, &str)] = &[
    ("last(s)", "Q/B"),
    ("qty(s)", "B"),
    ("side(s)", "text"),
    ("notional(s)", "Q"),
    ("bid(s)", "Q/B"),
    ("ask(s)", "Q/B"),
    ("bid_qty(s)", "B"),
    ("ask_qty(s)", "B"),
    ("mid(s)", "Q/B"),
    ("spread(s)", "Q/B"),
    ("spread_ratio(s)", "1"),
    ("price(s)", "Q/B"),
    ("microprice(s)", "Q/B"),
    ("imbalance(s, depth = 5)", "1"),
    ("depth_price(s, \"buy\", qty = 2)", "Q/B"),
    ("age(s)", "duration"),
    ("latency(s)", "duration"),
    ("abs(last(s) - bid(s))", "Q/B"),
    ("min(last(s), bid(s), ask(s))", "Q/B"),
    ("max(last(s), bid(s))", "Q/B"),
    ("sqrt(last(s) * last(s))", "Q/B"),
    ("ln(last(s))", "1"),
    ("exp(spread_ratio(s))", "1"),
    ("pow(last(s), 2)", "Q^2/B^2"),
    ("floor(last(s))", "Q/B"),
    ("ceil(last(s))", "Q/B"),
    ("round(last(s))", "Q/B"),
    ("sign(last(s) - bid(s))", "1"),
    ("mod(last(s), 10)", "Q/B"),
    ("clamp(last(s), 1, 5)", "Q/B"),
    ("count(trade(s), 1m)", "1"),
    ("count(last(s), 20)", "1"),
    ("count(last(s) > 5, 1m, partial = TRUE, max = 10)", "1"),
    ("sum(qty(s), 1m)", "B"),
    ("avg(last(s), 1m, partial = TRUE, max = 16_777_216)", "Q/B"),
    ("lowest(last(s), 20)", "Q/B"),
    ("highest(last(s), 1h)[1]", "Q/B"),
    ("first(last(s), 1h)", "Q/B"),
    ("last_value(last(s), 1h)", "Q/B"),
    ("median(qty(s), 20)", "B"),
    ("percentile(last(s), 99.9, 1h)", "Q/B"),
    ("percentile(x = last(s), p = 0, w = 20)", "Q/B"),
    ("stddev(last(s), 1h)", "Q/B"),
    ("stddev_pop(last(s), 20)", "Q/B"),
    ("variance(last(s), 1h)", "Q^2/B^2"),
    ("variance(spread_ratio(s), 1h)", "1"),
    ("zscore(last(s), 1h)", "1"),
    ("corr(last(s), qty(s), 1h)", "1"),
    ("beta(last(s), qty(s), 1h)", "Q/B^2"),
    ("beta(last(s), bid(s), 20)", "1"),
    ("slope(last(s), 20)", "Q/B"),
    ("slope(last(s), 1h, max = 100)", "Q/B"),
    ("change(last(s), 1m)", "1"),
    ("change(last(s), 1m, max = 100)", "1"),
    ("delta(last(s), 1m)", "Q/B"),
    ("twap(last(s), 1m, partial = TRUE)", "Q/B"),
    ("vwap(s, 1m)", "Q/B"),
    ("vwap(s, d = 1m, partial = TRUE, max = 5)", "Q/B"),
    ("volume(s, 1m)", "B"),
    ("rate(trade(s), 1m)", "1"),
    ("rate(last(s) > 5, 1m)", "1"),
    ("decay(last(s), 1m)", "Q/B"),
    ("bar(s, 1m).open", "Q/B"),
    ("bar(s, 1m).high", "Q/B"),
    ("bar(s, 1m).low", "Q/B"),
    ("bar(s, 1m).close", "Q/B"),
    ("bar(s, 1m).volume", "B"),
    ("bar(s, 1m).vwap", "Q/B"),
    ("bar(s, 1m).count", "1"),
    ("bar(s, 1m).start", "timestamp"),
    ("sma(last(s), 20)", "Q/B"),
    ("ema(last(s), n = 20)", "Q/B"),
    ("wma(qty(s), 20)", "B"),
    ("rsi(last(s), 14)", "1"),
    ("macd(last(s)).line", "Q/B"),
    ("macd(last(s), 1, 2, 2).signal", "Q/B"),
    ("macd(last(s), signal = 5).hist", "Q/B"),
    ("bollinger(last(s), 20, 2).upper", "Q/B"),
    ("bollinger(last(s), 20, 2.5).middle", "Q/B"),
    ("bollinger(last(s), 20, k = imbalance(s)).lower", "Q/B"),
    ("atr(bar(s, 1m), 14)", "Q/B"),
    ("stoch(bar(s, 1m), 14, 3, 3).k", "1"),
    ("stoch(bar(s, 1m), 14, smooth = 1, d = 1).d", "1"),
    ("obv(bar(s, 1m))", "B"),
    ("triangle(s, \"C/B\", \"C/Q\", fee = 7.5bp)", "1"),
    ("triangle(s, \"C/B\", \"C/Q\", fee = 7.5bp).net", "1"),
    ("triangle(s, \"C/B\", \"C/Q\", 0).gross", "1"),
    ("triangle(s, \"C/B\", \"C/Q\", fee = 0.001).direction", "1"),
    ("triangle(s, \"C/B\", \"C/Q\", fee = 0.001).age", "duration"),
    ("triangle(s, \"C/B\", \"C/Q\", fee = 0.001).skew", "duration"),
    ("triangle(s, \"C/B\", \"C/Q\", fee = 0.001).size", "Q"),
    ("cross(buy = s, sell = \"k:B/Q\", fee_buy = 10bp, fee_sell = 26bp)", "1"),
    ("cross(s, \"k:B/Q\", 10bp, 26bp).size", "Q"),
    ("inverse(\"Q/B\", s, fee = 1bp)", "1"),
    ("inverse(\"Q/B\", s, fee = 1bp).size", "B"),
    ("known(last(s))", "bool"),
    ("since(trade(s))", "duration"),
    ("since(bar(s, 1m))", "duration"),
    ("once(last(s) > 5, 1m)", "bool"),
    ("once(bar(s, 1m) WHERE it.close > it.open, 1m)", "bool"),
    ("count(bar(s, 1m), 1h)", "1"),
    ("now()", "timestamp"),
    ("hour_of_day()", "1"),
    ("day_of_week()", "1"),
];

#[test]
fn values_have_their_types() {
    for (call, wanted) in CALLS {
        let program = compiled(&format!("USE arbitrage\nRULE r FOR EACH s IN [\"B/Q\"]: IF quote(s) THEN S(v = {call})"));
        let node = &program.nodes[program.rules[0].actions[0].fields[0].1.0 as usize];
        let got = match node.ty {
            Type::Num(unit) => program.tables.units[unit.0 as usize].clone(),
            other => format!("{other:?}").to_lowercase(),
        };
        assert_eq!((*call, got.as_str()), (*call, *wanted));
        program.validate().unwrap();
        assert!(program.warnings.is_empty(), "{call}: {:#?}", program.warnings);
    }
}

/// Whatever the tables offer is in the list above, or is an event.
#[test]
fn every_function_is_in_the_list() {
    for f in functions::all() {
        let called = CALLS.iter().any(|(call, _)| call.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|w| w == f.name));
        let event = ["trade", "quote", "book", "cycles"].contains(&f.name);
        assert!(called || event, "{}", f.name);
    }
}

#[test]
fn statistics_of_trades_read_the_trades() {
    let volume = ops("IF volume(\"B/Q\", 1m, max = 9) > 5 THEN S");
    let timed = |stat, max| Op::Window { stat, window: Window::Time(Period::Fixed(60_000_000_000)), partial: false, max };
    assert!(matches!(volume[0], (Op::Market(MarketField::Qty, _), _)));
    assert_eq!(volume[1], (timed(Stat::Sum, Some(9)), vec![0]));
    let vwap = ops("IF vwap(\"B/Q\", 1m) > 5 THEN S");
    assert!(matches!((vwap[0].0, vwap[1].0), (Op::Market(MarketField::Last, _), Op::Market(MarketField::Qty, _))));
    assert_eq!(vwap[2], (timed(Stat::Vwap, None), vec![0, 1]));
    // `volume` is the sum of the quantities and nothing else: one operator.
    assert_eq!(ops("IF volume(\"B/Q\", 1m) - sum(qty(\"B/Q\"), 1m) > 5 THEN S").len(), 5);
}

#[test]
fn windows_are_what_was_written() {
    let window = |text: &str| {
        let found = ops(&format!("PARAM d = 5m IN 1m .. 1h\nIF quote(\"B/Q\") THEN S(v = {text}, w = d)"));
        found.into_iter().find_map(|(op, _)| matches!(op, Op::Window { .. }).then_some(op)).unwrap()
    };
    let of = |stat, window, partial, max| Op::Window { stat, window, partial, max };
    assert_eq!(window("avg(last(\"B/Q\"), 20)"), of(Stat::Avg, Window::Updates(20), false, None));
    // A count of updates is known once it is full: the flag says nothing, so it makes no second operator.
    assert_eq!(window("avg(last(\"B/Q\"), 20, partial = TRUE)"), of(Stat::Avg, Window::Updates(20), false, None));
    let Op::Window { window: Window::Time(Period::Param(_)), partial: true, max: Some(7), stat: Stat::Highest } =
        window("highest(last(\"B/Q\"), d, partial = TRUE, max = 7)")
    else {
        panic!()
    };
    let p = |text: &str| match window(text) {
        Op::Window { stat: Stat::Percentile(bits), .. } => f64::from_bits(bits),
        other => panic!("{other:?}"),
    };
    assert_eq!(p("percentile(last(\"B/Q\"), 97.5, 1m)"), 97.5);
    assert_eq!(p("percentile(last(\"B/Q\"), -0, 1m)").to_bits(), 0.0_f64.to_bits());
    // A level is counted by its edges, an event by its occurrences.
    assert!(ops("IF rate(last(\"B/Q\") > 5, 1m) > 1 THEN S").iter().any(|(op, _)| *op == Op::Edge));
    assert!(!ops("IF rate(trade(\"B/Q\"), 1m) > 1 THEN S").iter().any(|(op, _)| *op == Op::Edge));
}

#[test]
fn a_bar_is_an_event_and_a_reading() {
    let text = "RULE r: LET b = bar(\"B/Q\", 1m) IF b WHERE it.close > b.open THEN S(c = it.close, v = b.volume, s = it.start, t = it.ts)";
    let found = ops(text);
    assert_eq!(found.iter().filter(|(op, _)| matches!(op, Op::Bar { period: 60_000_000_000, .. })).count(), 1);
    let fields: Vec<_> = found.iter().filter_map(|(op, args)| matches!(op, Op::BarField(_)).then_some((*op, args.clone()))).collect();
    // What `it` reads and what the name reads are one operator.
    let bar = u32::try_from(found.iter().position(|(op, _)| matches!(op, Op::Bar { .. })).unwrap()).unwrap();
    for field in [BarField::Close, BarField::Open, BarField::Volume, BarField::Start] {
        assert_eq!(fields.iter().filter(|f| **f == (Op::BarField(field), vec![bar])).count(), 1, "{field:?}");
    }
    assert_eq!(fields.len(), 4);
    let through = "FN up(b) = b.close > b.open\nIF trade(\"B/Q\") WHERE up(bar(\"B/Q\", 1h)) THEN S";
    assert!(ops(through).iter().any(|(op, _)| *op == Op::BarField(BarField::Open)));
    // Only what both have in common is a field of either.
    assert!(analyzed("IF bar(\"B/Q\", 1m) OR bar(\"B/Q\", 1h) THEN S(c = it.close)").program.is_some());
    assert!(analyzed("IF bar(\"B/Q\", 1m) OR trade(\"B/Q\") THEN S(c = it.close)").program.is_none());
    let typed = analyzed(text).typed.unwrap();
    assert!(typed.nodes.iter().any(|n| n.op == Op::Payload(PayloadField::Bar(BarField::Close))));
}

/// An operator with a memory over a field of `it` sees the occurrences and no other instants.
#[test]
fn fields_of_it_are_remembered_by_occurrence() {
    let found = ops("IF trade(\"B/Q\") WHERE it.price > 5 THEN S(p = it.price[1], q = it.price, a = avg(it.price - it.qty * 2, 20))");
    let at = |wanted: Op| u32::try_from(found.iter().position(|(op, _)| *op == wanted).unwrap()).unwrap();
    let filtered = at(Op::Where);
    let samples: Vec<_> = found.iter().filter(|(op, _)| *op == Op::Sample).collect();
    assert!(samples.len() == 2 && samples.iter().all(|(_, args)| args[0] == filtered), "{found:#?}");
    let (_, args) = found.iter().find(|(op, _)| *op == Op::Index(1)).unwrap();
    assert_eq!(found[args[0] as usize].0, Op::Sample);
    // Inside the filter it is the unfiltered event that is remembered.
    let inside = ops("IF trade(\"B/Q\") WHERE it.price > avg(it.price, 20) THEN S");
    let sample = inside.iter().find(|(op, _)| *op == Op::Sample).unwrap();
    assert!(matches!(inside[sample.1[0] as usize].0, Op::Event(..)));
    // Of the payload of an OR too.
    let either = ops("IF (trade(\"B/Q\") WHERE it.qty > 1) OR (trade(\"B/Q\") WHERE it.qty < 9) THEN S(p = it.price[2])");
    assert!(either.iter().any(|(op, _)| *op == Op::Sample));
}

/// Code, expression, the text that the finding points at.
const REFUSED: &[(&str, &str, &str)] = &[
    ("E0406", "avg(latency(s), 1m)", "latency(s)"),
    ("E0406", "avg(bar(s, 1m).start, 1m)", "bar(s, 1m).start"),
    ("E0406", "avg(last(s) > 5, 1m)", "last(s) > 5"),
    ("E0406", "avg(trade(s), 1m)", "trade(s)"),
    ("W2004", "highest(age(s) / 1ms, 1m)", "age(s) / 1ms"),
    ("W2004", "ema(hour_of_day(), 5)", "hour_of_day()"),
    ("E0406", "sum(side(s), 1m)", "side(s)"),
    ("E0405", "avg(5, 1m)", "5"),
    ("E0405", "decay(1 + 1, 1m)", "1 + 1"),
    ("E0404", "avg(last(s))", "avg(last(s))"),
    ("E0401", "avg(last(s), 1m, TRUE, 5, 6)", "6"),
    ("E0402", "change(last(s), 1m, partial = TRUE)", "partial"),
    ("E0402", "decay(last(s), 1m, max = 5)", "max"),
    ("E0409", "change(last(s), 20)", "20"),
    ("E0409", "volume(s, 20)", "20"),
    ("E0409", "rate(trade(s), 20)", "20"),
    ("E0409", "avg(last(s), \"B/Q\")", "\"B/Q\""),
    ("E0106", "avg(last(s), 0s)", "0s"),
    ("E0803", "avg(last(s), 0)", "0"),
    ("E0803", "avg(last(s), 65_537)", "65_537"),
    ("E0316", "avg(last(s), bid(s))", "bid(s)"),
    ("E0316", "avg(last(s), latency(s))", "latency(s)"),
    ("E0804", "avg(last(s), 1m, partial = 1)", "1"),
    ("E0806", "avg(last(s), 20, max = 5)", "5"),
    ("E0806", "avg(last(s), 1m, max = 0)", "0"),
    ("E0806", "avg(last(s), 1m, max = 16_777_217)", "16_777_217"),
    ("E0316", "avg(last(s), 1m, max = bid(s))", "bid(s)"),
    ("E0807", "percentile(last(s), 101, 1m)", "101"),
    ("E0807", "percentile(last(s), -1, 1m)", "-1"),
    ("E0807", "percentile(last(s), 90%, 1m)", "90%"),
    ("E0807", "percentile(last(s), TRUE, 1m)", "TRUE"),
    ("E0316", "percentile(last(s), bid(s), 1m)", "bid(s)"),
    ("E0410", "vwap(last(s), 1m)", "last(s)"),
    ("E0502", "rate(last(s), 1m)", "last(s)"),
    ("E0316", "bar(s, d).close", "d"),
    ("E0409", "bar(s, 60).close", "60"),
    ("E0411", "bar(s, 1m).clsoe", "clsoe"),
    ("E0405", "ema(5, 20)", "5"),
    ("E0406", "sma(age(s), 20)", "age(s)"),
    ("E0803", "ema(last(s), 20.5)", "20.5"),
    ("E0803", "rsi(last(s), 1m)", "1m"),
    ("E0316", "wma(last(s), bid(s))", "bid(s)"),
    ("E0808", "macd(last(s), 26, 12).line", "26"),
    ("E0808", "macd(last(s), slow = 12).line", "12"),
    ("E0411", "macd(last(s)).lin", "lin"),
    ("E0411", "bollinger(last(s), 20, 2).mid", "mid"),
    ("E0411", "triangle(s, \"C/B\", \"C/Q\", fee = 0).fee", "fee"),
    ("E0406", "macd(last(s)) + 1", "macd(last(s))"),
    ("E0406", "1 - macd(last(s))", "macd(last(s))"),
    ("E0406", "-stoch(bar(s, 1m), 14, 3, 3)", "stoch(bar(s, 1m), 14, 3, 3)"),
    ("E0406", "(macd(last(s)) > 5)", "macd(last(s))"),
    ("E0406", "(5 < macd(last(s)))", "macd(last(s))"),
    ("E0406", "macd(last(s))", "macd(last(s))"),
    ("E0406", "macd(last(s))[1]", "macd(last(s))"),
    ("E0406", "known(macd(last(s)))", "macd(last(s))"),
    ("E0406", "macd(last(s)) ?? macd(last(s))", "macd(last(s))"),
    ("E0406", "avg(macd(last(s)), 20)", "macd(last(s))"),
    ("E0406", "abs(bollinger(last(s), 20, 2))", "bollinger(last(s), 20, 2)"),
    ("E0406", "count(macd(last(s)), 20)", "macd(last(s))"),
    ("E0407", "(macd(last(s)) AND last(s) > 5)", "macd(last(s))"),
    ("E0405", "atr(s, 14)", "s"),
    ("E0405", "obv(trade(s))", "trade(s)"),
    ("E0405", "obv(bar(s, 1m).close)", "bar(s, 1m).close"),
    ("E0405", "stoch(last(s), 14, 3, 3).k", "last(s)"),
    ("W1001", "bollinger(last(s), 20, qty(s)).upper", "qty(s)"),
    ("W1001", "inverse(s, \"Q/B\", fee = qty(s))", "qty(s)"),
    ("E0406", "inverse(s, \"Q/B\", fee = 1s)", "1s"),
    ("E0404", "inverse(s, \"Q/B\")", "inverse(s, \"Q/B\")"),
    ("E0404", "cross(s, \"k:B/Q\", fee_buy = 0)", "cross(s, \"k:B/Q\", fee_buy = 0)"),
    ("E0810", "inverse(s, \"Q/B\", fee = 7.5)", "7.5"),
    ("E0810", "cross(s, \"k:B/Q\", 0, 100%)", "100%"),
    ("E0809", "inverse(s, \"k:B/Q\", fee = 0)", "s, \"k:B/Q\""),
    ("E0809", "cross(s, \"Q/B\", 0, 0)", "s, \"Q/B\""),
    ("E0809", "cross(s, s, 0, 0)", "s, s"),
    ("E0809", "triangle(s, \"C/B\", \"C/R\", fee = 0)", "s, \"C/B\", \"C/R\""),
    ("E0809", "triangle(s, \"Q/B\", \"C/Q\", fee = 0)", "s, \"Q/B\", \"C/Q\""),
    ("E0809", "triangle(s, \"BQ\", \"C/Q\", fee = 0)", "\"BQ\""),
    ("E0410", "triangle(s, last(s), \"C/Q\", fee = 0)", "last(s)"),
    ("E0415", "triangle", "triangle"),
    ("E0412", "trade(s).price", "price"),
    ("E0412", "last(s).close", "close"),
    ("E0412", "(bar(s, 1m) WHERE it.close > 5).close", "close"),
];

#[test]
fn wrong_arguments_are_told_at_their_place() {
    for (code, call, place) in REFUSED {
        let text = format!(
            "USE arbitrage\nPARAM d = 1m IN 1m .. 1h\nRULE r FOR EACH s IN [\"B/Q\"]: IF quote(s) AND age(s) < d THEN S(v = {call})"
        );
        let found = analyzed(&text).diagnostics.into_vec();
        let [only] = found.as_slice() else { panic!("{call}: {found:#?}") };
        assert_eq!((only.code.as_str(), text.get(only.span.range())), (*code, Some(*place)), "{call}: {only:#?}");
    }
}

#[test]
fn what_is_wrong_has_a_way_out() {
    let fixed = |call: &str| {
        let text = format!("RULE r FOR EACH s IN [\"B/Q\"]: IF quote(s) THEN S(v = {call})");
        let found = analyzed(&text).diagnostics.into_vec();
        let (span, new) = found[0].help.iter().find_map(|h| h.replacement.clone()).unwrap_or_else(|| panic!("{found:#?}"));
        let mut mended = text.clone();
        mended.replace_range(span.range(), &new);
        assert!(analyzed(&mended).diagnostics.is_empty(), "{mended}");
        mended
    };
    assert!(fixed("avg(latency(s), 1m)").contains("avg(latency(s) / 1ms, 1m)"));
    assert!(fixed("avg(latency(s) - 5ms, 1m)").contains("avg((latency(s) - 5ms) / 1ms, 1m)"));
    assert!(fixed("change(last(s), 20)").contains("change(last(s), 20s)"));
    assert!(fixed("percentile(last(s), 90%, 20)").contains("percentile(last(s), 90, 20)"));
    assert!(fixed("bar(s, 1m).clsoe").contains("bar(s, 1m).close"));
    assert!(fixed("macd(last(s)) - 1").contains("macd(last(s)).line - 1"));
    assert!(fixed("(bar(s, 1m) > 5)").contains("(bar(s, 1m).close > 5)"));
    assert!(fixed("2 * bar(s, 1m)").contains("2 * bar(s, 1m).close"));
    assert!(fixed("abs(bar(s, 1m))").contains("abs(bar(s, 1m).close)"));
    assert!(fixed("ema(bar(s, 1m), 20)").contains("ema(bar(s, 1m).close, 20)"));
    assert!(fixed("(delta(last(s), 1m) > 1%)").contains("(change(last(s), 1m) > 1%)"));
    assert!(fixed("atr(s, 14)").contains("atr(bar(s, 1m), 14)"));
    assert!(fixed("inverse(s, \"Q/B\", fee = 0)").starts_with("USE arbitrage\nRULE"));
}

/// A circle of averages or of bars that does not close is found like one of prices.
#[test]
fn circles_of_windows_are_looked_at() {
    for leg in ["vwap(#, 1m)", "bar(#, 1m).close", "ema(mid(#), 20)", "decay(last(#), 1m)", "highest(last(#), 20)"] {
        let circle = |turned: &str| {
            let leg = |s: &str| leg.replace('#', s);
            format!("IF {} * {turned}{} / {} > 1.002 THEN S", leg("\"ETH/BTC\""), leg("\"BTC/USDT\""), leg("\"ETH/USDT\""))
        };
        assert!(analyzed(&circle("")).diagnostics.is_empty(), "{leg}");
        let found = analyzed(&circle("1 / ")).diagnostics.into_vec();
        let [only] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!(only.code.as_str(), "W1002", "{leg}");
        assert!(only.help.iter().any(|h| h.replacement.is_some()), "{only:#?}");
    }
}
