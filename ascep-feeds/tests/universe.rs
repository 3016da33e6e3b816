//! Universes and tables of fees from files: what real answers of venues hold, and what becomes of rows that are wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use ascep_feeds::universe::{LoadCounters, LoadError, Loaded, Loader, UniverseSpec};
use ascep_runtime::arbitrage::{Contract, FeeError, Filters, Market, MarketKind, Status, Tier, Universe};
use serde_json::Value;

fn spec(text: &str) -> UniverseSpec {
    text.parse().unwrap()
}

/// A file of the shared data.
fn shared(path: &str, text: &str) -> Option<Loaded> {
    let path = common::shared(path)?;
    let mut loader = Loader::new();
    loader.read(&UniverseSpec { path, ..spec(text) }).unwrap();
    Some(loader.finish())
}

fn load(text: &str) -> Loaded {
    load_as("x", text)
}

fn load_as(format: &str, text: &str) -> Loaded {
    let mut loader = Loader::new();
    loader.read_bytes("u", text.as_bytes(), &spec(format)).unwrap();
    loader.finish()
}

fn fails(format: &str, text: &str) -> LoadError {
    let mut loader = Loader::new();
    let error = loader.read_bytes("u", text.as_bytes(), &spec(format)).unwrap_err();
    assert!(loader.loaded().universe.is_empty() && loader.loaded().counters == LoadCounters::default(), "nothing is taken of it");
    assert!(!error.help().is_empty());
    error
}

fn findings(loaded: &Loaded) -> Vec<String> {
    for finding in loaded.findings.iter() {
        assert!(!finding.help().is_empty() && !finding.code().is_empty());
    }
    loaded.findings.iter().map(ToString::to_string).collect()
}

fn market<'a>(universe: &'a Universe, symbol: &str) -> &'a Market {
    universe.market(universe.find(symbol).unwrap_or_else(|| panic!("{symbol}"))).unwrap()
}

fn status(universe: &Universe, symbol: &str) -> Status {
    match market(universe, symbol).kind {
        MarketKind::Venue { status, .. } => status,
        MarketKind::AssumedEqual { .. } => panic!("{symbol}"),
    }
}

/// Triangles of the markets that are open, by a search that knows nothing of the library's index.
fn triangles(universe: &Universe) -> usize {
    let mut next: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for market in universe.markets().filter(|market| market.is_open()) {
        next.entry(market.base.0).or_default().insert(market.quote.0);
        next.entry(market.quote.0).or_default().insert(market.base.0);
    }
    let mut count = 0;
    for (a, to) in &next {
        for b in to.range(a + 1..) {
            count += next[b].range(b + 1..).filter(|c| to.contains(c)).count();
        }
    }
    count
}

#[test]
fn binance_of_2021() {
    let Some(loaded) = shared("data/binance/exchangeInfo_2021.json.gz", "x") else { return };
    let (universe, counters) = (&loaded.universe, loaded.counters);
    assert_eq!((counters.rows, counters.markets, counters.trading), (1_695, 1_695, 1_262));
    assert_eq!((counters.refused, counters.unknown_status, counters.left_out), (0, 0, 0));
    assert!(loaded.findings.is_empty());
    let open: Vec<&Market> = universe.markets().filter(|market| market.is_open()).collect();
    let assets: BTreeSet<u32> = open.iter().flat_map(|market| [market.base.0, market.quote.0]).collect();
    assert_eq!((open.len(), assets.len(), triangles(universe)), (1_262, 385, 1_982));
    let want = Filters {
        tick: Some(0.000_001),
        lot: Some(0.000_1),
        min_qty: Some(0.000_1),
        // Of market orders; other orders may have 100,000.
        max_qty: Some(873.907_277_76),
        min_notional: Some(0.000_1),
    };
    assert_eq!(market(universe, "binance:ETH/BTC").filters, want);
    assert_eq!(status(universe, "binance:BTCUP/USDT"), Status::Trading, "a leveraged token is traded as any other");
    assert_eq!(status(universe, "binance:BCC/BTC"), Status::Halted);
    assert!(universe.markets().all(|market| market.filters.tick.is_some() && market.filters.lot.is_some()));
    assert!(matches!(loaded.resolve(), Err(FeeError::Missing { .. })), "nothing is free");
}

