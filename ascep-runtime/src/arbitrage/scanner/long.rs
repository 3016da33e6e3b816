//! Ways of more legs than the index has: the rates of all edges as potentials, which find at least one way for each edge that became better and
//! makes one.

use super::follow::Follow;
use crate::arbitrage::index::NONE;
use crate::arbitrage::path::{MAX_LEGS, Path};
use crate::arbitrage::potentials::Potentials;
use crate::arbitrage::settings::{INDEXED_LEGS, ScanSettings};
use crate::arbitrage::universe::Universe;
use crate::memory::flat;
use crate::snapshot::{Reader, Writer};

/// See the module.
#[derive(Debug)]
pub(super) struct Long {
    potentials: Potentials,
    /// The edge of the universe that each edge of the potentials is.
    edges: Vec<u32>,
    /// Where each market's begin, and where the last one's end. Where venues are kept apart an assumption holds on each of them.
    starts: Vec<u32>,
    /// Whether two assets are assumed equal, for each market.
    assumed: Vec<bool>,
    /// What rates are multiplied by, so that a way of [`MAX_LEGS`] legs multiplies to 1 where it is at the threshold.
    factor: f64,
    /// Above which net return a way of as many legs is found, and for how long.
    floors: [f64; MAX_LEGS + 1],
    least: usize,
    most: usize,
}

impl Long {
    /// None where no way is that long.
    pub(super) fn new(universe: &Universe, settings: &ScanSettings) -> Option<Self> {
        let (least, most) = (usize::from(*settings.legs.start()), usize::from(*settings.legs.end()));
        if most <= INDEXED_LEGS {
            return None;
        }
        let assets = u32::try_from(universe.assets()).unwrap_or(0);
        let venues = if settings.across { 1 } else { u32::try_from(universe.venues()).unwrap_or(0) };
        let (mut ends, mut edges, mut starts) = (Vec::new(), Vec::new(), Vec::with_capacity(universe.len() + 1));
        for (id, market) in universe.iter() {
            starts.push(u32::try_from(edges.len()).unwrap_or(NONE));
            if !market.is_open() {
                continue;
            }
            let of = market.venue().filter(|_| !settings.across).map(|venue| venue.0);
            for venue in (0..venues).filter(|venue| of.is_none_or(|of| of == *venue)) {
                let [base, quote] = [market.base, market.quote].map(|asset| venue * assets + asset.0);
                ends.extend([(quote, base), (base, quote)]);
                edges.extend([id.0 * 2, id.0 * 2 + 1]);
            }
        }
        starts.push(u32::try_from(edges.len()).unwrap_or(NONE));
        let assumed = universe.markets().map(|market| market.venue().is_none()).collect();
        // Assets of a market are two, and their nodes are there.
        let potentials = Potentials::new((venues * assets) as usize, &ends).ok()?;
        let mut long = Self { potentials, edges, starts, assumed, factor: 1.0, floors: [0.0; MAX_LEGS + 1], least, most };
        long.set_threshold(settings.min_net);
        Some(long)
    }

    /// All rates have to be set anew after it.
    pub(super) fn set_threshold(&mut self, min_net: f64) {
        self.factor = libm::pow(1.0 + min_net.max(0.0), -1.0 / MAX_LEGS as f64);
        let mut product = 1.0;
        for floor in &mut self.floors {
            *floor = product - 1.0;
            product /= self.factor;
        }
    }

    /// Above which net return a way is found, and for how long.
    pub(super) fn floor(&self, path: &Path) -> f64 {
        self.floors.get(path.len()).copied().unwrap_or(f64::INFINITY)
    }

    /// Takes what selling and buying on a market gives; what is found is followed.
    pub(super) fn update(&mut self, market: u32, [sell, buy]: [f64; 2], mut follow: Follow<'_>) {
        let market = market as usize;
        let Self { potentials, edges, starts, assumed, factor, least, most, .. } = self;
        let Some(&[start, end]) = starts.get(market..market + 2) else { return };
        for (edge, rate) in (start..end).zip([buy, sell].into_iter().cycle()) {
            potentials.set(edge, rate * *factor, &mut |way| {
                if way.len() > *most {
                    follow.counters.too_long += 1;
                    return;
                }
                let mut legs = [NONE; MAX_LEGS];
                for (leg, edge) in legs.iter_mut().zip(way) {
                    *leg = edges.get(*edge as usize).copied().unwrap_or(NONE);
                }
                let legs = legs.get(..way.len()).unwrap_or(&[]);
                let twice = legs.iter().enumerate().any(|(n, leg)| legs.iter().skip(n + 1).any(|other| other / 2 == leg / 2));
                let priced = legs.iter().any(|leg| assumed.get(*leg as usize / 2) == Some(&false));
                if twice || !priced || legs.len() < *least || !follow.goes_home(legs) {
                    follow.counters.unasked += 1;
                } else if legs.len() > INDEXED_LEGS {
                    follow.path(Path::from_edges(legs));
                }
            });
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.potentials.bytes() + flat(&self.edges) + flat(&self.starts) + flat(&self.assumed)
    }

    /// For a snapshot.
    pub(super) fn write(&self, out: &mut Writer) {
        self.potentials.write(out);
    }

    /// From a snapshot, of the same markets and threshold.
    pub(super) fn read(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.potentials.read(from)
    }
}
