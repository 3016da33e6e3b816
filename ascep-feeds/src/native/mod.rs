//! ASCEP's own format of recorded events: CSV with a header line, and JSONL with the same keys. A row is checked in one place
//! (`row.rs`), whichever way it came.

mod csv;
mod jsonl;
mod row;
mod writer;

pub use self::csv::CsvReader;
pub(crate) use self::csv::split;
pub use self::jsonl::JsonlReader;
pub use self::row::CSV_COLUMNS;
pub use self::writer::{CsvWriter, JsonlWriter, WriteError};