/// Each market of both answers against a plain reading of the same JSON.
#[test]
fn every_filter_and_fee_is_that_of_a_plain_reading() {
    let Some(loaded) = shared("data/binance/exchangeInfo_2021.json.gz", "x") else { return };
    let json: Value = serde_json::from_slice(&common::gunzip(&common::shared("data/binance/exchangeInfo_2021.json.gz").unwrap())).unwrap();
    for symbol in json["symbols"].as_array().unwrap() {
        let name = format!("binance:{}/{}", symbol["baseAsset"].as_str().unwrap(), symbol["quoteAsset"].as_str().unwrap());
        let values = |kinds: &[&str], key: &str| -> Vec<f64> {
            let filters = symbol["filters"].as_array().unwrap().iter();
            let of_kind = filters.filter(|filter| kinds.contains(&filter["filterType"].as_str().unwrap()));
            let numbers = of_kind.map(|filter| filter[key].as_str().unwrap().parse::<f64>().unwrap());
            numbers.filter(|value| *value > 0.0).collect()
        };
        let lots = ["LOT_SIZE", "MARKET_LOT_SIZE"];
        let want = Filters {
            tick: values(&["PRICE_FILTER"], "tickSize").into_iter().reduce(f64::max),
            lot: values(&lots, "stepSize").into_iter().reduce(f64::max),
            min_qty: values(&lots, "minQty").into_iter().reduce(f64::max),
            max_qty: values(&lots, "maxQty").into_iter().reduce(f64::min),
            min_notional: values(&["MIN_NOTIONAL"], "minNotional").into_iter().reduce(f64::max),
        };
        assert_eq!(market(&loaded.universe, &name).filters, want, "{name}");
        let trades = symbol["status"] == "TRADING";
        assert_eq!(status(&loaded.universe, &name), if trades { Status::Trading } else { Status::Halted }, "{name}");
    }

    let Some(loaded) = shared("data/captures/KRAKEN.0.gz", "x") else { return };
    let text = common::gunzip(&common::shared("data/captures/KRAKEN.0.gz").unwrap());
    let line = text.split(|byte| *byte == b'\n').next().unwrap();
    let start = line.iter().position(|byte| *byte == b'{').unwrap();
    let json: Value = serde_json::from_slice(&line[start..]).unwrap();
    let mut listed = loaded.listed.rows();
    // In the order of the answer, which the JSON reader does not keep.
    let mut rows: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for row in &mut listed {
        rows.entry(row.pair.clone().unwrap()).or_default().push((row.min_volume, row.taker));
    }
    for pair in json["result"].as_object().unwrap().values().filter(|pair| pair["wsname"].is_string()) {
        let name = pair["wsname"].as_str().unwrap().split('/').map(|asset| match asset {
            "XBT" => "BTC",
            "XDG" => "DOGE",
            other => other,
        });
        let name = name.collect::<Vec<_>>().join("/");
        let filters = market(&loaded.universe, &format!("kraken:{name}")).filters;
        let step = |key: &str| Some(format!("1e-{}", pair[key]).parse::<f64>().unwrap());
        assert_eq!((filters.tick, filters.lot), (step("pair_decimals"), step("lot_decimals")), "{name}");
        assert_eq!(filters.min_qty, Some(pair["ordermin"].as_str().unwrap().parse().unwrap()), "{name}");
        let fees = pair["fees"].as_array().unwrap().iter();
        let want: Vec<(f64, f64)> = fees.map(|fee| (fee[0].as_f64().unwrap(), fee[1].as_f64().unwrap() / 100.0)).collect();
        let got = &rows[&name];
        assert_eq!(got.len(), want.len());
        for ((volume, fee), (want_volume, want_fee)) in got.iter().zip(&want) {
            assert!(volume == want_volume && (fee - want_fee).abs() < 1e-18, "{name}: {fee} {want_fee}");
        }
    }
}

