//! Limits of the venue: too many requests, a broken rule, and no storm of new connections whatever the server does.

use std::time::Duration;

use ascep_feeds::live::Settings;

use crate::server::{Client, Peer, Server, quote, refuse, settings};

#[test]
fn too_many_requests_at_the_handshake() {
    for (status, header, least) in [
        ("429 Too Many Requests", "Retry-After: 1\r\n", 1_000),
        ("418 I'm a teapot", "Retry-After: 1\r\n", 1_000),
        ("429 Too Many Requests", "", 400),
    ] {
        let server = Server::start(move |number, stream, log| {
            Box::pin(async move {
                if number == 0 {
                    return refuse(stream, status, header).await;
                }
                let mut peer = Peer::accept(number, stream, log).await;
                peer.confirm().await;
                peer.text(&quote(1)).await;
                peer.until_end().await;
            })
        });
        let client = Client::start(&server.url(), settings());
        assert_eq!(client.take(1), ["Q1"]);
        let gaps = server.gaps();
        assert!(gaps[0] >= Duration::from_millis(least - 20) && gaps[0] < Duration::from_millis(least + 1_500), "{gaps:?}");
        let counters = client.feed.counters();
        assert_eq!((counters.rate_limited, counters.lost, counters.connects), (1, 1, 1));
    }
}

#[test]
fn a_broken_rule() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            if number == 0 {
                peer.close(1008, "disconnected").await;
            } else {
                peer.text(&quote(1)).await;
                peer.until_end().await;
            }
        })
    });
    let client = Client::start(&server.url(), settings());
    assert_eq!(client.take(3), ["disconnect", "reconnect", "Q1"]);
    let gaps = server.gaps();
    assert!(gaps[0] >= Duration::from_millis(280), "{gaps:?}");
    assert_eq!(client.feed.counters().rate_limited, 1);
}

#[test]
fn no_storm_of_connections() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            peer.close(1001, "again").await;
        })
    });
    let window = Duration::from_millis(600);
    let storm = Settings {
        connects: 4,
        connects_window: window,
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        ..settings()
    };
    let client = Client::start(&server.url(), storm);
    client.until(|c| c.connects >= 9);
    client.feed.stop();
    let connects = server.log.of("connect");
    assert!(connects.len() >= 9);
    // A little less than the window: the server sees the start of a connection a moment after the client counted it.
    let tight = connects.windows(5).filter(|w| w[4].at - w[0].at < window - Duration::from_millis(50)).count();
    assert_eq!(tight, 0, "{connects:?}");
}

#[test]
fn shutdowns_one_after_the_other_make_no_storm() {
    let server = Server::start(|number, stream, log| {
        Box::pin(async move {
            let mut peer = Peer::accept(number, stream, log).await;
            peer.confirm().await;
            let _ = peer.try_text(r#"{"e":"serverShutdown","E":1}"#).await;
            peer.until_end().await;
        })
    });
    let slow = Settings {
        good_after: Duration::from_secs(10),
        backoff_first: Duration::from_millis(100),
        backoff_max: Duration::from_millis(200),
        ..settings()
    };
    let client = Client::start(&server.url(), slow);
    std::thread::sleep(Duration::from_millis(700));
    client.feed.stop();
    let connects = server.log.of("connect").len();
    assert!((3..=10).contains(&connects), "{connects}");
}

#[test]
fn waits_grow_while_nothing_works() {
    let server = Server::start(|_, stream, _| Box::pin(async move { drop(stream) }));
    let growing = Settings {
        backoff_first: Duration::from_millis(40),
        backoff_max: Duration::from_millis(400),
        give_up_after: Duration::from_millis(900),
        ..settings()
    };
    let client = Client::start(&server.url(), growing);
    assert!(client.failure().contains("can't connect"));
    let gaps = server.gaps();
    assert!(gaps.len() >= 3 && gaps.len() <= 10, "{gaps:?}");
    assert!(gaps.last().unwrap() > &gaps[0], "{gaps:?}");
}
