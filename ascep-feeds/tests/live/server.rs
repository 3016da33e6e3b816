//! The server that plays the venue, and the client side of each test.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ascep_feeds::live::{Settings, channel};
use ascep_feeds::{FeedCounters, LiveConfig, LiveFeed, LiveItem, LiveReceiver, Payload, Recv, Status, Symbols};
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Message};

pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Something that happened at the server, with the time and the number of the connection.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) connection: usize,
    pub(crate) what: String,
}

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Entry>>>);

impl Log {
    pub(crate) fn add(&self, connection: usize, what: impl Into<String>) {
        self.0.lock().unwrap().push(Entry { at: Instant::now(), connection, what: what.into() });
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn of(&self, what: &str) -> Vec<Entry> {
        self.entries().into_iter().filter(|entry| entry.what == what).collect()
    }

    /// Waits until something was noted so often.
    pub(crate) async fn wait(&self, what: &str, times: usize) {
        for _ in 0..5_000 {
            if self.of(what).len() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{what} did not come {times} times: {:?}", self.entries());
    }
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) log: Log,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Each connection is handed to the script with its number, from 0.
    pub(crate) fn start(script: impl Fn(usize, TcpStream, Log) -> Task + Send + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let log = Log::default();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let its_log = log.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let accept = async {
                    for number in 0.. {
                        let (stream, _) = listener.accept().await.unwrap();
                        stream.set_nodelay(true).unwrap();
                        its_log.add(number, "connect");
                        drop(tokio::task::spawn_local(script(number, stream, its_log.clone())));
                    }
                };
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        });
        Self { addr, log, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.addr)
    }

    /// The times between the connections.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        self.log.of("connect").windows(2).map(|w| w[1].at - w[0].at).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let result = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            result.unwrap();
        }
    }
}

/// The venue's side of one connection.
pub(crate) struct Peer {
    pub(crate) number: usize,
    pub(crate) ws: WebSocketStream<TcpStream>,
    pub(crate) log: Log,
}

impl Peer {
    pub(crate) async fn accept(number: usize, stream: TcpStream, log: Log) -> Self {
        let ws = tokio_tungstenite::accept_async(stream).await.unwrap();
        Self { number, ws, log }
    }

    /// Takes the next request and gives its text and id.
    pub(crate) async fn request(&mut self) -> (String, u64) {
        loop {
            match self.ws.next().await {
                Some(Ok(Message::Text(text))) => {
                    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(json["method"], "SUBSCRIBE");
                    self.log.add(self.number, "request");
                    return (text.to_string(), json["id"].as_u64().unwrap());
                }
                Some(Ok(_)) => {}
                other => panic!("no request: {other:?}"),
            }
        }
    }