#[test]
fn binance_us_under_its_own_name() {
    let Some(loaded) = shared("data/binance/exchangeInfo_us.json.gz", "binance?venue=binance_us:x") else { return };
    assert!(loaded.findings.is_empty());
    assert_eq!(loaded.universe.venues(), 1);
    assert_eq!(market(&loaded.universe, "binance_us:BTC/USD").filters.min_notional, Some(10.0));
}

#[test]
fn kraken_with_its_fees() {
    let Some(mut loaded) = shared("data/captures/KRAKEN.0.gz", "x") else { return };
    let counters = loaded.counters;
    assert_eq!((counters.rows, counters.markets, counters.left_out, counters.refused), (304, 293, 11, 0));
    assert_eq!((counters.trading, loaded.findings.is_empty()), (293, true));
    let universe = &loaded.universe;
    let btc = market(universe, "kraken:BTC/USD");
    let want = Filters { tick: Some(0.1), lot: Some(1e-8), min_qty: Some(0.0002), max_qty: None, min_notional: None };
    assert_eq!(btc.filters, want);
    assert!(universe.find("kraken:DOGE/USD").is_some() && universe.find("kraken:XDG/USD").is_none());
    assert!(universe.find("kraken:ETH/BTC").is_some() && universe.asset("XBT").is_none() && universe.asset("ZUSD").is_none());
    // 266 pairs with nine tiers and 27 with six.
    assert_eq!(counters.listed_fees, 266 * 9 + 27 * 6);
    let fee = |loaded: &Loaded, symbol: &str| loaded.resolve().unwrap()[loaded.universe.find(symbol).unwrap().0 as usize];
    assert_eq!(fee(&loaded, "kraken:BTC/USD").to_bits(), 0.0026_f64.to_bits());
    assert_eq!(fee(&loaded, "kraken:USDT/USD").to_bits(), 0.002_f64.to_bits());
    loaded.set_tier("kraken", &Tier::Volume(250_000.0));
    assert_eq!(fee(&loaded, "kraken:BTC/USD").to_bits(), 0.002_f64.to_bits());
    let row = loaded.listed.rows().find(|row| row.pair.as_deref() == Some("BTC/USD") && row.min_volume == 50_000.0).unwrap();
    assert_eq!((row.taker.to_bits(), row.maker.map(f64::to_bits)), (0.0024_f64.to_bits(), Some(0.0014_f64.to_bits())));
}

#[test]
fn kraken_in_newer_forms() {
    let text = r#"{"error":[],"result":{
        "XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","base":"XXBT","quote":"ZUSD","pair_decimals":1,"lot_decimals":8,"lot_multiplier":1,
          "fees":[[0,0.4],[10000,0.35]],"fees_maker":[[0,0.25],[10000,0.2]],"ordermin":"0.00005","costmin":"0.5","tick_size":"0.1","status":"online"},
        "XZECZEUR":{"altname":"ZECEUR","base":"XZEC","quote":"ZEUR","pair_decimals":3,"lot_decimals":1,"lot_multiplier":5,"status":"cancel_only"},
        "ZEUSUSD":{"altname":"ZEUSUSD","base":"ZEUS","quote":"ZUSD","status":"limit_only"},
        "ODD":{"altname":"ODD","base":"A","quote":"B"},
        "NEWUSD":{"altname":"NEWUSD","wsname":"NEW/USD","base":"NEW","quote":"ZUSD","status":"reborn","fees":[[0,100],[5,"x"],[9,0.1],[9,0.2]]}
    }}"#;
    let loaded = load(text);
    let universe = &loaded.universe;
    assert_eq!(market(universe, "kraken:BTC/USD").filters.min_notional, Some(0.5));
    assert_eq!(market(universe, "kraken:ZEC/EUR").filters.lot, Some(0.5));
    assert_eq!(status(universe, "kraken:ZEC/EUR"), Status::Halted);
    assert_eq!(status(universe, "kraken:ZEUS/USD"), Status::Trading);
    assert_eq!(status(universe, "kraken:NEW/USD"), Status::Unknown);
    assert_eq!(
        findings(&loaded),
        [
            "u: entry 4, `ODD`: the assets of \"ODD\" can't be told from its names",
            "u: entry 5, `NEWUSD`: the status \"reborn\" is not known",
            "u: entry 5, `NEWUSD`: `fees`: a fee of 1 for `kraken:NEW/USD` is not between -1 and 1: it is a part of what is exchanged, \
             `0.001` for 0.1 %",
            "u: entry 5, `NEWUSD`: `fees`: \"x\" is not a number",
            "u: entry 5, `NEWUSD`: `fees`: the fees for `kraken:NEW/USD` stand twice",
        ]
    );
    assert_eq!((loaded.counters.markets, loaded.counters.refused, loaded.counters.listed_fees), (4, 1, 3));
}

