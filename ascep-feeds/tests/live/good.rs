//! Good times: subscriptions, real frames, pings, segments of any size, recording, a slow reader.

use std::time::Duration;

use ascep_feeds::capture::CaptureReader;
use ascep_feeds::{EventSource, MarketEvent, Payload, ReadOptions, Recv, Symbols, Venue};
use tokio::io::AsyncWriteExt;

use crate::server::{Client, Peer, Server, quote, settings, trade};

/// Real frames, as they came on 8 August 2024.
const REAL: [&str; 4] = [
    r#"{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}"#,
    r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#,
    r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,"u":50093239207,"b":[["55653.87000000","0.00000000"]],"a":[["61838.04000000","0.32332000"]]}}"#,
    r#"{"stream":"btcusdt@bookTicker","data":{"u":50093239219,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.60520000"}}"#,
];

#[test]
fn a_plain_session() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            let request = peer.confirm().await;
            assert_eq!(request, r#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","btcusdt@trade"],"id":1}"#);
            for frame in REAL {
                peer.text(frame).await;
            }
            peer.ping(b"1723161255343").await;
            for odd in [
                r#"{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1}}"#,
                r#"{"u":50093239220,"s":"BTCUSDT","b":61837.63,"B":3,"a":"61837.64","A":"1","new":[{}]}"#,
                r#"{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCU"#,
                r#"{"u":1,"s":"ETHUSDT","b":"1","B":"1","a":"2","A":"1"}"#,
                r#"{"error":{"code":-1003,"msg":"Too much request weight used"}}"#,
            ] {
                peer.text(odd).await;
            }
            peer.ws.get_mut().flush().await.unwrap();
            peer.until_end().await;
        })
    });
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.take(4), ["Q61837", "T61837.63", "Q61837", "Q61837"]);
    let counters = client.until(|c| c.control >= 2);
    assert_eq!(
        (counters.frames, counters.events, counters.skipped, counters.unknown, counters.refused, counters.unsubscribed),
        (10, 4, 1, 1, 1, 1)
    );
    // The usual ones but the first, which brings the name.
    assert_eq!((counters.scanned, counters.fell_back), (3, 7));
    assert_eq!((counters.pings, counters.control, counters.refused_requests, counters.connects, counters.lost), (1, 2, 1, 1, 0));
    assert!(client.feed.last_trouble().unwrap().contains("-1003"));
    assert_eq!(client.symbols.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["binance:BTC/USDT"]);
    client.feed.stop();
    assert!(matches!(client.receiver.try_recv(), Recv::Ended));
    drop(server);
}

#[test]
fn pongs_carry_the_payload_of_the_ping() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            peer.ping(b"1700000000001").await;
            peer.ping(b"").await;
            peer.ping(b"second").await;
            peer.text(&quote(1)).await;
            peer.until_end().await;
        })
    });
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.take(1), ["Q1"]);
    for payload in ["pong 1700000000001", "pong ", "pong second"] {
        for _ in 0..2_000 {
            if !server.log.of(payload).is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(server.log.of(payload).len(), 1, "{payload}");
    }
    assert_eq!(client.feed.counters().pings, 3);
}

/// A text frame as it goes over the wire from a server.
fn wire(text: &str) -> Vec<u8> {
    let mut out = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(length) if length < 126 => out.push(length),
        _ => {
            out.push(126);
            out.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        }
    }
    out.extend(text.as_bytes());
    out
}

#[test]
fn frames_and_segments_do_not_match() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            let raw = peer.ws.get_mut();
            for byte in wire(&quote(1)) {
                raw.write_all(&[byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            raw.write_all(&[wire(&quote(2)), wire(&trade(3))].concat()).await.unwrap();
            let bytes = [wire(&quote(4)), wire(&quote(5))].concat();
            let (one, two) = bytes.split_at(bytes.len() / 2 + 7);
            raw.write_all(one).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            raw.write_all(two).await.unwrap();
            // One message in three frames.
            let text = quote(6);
            let (a, rest) = text.as_bytes().split_at(20);
            let (b, c) = rest.split_at(30);
            for (head, part) in [(0x01u8, a), (0x00, b), (0x80, c)] {
                raw.write_all(&[head, u8::try_from(part.len()).unwrap()]).await.unwrap();
                raw.write_all(part).await.unwrap();
            }
            peer.until_end().await;
        })
    });
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.take(6), ["Q1", "Q2", "T3", "Q4", "Q5", "Q6"]);
}