    /// Takes a request and confirms it.
    pub(crate) async fn confirm(&mut self) -> String {
        let (text, id) = self.request().await;
        self.text(&format!("{{\"result\":null,\"id\":{id}}}")).await;
        self.log.add(self.number, "confirmed");
        text
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    /// Sends what may no longer arrive.
    pub(crate) async fn try_text(&mut self, text: &str) -> bool {
        self.ws.send(Message::text(text)).await.is_ok()
    }

    pub(crate) async fn ping(&mut self, payload: &'static [u8]) {
        self.ws.send(Message::Ping(Bytes::from_static(payload))).await.unwrap();
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        let _ = self.ws.close(Some(frame)).await;
        self.until_end().await;
    }

    /// Reads until the client is gone, noting its pongs.
    pub(crate) async fn until_end(&mut self) {
        while let Some(Ok(message)) = self.ws.next().await {
            if let Message::Pong(payload) = message {
                self.log.add(self.number, format!("pong {}", String::from_utf8_lossy(&payload)));
            }
        }
        self.log.add(self.number, "end");
    }
}

/// Answers the handshake with an HTTP status.
pub(crate) async fn refuse(mut stream: TcpStream, status: &str, header: &str) {
    let mut request = [0u8; 4096];
    let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
    let answer = format!("HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

pub(crate) fn quote(u: u64) -> String {
    format!(
        "{{\"stream\":\"btcusdt@bookTicker\",\"data\":{{\"u\":{u},\"s\":\"BTCUSDT\",\"b\":\"{u}.5\",\"B\":\"1\",\"a\":\"{u}.6\",\"A\":\"2\"}}}}"
    )
}

pub(crate) fn trade(t: u64) -> String {
    format!(
        "{{\"stream\":\"btcusdt@trade\",\"data\":{{\"e\":\"trade\",\"E\":1,\"s\":\"BTCUSDT\",\"t\":{t},\"p\":\"{t}\",\"q\":\"1\",\"T\":1,\"m\":false,\"M\":true}}}}"
    )
}

/// Short waits, so that a fault takes no time in a test.
pub(crate) fn settings() -> Settings {
    let ms = Duration::from_millis;
    Settings {
        connect_timeout: ms(2_000),
        ack_timeout: ms(2_000),
        quiet_after: ms(5_000),
        idle_timeout: ms(10_000),
        overlap: ms(50),
        compare_after: ms(300),
        backoff_first: ms(10),
        backoff_max: ms(50),
        rate_limit_wait: ms(400),
        policy_wait: ms(300),
        good_after: ms(0),
        give_up_after: ms(10_000),
        request_spacing: ms(20),
        ..Settings::default()
    }
}

/// The client's side of a test.
pub(crate) struct Client {
    pub(crate) feed: LiveFeed,
    pub(crate) receiver: LiveReceiver,
    pub(crate) symbols: Symbols,
}

impl Client {
    pub(crate) fn start(url: &str, settings: Settings) -> Self {
        Self::with(url, settings, 10_000, None, "BTC/USDT")
    }

    pub(crate) fn with(url: &str, settings: Settings, queue: usize, record: Option<&std::path::Path>, symbols: &str) -> Self {
        let Ok(ascep_feeds::FeedSpec::Venue(spec)) = format!("binance?url={url}:{symbols}").parse() else { panic!("{url}") };
        let mut table = Symbols::new();
        let (sender, receiver) = channel(queue);
        let config = LiveConfig { feed: 4, spec, settings, record: record.map(Into::into) };
        let feed = LiveFeed::start(config, &mut table, sender).unwrap();
        Self { feed, receiver, symbols: table }
    }

    /// The next event.
    pub(crate) fn next(&self) -> LiveItem {
        match self.receiver.recv_timeout(Duration::from_secs(5)) {
            Recv::Item(item) => item,
            other => panic!("{other:?}; {:?}; {:?}", self.feed.last_trouble(), self.feed.counters()),
        }
    }

    /// The next events as short texts: bids of quotes, prices of trades, statuses.
    pub(crate) fn take(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| show(&self.next())).collect()
    }

    pub(crate) fn failure(&self) -> String {
        loop {
            match self.receiver.recv_timeout(Duration::from_secs(5)) {
                Recv::Failed { feed: 4, error } => {
                    assert!(!error.help().is_empty());
                    return error.to_string();
                }
                Recv::Item(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits until the counters are as wanted.
    pub(crate) fn until(&self, wanted: impl Fn(&FeedCounters) -> bool) -> FeedCounters {
        for _ in 0..5_000 {
            let counters = self.feed.counters();
            if wanted(&counters) {
                return counters;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("{:?}", self.feed.counters());
    }
}

pub(crate) fn show(item: &LiveItem) -> String {
    assert_eq!(item.feed, 4);
    assert_eq!(item.recv_ts, item.event.ts);
    match &item.event.payload {
        Payload::Quote(q) => format!("Q{}", q.bid.floor()),
        Payload::Trade(t) => format!("T{}", t.price),
        Payload::Status(status) => status.name().to_owned(),
        Payload::Book(_) => "B".to_owned(),
    }
}

pub(crate) fn is_status(item: &LiveItem, status: Status) -> bool {
    item.event.payload == Payload::Status(status)
}
