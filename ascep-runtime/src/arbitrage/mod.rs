//! Arbitrage over a universe of markets: what a closed way of exchanges returns after fees, how much of it can be done, and the life of each
//! opportunity from its opening to its close. Usable without the rule language.
//!
//! A [`Universe`] lists markets; a [`FeeTable`] says what each leg costs; a [`Path`] is one closed way, in one direction, as a value of fixed
//! size. Rates are those at which a taker is served at once: the bid for what is sold, the ask for what is bought, never the mid and never the
//! last trade.

mod counters;
mod decimal;
mod declare;
mod depth;
mod fees;
mod index;
mod lots;
mod offset;
mod opportunity;
mod path;
mod potentials;
mod scanner;
mod settings;
mod size;
mod stats;
mod universe;
mod way;

pub use counters::{ScanCounters, ScanStats};
pub use depth::{DepthPoint, best_executable, edge_at, largest, largest_executable, most_profitable, most_profitable_executable};
pub use fees::{FeeError, FeeRow, FeeTable, Tier};
pub use lots::most_gainful;
pub use offset::ClockOffset;
pub use opportunity::{CloseReason, Opportunity, OpportunitySink, State};
pub use path::{Leg, MAX_LEGS, Path, PathError};
pub use potentials::{Potentials, PotentialsCounters, PotentialsError};
pub use scanner::Scanner;
pub(crate) use scanner::{Set, Standing};
pub use settings::{INDEXED_LEGS, ScanError, ScanEventError, ScanSettings, VenueClock};
pub use size::{BoundBy, Execution, Fill, LegOffer, LegTerms, SizeFilter, Unexecutable, best_level, executable};
pub use stats::PathStats;
pub use universe::{AssetId, Contract, Filters, Market, MarketId, MarketKind, MarketSpec, Status, Universe, UniverseError, VenueId};
pub use way::{Round, Way, WayError, WayLeg};
