//! The tolerant decoder of Binance's frames, raw or wrapped as `{"stream":..,"data":..}`. One pass over the borrowed bytes takes the fields
//! that matter, whatever else there is; numbers may come as text or as numbers. Unknown types are counted, not refused.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::event::{MISSING, Payload, Quote, Side, Timestamp, Trade};
use crate::number::{self, short};
use crate::symbols::SymbolId;
use crate::venue::{Control, FrameError, Stream};

/// What a frame says.
pub(super) enum Decoded {
    Event { stream: Stream, symbol: SymbolId, venue_ts: Option<Timestamp>, payload: Payload, id: Option<u64> },
    Control(Control),
    Skipped,
    Unknown,
}

/// Reads a frame of any form; `symbol` says what a symbol of the venue is here.
pub(super) fn decode(frame: &[u8], symbol: impl FnOnce(&str) -> Result<SymbolId, FrameError>) -> Result<Decoded, FrameError> {
    let fields: Fields<'_> = serde_json::from_slice(frame).map_err(|error| FrameError::NotJson { message: error.to_string() })?;
    let (stream, message, payload, id) = match fields.kind() {
        Kind::Quote => {
            let (payload, id) = fields.quote()?;
            (Stream::Quotes, Message("bookTicker"), payload, id)
        }
        Kind::Trade => {
            let message = Message("trade");
            (Stream::Trades, message, fields.trade(message)?, fields.trade_id.integer())
        }
        Kind::AggTrade => {
            let message = Message("aggTrade");
            (Stream::Trades, message, fields.trade(message)?, fields.ask.integer())
        }
        Kind::Depth => return Ok(Decoded::Skipped),
        Kind::Shutdown => return Ok(Decoded::Control(Control::Shutdown)),
        Kind::Ack => return Ok(Decoded::Control(Control::Ack { id: fields.id.integer() })),
        Kind::Refused => {
            let message = short(fields.message.text().unwrap_or_default());
            let code = fields.code.signed().unwrap_or_default();
            return Ok(Decoded::Control(Control::Refused { id: fields.id.integer(), code, message }));
        }
        Kind::Unknown => return Ok(Decoded::Unknown),
    };
    let symbol = symbol(message.text("s", &fields.symbol)?)?;
    // Of a trade the time of the trade, else of the message; a bookTicker has neither.
    let venue_ts = fields.trade_time.integer().or(fields.event_time.integer()).and_then(nanoseconds);
    Ok(Decoded::Event { stream, symbol, venue_ts, payload, id })
}

/// Times come in ms, or in µs where the connection asks for `timeUnit=MICROSECOND`; as ms the latter would lie after the year 5138.
pub(super) fn nanoseconds(time: u64) -> Option<Timestamp> {
    let unit = if time < 100_000_000_000_000 { 1_000_000 } else { 1_000 };
    Timestamp::try_from(time).ok()?.checked_mul(unit)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Quote,
    Trade,
    AggTrade,
    Depth,
    Shutdown,
    Ack,
    Refused,
    Unknown,
}

/// A JSON value, shallow: nothing in a list or an object is kept.
#[derive(Debug, Default, PartialEq)]
enum Value<'a> {
    #[default]
    Missing,
    Text(Cow<'a, str>),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Deep,
}

