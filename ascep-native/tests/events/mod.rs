//! Events as tests give them to batches.

#![allow(dead_code, reason = "each test file uses a part")]

use std::mem::offset_of;

use ascep_native::EventLayout;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) ts: i64,
    pub(crate) venue_ts: Option<i64>,
    pub(crate) instrument: u32,
    pub(crate) payload: Payload,
}

#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(crate) enum Payload {
    Other([f64; 4]),
    Quote([f64; 4]),
    Trade(Trade),
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub(crate) struct Trade {
    pub(crate) price: f64,
    pub(crate) qty: f64,
    pub(crate) side: Option<Side>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Buy,
    Sell,
}

pub(crate) const SIDES: [Option<Side>; 3] = [Some(Side::Buy), Some(Side::Sell), None];

pub(crate) const LAYOUT: EventLayout = EventLayout {
    size: size_of::<Event>(),
    ts: offset_of!(Event, ts),
    venue_ts: offset_of!(Event, venue_ts),
    instrument: offset_of!(Event, instrument),
    kind: offset_of!(Event, payload),
    quote: 1,
    numbers: offset_of!(Event, payload) + 8,
    trade: 2,
    traded: offset_of!(Event, payload) + 8,
    side: offset_of!(Event, payload) + 8 + offset_of!(Trade, side),
};
