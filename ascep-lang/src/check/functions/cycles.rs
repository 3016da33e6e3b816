//! `cycles(..)`: the opportunities of a set of markets or of a whole universe, as events.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::call::{Call, Given};
use super::super::ways::Edges;
use crate::check::Checker;
use crate::check::expr::list;
use crate::check::report::quoted;
use crate::check::symbol;
use crate::check::value::{Facts, Ty, Val};
use crate::diagnostic::Code;
use crate::program::{Op, Scan, ScanFilters, ScanId, ScanMarket, SymbolId};
use crate::span::Span;
use crate::syntax::{ExprId, ExprKind, Tree};
use crate::universe::{MarketDecl, Universe};

/// The fewest and the most legs.
pub(super) const LEGS: std::ops::RangeInclusive<u8> = 2..=8;
/// The longest name of an asset or a venue, in bytes.
const MAX_NAME: usize = 64;

// The places of the arguments.
pub(super) const HOME: usize = 0;
pub(super) const FEE: usize = 1;
pub(super) const VENUE: usize = 2;
pub(super) const MARKETS: usize = 3;
pub(super) const LENGTH: usize = 4;
pub(super) const MIN_NET: usize = 5;
pub(super) const MAX_AGE: usize = 6;
pub(super) const MAX_SKEW: usize = 7;
pub(super) const STEP_AT: usize = 8;

/// What `markets` names, or what of the universe is meant.
type Listed = Option<Rc<[SymbolId]>>;

/// Scans that were made, by all that the call says.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    known: FxHashMap<(Scan, Listed), Option<ScanId>>,
    /// Parameters that are read as fees.
    pub(crate) fees: Vec<crate::program::ParamId>,
}

pub(super) fn cycles<'a>(c: &mut Checker<'a>, call: &Call<'a>) -> Val {
    let poison = Val::poison(call.span);
    let (head, listed) = (c.head(call), c.listed(call));
    let (Some(head), Some(listed)) = (head, listed) else { return poison };
    let home = head.home.clone();
    let key = (head, listed);
    let scan = match c.scans.known.get(&key) {
        Some(known) => *known,
        None => {
            let scan = c.scan(call, &key).map(|scan| c.out.scan(scan));
            c.scans.known.insert(key, scan);
            scan
        }
    };
    let Some(scan) = scan else { return poison };
    let asset = c.out.units.asset(&home);
    let home = c.out.units.single(asset);
    let shape = c.out.opportunity_shape(home);
    Val { shape, ..c.over(Op::Cycles(scan), &[], Ty::Event, Facts::INPUT, call.span) }
}

/// Whether it could be the name of an asset or a venue in a universe, where paths and assumptions are written with them.
fn is_plain(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.contains(['=', ',', '"', '\''])
}

impl<'a> Checker<'a> {
    /// The symbols that `markets` names; none where it is not given.
    fn listed(&mut self, call: &Call<'a>) -> Option<Listed> {
        let Some(Given { id, span, .. }) = call.get(MARKETS) else { return Some(None) };
        let tree = call.tree;
        let symbols = match tree.expr(Self::bare(tree, id)).map(|e| &e.kind) {
            Some(ExprKind::Name(name)) if !self.locals.contains_key(&(self.frame, name.as_str())) => self.named_set(name, span),
            Some(ExprKind::List(parts)) => self.listed_symbols(tree, parts, span)?,
            Some(ExprKind::Error) | None => return None,
            _ => {
                self.report(Code::NotASet, span, |c, d| {
                    d.says(format!("{} is not a set of markets", c.quote(span)), "a SET, or a list in brackets, is wanted")
                        .help("`markets = [\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\"]`")
                });
                return None;
            }
        };
        (!symbols.is_empty()).then_some(Some(symbols))
    }

    fn listed_symbols(&mut self, tree: &'a Tree, parts: &'a [ExprId], span: Span) -> Option<Rc<[SymbolId]>> {
        if parts.is_empty() {
            self.say(Code::EmptySet, span, "the list has no markets");
        }
        let mut symbols = Vec::with_capacity(parts.len());
        let mut seen: FxHashMap<SymbolId, Span> = FxHashMap::default();
        for part in parts {
            let (val, at) = (self.expr(tree, *part), Self::span_of(tree, *part));
            let Some(symbol) = self.want_symbol(&val, at) else { continue };
            match seen.get(&symbol) {
                Some(&first) => self.report(Code::DuplicateSymbol, at, |c, d| {
                    d.says(format!("{} is in the list twice", c.quote(at)), "again here").also(first, "first here")
                }),
                None => {
                    seen.insert(symbol, at);
                    symbols.push(symbol);
                }
            }
        }
        (symbols.len() == parts.len()).then(|| symbols.into())
    }

