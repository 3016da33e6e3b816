//! Faults of data, from the text of a file to what a scan tells: prices that are none, books that are locked or crossed, clocks that jump. All of it is
//! refused with a place, or counted, and takes nothing else with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::io::Cursor;

use ascep_feeds::native::CsvReader;
use ascep_feeds::order::{LatePolicy, Order, OrderCounters, TimePolicy};
use ascep_feeds::universe::{Loader, UniverseSpec};
use ascep_feeds::{EventSource, Payload, ReadOptions, SourceCounters, Symbols, TsUnit};
use ascep_runtime::arbitrage::{Opportunity, ScanCounters, ScanSettings, Scanner, State, VenueClock};

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MS;
const HEADER: &str = "ts,symbol,bid,ask,bid_qty,ask_qty,venue_ts\n";
/// What is bought on x for 100 is sold on y for 101.
const X: &str = "x:BTC/USD,99,100,,";
const Y: &str = "y:BTC/USD,101,102,,";

/// What came of a file.
#[derive(Debug)]
struct Run {
    told: Vec<Opportunity>,
    scan: ScanCounters,
    source: SourceCounters,
    order: OrderCounters,
    errors: Vec<String>,
}

impl Run {
    /// Tellings as `20 open #1`, times in ms.
    fn told(&self) -> Vec<String> {
        let state = |o: &Opportunity| match o.state {
            State::Open => "open".to_owned(),
            State::Update => "update".to_owned(),
            State::Close(reason) => reason.name().to_owned(),
        };
        self.told.iter().map(|o| format!("{} {} #{}", o.ts / MS, state(o), o.id)).collect()
    }
}

fn settings() -> ScanSettings {
    ScanSettings::default().with_max_age(Some(SECOND))
}

/// Reads rows with times in ms, puts them in order as the policy says, and scans them: markets are those of the universe in CSV.
fn run_as(universe: &str, rows: &str, policy: TimePolicy, settings: ScanSettings, clocks: Option<VenueClock>) -> Run {
    let mut loader = Loader::new();
    loader.read_bytes("u.csv", universe.as_bytes(), &"csv:u.csv".parse::<UniverseSpec>().unwrap()).unwrap();
    loader.read_fees_bytes("f.csv", b"taker\n0\n").unwrap();
    let loaded = loader.finish();
    assert!(loaded.findings.is_empty());
    let clocks = clocks.into_iter().flat_map(|clock| ["x", "y"].map(|name| (loaded.universe.venue(name).unwrap(), clock))).collect();
    let mut scanner = Scanner::new(&loaded.universe, &loaded.resolve().unwrap(), settings.with_clocks(clocks)).unwrap();

    let options = ReadOptions { ts_unit: TsUnit::Ms, ..ReadOptions::default() };
    let mut source = CsvReader::new("q.csv", Cursor::new(format!("{HEADER}{rows}")), options).unwrap();
    let (mut symbols, mut order) = (Symbols::new(), Order::new([policy]));
    let (mut told, mut errors) = (Vec::new(), Vec::new());
    let mut taken = 0;
    let mut take = |order: &mut Order, scanner: &mut Scanner, symbols: &Symbols| {
        while let Some((_, event)) = order.pop(scanner.now()) {
            let market = loaded.universe.find(symbols.name(event.symbol)).unwrap();
            let Payload::Quote(quote) = &event.payload else { panic!("{event:?}") };
            scanner.quote(market, event.ts, event.venue_ts, quote, &mut |o: &Opportunity| told.push(*o)).unwrap();
            taken += 1;
        }
    };
    while let Some(next) = source.next_event(&mut symbols) {
        match next {
            Ok(event) => {
                if let Err(error) = order.push(0, event, scanner.now()) {
                    errors.push(error.to_string());
                }
            }
            Err(error) => {
                assert!(!error.is_fatal() && !error.help().is_empty());
                errors.push(error.to_string());
            }
        }
        take(&mut order, &mut scanner, &symbols);
    }
    order.end();
    take(&mut order, &mut scanner, &symbols);
    scanner.finish(&mut |o: &Opportunity| told.push(*o));

    let run = Run { told, scan: scanner.counters(), source: source.counters(), order: order.counters(0), errors };
    // Nothing is lost: each row is taken, refused or counted as dropped, and what opened has closed.
    assert_eq!(run.source.lines, run.source.events + run.source.refused + run.source.blank);
    assert_eq!(run.source.events, taken + run.order.dropped + run.order.future_refused);
    assert_eq!((run.scan.quotes, run.scan.refused), (taken, 0));
    assert_eq!(run.errors.len() as u64, run.source.refused + run.order.future_refused);
    assert_eq!(run.scan.opened, run.scan.closed_total());
    run
}