#[test]
fn coinbase() {
    let Some(loaded) = shared("data/captures/COINBASE.0.gz", "x") else { return };
    // Eight take limit orders only, which a taker can send as well.
    assert_eq!((loaded.counters.markets, loaded.counters.trading, loaded.findings.is_empty()), (162, 162, true));
    let want = Filters { tick: Some(0.0001), lot: Some(0.1), min_qty: Some(5.0), max_qty: Some(1_000_000.0), min_notional: Some(5.0) };
    assert_eq!(market(&loaded.universe, "coinbase:SKL/EUR").filters, want);
    let advanced = r#"{"products":[{"product_id":"BTC-USD","base_currency_id":"BTC","quote_currency_id":"USD","base_increment":"0.00000001",
        "quote_increment":"0.01","price_increment":"0.01","base_min_size":"0.00000001","base_max_size":"3400","quote_min_size":"1",
        "status":"online","is_disabled":false,"trading_disabled":false,"product_type":"SPOT"},
        {"product_id":"BTC-PERP","base_currency_id":"BTC","quote_currency_id":"USDC","status":"online","product_type":"FUTURE"},
        {"id":"X-Y","base_currency":"X"},7]}"#;
    let loaded = load(advanced);
    assert_eq!(market(&loaded.universe, "coinbase:BTC/USD").filters.min_notional, Some(1.0));
    assert!(!market(&loaded.universe, "coinbase:BTC/USDC").is_open());
    let told = findings(&loaded);
    assert_eq!(told[0], "u: entry 3, `X-Y`: `quote_currency`: is missing");
    assert!(told[1].starts_with("u: entry 4: not an entry of the venue's answer"), "{told:?}");
}

