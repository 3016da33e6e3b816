//! A row of the native format as cells under known columns, and its way to an event.

use std::borrow::Cow;

use crate::error::RowErrorKind;
use crate::event::{Book, Level, MarketEvent, Payload, Quote, Side, Timestamp, Trade};
use crate::number::{self, or_missing, short};
use crate::symbols::Symbols;
use crate::time::{self, TsUnit};

/// The columns of a CSV file. JSONL has `bids` and `asks` besides.
pub const CSV_COLUMNS: [&str; 11] = ["ts", "symbol", "kind", "price", "qty", "side", "bid", "ask", "bid_qty", "ask_qty", "venue_ts"];

/// A column or key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Ts,
    Symbol,
    Kind,
    Price,
    Qty,
    Side,
    Bid,
    Ask,
    BidQty,
    AskQty,
    VenueTs,
    Bids,
    Asks,
}

impl Column {
    pub(super) const ALL: [Self; 13] = [
        Self::Ts,
        Self::Symbol,
        Self::Kind,
        Self::Price,
        Self::Qty,
        Self::Side,
        Self::Bid,
        Self::Ask,
        Self::BidQty,
        Self::AskQty,
        Self::VenueTs,
        Self::Bids,
        Self::Asks,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ts => "ts",
            Self::Symbol => "symbol",
            Self::Kind => "kind",
            Self::Price => "price",
            Self::Qty => "qty",
            Self::Side => "side",
            Self::Bid => "bid",
            Self::Ask => "ask",
            Self::BidQty => "bid_qty",
            Self::AskQty => "ask_qty",
            Self::VenueTs => "venue_ts",
            Self::Bids => "bids",
            Self::Asks => "asks",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// The kind of event it belongs to, if only one.
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Price | Self::Qty | Self::Side => Some(Kind::Trade),
            Self::Bid | Self::Ask | Self::BidQty | Self::AskQty => Some(Kind::Quote),
            Self::Bids | Self::Asks => Some(Kind::Book),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trade,
    Quote,
    Book,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Quote => "quote",
            Self::Book => "book",
        }
    }
}

/// A cell as its format gives it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Cell<'a> {
    /// Not there, empty, or `null`.
    #[default]
    Empty,
    Text(Cow<'a, str>),
    Integer(i128),
    Float(f64),
    Levels(Result<Vec<Level>, RowErrorKind>),
    /// A JSON value of a type that no column has.
    Other,
}

/// What is wrong, and under which column.
pub(super) type CellError = (Option<Column>, RowErrorKind);

/// The cells of one row.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    cells: [Cell<'a>; Column::ALL.len()],
}

const EMPTY: Cell<'static> = Cell::Empty;

impl<'a> Row<'a> {
    pub(super) fn set(&mut self, column: Column, cell: Cell<'a>) {
        if let Some(place) = self.cells.get_mut(column as usize) {
            *place = cell;
        }
    }

