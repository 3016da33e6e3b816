//! Faults: shutdowns announced and not, silence, refusals, and that the next connection takes over without a message lost or doubled.

use std::time::Duration;

use ascep_feeds::live::{Settings, channel};
use ascep_feeds::{FeedSpec, LiveConfig, LiveError, LiveFeed, Status, Symbols};

use crate::server::{Client, Peer, Server, is_status, quote, refuse, settings, show, trade};

/// The first connection sends on until the second one has taken over; the second repeats some of it.
fn takes_over(announce: &'static [&'static str], settings: Settings) {
    let server = Server::start(move |number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log.clone()).await;
            peer.confirm().await;
            if number == 0 {
                peer.text(&quote(1)).await;
                peer.text(&trade(1)).await;
                for text in announce {
                    peer.text(text).await;
                }
                log.wait("confirmed", 2).await;
                peer.text(&quote(2)).await;
                peer.text(&trade(2)).await;
                log.add(0, "sent");
                peer.until_end().await;
            } else if number == 1 {
                log.wait("sent", 1).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
                for id in 2..=4 {
                    peer.text(&quote(id)).await;
                    peer.text(&trade(id)).await;
                }
                log.wait("end", 1).await;
                peer.text(&quote(5)).await;
                peer.until_end().await;
            } else {
                peer.until_end().await;
            }
        })
    });
    let client = Client::start(&server.url(), settings);
    assert_eq!(client.take(9), ["Q1", "T1", "Q2", "T2", "Q3", "T3", "Q4", "T4", "Q5"], "nothing lost, nothing twice, no status");
    let counters = client.feed.counters();
    assert_eq!((counters.duplicates, counters.connects, counters.lost), (2, 2, 0), "{counters:?}");
    assert!(counters.replaced >= 1);
    assert_eq!(counters.shutdowns, announce.len() as u64);
    let (connect, end) = (server.log.of("connect"), server.log.of("end"));
    assert!(connect[1].at < end[0].at && end[0].connection == 0, "first the new one, then the old one");
}

#[test]
fn an_announced_shutdown_on_a_combined_stream() {
    takes_over(&[r#"{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}"#], settings());
}

#[test]
fn an_announced_shutdown_on_a_raw_stream() {
    takes_over(&[r#"{"e":"serverShutdown","E":1770123456789}"#, r#"{"e":"serverShutdown","E":1770123456790}"#], settings());
}

#[test]
fn a_planned_replacement() {
    let planned = Settings { planned_after: Duration::from_millis(400), planned_jitter: Duration::from_millis(100), ..settings() };
    takes_over(&[], planned);
}

#[test]
fn a_close_by_the_venue() {
    for code in [1000, 1001, 1006 + 6] {
        let server = Server::start(move |number, stream, log| {
            Box::pin(async move {
                let mut peer = Peer::accept(number, stream, log).await;
                peer.confirm().await;
                peer.text(&quote(number as u64 + 1)).await;
                if number == 0 {
                    peer.close(code, "24 hours").await;
                } else {
                    peer.until_end().await;
                }
            })
        });
        let client = Client::start(&server.url(), settings());
        let items: Vec<_> = (0..4).map(|_| client.next()).collect();
        assert_eq!(items.iter().map(show).collect::<Vec<_>>(), ["Q1", "disconnect", "reconnect", "Q2"]);
        assert!(is_status(&items[1], Status::Disconnect) && items.is_sorted_by_key(|item| item.recv_ts));
        assert_eq!(client.feed.counters().lost, 1);
        assert!(client.feed.last_trouble().unwrap().contains(&format!("code {code}")));
    }
}

#[test]
fn a_connection_that_just_breaks() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            peer.text(&quote(number as u64 + 1)).await;
            if number > 0 {
                peer.until_end().await;
            }
        })
    });
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.take(4), ["Q1", "disconnect", "reconnect", "Q2"]);
}

#[test]
fn a_half_open_socket() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            peer.text(&quote(number as u64 + 1)).await;
            if number == 0 {
                // Neither a message nor a close.
                std::future::pending::<()>().await;
            }
            loop {
                tokio::time::sleep(Duration::from_millis(30)).await;
                if peer.ws.get_ref().peer_addr().is_err() || !peer.try_text(r#"{"result":null,"id":77}"#).await {
                    return;
                }
            }
        })
    });
    let short = Settings { quiet_after: Duration::from_millis(150), idle_timeout: Duration::from_millis(300), ..settings() };
    let client = Client::start(&server.url(), short);
    assert_eq!(client.take(5), ["Q1", "stale", "disconnect", "reconnect", "Q2"]);
    let counters = client.feed.counters();
    assert_eq!((counters.half_open, counters.stale, counters.connects), (1, 1, 2), "{counters:?}");
    let gap = server.gaps()[0];
    assert!(gap > Duration::from_millis(280) && gap < Duration::from_secs(3), "{gap:?}");
}