fn two_venues(rows: &str, policy: TimePolicy) -> Run {
    run_as("symbol\nx:BTC/USD\ny:BTC/USD\n", rows, policy, settings(), Some(VenueClock::Receipt))
}

#[test]
fn prices_that_are_none_are_refused_with_their_place_and_change_nothing() {
    let good = [format!("0,{X},"), format!("10,{Y},"), "20,y:BTC/USD,100.5,102,,,".to_owned(), "30,y:BTC/USD,99,102,,,".to_owned()];
    let bad = [
        ("5,x:BTC/USD,0,100,,,", "`bid`: the price 0 is not above 0"),
        ("12,y:BTC/USD,inf,102,,,", "`bid`: \"inf\" is not a finite number"),
        ("12,y:BTC/USD,101,Infinity,,,", "`ask`: \"Infinity\" is not a finite number"),
        ("12,y:BTC/USD,1e999,102,,,", "`bid`: \"1e999\" is not a finite number"),
        ("12,y:BTC/USD,101,-102,,,", "`ask`: the price -102 is not above 0"),
        ("12,y:BTC/USD,NaN,102,,,", "`bid`: \"NaN\" is not a finite number"),
        ("12,y:BTC/USD,101,102,-1,,", "`bid_qty`: the quantity -1 is negative"),
        ("12,y:BTC/USD,101,102,,inf,", "`ask_qty`: \"inf\" is not a finite number"),
        ("99999999999999999999,y:BTC/USD,101,102,,,", "`ts`:"),
        ("12,y:BTC/USD,101,102,,,soon", "`venue_ts`:"),
    ];
    let mut rows = String::new();
    for (n, good) in good.iter().enumerate() {
        let _ = writeln!(rows, "{good}");
        for (bad, _) in bad.iter().filter(|_| n == 1) {
            let _ = writeln!(rows, "{bad}");
        }
    }
    let (with, without) = (two_venues(&rows, TimePolicy::replay()), two_venues(&good.join("\n"), TimePolicy::replay()));
    assert_eq!(with.told(), ["10 open #1", "20 update #1", "30 edge #1"]);
    assert_eq!(format!("{:?}", with.told), format!("{:?}", without.told));
    assert_eq!((with.source.refused, with.scan), (bad.len() as u64, without.scan));
    for (n, ((_, want), error)) in bad.iter().zip(&with.errors).enumerate() {
        assert!(error.starts_with(&format!("q.csv:{}: {want}", n + 4)), "{error}");
    }
}

#[test]
fn a_book_that_is_locked_crossed_or_one_sided_closes_and_is_counted() {
    let fault = |row: &str, n: i64| format!("{},{row}\n{},{Y},\n", 20 * n, 20 * n + 10);
    let faults = ["y:BTC/USD,101,101,,,", "y:BTC/USD,103,102,,,", "y:BTC/USD,,102,,,", "y:BTC/USD,101,,,,"]
        .iter()
        .zip(1..)
        .map(|(row, n)| fault(row, n));
    let rows = format!("0,{X},\n10,{Y},\n{}", faults.collect::<String>());
    let run = two_venues(&rows, TimePolicy::replay());
    let want = [
        "10 open #1",
        "20 locked #1",
        "30 open #2",
        "40 crossed #2",
        "50 open #3",
        "60 one_sided #3",
        "70 open #4",
        "80 one_sided #4",
        "90 open #5",
        "90 end #5",
    ];
    assert_eq!(run.told(), want);
    assert_eq!((run.scan.locked, run.scan.crossed, run.scan.one_sided), (1, 1, 2));
    // However much a crossed book seems to pay on its own.
    assert!(run.told.iter().all(|o| o.gross < 0.011));
}

