//! `ascep run` on a live feed, against a server on this machine that speaks the venue's protocol.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::net::TcpListener;
use std::thread;

use common::{Folder, ascep};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, accept};

/// Plays the venue for one connection: answers each request, then sends the frames, then waits until the other side goes.
fn venue(answer: fn(u64) -> Value, frames: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut socket) = accept(stream.unwrap()) else { continue };
            let mut sent = false;
            while let Ok(message) = socket.read() {
                let Message::Text(text) = message else { continue };
                let request: Value = serde_json::from_str(&text).unwrap();
                socket.send(Message::text(answer(request["id"].as_u64().unwrap()).to_string())).unwrap();
                if !std::mem::replace(&mut sent, true) {
                    // All of it at once, and more than the test waits for.
                    for frame in &frames {
                        socket.send(Message::text(frame.as_str())).unwrap();
                    }
                }
            }
        }
    });
    format!("binance?url=ws://127.0.0.1:{port}:BTC/USDT")
}

fn quote(u: u64, bid: f64, ask: f64) -> String {
    let data = json!({"u": u, "s": "BTCUSDT", "b": bid.to_string(), "B": "1.0", "a": ask.to_string(), "A": "2.0"});
    json!({"stream": "btcusdt@bookTicker", "data": data}).to_string()
}

fn trade(t: u64, price: f64, seller: bool) -> String {
    let data = json!({"e": "trade", "E": 5, "s": "BTCUSDT", "t": t, "p": price.to_string(), "q": "0.5", "T": 4, "m": seller, "M": true});
    json!({"stream": "btcusdt@trade", "data": data}).to_string()
}

const RULES: &str = "\
RULE high: IF mid(\"BTC/USDT\") > 100 THEN HIGH(mid = mid(\"BTC/USDT\"))
RULE sold: IF trade(\"binance:BTC/USDT\") WHERE it.side == \"sell\" THEN SOLD(px = it.price)
";

#[test]
fn live_signals_and_their_replay_from_the_record() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    let frames = vec![
        quote(1, 98.0, 99.0),
        quote(2, 100.0, 101.0),
        trade(1, 101.0, false),
        trade(2, 100.5, true),
        quote(3, 97.0, 98.0),
        quote(4, 102.0, 103.0),
    ];
    let feed = venue(|id| json!({"result": null, "id": id}), frames);
    let records = folder.at("records");
    let ended = ascep(&["run", &rules, "--feed", &feed, "--events", "6", "--for", "30s", "--record", &records]).with(0);
    let signals: Vec<String> = ended
        .lines()
        .iter()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            format!("{} {}", value["signal"].as_str().unwrap(), value["fields"])
        })
        .collect();
    assert_eq!(signals, ["HIGH {\"mid\":100.5}", "SOLD {\"px\":100.5}", "HIGH {\"mid\":102.5}"], "{}", ended.stderr);
    assert!(ended.stderr.contains("events           6\n"), "{}", ended.stderr);

    let recorded: Vec<String> =
        std::fs::read_dir(&records).unwrap().map(|entry| format!("binance:{}", entry.unwrap().path().display())).collect();
    assert_eq!(recorded.len(), 1, "one file for a connection");
    let replayed = ascep(&["replay", &rules, "--data", &recorded[0]]).with(0);
    assert_eq!(replayed.stdout, ended.stdout, "the same bytes");
}

#[test]
fn what_is_held_back_comes_out_in_silence_and_replays_the_same() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    let feed = venue(|id| json!({"result": null, "id": id}), vec![quote(1, 100.0, 103.0), trade(1, 101.0, true), quote(2, 97.0, 98.0)]);
    let feed = feed.replace("binance?", "binance?late=reorder&delay=100ms&");
    let records = folder.at("records");
    let ended = ascep(&["run", &rules, "--feed", &feed, "--events", "3", "--for", "30s", "--record", &records]).with(0);
    assert_eq!(ended.lines().len(), 2, "{}\n{}", ended.stdout, ended.stderr);
    let recorded = std::fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    let data = format!("binance:{}", recorded.display());
    assert_eq!(ascep(&["replay", &rules, "--data", &data, "--late", "reorder:100ms"]).with(0).stdout, ended.stdout);
}

#[test]
fn what_a_feed_complains_of_names_the_feed() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    // A port that nobody listens on any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let feed = format!("binance?url=ws://127.0.0.1:{port}:BTC/USDT");
    ascep(&["run", &rules, "--feed", &feed, "--for", "1s"]).says(&format!("warning: {feed}: "));
}

#[test]
fn a_refused_subscription_ends_with_three() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", RULES);
    let feed = venue(|id| json!({"error": {"code": 2, "msg": "Invalid request: no such symbol"}, "id": id}), Vec::new());
    ascep(&["run", &rules, "--feed", &feed, "--for", "60s"]).with(3).says("refused");
}

#[test]
fn a_quiet_feed_ends_in_time_and_its_timers_fire() {
    let folder = Folder::new();
    let rules = folder.file("r.cep", "IF NO quote(\"BTC/USDT\") FOR 200ms THEN QUIET\n");
    let feed = venue(|id| json!({"result": null, "id": id}), vec![quote(1, 1.0, 2.0)]);
    let ended = ascep(&["run", &rules, "--feed", &feed, "--for", "2s"]).with(0);
    assert_eq!(ended.lines().len(), 1, "{}\n{}", ended.stdout, ended.stderr);
}