#[test]
fn pings_alone_keep_a_quiet_connection() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            for _ in 0..12 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                peer.ping(b"x").await;
            }
            peer.text(&quote(1)).await;
            peer.until_end().await;
        })
    });
    let short = Settings { quiet_after: Duration::from_millis(250), idle_timeout: Duration::from_millis(400), ..settings() };
    let client = Client::start(&server.url(), short);
    assert_eq!(client.take(1), ["Q1"]);
    let counters = client.feed.counters();
    assert_eq!((counters.pings, counters.connects, counters.half_open), (12, 1, 0));
}

#[test]
fn requests_that_are_refused() {
    for code in 0..=4 {
        let server = Server::start(move |number, stream, log| {
            Box::pin(async move {
                let mut peer = Peer::accept(number, stream, log).await;
                let (_, id) = peer.request().await;
                peer.text(&format!("{{\"error\":{{\"code\":{code},\"msg\":\"Invalid request\"}},\"id\":{id}}}")).await;
                peer.until_end().await;
            })
        });
        let client = Client::start(&server.url(), settings());
        assert_eq!(client.failure(), format!("the venue refused the subscription with code {code}: Invalid request"));
        assert_eq!(client.feed.counters().refused_requests, 1);
        client.feed.stop();
        assert_eq!(server.log.of("connect").len(), 1, "no second attempt");
    }
}

#[test]
fn a_subscription_that_nobody_confirms() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            if number == 0 {
                peer.request().await;
            } else {
                peer.confirm().await;
                peer.text(&quote(1)).await;
            }
            peer.until_end().await;
        })
    });
    let client = Client::start(&server.url(), Settings { ack_timeout: Duration::from_millis(150), ..settings() });
    assert_eq!(client.take(1), ["Q1"], "it never worked, so it was never lost");
    assert_eq!(client.feed.counters().lost, 1);
}

#[test]
fn addresses_that_can_not_work() {
    let server = Server::start(|_, stream, _| Box::pin(refuse(stream, "404 Not Found", "")));
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.failure(), format!("can't connect to {}/stream: HTTP status 404", server.url()));
    // Nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let short = Settings { give_up_after: Duration::from_millis(200), ..settings() };
    let client = Client::start(&format!("ws://127.0.0.1:{port}"), short.clone());
    assert!(client.failure().contains("can't connect to"));
    assert!(client.feed.counters().attempts > 1);
    // TLS where there is none.
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let _ = tokio_tungstenite::accept_async(stream).await;
            log.add(number, "end");
        })
    });
    let client = Client::start(&format!("wss://{}", server.addr), short);
    assert!(client.failure().contains("can't connect to wss://"));
}

#[test]
fn ids_may_begin_again_after_a_loss() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            peer.text(&quote(9 - number as u64)).await;
            peer.text(&trade(9)).await;
            if number == 0 {
                peer.close(1001, "maintenance").await;
            } else {
                peer.until_end().await;
            }
        })
    });
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.take(6), ["Q9", "T9", "disconnect", "reconnect", "Q8", "T9"]);
    assert_eq!(client.feed.counters().duplicates, 0);
}

#[test]
fn feeds_that_can_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let start = |symbols: &str, record: Option<&std::path::Path>| {
        let Ok(FeedSpec::Venue(spec)) = format!("binance?url=ws://127.0.0.1:1:{symbols}").parse() else { panic!("{symbols}") };
        let (sender, _receiver) = channel(10);
        let config = LiveConfig { feed: 0, spec, settings: settings(), record: record.map(Into::into) };
        LiveFeed::start(config, &mut Symbols::new(), sender).err().unwrap()
    };
    assert!(matches!(start("", None), LiveError::NoSymbols));
    assert!(matches!(start("BTCUSDT", None), LiveError::NotAPair { .. }));
    let error = start("BTC/USDT", Some(&file));
    assert!(matches!(error, LiveError::Record(_)) && error.to_string().starts_with("can't record to "), "{error}");
}

#[test]
fn stopping_from_elsewhere() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            peer.until_end().await;
        })
    });
    let client = Client::start(&server.url(), settings());
    client.until(|c| c.connects == 1);
    let handle = client.feed.stop_handle();
    std::thread::spawn(move || handle.stop()).join().unwrap();
    assert!(matches!(client.receiver.recv_timeout(Duration::from_secs(5)), ascep_feeds::Recv::Ended));
    for _ in 0..2_000 {
        if !server.log.of("end").is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("no goodbye: {:?}", server.log.entries());
}