/// A time four hours ahead, once or confirmed; then the old time goes on.
fn jump(confirmed: bool) -> String {
    const AHEAD: i64 = 4 * 3_600_000;
    let again = if confirmed { format!("{},{X},\n", AHEAD + 10) } else { String::new() };
    format!("0,{X},\n10,{Y},\n{AHEAD},{X},\n{again}30,y:BTC/USD,100.5,102,,,\n40,y:BTC/USD,99,102,,,\n")
}

#[test]
fn a_time_far_ahead_is_refused_live_unless_it_is_confirmed() {
    let run = two_venues(&jump(false), TimePolicy::live());
    assert_eq!(run.told(), ["10 open #1", "30 update #1", "40 edge #1"]);
    assert_eq!((run.order.future_refused, run.scan.late), (1, 0));
    assert_eq!(run.errors, ["its time 14400000000000 is 14399 s ahead of the clock, more than 3600 s"]);

    // Confirmed: the legs of before are too old, and those behind count as of the new clock.
    let run = two_venues(&jump(true), TimePolicy::live());
    assert_eq!(run.told(), ["10 open #1", "1000 age #1", "14400010 open #2", "14400010 edge #2"]);
    assert_eq!((run.order.future_refused, run.order.future_confirmed, run.order.applied, run.scan.late), (1, 1, 2, 2));
}

#[test]
fn times_that_go_back_are_applied_dropped_or_put_in_order() {
    let run = two_venues(&jump(false), TimePolicy::replay());
    assert_eq!(run.told(), ["10 open #1", "1000 age #1", "14400000 open #2", "14400000 edge #2"]);
    assert_eq!((run.order.applied, run.scan.late), (2, 2));

    let run = two_venues(&jump(false), TimePolicy::replay().with_late(LatePolicy::Drop));
    assert_eq!(run.told(), ["10 open #1", "1000 age #1"]);
    assert_eq!((run.order.dropped, run.scan.late), (2, 0));

    let five_hours = LatePolicy::Reorder { delay: 5 * 3_600 * SECOND, hold: 100 };
    let run = two_venues(&jump(false), TimePolicy::replay().with_late(five_hours));
    assert_eq!(run.told(), ["10 open #1", "30 update #1", "40 edge #1"]);
    assert_eq!((run.order.reordered, run.scan.late), (2, 0));
}

/// Both venues quote each 100 ms for three minutes; the clock of y is `off` ms off from the first to the second of these times on, and 40 ms of delay.
fn venue_clock(from: i64, to: i64, off: i64) -> String {
    let mut rows = String::new();
    for n in 0..1_800 {
        let ts = n * 100;
        let its = if (from..to).contains(&ts) { off } else { 0 };
        // A price that moves with each quote, so that nothing is only a refreshment.
        let _ = writeln!(rows, "{ts},x:BTC/USD,99,100,,,{}\n{},y:BTC/USD,10{}.5,103,,,{}", ts - 20, ts + 50, n % 2, ts + 50 - 40 + its);
    }
    rows
}