#[test]
fn requests_are_cut_and_spaced() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            for _ in 0..3 {
                peer.confirm().await;
            }
            peer.text(&quote(1)).await;
            peer.until_end().await;
        })
    });
    let settings = ascep_feeds::live::Settings { streams_per_request: 2, request_spacing: Duration::from_millis(60), ..settings() };
    let client = Client::with(&server.url(), settings, 100, None, "BTC/USDT,ETH/USDT,ETH/BTC");
    assert_eq!(client.take(1), ["Q1"]);
    let requests = server.log.of("request");
    assert_eq!(requests.len(), 3);
    assert!(requests.windows(2).all(|w| w[1].at - w[0].at > Duration::from_millis(40)), "{requests:?}");
}

#[test]
fn many_symbols_take_several_connections() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            let request = peer.confirm().await;
            let symbol = request.split('"').nth(7).unwrap().split('@').next().unwrap().to_uppercase();
            peer.text(&format!("{{\"u\":1,\"s\":\"{symbol}\",\"b\":\"1\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\"}}")).await;
            peer.until_end().await;
        })
    });
    let settings = ascep_feeds::live::Settings { streams_per_connection: 2, ..settings() };
    let client = Client::with(&server.url(), settings, 100, None, "BTC/USDT,ETH/USDT,ETH/BTC");
    let mut ids: Vec<u32> = (0..3).map(|_| client.next().event.symbol.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(client.feed.counters().connects, 3);
}

#[test]
fn a_slow_reader_gets_every_trade_and_the_newest_quote() {
    const TRADES: u64 = 3_000;
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            for id in 1..=TRADES {
                peer.text(&quote(id)).await;
                peer.text(&trade(id)).await;
            }
            peer.text(&quote(TRADES + 1)).await;
            peer.until_end().await;
        })
    });
    let client = Client::with(&server.url(), settings(), 16, None, "BTC/USDT");
    std::thread::sleep(Duration::from_millis(300));
    let (mut trades, mut quotes, mut last_ts) = (Vec::new(), Vec::new(), 0);
    while quotes.last() != Some(&(TRADES + 1)) {
        let item = client.next();
        assert!(item.recv_ts >= last_ts, "conflation keeps the order of times");
        last_ts = item.recv_ts;
        match item.event.payload {
            Payload::Trade(t) => trades.push(t.price),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Payload::Quote(q) => quotes.push(q.bid.floor() as u64),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(trades.len() as u64, TRADES, "no trade is lost");
    assert!(trades.is_sorted() && quotes.is_sorted());
    let counters = client.feed.counters();
    assert!(counters.conflated > 0 && counters.waits > 0, "{counters:?}");
    assert_eq!(quotes.len() as u64 + counters.conflated, TRADES + 1);
}

#[test]
fn a_record_gives_the_same_events_again() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            let first = number as u64 * 10;
            peer.text(&quote(first + 1)).await;
            peer.text(&trade(first + 2)).await;
            if number == 0 {
                peer.close(1001, "24 h").await;
            } else {
                peer.text("not json").await;
                peer.until_end().await;
            }
        })
    });
    let dir = tempfile::tempdir().unwrap();
    let client = Client::with(&server.url(), settings(), 100, Some(dir.path()), "BTC/USDT");
    let live: Vec<MarketEvent> = (0..6).map(|_| client.next().event).collect();
    client.until(|c| c.refused == 1);
    client.feed.stop();
    let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].file_name().unwrap().to_str().unwrap().starts_with("binance-4-0-"));
    let mut symbols = Symbols::new();
    let mut reader = CaptureReader::open(&files[0], Venue::Binance, ReadOptions::default()).unwrap();
    let mut again = Vec::new();
    while let Some(next) = reader.next_event(&mut symbols) {
        again.extend(next.ok());
    }
    assert_eq!(again, live);
    let counters = reader.counters();
    assert_eq!((counters.refused, counters.control), (1, 2));
    // The last frame is there without the end of the feed: it was flushed in time.
    assert!(std::fs::read_to_string(&files[0]).unwrap().ends_with("not json\n"));
}
