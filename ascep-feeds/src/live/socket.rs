//! One WebSocket from opening to its end, as a task of its own. It sends the requests, answers pings, watches the time, and hands every
//! frame up with the time of receipt; it knows nothing of what is in them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::plan::Request;
use super::settings::Settings;
use crate::event::Timestamp;
use crate::number::short;

/// A message of a socket to the supervisor.
pub(super) struct Up {
    pub(super) socket: u64,
    /// When it happened; of a frame the time of receipt.
    pub(super) at: Timestamp,
    pub(super) what: What,
}

pub(super) enum What {
    /// The handshake is done.
    Open,
    Frame(Bytes),
    Ping,
    /// Its planned time is over; it goes on until it is told to stop.
    Retire,
    /// Nothing came for too long; it goes on.
    Quiet,
    /// It is gone.
    Lost(Loss),
}

/// Why a socket is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Loss {
    #[error("the address is not one of a WebSocket: {0}")]
    Address(String),
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    #[error("HTTP status {status}")]
    Http { status: u16, retry_after: Option<Duration> },
    #[error("no confirmation of the subscriptions within {0:?}")]
    AckTimeout(Duration),
    #[error("nothing came for {0:?}, not even a ping")]
    Idle(Duration),
    #[error("closed with code {code} {reason:?}")]
    Closed { code: u16, reason: String },
    #[error("{0}")]
    Broken(String),
    #[error("stopped")]
    Stopped,
}

/// A message of the supervisor to a socket.
pub(super) enum Down {
    /// All requests are confirmed.
    Confirmed,
    /// Close after this time.
    Stop(Duration),
}

/// What a socket needs.
pub(super) struct Task {
    pub(super) id: u64,
    pub(super) url: String,
    pub(super) requests: Vec<Request>,
    /// Not before.
    pub(super) start: Instant,
    pub(super) planned: Duration,
    pub(super) settings: Settings,
    pub(super) up: mpsc::Sender<Up>,
    pub(super) down: mpsc::UnboundedReceiver<Down>,
}

/// The time of receipt. The one place where live feeds read the clock of the machine.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::try_from(since.as_nanos()).unwrap_or(Timestamp::MAX)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Task {
    /// Runs the socket to its end.
    pub(super) async fn run(mut self) {
        let loss = match self.wait_and_open().await {
            Ok(mut socket) => {
                let loss = self.serve(&mut socket).await;
                // A polite end, but not a long one.
                let _ = timeout(Duration::from_millis(200), socket.close(None)).await;
                loss
            }
            Err(loss) => loss,
        };
        let _ = self.send(now(), What::Lost(loss)).await;
    }

    async fn send(&self, at: Timestamp, what: What) -> Result<(), Loss> {
        self.up.send(Up { socket: self.id, at, what }).await.map_err(|_| Loss::Stopped)
    }

    async fn wait_and_open(&mut self) -> Result<Socket, Loss> {
        let (start, limit) = (self.start, self.settings.connect_timeout);
        let max = Some(self.settings.max_message);
        let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max);
        let url = self.url.clone();
        let open = async move {
            sleep_until(start).await;
            timeout(limit, connect_async_with_config(url, Some(config), true)).await
        };
        tokio::select! {
            biased;
            () = stopped(&mut self.down) => Err(Loss::Stopped),
            opened = open => match opened {
                Ok(Ok((socket, _))) => Ok(socket),
                Ok(Err(error)) => Err(loss(error)),
                Err(_) => Err(Loss::ConnectTimeout(limit)),
            },
        }
    }

    async fn serve(&mut self, socket: &mut Socket) -> Loss {
        match self.try_serve(socket).await {
            Ok(never) => match never {},
            Err(loss) => loss,
        }
    }

    async fn try_serve(&mut self, socket: &mut Socket) -> Result<std::convert::Infallible, Loss> {
        self.send(now(), What::Open).await?;
        let opened = Instant::now();
        let mut heard = opened;
        let mut quiet = false;
        let mut next_request = opened;
        let mut requests = std::mem::take(&mut self.requests).into_iter().peekable();
        let mut confirm_by = Some(opened + self.settings.ack_timeout);
        let mut retire_at = Some(opened + self.planned);
        let mut stop_at = None;
        loop {
            let quiet_at =
                heard + if quiet { self.settings.idle_timeout } else { self.settings.quiet_after.min(self.settings.idle_timeout) };
            tokio::select! {
                biased;
                down = self.down.recv() => match down {
                    Some(Down::Confirmed) => confirm_by = None,
                    Some(Down::Stop(after)) => stop_at = Some(Instant::now() + after),
                    None => return Err(Loss::Stopped),
                },
                () = at(stop_at) => return Err(Loss::Stopped),
                () = at(confirm_by) => return Err(Loss::AckTimeout(self.settings.ack_timeout)),
                () = at(retire_at) => {
                    retire_at = None;
                    self.send(now(), What::Retire).await?;
                }
                () = sleep_until(next_request), if requests.peek().is_some() => {
                    if let Some(request) = requests.next() {
                        socket.send(Message::text(request.text)).await.map_err(loss)?;
                    }
                    next_request = Instant::now() + self.settings.request_spacing;
                }
                message = socket.next() => {
                    let received = now();
                    quiet = false;
                    match message {
                        Some(Ok(message)) => self.message(received, message).await?,
                        Some(Err(error)) => return Err(loss(error)),
                        None => return Err(Loss::Broken("the connection ended".to_owned())),
                    }
                    // Only now: the wait for a full queue is no silence of the venue.
                    heard = Instant::now();
                }
                () = sleep_until(quiet_at) => {
                    if quiet || self.settings.idle_timeout <= self.settings.quiet_after {
                        return Err(Loss::Idle(self.settings.idle_timeout));
                    }
                    quiet = true;
                    self.send(now(), What::Quiet).await?;
                }
            }
        }
    }

    async fn message(&self, received: Timestamp, message: Message) -> Result<(), Loss> {
        match message {
            Message::Text(text) => self.send(received, What::Frame(text.into())).await,
            Message::Binary(bytes) => self.send(received, What::Frame(bytes)).await,
            // The library answers with the same payload at the next read, which follows at once.
            Message::Ping(_) => self.send(received, What::Ping).await,
            Message::Close(Some(frame)) => Err(Loss::Closed { code: frame.code.into(), reason: short(&frame.reason) }),
            Message::Close(None) => Err(Loss::Closed { code: 1005, reason: String::new() }),
            Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }
}

/// Waits for a time, for ever where there is none.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Waits until the supervisor wants the socket to stop.
async fn stopped(down: &mut mpsc::UnboundedReceiver<Down>) {
    loop {
        match down.recv().await {
            Some(Down::Confirmed) => {}
            Some(Down::Stop(_)) | None => return,
        }
    }
}

/// The longest wait that a `Retry-After` is believed.
const LONGEST_BAN: Duration = Duration::from_secs(3600);

fn loss(error: Error) -> Loss {
    match error {
        Error::Url(error) => Loss::Address(error.to_string()),
        Error::HttpFormat(error) => Loss::Address(error.to_string()),
        Error::Http(response) => {
            let text = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            let seconds = text.and_then(|text| text.trim().parse::<u64>().ok());
            // A venue, or what stands between, may say anything; a feed is not parked for years because of it.
            let wait = seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST_BAN));
            Loss::Http { status: response.status().as_u16(), retry_after: wait }
        }
        other => Loss::Broken(other.to_string()),
    }
}