    fn get(&self, column: Column) -> &Cell<'a> {
        self.cells.get(column as usize).unwrap_or(&EMPTY)
    }

    /// The event that the row says.
    pub(super) fn event(&mut self, unit: TsUnit, symbols: &mut Symbols) -> Result<MarketEvent, CellError> {
        let ts = self.time(Column::Ts, unit)?.ok_or((Some(Column::Ts), RowErrorKind::Empty))?;
        let venue_ts = self.time(Column::VenueTs, unit)?;
        let kind = self.kind()?;
        let payload = match kind {
            Kind::Trade => Payload::Trade(Trade {
                price: self.price(Column::Price)?.ok_or((Some(Column::Price), RowErrorKind::Empty))?,
                qty: or_missing(self.quantity(Column::Qty)?),
                side: self.side()?,
            }),
            Kind::Quote => Payload::Quote(Quote {
                bid: or_missing(self.price(Column::Bid)?),
                ask: or_missing(self.price(Column::Ask)?),
                bid_qty: or_missing(self.quantity(Column::BidQty)?),
                ask_qty: or_missing(self.quantity(Column::AskQty)?),
            }),
            Kind::Book => Payload::Book(Box::new(Book { bids: self.levels(Column::Bids)?, asks: self.levels(Column::Asks)? })),
        };
        // The name comes last, so that a row that is refused adds none to the table.
        let symbol = match self.get(Column::Symbol) {
            Cell::Text(text) => symbols.intern(text).map_err(|error| (Some(Column::Symbol), error.into()))?,
            Cell::Empty => return Err((Some(Column::Symbol), RowErrorKind::Empty)),
            _ => return Err((Some(Column::Symbol), RowErrorKind::WrongType { want: "a text" })),
        };
        Ok(MarketEvent { ts, venue_ts, symbol, payload })
    }

    fn kind(&self) -> Result<Kind, CellError> {
        let said = match self.get(Column::Kind) {
            Cell::Empty => None,
            Cell::Text(text) => match &**text {
                "trade" => Some(Kind::Trade),
                "quote" => Some(Kind::Quote),
                "book" => Some(Kind::Book),
                other => return Err((Some(Column::Kind), RowErrorKind::NotAKind { text: short(other) })),
            },
            _ => return Err((Some(Column::Kind), RowErrorKind::WrongType { want: "a text" })),
        };
        let mut kind = said;
        for column in Column::ALL {
            let Some(its) = column.kind() else { continue };
            if *self.get(column) == Cell::Empty {
                continue;
            }
            match kind {
                None => kind = Some(its),
                Some(kind) if kind == its => {}
                Some(kind) => return Err((Some(column), RowErrorKind::MixedKinds { its: its.name(), kind: kind.name() })),
            }
        }
        kind.ok_or((None, RowErrorKind::NoKind))
    }

    fn time(&self, column: Column, unit: TsUnit) -> Result<Option<Timestamp>, CellError> {
        let time = match self.get(column) {
            Cell::Empty => return Ok(None),
            Cell::Text(text) => time::parse(text, unit),
            Cell::Integer(value) => time::from_integer(*value, unit),
            Cell::Float(value) => Err(time::TimeError::NotATime { text: short(&value.to_string()) }),
            Cell::Levels(_) | Cell::Other => return Err((Some(column), RowErrorKind::WrongType { want: "an integer or a text" })),
        };
        time.map(Some).map_err(|error| (Some(column), error.into()))
    }

    fn number(&self, column: Column) -> Result<Option<f64>, CellError> {
        match self.get(column) {
            Cell::Empty => Ok(None),
            Cell::Text(text) => number::decimal(text).map(Some).map_err(|error| (Some(column), error.into())),
            #[expect(clippy::cast_precision_loss, reason = "an integer beyond 2^53 becomes the nearest double, as text would")]
            Cell::Integer(value) => Ok(Some(*value as f64)),
            Cell::Float(value) => Ok(Some(*value)),
            Cell::Levels(_) | Cell::Other => Err((Some(column), RowErrorKind::WrongType { want: "a number" })),
        }
    }

    fn price(&self, column: Column) -> Result<Option<f64>, CellError> {
        let Some(value) = self.number(column)? else { return Ok(None) };
        number::price(value, || value.to_string()).map(Some).map_err(|error| (Some(column), error.into()))
    }

    fn quantity(&self, column: Column) -> Result<Option<f64>, CellError> {
        let Some(value) = self.number(column)? else { return Ok(None) };
        number::quantity(value, || value.to_string()).map(Some).map_err(|error| (Some(column), error.into()))
    }

    fn side(&self) -> Result<Option<Side>, CellError> {
        match self.get(Column::Side) {
            Cell::Empty => Ok(None),
            Cell::Text(text) => match &**text {
                "buy" => Ok(Some(Side::Buy)),
                "sell" => Ok(Some(Side::Sell)),
                other => Err((Some(Column::Side), RowErrorKind::NotASide { text: short(other) })),
            },
            _ => Err((Some(Column::Side), RowErrorKind::WrongType { want: "a text" })),
        }
    }

    fn levels(&mut self, column: Column) -> Result<Vec<Level>, CellError> {
        let cell = self.cells.get_mut(column as usize).map(std::mem::take).unwrap_or_default();
        match cell {
            Cell::Empty => Ok(Vec::new()),
            Cell::Levels(levels) => levels.map_err(|error| (Some(column), error)),
            _ => Err((Some(column), RowErrorKind::WrongType { want: "a list of [price, qty]" })),
        }
    }
}