impl Value<'_> {
    fn is_there(&self) -> bool {
        *self != Self::Missing
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn integer(&self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn signed(&self) -> Option<i64> {
        match self {
            Self::Unsigned(value) => i64::try_from(*value).ok(),
            Self::Signed(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// The type of a message, for what is said about its fields.
#[derive(Clone, Copy)]
struct Message(&'static str);

impl Message {
    fn text<'v>(self, field: &'static str, value: &'v Value<'_>) -> Result<&'v str, FrameError> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Missing => Err(FrameError::Missing { message: self.0, field }),
            _ => Err(FrameError::WrongType { message: self.0, field, want: "a text" }),
        }
    }

    fn number(self, field: &'static str, value: &Value<'_>) -> Result<f64, FrameError> {
        match value {
            Value::Text(text) => number::decimal(text).map_err(|error| FrameError::Number { message: self.0, field, error }),
            #[expect(clippy::cast_precision_loss, reason = "an integer beyond 2^53 becomes the nearest double, as text would")]
            Value::Unsigned(value) => Ok(*value as f64),
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            Value::Signed(value) => Ok(*value as f64),
            Value::Float(value) => Ok(*value),
            Value::Missing => Err(FrameError::Missing { message: self.0, field }),
            Value::Bool(_) | Value::Deep => Err(FrameError::WrongType { message: self.0, field, want: "a number" }),
        }
    }

    fn price(self, field: &'static str, value: &Value<'_>) -> Result<f64, FrameError> {
        let value = self.number(field, value)?;
        number::price(value, || value.to_string()).map_err(|error| FrameError::Number { message: self.0, field, error })
    }

    fn quantity(self, field: &'static str, value: &Value<'_>) -> Result<f64, FrameError> {
        let value = self.number(field, value)?;
        number::quantity(value, || value.to_string()).map_err(|error| FrameError::Number { message: self.0, field, error })
    }

    /// A side of a quote; the price 0 says that the side is empty.
    fn side(self, price: (&'static str, &Value<'_>), qty: (&'static str, &Value<'_>)) -> Result<(f64, f64), FrameError> {
        if self.number(price.0, price.1)? == 0.0 {
            self.quantity(qty.0, qty.1)?;
            return Ok((MISSING, MISSING));
        }
        Ok((self.price(price.0, price.1)?, self.quantity(qty.0, qty.1)?))
    }
}

/// The fields of all messages that matter, under what they mean in most of them.
#[derive(Debug, Default)]
struct Fields<'a> {
    stream: Value<'a>,
    event: Value<'a>,
    event_time: Value<'a>,
    symbol: Value<'a>,
    update: Value<'a>,
    bid: Value<'a>,
    bid_qty: Value<'a>,
    /// In an `aggTrade` its id.
    ask: Value<'a>,
    ask_qty: Value<'a>,
    price: Value<'a>,
    qty: Value<'a>,
    trade_id: Value<'a>,
    trade_time: Value<'a>,
    buyer_is_maker: Value<'a>,
    last_update: Value<'a>,
    id: Value<'a>,
    code: Value<'a>,
    message: Value<'a>,
    has_result: bool,
    has_error: bool,
}

impl Fields<'_> {
    fn kind(&self) -> Kind {
        match self.event.text() {
            Some("trade") => return Kind::Trade,
            Some("aggTrade") => return Kind::AggTrade,
            Some("bookTicker") => return Kind::Quote,
            Some("depthUpdate") => return Kind::Depth,
            Some("serverShutdown") => return Kind::Shutdown,
            Some(_) => return Kind::Unknown,
            None => {}
        }
        if self.has_error || (self.code.is_there() && self.message.is_there()) {
            Kind::Refused
        } else if self.stream.text() == Some("!serverShutdown") {
            Kind::Shutdown
        } else if self.last_update.is_there() {
            Kind::Depth
        } else if self.update.is_there() && (self.bid.is_there() || self.ask.is_there())
            || self.stream.text().is_some_and(|stream| stream.ends_with("@bookTicker"))
        {
            Kind::Quote
        } else if self.has_result {
            Kind::Ack
        } else {
            Kind::Unknown
        }
    }
}

impl Fields<'_> {
    fn quote(&self) -> Result<(Payload, Option<u64>), FrameError> {
        let message = Message("bookTicker");
        let (bid, bid_qty) = message.side(("b", &self.bid), ("B", &self.bid_qty))?;
        let (ask, ask_qty) = message.side(("a", &self.ask), ("A", &self.ask_qty))?;
        Ok((Payload::Quote(Quote { bid, ask, bid_qty, ask_qty }), self.update.integer()))
    }

    fn trade(&self, message: Message) -> Result<Payload, FrameError> {
        let price = message.price("p", &self.price)?;
        let qty = message.quantity("q", &self.qty)?;
        // The buyer was the maker, so the seller came to the market.
        let side = match self.buyer_is_maker {
            Value::Bool(true) => Some(Side::Sell),
            Value::Bool(false) => Some(Side::Buy),
            Value::Missing => None,
            _ => return Err(FrameError::WrongType { message: message.0, field: "m", want: "true or false" }),
        };
        Ok(Payload::Trade(Trade { price, qty, side }))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let mut fields = Self::default();
        reader.deserialize_any(Object { fields: &mut fields, inner: Inner::Top })?;
        Ok(fields)
    }
}

