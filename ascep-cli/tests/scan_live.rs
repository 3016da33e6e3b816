//! `ascep scan` as it goes on: live, against a server on this machine that speaks the venue's protocol, and until Ctrl-C.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;

use common::{ascep, binary};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, accept};

/// Plays the venue: answers the first request, sends the frames, and is gone.
fn venue(frames: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut socket = accept(listener.accept().unwrap().0).unwrap();
        let Ok(Message::Text(text)) = socket.read() else { return };
        let request: Value = serde_json::from_str(&text).unwrap();
        socket.send(Message::text(json!({"result": null, "id": request["id"]}).to_string())).unwrap();
        for frame in frames {
            socket.send(Message::text(frame)).unwrap();
        }
        socket.flush().unwrap();
    });
    format!("binance?url=ws://127.0.0.1:{port}:BTC/USDT,ETH/BTC,ETH/USDT")
}

fn quote(symbol: &str, u: u64, bid: f64, ask: f64) -> String {
    let data = json!({"u": u, "s": symbol, "b": bid.to_string(), "B": "1.0", "a": ask.to_string(), "A": "2.0"});
    json!({"stream": format!("{}@bookTicker", symbol.to_lowercase()), "data": data}).to_string()
}

#[test]
fn a_lost_connection_closes_what_is_open() {
    let feed =
        venue(vec![quote("BTCUSDT", 1, 60_000.0, 60_006.0), quote("ETHBTC", 1, 0.0499, 0.05), quote("ETHUSDT", 1, 3_009.3, 3_010.0)]);
    let ended = ascep(&["scan", "--feed", &feed, "--fee", "5bp", "--home", "USDT", "--for", "3s"]).with(0);
    let told: Vec<Value> = ended.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 2, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(
        (&told[0]["state"], &told[0]["path"]),
        (&json!("open"), &json!("buy binance:BTC/USDT, buy binance:ETH/BTC, sell binance:ETH/USDT"))
    );
    assert_eq!((&told[1]["state"], &told[1]["reason"]), (&json!("close"), &json!("disconnect")));
    assert!(ended.stderr.contains("closed by        disconnect 1\n"), "{}", ended.stderr);
}

#[test]
fn a_feed_without_symbols_and_universe_has_nothing_to_scan() {
    ascep(&["scan", "--feed", "binance", "--fee", "5bp"]).with(2).says("the feeds name no symbols");
}

fn endless(args: &[&str]) -> Child {
    Command::new(binary()).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[cfg(unix)]
#[test]
fn ctrl_c_still_writes_the_report_and_the_page() {
    let folder = common::Folder::new();
    let page = folder.at("r.html");
    let mut child = endless(&["scan", "--html", &page]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"seq\":1,"), "{first}");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let last: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["state"], "close", "what is open is closed at the end");
    assert!(stderr.contains("Opportunities\n") && stderr.contains(&format!("tellings         {}\n", 1 + rest.lines().count())), "{stderr}");
    assert!(std::fs::read_to_string(&page).unwrap().ends_with("</html>\n"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = endless(&["scan", "--speed", "max"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error") && !stderr.contains("panicked"), "{stderr}");
}