    /// The whole scan: the markets, each with its filters and its fee.
    fn scan(&mut self, call: &Call<'a>, (head, listed): &(Scan, Listed)) -> Option<Scan> {
        let options = self.options;
        let universe = options.universe.as_ref();
        let mut scan = head.clone();
        let chosen = match (listed, universe) {
            (Some(listed), universe) => self.of_list(call, head, listed, universe)?,
            (None, Some(universe)) if !universe.markets.is_empty() => self.of_universe(call, head, universe)?,
            (None, _) => {
                self.report(Code::NoUniverse, call.span, |_, d| {
                    d.says("there are no markets that `cycles` could look through", "neither `markets` nor a universe is given")
                        .help("name them: `markets = [\"BTC/USDT\", \"ETH/BTC\", \"ETH/USDT\"]`, or a SET")
                        .help("or give all that a venue lists: `--universe FILE`, from Rust `Options::with_universe`")
                });
                return None;
            }
        };
        self.visits = self.visits.saturating_add(chosen.len());
        if self.visits > self.options.limits.max_nodes {
            self.stop(call.span);
            return None;
        }
        let mut missing = Vec::new();
        let mut edges = Edges::default();
        for (symbol, decl) in chosen {
            let name = self.out.symbol_name(symbol).to_owned();
            let Some((base, quote)) = symbol::parts(&name).ok().and_then(|parts| parts.pair) else { continue };
            edges.add(base, quote);
            let fee = decl.and_then(|decl| decl.fee);
            if fee.is_none() && scan.fee.is_none() {
                missing.push(symbol);
            }
            let filters = decl.map_or(ScanFilters::default(), MarketDecl::filters);
            scan.markets.push(ScanMarket::Venue { symbol, filters, fee: fee.map(f64::to_bits) });
        }
        // What was declared equal counts where both are traded.
        for equal in universe.iter().flat_map(|universe| &universe.equal) {
            if edges.has(&equal.base) && edges.has(&equal.quote) {
                let (base, quote, haircut) = (equal.base.clone(), equal.quote.clone(), equal.haircut.to_bits());
                scan.markets.push(ScanMarket::AssumedEqual { base, quote, haircut });
            }
        }
        for equal in scan
            .markets
            .iter()
            .filter_map(|m| if let ScanMarket::AssumedEqual { base, quote, .. } = m { Some((base, quote)) } else { None })
        {
            edges.add(equal.0, equal.1);
        }
        let closed = self.closes(call, &scan, &edges);
        let paid = missing.is_empty() || self.no_fee(call, &missing);
        (closed && paid).then_some(scan)
    }

