//! `ascep run`: the simulated market, how a run ends, and what the command does with feeds that are none.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{ALERT, Folder, ascep, binary, root};

#[test]
fn the_demonstration_needs_no_arguments() {
    let ended = ascep(&["run", "--speed", "max", "--for", "20s"]).with(0).says("no rules were given");
    for signal in ["TRIANGLE", "DISLOCATION", "LARGE_TRADE", "BUSY"] {
        assert!(ended.stdout.contains(&format!("\"signal\":\"{signal}\"")), "no {signal}");
    }
    assert!(ended.stderr.contains("events/s"));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed: &str| ascep(&["run", "--feed", &format!("sim:seed={seed}"), "--speed", "max", "--events", "30000"]).with(0).stdout;
    let one = run("7");
    assert!(one.lines().count() > 3, "{one}");
    assert_eq!(one, run("7"));
    assert_ne!(one, run("8"));
}

#[test]
fn shards_give_the_same_bytes() {
    let folder = Folder::new();
    // Parts that share nothing: a level, a filter, a window with timers, a sequence, a silence, an EVERY.
    let rules = folder.file(
        "parts.cep",
        "PARAM least = 2bp IN 0bp .. 50bp
         IF mid(\"BTC/USDT\") > avg(mid(\"BTC/USDT\"), 2s, partial = TRUE) THEN HIGH(mid = mid(\"BTC/USDT\")) COOLDOWN 100ms
         IF trade(\"ETH/USDT\") WHERE it.qty > 0.1 THEN LARGE(price = it.price, qty = it.qty)
         IF spread_ratio(\"BNB/USDT\") > least THEN WIDE EVERY 250ms
         IF SEQ a: trade(\"SOL/USDT\") WHERE it.side == \"buy\" -> b: trade(\"SOL/USDT\") WHERE it.side == \"sell\" WITHIN 1s THEN TURN(from = a.price, to = b.price)
         IF NO trade(\"ADA/USDT\") FOR 20ms THEN SILENT
         IF mid(\"XRP/USDT\") CROSSES ABOVE avg(mid(\"XRP/USDT\"), 5s, partial = TRUE) THEN UP\n",
    );
    let run = |more: &[&str]| ascep(&[&["run", rules.as_str(), "--feed", "sim:seed=5", "--speed", "max"], more].concat()).with(0);
    for ends in [["--events", "20000"], ["--events", "4096"], ["--for", "30s"]] {
        let one = run(&ends);
        for name in ["HIGH", "LARGE", "WIDE", "TURN", "SILENT", "UP"] {
            assert!(one.stdout.contains(&format!("\"signal\":\"{name}\"")), "no {name} in {ends:?}: {}", one.stdout);
        }
        for shards in ["1", "2", "5"] {
            let many = run(&[&ends[..], &["--shards", shards]].concat());
            assert_eq!(many.stdout, one.stdout, "{shards} shards, {ends:?}");
            // The counts are the same too.
            let counts = |text: &str| {
                text.lines().filter(|l| l.starts_with("events  ") || l.starts_with("signals")).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(counts(&many.stderr), counts(&one.stderr));
        }
    }
    let split = run(&["--events", "10", "--shards", "3"]);
    assert!(split.stderr.contains("3 shards, of 2 and 2 and 2 rules"), "{}", split.stderr);
}

#[test]
fn shards_that_are_none() {
    ascep(&["run", "--events", "1", "--shards", "0"]).with(2).says("1..=64");
    ascep(&["run", "--events", "1", "--shards", "65"]).with(2).says("1..=64");
    // What reads common instruments stays together.
    let folder = Folder::new();
    let rules = folder.file("one.cep", "IF mid(\"A/B\") > mid(\"C/D\") THEN A\nIF mid(\"C/D\") > 1 THEN B\n");
    ascep(&["run", &rules, "--speed", "max", "--events", "10", "--shards", "2"]).with(0).says("they run on one core");
    // Explanations are those of one engine, and a replay has one.
    ascep(&["replay", &rules, "--data", &rules, "--shards", "2"]).with(2).says("--shards");
}

#[test]
fn shards_at_the_pace_of_the_market() {
    let run = |more: &[&str]| ascep(&[&["run", "--feed", "sim:seed=3", "--for", "1s"], more].concat()).with(0).stdout;
    assert_eq!(run(&["--shards", "2"]), run(&[]));
}

#[test]
fn events_and_time_end_a_run() {
    let ended = ascep(&["run", "--speed", "max", "--events", "1000"]).with(0);
    assert!(ended.stderr.contains("events           1,000\n"), "{}", ended.stderr);
    ascep(&["run", "--speed", "max", "--events", "0"]).with(0);
    let began = Instant::now();
    ascep(&["run", "--for", "1s"]).with(0);
    assert!(began.elapsed() >= Duration::from_secs(1), "a simulated second lasts a second");
    ascep(&["run", "--for", "soon"]).with(2).says("duration");
    ascep(&["run", "--events", "-1"]).with(2);
}

#[test]
fn rules_of_a_file_bring_their_symbols() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF quote(\"ADA/EUR\") THEN Q(bid = it.bid) LIMIT 3 PER 1h\n");
    let ended = ascep(&["run", &rules, "--speed", "max", "--for", "5s"]).with(0);
    assert_eq!(ended.lines().len(), 3, "{}", ended.stdout);
    assert!(ended.stderr.contains("held back"));
}

#[test]
fn parameters_reach_the_rules() {
    let run = |fee: &str| {
        let ended = ascep(&["run", "--speed", "max", "--for", "20s", "--param", &format!("fee={fee}")]).with(0);
        ended.lines().iter().filter(|line| line.contains("TRIANGLE")).count()
    };
    assert!(run("0bp") > run("20bp"));
    ascep(&["run", "--param", "fee=90bp", "--events", "1"]).with(1).says("E0314");
}

#[test]
fn a_recorded_simulation_replays_to_the_same_signals() {
    let folder = Folder::new();
    let records = folder.at("rec/deep");
    let rules = root().join("ascep-cli/demo/demo.cep").to_str().unwrap().to_owned();
    let live = ascep(&["run", &rules, "--speed", "max", "--events", "20000", "--record", &records]).with(0).stdout;
    let data = folder.at("rec/deep/sim.jsonl");
    assert_eq!(ascep(&["replay", &rules, "--data", &data]).with(0).stdout, live);
    let log = folder.file("log.jsonl", &live);
    ascep(&["replay", &rules, "--data", &data, "--verify", &log]).with(0);
    let file = folder.file("file", "");
    ascep(&["run", "--events", "1", "--record", &file]).with(3);
    let before = std::fs::read(&data).unwrap();
    ascep(&["run", "--speed", "max", "--events", "1", "--record", &records]).with(3).says("an earlier record").says("another folder");
    assert_eq!(std::fs::read(&data).unwrap(), before, "nothing was written over");
}

#[test]
fn a_record_keeps_the_default_venue() {
    let folder = Folder::new();
    let rules = folder.file(
        "r.cep",
        "IF trade(\"A/B\") THEN S(a = it.price)\nIF trade(\"kraken:A/B\") THEN K(k = it.price)\nIF quote(\"sim:A/B\") THEN Q\n",
    );
    let records = folder.at("rec");
    let feed = "sim:symbols=kraken:A/B";
    let live = ascep(&["run", &rules, "--feed", feed, "--speed", "max", "--for", "1.5s", "--record", &records]).with(0).stdout;
    for signal in ["S", "K", "Q"] {
        assert!(live.contains(&format!("\"signal\":\"{signal}\"")), "no {signal}");
    }
    assert_eq!(ascep(&["replay", &rules, "--data", &folder.at("rec/sim.jsonl")]).with(0).stdout, live);
}

#[test]
fn feeds_that_are_none() {
    ascep(&["run", "--feed", "nyse:IBM"]).with(2).says("unknown feed");
    ascep(&["run", "--feed", "sim:sead=1"]).with(2).says("did you mean `seed`?");
    ascep(&["run", "--feed", "sim:seed=x"]).with(2);
    ascep(&["run", "--feed", "sim", "--feed", "binance:BTC/USDT"]).with(2).says("cannot run together");
    ascep(&["run", "--feed", "binance:BTC/USDT", "--speed", "max"]).with(2);
    let folder = Folder::new();
    let rules = folder.file("k.cep", "IF price(\"kraken:BTC/USDT\") > 1 THEN S\n");
    ascep(&["run", &rules, "--feed", "binance:BTC/USDT", "--events", "1"]).with(3).says("kraken:BTC/USDT");
}

#[test]
fn bad_rules_start_nothing() {
    let folder = Folder::new();
    let ended = ascep(&["run", &folder.file("bad.cep", "IF 1 THEN"), "--for", "10s"]).with(1);
    assert_eq!(ended.stdout, "");
    ascep(&["run", &folder.at("none.cep")]).with(3);
    let seed = folder.file("seed.cep", common::SEED);
    ascep(&["run", &seed, "--speed", "max", "--for", "5s"]).with(0).says("W1001");
    ascep(&["run", &seed, "--strict-units"]).with(1);
}

/// A run that goes on until it is told to end.
fn endless(args: &[&str]) -> Child {
    Command::new(binary()).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_still_writes_and_sums_up() {
    let mut child = endless(&["run"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    let began = Instant::now();
    stdout.read_line(&mut first).unwrap();
    assert!(first.contains("\"seq\":1,"), "{first}");
    assert!(began.elapsed() < Duration::from_secs(20), "signals come within seconds");
    interrupt(&child);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let signals = 1 + rest.lines().count();
    assert!(stderr.contains(&format!("signals          {signals}\n")), "all {signals} signals were written:\n{stderr}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_replay_too() {
    let folder = Folder::new();
    let rules = folder.file("a.cep", ALERT);
    // A pipe that gives one row and then nothing keeps the replay waiting; the row after Ctrl-C lets it look.
    let pipe = folder.at("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = endless(&["replay", &rules, "--data", &pipe]);
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    std::io::Write::write_all(&mut writer, b"ts,symbol,price\n1,BTC/USDT,101\n").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(200));
    std::io::Write::write_all(&mut writer, b"2,BTC/USDT,99\n3,BTC/USDT,102\n").unwrap();
    drop(writer);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("events"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_storm_of_timers() {
    let folder = Folder::new();
    let data = folder.file("t.csv", "ts,symbol,price\n1,BTC/USDT,101\n86400000000001,BTC/USDT,101\n");
    // One fires a thousand million times a second for a day, the other is held back each time and gives no signal.
    for tail in ["EVERY 1ns", "EVERY 1ns LIMIT 1 PER 365d"] {
        let rules = folder.file("storm.cep", format!("IF price(\"BTC/USDT\") > 100 THEN S {tail}\n"));
        let mut child = endless(&["replay", &rules, "--data", &data]);
        let mut stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).unwrap());
        std::thread::sleep(Duration::from_secs(1));
        let began = Instant::now();
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        reader.join().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("events           1\n"), "{stderr}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}

#[test]
fn strides_of_the_clock_change_no_signal() {
    let folder = Folder::new();
    // The silence is longer than the clock goes at once beside this `EVERY`, and ends within a turn.
    let data = folder.file("t.csv", "ts,symbol,price\n1,BTC/USDT,101\n250000500,BTC/USDT,99\n");
    let rules = folder.file("r.cep", "IF price(\"BTC/USDT\") > 100 THEN S EVERY 1us\n");
    let ended = ascep(&["replay", &rules, "--data", &data]).with(0);
    let lines = ended.lines();
    assert_eq!(lines.len(), 250_001);
    for (k, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("{{\"seq\":{},\"ts\":{},", k + 1, k * 1_000 + 1)), "{line}");
    }
}

#[test]
fn memory_is_bounded_as_the_user_says() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF count(trade(\"BTC/USDT\"), 1m) > 3 THEN S\n");
    let run = |options: &[&str]| ascep(&[&["run", &rules, "--speed", "max", "--for", "5s"], options].concat());
    run(&["--max-bytes", "100K"]).with(1).says("--max-window-samples").says("--max-bytes");
    run(&["--max-bytes", "100K", "--max-window-samples", "1000"]).with(0);
    run(&["--max-bytes", "1M"]).with(0);
    run(&["--max-bytes", "lots"]).with(2).says("such as 512M");
    run(&["--max-window-samples", "0"]).with(2);
    let data = folder.file("t.csv", "ts,symbol,price\n1,BTC/USDT,1\n2,BTC/USDT,2\n3,BTC/USDT,3\n");
    let replay = ascep(&["replay", &rules, "--data", &data, "--max-window-samples", "2"]).with(0);
    assert!(replay.stderr.contains("dropped samples  1\n"), "{}", replay.stderr);
    ascep(&["replay", &rules, "--data", &data, "--max-bytes", "1"]).with(1).says("--max-bytes");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = endless(&["run", "--speed", "max"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error") && !stderr.contains("panicked"), "{stderr}");
}