#[test]
fn binance_with_faults() {
    let symbol = |name: &str, more: &str| {
        let (base, quote) = name.split_once('/').unwrap();
        format!(r#"{{"symbol":"{base}{quote}","baseAsset":"{base}","quoteAsset":"{quote}"{more}}}"#)
    };
    let entries = [
        symbol(
            "BTC/USDT",
            r#","status":"TRADING","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"},{"filterType":"NEW","tickSize":{}},
            {"filterType":"NOTIONAL","minNotional":"5","maxNotional":"9000000"},{"filterType":"LOT_SIZE","minQty":"0.1","maxQty":"9","stepSize":"0.1"},
            {"filterType":"MARKET_LOT_SIZE","minQty":"0.2","maxQty":"5","stepSize":"0.00"}],"permissions":[],"permissionSets":[["SPOT"]]"#,
        ),
        symbol("BTC/USDT", ""),
        symbol("ETH/USDT", r#","status":"ASLEEP""#),
        symbol("LTC/USDT", r#","filters":[{"filterType":"PRICE_FILTER","tickSize":"-0.01"}]"#),
        symbol("XRP/USDT", r#","filters":[{"filterType":"LOT_SIZE","minQty":"9","maxQty":"1"}]"#),
        symbol("ADA/USDT", r#","filters":[{"filterType":"LOT_SIZE","stepSize":"one"}]"#),
        symbol("USDT/USDT", ""),
        symbol("A B/USDT", ""),
        r#"{"symbol":"DOTUSDT","quoteAsset":"USDT"}"#.to_owned(),
        r#"{"symbol":5}"#.to_owned(),
        "[]".to_owned(),
        symbol("MARGIN/USDT", r#","status":"TRADING","isSpotTradingAllowed":false,"permissions":["MARGIN"]"#),
        symbol("SOL/USDT", r#","status":"TRADING","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.00"}]"#),
        symbol(
            "SOL/USDC",
            r#","contractType":"PERPETUAL","contractStatus":"TRADING","filters":[{"filterType":"MIN_NOTIONAL","notional":"5"}]"#,
        ),
    ];
    let loaded = load(&format!(r#"{{"serverTime":1,"symbols":[{}]}}"#, entries.join(",")));
    let universe = &loaded.universe;
    let want = Filters { tick: Some(0.01), lot: Some(0.1), min_qty: Some(0.2), max_qty: Some(5.0), min_notional: Some(5.0) };
    assert_eq!(market(universe, "binance:BTC/USDT").filters, want);
    assert_eq!(status(universe, "binance:ETH/USDT"), Status::Unknown);
    assert_eq!(status(universe, "binance:MARGIN/USDT"), Status::Halted);
    assert_eq!(market(universe, "binance:SOL/USDT").filters.tick, None, "0 says that nothing is demanded");
    assert!(matches!(market(universe, "binance:SOL/USDC").kind, MarketKind::Venue { contract: Contract::Perpetual, .. }));
    assert_eq!(market(universe, "binance:SOL/USDC").filters.min_notional, Some(5.0));
    let codes: Vec<&str> = loaded.findings.iter().map(|finding| finding.code()).collect();
    let want = ["duplicate_market", "unknown_status", "filter", "filter", "number", "same_asset", "name", "missing", "entry", "entry"];
    assert_eq!(codes, want);
    let told = findings(&loaded);
    assert_eq!(told[0], "u: entry 2, `BTCUSDT`: market `binance:BTC/USDT` stands twice");
    assert_eq!(told[4], "u: entry 6, `ADAUSDT`: `stepSize`: \"one\" is not a number");
    assert_eq!(told[5], "u: entry 7, `USDTUSDT`: market `binance:USDT/USDT` exchanges USDT for itself");
    let counters = loaded.counters;
    assert_eq!((counters.rows, counters.markets, counters.refused, counters.unknown_status), (14, 5, 9, 1));
    assert_eq!(loaded.findings.refused(), 9);
}

#[test]
fn csv_with_faults() {
    let text = "\u{feff}lot,symbol,tick,status,contract,min_qty,max_qty,min_notional,haircut\r\n\
        0.0001,binance:BTC/USDT,0.01,,,0.0001,9000,5,\r\n\
        ,BTC/EUR,,halted,,,,,\r\n\
        ,BTC/GBP,,asleep,spot,,,,\r\n\
        \r\n\
        ,BTC/GBP,,,,,,,\r\n\
        ,ETH/USD,0,,,,,,\r\n\
        x,ETH/USD,,,,,,,\r\n\
        ,ETH/ETH,,,,,,,\r\n\
        ,ETHUSD,,,,,,,\r\n\
        ,ETH/USD,,,option,,,,\r\n\
        ,ETH/USD\r\n\
        ,\"ETH/USD,,,,,,,\r\n\
        ,ETH/USD,,,perpetual,,,,\r\n\
        ,USD=USDT,,,,,,,10bp\r\n\
        ,USDT=USD,,,,,,,0\r\n\
        ,USD=USDC,,,,,,,100%\r\n\
        ,USD=USDC,,,,,,,\r\n\
        1,USD=USDC,,,,,,,0\r\n\
        ,ETH/EUR,,,,,,,0.1%\r\n\
        ,ETH/CHF,,,,inf,,,\r\n";
    let loaded = load(text);
    let want = [
        "u:4: the status \"asleep\" is not known",
        "u:6: market `BTC/GBP` stands twice",
        "u:7: market `ETH/USD`: tick of 0 is not a number above 0; leave it out where there is none",
        "u:8: `lot`: \"x\" is not a number",
        "u:9: market `ETH/ETH` exchanges ETH for itself",
        "u:10: `symbol`: `ETHUSD` names no pair; a market is `BASE/QUOTE` or `venue:BASE/QUOTE`",
        "u:11: `contract`: \"option\" is not known; it is `spot`, `perpetual` or `future`",
        "u:12: the row has 2 columns, the header 9",
        "u:13: a quoted cell does not end on its line",
        "u:16: market `USD=USDT` stands twice",
        "u:17: a haircut of 1 on `USD=USDC` is not from 0 to below 1",
        "u:18: `haircut`: is missing",
        "u:19: `lot`: \"1\" is not known; it is empty where two assets are declared to be equal",
        "u:20: `haircut`: \"0.1%\" is not known; it is empty where two assets are not declared to be equal, as in `USD=USDT`",
        "u:21: `min_qty`: \"inf\" is not a finite number",
    ];
    assert_eq!(findings(&loaded), want);
    let counters = loaded.counters;
    assert_eq!((counters.rows, counters.markets, counters.equal, counters.refused, counters.unknown_status), (19, 4, 1, 14, 1));
    let equal = market(&loaded.universe, "USD=USDT");
    assert_eq!(equal.kind, MarketKind::AssumedEqual { haircut: 0.001 });
    let want = Filters { tick: Some(0.01), lot: Some(0.0001), min_qty: Some(0.0001), max_qty: Some(9000.0), min_notional: Some(5.0) };
    assert_eq!(market(&loaded.universe, "binance:BTC/USDT").filters, want);
}

#[test]
fn csv_with_columns_of_its_own() {
    let text = "quote,venue,base\nUSD,kraken,BTC\nUSD,,ETH\n,kraken,ETH\n";
    let loaded = load_as("csv?venue=okx:x", text);
    assert!(loaded.universe.find("kraken:BTC/USD").is_some() && loaded.universe.find("okx:ETH/USD").is_some());
    assert_eq!(findings(&loaded), ["u:4: `quote`: is missing"]);
    let loaded = load("symbol,venue\nkraken:BTC/USD,kraken\nkraken:ETH/USD,okx\nETH/USD,okx\n");
    assert!(loaded.universe.find("okx:ETH/USD").is_some());
    assert_eq!(findings(&loaded), ["u:3: `venue`: \"okx\" is not known; it is what the symbol says, or empty"]);
    assert!(matches!(fails("csv:x", "{}\n"), LoadError::UnknownColumn { .. }));
}

#[test]
fn what_is_no_universe() {
    for (format, text, want) in [
        ("x", "", "u is empty"),
        ("x", " \n\n", "u is empty"),
        ("csv:x", "\n", "u is empty"),
        ("x", "hello\n", "u:1: unknown column `hello`"),
        ("x", "\n\nsymbol,tik\n", "u:3: unknown column `tik`"),
        ("x", "tick,lot\n", "u:1: no column `symbol`, or `base` and `quote`"),
        ("x", "symbol,symbol\n", "u:1: the column `symbol` stands twice"),
        ("x", "symbol,\"lot\n", "u:1: the header line can't be read: a quoted name does not end on the line"),
        ("x", "{}", "u: no universe: it has no `symbols`, `result` or `products`"),
        ("x", "{\"symbols\":5}", "u: no universe: it has no list `symbols`"),
        ("x", "{\"result\":[]}", "u: no universe: it has no object `result`"),
        ("kraken:x", "{\"symbols\":[]}", "u: no AssetPairs of Kraken: it has no `result`"),
        ("binance:x", "[]", "u: no exchangeInfo of Binance: it has no `symbols`"),
        ("binance:x", "symbol\nA/B\n", "u:1:1: not JSON: expected value"),
        ("binance:x", "5", "u: no exchangeInfo of Binance: it has no object"),
        ("x", "{\"symbols\":[\n{\"symbol\":\"A\"", "u:2:13: not JSON: EOF while parsing an object"),
        ("x", "{\"code\":-1003,\"msg\":\"Too many requests\"}", "u: the venue answered with an error: \"Too many requests\""),
        ("x", "{\"error\":[\"EGeneral:Internal error\"]}", "u: the venue answered with an error: [\"EGeneral:Internal error\"]"),
        ("x", "https://a -> 1.5: {\"error\":[],\"result\":{]}", "u:1:41: not JSON: key must be a string"),
    ] {
        assert_eq!(fails(format, text).to_string(), want, "{format} {text}");
    }
    assert_eq!(fails("x", "symbol,tik\n").help(), "did you mean `tick` for `tik`?");
    let bytes = [b'x', 0xff, b'\n'];
    assert!(matches!(Loader::new().read_bytes("u", &bytes, &spec("x")), Err(LoadError::BadHeader { .. })));
    let error = Loader::new().read(&spec("binanse:no")).unwrap_err();
    assert!(error.to_string().starts_with("can't open binanse:no") && error.help() == "did you mean `binance:` for `binanse:`?");
    let error = Loader::new().with_max_bytes(4).read_bytes("u", b"symbol\n", &spec("x")).unwrap_err();
    assert!(matches!(error, LoadError::TooLong { limit: 4, .. }));
}

#[test]
fn packed_files_are_read_and_cut_ones_are_refused() {
    let text = "symbol\nA/B\nC/D\n";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    for packed in [packer.finish().unwrap(), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
        let mut loader = Loader::new();
        loader.read_bytes("u", &packed, &spec("x")).unwrap();
        assert_eq!(loader.finish().universe.len(), 2);
        for cut in 4..packed.len() {
            let mut loader = Loader::new();
            let error = loader.read_bytes("u", &packed[..cut], &spec("x")).unwrap_err();
            assert!(matches!(error, LoadError::Source(_)) && loader.loaded().universe.is_empty(), "{error}");
        }
    }
}

#[test]
fn several_files_make_one_universe() {
    let mut loader = Loader::new();
    loader.read_bytes("a", br#"{"symbols":[{"symbol":"BTCUSDT","baseAsset":"BTC","quoteAsset":"USDT"}]}"#, &spec("x")).unwrap();
    loader.read_bytes("b", br#"[{"id":"BTC-USDT","base_currency":"BTC","quote_currency":"USDT"}]"#, &spec("x")).unwrap();
    loader.read_bytes("c", b"symbol\ncoinbase:BTC/USDT\nokx:BTC/USDT\n", &spec("x")).unwrap();
    let loaded = loader.finish();
    assert_eq!((loaded.universe.len(), loaded.universe.venues(), loaded.universe.assets()), (3, 3, 2));
    assert_eq!(findings(&loaded), ["c:2: market `coinbase:BTC/USDT` stands twice"]);
}

#[test]
fn fees() {
    let table = "maker,taker,venue,pair,tier,volume\n\
        0.1%,0.1 %,binance,,VIP0,0\n\
        ,7.5bp,binance,,VIP1,1e6\n\
        -1bp,-0.0001,binance,BTC/FDUSD,,\n\
        ,0.26%,kraken,,,0\n\
        ,0.24%,kraken,,,50000\n\
        ,100%,okx,,,\n\
        ,1,okx,,,\n\
        ,-150%,okx,,,\n\
        ,abc,okx,,,\n\
        ,,okx,,,\n\
        ,0.1%,okx,BTCUSDT,,\n\
        ,0.1%,,okx:BTC/USDT,,\n\
        ,0.1%,okx,,,-5\n\
        ,0.2%,kraken,,,0\n\
        ,0.1,okx,,,\n";
    let mut loader = Loader::new();
    loader.read_bytes("u", b"symbol\nbinance:BTC/USDT\nbinance:BTC/FDUSD\nkraken:BTC/USD\nokx:BTC/USDT\n", &spec("x")).unwrap();
    loader.read_fees_bytes("f", table.as_bytes()).unwrap();
    let mut loaded = loader.finish();
    assert_eq!(loaded.resolve().unwrap(), [0.001, -0.0001, 0.0026, 0.1]);
    loaded.set_tier("binance", &Tier::Named("VIP1".to_owned()));
    loaded.set_tier("kraken", &Tier::Volume(60_000.0));
    assert_eq!(loaded.resolve().unwrap(), [0.00075, -0.0001, 0.0024, 0.1]);
    let codes: Vec<&str> = loaded.findings.iter().map(|finding| finding.code()).collect();
    let want = ["fee", "fee", "fee", "number", "missing", "name", "word", "volume", "duplicate_fee", "high_fee"];
    assert_eq!(codes, want);
    let told = findings(&loaded);
    assert_eq!(told[0], "f:7: a fee of 1 for `okx` is not between -1 and 1: it is a part of what is exchanged, `0.001` for 0.1 %");
    assert_eq!(told[9], "f:16: `taker`: a taker's fee of 0.1, which is 10 %: is it meant?");
    assert_eq!((loaded.counters.fees, loaded.counters.refused, loaded.findings.refused()), (6, 9, 9));
    let error = Loader::new().read_fees_bytes("f", b"venue,taler\n").unwrap_err();
    assert_eq!(
        (error.to_string(), error.help()),
        ("f:1: unknown column `taler`".to_owned(), "did you mean `taker` for `taler`?".to_owned())
    );
    let error = Loader::new().read_fees_bytes("f", b"venue,maker\n").unwrap_err();
    assert_eq!(error.to_string(), "f:1: no column `taker`");
}

#[test]
fn ten_thousand_markets_and_ninety_thousand_fees() {
    let (mut markets, mut fees) = ("symbol,tick,lot\n".to_owned(), "venue,pair,volume,taker\n".to_owned());
    for n in 0..10_000 {
        let _ = writeln!(markets, "v{}:A{n}/Q,0.01,0.001", n % 7);
        for tier in 0..9 {
            let _ = writeln!(fees, "v{},A{n}/Q,{},0.00{}", n % 7, tier * 1_000, 9 - tier);
        }
    }
    let mut loader = Loader::new();
    loader.read_bytes("u", markets.as_bytes(), &spec("x")).unwrap();
    loader.read_fees_bytes("f", fees.as_bytes()).unwrap();
    // All of it twice: each row is refused and the first hundred are told.
    loader.read_bytes("u", markets.as_bytes(), &spec("x")).unwrap();
    loader.read_fees_bytes("f", fees.as_bytes()).unwrap();
    let mut loaded = loader.finish();
    assert_eq!((loaded.counters.markets, loaded.counters.fees, loaded.counters.refused), (10_000, 90_000, 100_000));
    assert_eq!((loaded.findings.iter().len(), loaded.findings.more()), (100, 99_900));
    assert!(loaded.resolve().unwrap().iter().all(|fee| *fee == 0.009));
    for venue in 0..7 {
        loaded.set_tier(&format!("v{venue}"), &Tier::Volume(3_500.0));
    }
    assert!(loaded.resolve().unwrap().iter().all(|fee| *fee == 0.006));
}

proptest::proptest! {
    #[test]
    fn garbage(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let mut loader = Loader::new();
        let _ = loader.read_bytes("u", &bytes, &spec("x"));
        let _ = loader.read_fees_bytes("f", &bytes);
    }

    /// A byte of a real answer that is changed costs the file or its entry, and never another entry.
    #[test]
    fn a_changed_byte(at in 0_usize..600, byte in proptest::prelude::any::<u8>()) {
        let entry = |base: &str| format!(r#"{{"symbol":"{base}USDT","status":"TRADING","baseAsset":"{base}","quoteAsset":"USDT","filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.01"}}]}}"#);
        let mut bytes = format!(r#"{{"symbols":[{},{},{}]}}"#, entry("A"), entry("B"), entry("C")).into_bytes();
        if let Some(place) = bytes.get_mut(at) { *place = byte; }
        let mut loader = Loader::new();
        match loader.read_bytes("u", &bytes, &spec("binance:x")) {
            Ok(()) => {
                let c = loader.loaded().counters;
                proptest::prop_assert_eq!((c.rows, c.markets + c.refused), (3, 3));
                proptest::prop_assert!(c.refused <= 1);
            }
            Err(_) => proptest::prop_assert!(loader.loaded().universe.is_empty()),
        }
    }
}