    /// The listed markets, on the venue where one is named.
    fn of_list<'u>(
        &mut self,
        call: &Call<'a>,
        head: &Scan,
        listed: &[SymbolId],
        universe: Option<&'u Universe>,
    ) -> Option<Vec<(SymbolId, Option<&'u MarketDecl>)>> {
        let span = call.span_of(MARKETS);
        let decls: FxHashMap<&str, &MarketDecl> =
            universe.into_iter().flat_map(|universe| &universe.markets).map(|decl| (decl.symbol.as_str(), decl)).collect();
        let mut chosen = Vec::with_capacity(listed.len());
        let mut seen = FxHashSet::default();
        for &symbol in listed {
            let name = self.out.symbol_name(symbol).to_owned();
            let Ok(parts) = symbol::parts(&name) else { continue };
            let Some((base, quote)) = parts.pair else {
                self.report(Code::CycleNotClosed, span, |_, d| {
                    d.says(format!("\"{name}\" names no pair"), "a market exchanges two assets: `\"BASE/QUOTE\"`")
                });
                return None;
            };
            let venue = parts.venue.or(head.venue.as_deref()).unwrap_or_default();
            if let Some(name) = [venue, base, quote].into_iter().find(|name| !is_plain(name)) {
                self.report(Code::BadSymbol, span, |_, d| {
                    let shown: String = name.chars().take(MAX_NAME).collect();
                    d.says(
                        format!("{} is no name of an asset or a venue that `cycles` takes", quoted(&shown)),
                        format!("at most {MAX_NAME} bytes without quote marks, `=` and `,`"),
                    )
                });
                return None;
            }
            if base == quote {
                self.report(Code::CycleNotClosed, span, |_, d| d.says(format!("\"{name}\" exchanges {base} for itself"), ""));
                return None;
            }
            let symbol = match (&head.venue, parts.venue) {
                (None, _) => symbol,
                (Some(venue), Some(own)) if venue == own => symbol,
                (Some(venue), Some(_)) => {
                    self.report(Code::UnknownVenue, call.span_of(VENUE), |_, d| {
                        d.says(format!("\"{name}\" is not on the venue \"{venue}\""), "a venue counts for all markets of the call")
                            .help("leave `venue` out where the markets name theirs")
                    });
                    return None;
                }
                (Some(venue), None) => {
                    let text = self.out.text(&format!("{venue}:{name}"));
                    match self.out.symbol(text) {
                        Ok(symbol) => symbol,
                        Err(why) => {
                            self.say(Code::BadSymbol, call.span_of(VENUE), format!("\"{venue}:{name}\" is not a symbol: {why}"));
                            return None;
                        }
                    }
                }
            };
            if seen.insert(symbol) {
                let decl = decls.get(self.out.symbol_name(symbol)).copied();
                chosen.push((symbol, decl));
            }
        }
        Some(chosen)
    }

    /// All that the universe has, of the venue where one is named.
    fn of_universe<'u>(&mut self, call: &Call<'a>, head: &Scan, universe: &'u Universe) -> Option<Vec<(SymbolId, Option<&'u MarketDecl>)>> {
        let venue_of = |decl: &'u MarketDecl| decl.symbol.split_once(':').map(|(venue, _)| venue);
        let mut chosen = Vec::new();
        for decl in &universe.markets {
            if head.venue.is_some() && venue_of(decl) != head.venue.as_deref() {
                continue;
            }
            let text = self.out.text(&decl.symbol);
            match self.out.symbol(text) {
                Ok(symbol) => chosen.push((symbol, Some(decl))),
                Err(why) => {
                    self.say(Code::BadSymbol, call.span, format!("\"{}\" of the universe is not a symbol: {why}", decl.symbol));
                    return None;
                }
            }
        }
        if let (true, Some(venue)) = (chosen.is_empty(), &head.venue) {
            let span = call.span_of(VENUE);
            self.report(Code::UnknownVenue, span, |c, d| {
                let mut venues: Vec<&str> = universe.markets.iter().filter_map(venue_of).collect();
                venues.sort_unstable();
                venues.dedup();
                let nearest = c.suggest(venue, |_| venues.clone()).map(|name| format!("\"{name}\""));
                let d = d.says(format!("the universe has no venue \"{venue}\""), "").meant(span, nearest.as_deref());
                if venues.is_empty() {
                    return d.help("its markets name no venue: leave `venue` out");
                }
                d.help(format!("it has {}", list(venues.get(..8).unwrap_or(&venues))))
            });
            return None;
        }
        Some(chosen)
    }

    /// Whether some way of that many legs leads from home and back; reports where none does.
    fn closes(&mut self, call: &Call<'a>, scan: &Scan, edges: &Edges) -> bool {
        let span = call.span_of(HOME);
        if !edges.has(&scan.home) {
            let home = scan.home.as_str();
            self.report(Code::UnknownHome, span, |c, d| {
                let assets = edges.names();
                let nearest = c.suggest(home, |_| assets.clone()).map(|name| format!("\"{name}\""));
                let d = d.says(format!("no market has the asset \"{home}\""), "ways begin and end here").meant(span, nearest.as_deref());
                d.help(format!("the markets have {}", list(assets.get(..8).unwrap_or(&assets))))
            });
            return false;
        }
        let (least, most) = scan.legs;
        if edges.closes(&scan.home, least, most, &mut self.scans_budget) {
            return true;
        }
        let at = if call.get(MARKETS).is_some() { call.span_of(MARKETS) } else { call.span };
        self.report(Code::NoWayHome, at, |_, d| {
            let legs = if least == most { format!("{least} legs") } else { format!("{least} to {most} legs") };
            let d = d.says(format!("no way of {legs} leads from {} through these markets and back", scan.home), "");
            let other =
                (*LEGS.start()..=*LEGS.end()).find(|n| edges.closes(&scan.home, *n, *n, &mut 100_000) && !(least..=most).contains(n));
            match other {
                Some(n) => d.help(format!("there is one of {n} legs: `legs = {n}`")),
                None => d.help("a way needs a market from each asset to the next: BTC/USDT, ETH/BTC and ETH/USDT for three legs"),
            }
        });
        false
    }

    /// Reports markets without a fee.
    fn no_fee(&mut self, call: &Call<'a>, missing: &[SymbolId]) -> bool {
        self.report(Code::NoFee, call.span, |c, d| {
            let names: Vec<String> = missing.iter().take(3).map(|s| c.out.symbol_name(*s).to_owned()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let more = missing.len() - names.len();
            let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
            d.says(format!("what a leg costs is not said for {}{rest}", list(&names)), "no leg is taken to be free")
                .help("give one for all markets: `fee = 7.5bp`; where there is none, `fee = 0`")
                .help("or a table of fees: `--fees FILE`, from Rust `MarketDecl::with_fee`")
        });
        false
    }
}