#[test]
fn a_venue_whose_clock_jumps_is_estimated_anew() {
    let scan =
        |rows: &str, clock| run_as("symbol\nx:BTC/USD\ny:BTC/USD\n", rows, TimePolicy::replay(), settings().with_step(1.0), Some(clock));
    let steady = scan(&venue_clock(0, 0, 0), VenueClock::Estimated);
    assert_eq!(steady.told(), ["50 open #1", "179950 end #1"]);
    assert_eq!((steady.scan.clock_jumps, steady.scan.ahead), (0, 0));

    // Set forward by 5 h: believed once a second quote says so, and nothing closes. Set back later: too old until a whole span has said the same, then open again.
    let hours = 5 * 3_600_000;
    let there_and_back = scan(&venue_clock(30_000, 90_000, hours), VenueClock::Estimated);
    assert_eq!(there_and_back.told(), ["50 open #1", "90050 age #1", "149050 open #2", "179950 end #2"]);
    assert_eq!(there_and_back.scan.clock_jumps, 2);

    // Set back for good: the legs seem old, which hides what there is and invents nothing, until the span is over.
    let back = scan(&venue_clock(30_000, i64::MAX, -hours), VenueClock::Estimated);
    assert_eq!((back.told()[0].as_str(), back.scan.clock_jumps), ("50 open #1", 1));
    assert_eq!((back.told.len(), back.scan.opened), (4, 2));

    // One stamp that is wrong is no jump, and hides nothing.
    let one = scan(&venue_clock(30_000, 30_100, hours), VenueClock::Estimated);
    assert_eq!((one.told(), one.scan.clock_jumps), (steady.told(), 0));

    // The time of receipt knows nothing of it.
    let receipt = scan(&venue_clock(30_000, 90_000, hours), VenueClock::Receipt);
    assert_eq!((receipt.told(), receipt.scan.clock_jumps), (steady.told(), 0));

    // A fixed offset that is wrong puts a quote ahead of the clock: it counts as of the clock, and is counted.
    let fixed = scan(&venue_clock(30_000, 90_000, hours), VenueClock::Fixed(0));
    assert_eq!((fixed.told(), fixed.scan.ahead), (steady.told(), 600));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Rows of all kinds: what is told is what is told of the sound rows alone, and the counters add up (see `run_as`).
    #[test]
    fn faults_take_nothing_with_them(rows in proptest::collection::vec((0..6_i64, 0..3_usize, 0..14_usize), 1..120), policy in 0..4_usize) {
        let policy = match policy {
            0 => TimePolicy::replay(),
            1 => TimePolicy::live().with_ahead(Some(SECOND)),
            2 => TimePolicy::replay().with_late(LatePolicy::Drop),
            _ => TimePolicy::replay().with_late(LatePolicy::Reorder { delay: 300 * MS, hold: 5 }),
        };
        let (mut all, mut sound, mut ts) = (String::new(), String::new(), 5_000);
        for (step, market, kind) in rows {
            ts += step * 37;
            let symbol = ["x:BTC/USD", "y:BTC/USD", "x:ETH/USD"][market];
            let (bid, ask) = (99 + kind % 5, 100 + kind % 5);
            let row = match kind {
                0..=7 => format!("{ts},{symbol},{bid},{ask},,,{}", ts - 10),
                8 => format!("{},{symbol},{bid},{ask},,,", ts - 900),
                9 => format!("{},{symbol},{bid},{ask},,,{}", ts + 7_200_000, ts + 9_000_000),
                10 => format!("{ts},{symbol},{ask},{bid},,,"),
                11 => format!("{ts},{symbol},,{ask},,,"),
                12 => format!("{ts},{symbol},0,{ask},,,"),
                _ => format!("{ts},{symbol},{bid},inf,,,"),
            };
            let _ = writeln!(all, "{row}");
            if kind < 12 {
                let _ = writeln!(sound, "{row}");
            }
        }
        let universe = "symbol\nx:BTC/USD\ny:BTC/USD\nx:ETH/USD\n";
        let (all, sound) =
            (run_as(universe, &all, policy, settings(), None), run_as(universe, &sound, policy, settings(), None));
        proptest::prop_assert_eq!(format!("{:?}", all.told), format!("{:?}", sound.told));
        proptest::prop_assert_eq!(all.scan, sound.scan);
        for o in all.told.iter().filter(|o| !matches!(o.state, State::Close(_))) {
            proptest::prop_assert!(o.net > 0.0 && (0..SECOND).contains(&o.age) && o.age >= o.skew, "{:?}", o);
        }
    }
}
