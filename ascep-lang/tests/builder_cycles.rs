//! `cycles(..)` made in code: the program is the one of the text, and mistakes are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use ascep_lang::builder::{BuildError, ProgramBuilder, Search, bp};
use ascep_lang::program::Constant;
use ascep_lang::universe::{AssumedEqual, MarketDecl, Universe};
use ascep_lang::{Options, Source, compile};

const TRIO: [&str; 3] = ["BTC/USDT", "ETH/BTC", "ETH/USDT"];
const MS: Duration = Duration::from_millis(1);

#[test]
fn a_search_is_the_one_of_the_text() {
    let b = ProgramBuilder::new().strict_units();
    let edge = b.param_in("edge", bp(2.0), bp(0.0)..=bp(50.0));
    let found = b.cycles("USDT", TRIO).fee(bp(7.5)).min_net(edge).step(bp(0.5)).legs(3..=4).max_age(500 * MS).max_skew(250 * MS).found();
    let opened = found.filter(|it| it.state().is("open").and(it.net().gt(bp(3.0))));
    let it = opened.it();
    b.rule("opened")
        .when(opened)
        .emit("S")
        .field("path", it.path())
        .field("gross", it.gross())
        .field("size", it.size())
        .field("profit", it.profit())
        .add();
    let gone = found.filter(|it| it.reason().is("age"));
    let it = gone.it();
    b.rule("gone").when(gone).emit("S").field("l", it.lifetime()).field("p", it.peak()).field("a", it.age()).field("s", it.skew()).add();
    let text = "USE arbitrage PARAM edge = 2bp IN 0bp .. 50bp
        LET found = cycles(home = \"USDT\", fee = 7.5bp, markets = [\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\"], legs = 3..4, min_net = edge,
          max_age = 500ms, max_skew = 250ms, step = 0.5bp)
        RULE opened: IF found WHERE it.state == \"open\" AND it.net > 3bp
        THEN S(path = it.path, gross = it.gross, size = it.size, profit = it.profit)
        RULE gone: IF found WHERE it.reason == \"age\" THEN S(l = it.lifetime, p = it.peak, a = it.age, s = it.skew)";
    let compiled = compile(&[Source::new("a.cep", text)], &Options::default()).unwrap();
    let built = b.build().unwrap();
    assert_eq!(built.dump(), compiled.dump());
    assert_eq!(built.tables.scans, compiled.tables.scans);
}

#[test]
fn markets_have_filters_and_fees_of_their_own() {
    let markets = || {
        let lot = MarketDecl { lot: Some(0.001), ..MarketDecl::new("a:BTC/USDT").with_fee(0.001) };
        [lot, MarketDecl::new("b:BTC/USD").with_fee(-0.0001)]
    };
    let b = ProgramBuilder::new();
    let found = b.cycles("USDT", markets()).legs(2..=3).assume_equal("USD", "USDT", 0.001).found();
    b.rule("r").when(found).emit("S").field("path", found.it().path()).add();
    let equal = vec![AssumedEqual { base: "USD".to_owned(), quote: "USDT".to_owned(), haircut: 0.001 }];
    let options = Options::default().with_universe(Universe { markets: markets().to_vec(), equal });
    let text = "USE arbitrage RULE r: IF cycles(home = \"USDT\", legs = 2..3) THEN S(path = it.path)";
    let compiled = compile(&[Source::new("a.cep", text)], &options).unwrap();
    assert_eq!(b.build().unwrap().tables.scans, compiled.tables.scans);
}

#[test]
fn a_step_of_a_sequence_keeps_its_path() {
    let b = ProgramBuilder::new();
    let found = b.cycles("USDT", TRIO).fee(0).found();
    let seq = b.seq(Duration::from_secs(1));
    let first = seq.then(found);
    seq.then(found.filter(|it| it.net().gt(first.net())));
    b.rule("r").when(seq).emit("S").field("path", first.path()).add();
    assert_eq!(b.build().unwrap().tables.sequences[0].captures.len(), 2);
}

#[test]
fn a_parameter_that_is_a_fee_can_not_be_all_there_is() {
    let b = ProgramBuilder::new();
    let fee = b.param("fee", bp(10.0));
    let found = b.cycles("USDT", TRIO).fee(fee).found();
    b.rule("r").when(found).emit("S").add();
    let program = b.build().unwrap();
    let Some((Constant::Num(low), Constant::Num(high))) = program.tables.params[0].range else { panic!() };
    assert!(f64::from_bits(low) > -1.0 && f64::from_bits(high) < 1.0);
}

#[test]
fn mistakes_are_told() {
    fn wrong(make: impl for<'b> Fn(&'b ProgramBuilder) -> Search<'b>) -> BuildError {
        let b = ProgramBuilder::new();
        let found = make(&b).found();
        b.rule("r").when(found).emit("S").add();
        b.build().unwrap_err().iter().next().unwrap().clone()
    }
    assert!(matches!(wrong(|b| b.cycles("USDT", TRIO)), BuildError::Search(_)), "no fee");
    assert!(matches!(wrong(|b| b.cycles("EUR", TRIO).fee(0)), BuildError::Search(_)));
    assert!(matches!(wrong(|b| b.cycles("USDT", TRIO).fee(0).legs(2..=2)), BuildError::Search(_)));
    assert!(matches!(wrong(|b| b.cycles("USDT", ["SPX"]).fee(0)), BuildError::Search(_)));
    assert!(matches!(wrong(|b| b.cycles("USDT", TRIO).fee(b.spread_ratio("BTC/USDT"))), BuildError::Search(_)));
    assert!(matches!(wrong(|b| b.cycles("USDT", TRIO).fee(1)), BuildError::Invalid(_)));
    assert!(matches!(wrong(|b| b.cycles("USDT", TRIO).fee(0).legs(3..=9)), BuildError::Invalid(_)));
    assert_eq!(wrong(|b| b.cycles("USDT", TRIO).fee(0).max_age(Duration::ZERO)), BuildError::Period);
    let b = ProgramBuilder::new();
    let found = b.cycles("USDT", TRIO).fee(0).found();
    b.rule("r").when(found.filter(|it| it.state().is("opened"))).emit("S").add();
    assert_eq!(b.build().unwrap_err().iter().next(), Some(&BuildError::Telling("opened".to_owned())));
}