/// Which object is being read.
#[derive(Clone, Copy, PartialEq)]
enum Inner {
    Top,
    Data,
    Error,
}

/// Fills the fields from an object and those inside it that belong to the message.
struct Object<'f, 'de> {
    fields: &'f mut Fields<'de>,
    inner: Inner,
}

impl<'de> serde::de::DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { fields, inner } = self;
        while let Some(key) = map.next_key::<Key>()? {
            let place = match key {
                Key::Data if inner == Inner::Top => {
                    map.next_value_seed(Object { fields, inner: Inner::Data })?;
                    continue;
                }
                Key::Error if inner == Inner::Top => {
                    fields.has_error = true;
                    map.next_value_seed(Object { fields, inner: Inner::Error })?;
                    continue;
                }
                Key::Result if inner == Inner::Top => {
                    fields.has_result = true;
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Key::Stream if inner == Inner::Top => &mut fields.stream,
                Key::Event => &mut fields.event,
                Key::EventTime => &mut fields.event_time,
                Key::Symbol => &mut fields.symbol,
                Key::Update => &mut fields.update,
                Key::Bid => &mut fields.bid,
                Key::BidQty => &mut fields.bid_qty,
                Key::Ask => &mut fields.ask,
                Key::AskQty => &mut fields.ask_qty,
                Key::Price => &mut fields.price,
                Key::Qty => &mut fields.qty,
                Key::TradeId => &mut fields.trade_id,
                Key::TradeTime => &mut fields.trade_time,
                Key::Maker => &mut fields.buyer_is_maker,
                Key::LastUpdate => &mut fields.last_update,
                Key::Id => &mut fields.id,
                Key::Code => &mut fields.code,
                Key::Message => &mut fields.message,
                Key::Data | Key::Error | Key::Result | Key::Stream | Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = map.next_value()?;
        }
        Ok(())
    }

    /// A list of messages (`!ticker@arr`) holds none that is used here. At the top it is no frame.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Key {
    Stream,
    Data,
    Event,
    EventTime,
    Symbol,
    Update,
    Bid,
    BidQty,
    Ask,
    AskQty,
    Price,
    Qty,
    TradeId,
    TradeTime,
    Maker,
    LastUpdate,
    Result,
    Error,
    Id,
    Code,
    Message,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "stream" => Key::Stream,
                    "data" => Key::Data,
                    "e" => Key::Event,
                    "E" => Key::EventTime,
                    "s" => Key::Symbol,
                    "u" => Key::Update,
                    "b" => Key::Bid,
                    "B" => Key::BidQty,
                    "a" => Key::Ask,
                    "A" => Key::AskQty,
                    "p" => Key::Price,
                    "q" => Key::Qty,
                    "t" => Key::TradeId,
                    "T" => Key::TradeTime,
                    "m" => Key::Maker,
                    "lastUpdateId" => Key::LastUpdate,
                    "result" => Key::Result,
                    "error" => Key::Error,
                    "id" => Key::Id,
                    "code" => Key::Code,
                    "msg" => Key::Message,
                    _ => Key::Other,
                })
            }
        }
        reader.deserialize_identifier(KeyVisitor)
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = Value<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Value<'de>, E> {
                Ok(Value::Missing)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
                Ok(Value::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
                Ok(Value::Signed(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
                Ok(Value::Unsigned(value))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
                Ok(Value::Float(value))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
                Ok(Value::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Deep)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Deep)
            }
        }
        reader.deserialize_any(ValueVisitor)
    }
}
