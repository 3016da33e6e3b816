//! Potentials against Bellman and Ford from scratch, on random graphs whose rates wander.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % n
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

/// Whether some closed way multiplies to more than 1: by sums of logarithms, as the book has it.
fn pays(nodes: usize, edges: &[(u32, u32)], rates: &[f64]) -> bool {
    let mut reach = vec![0.0_f64; nodes];
    for _ in 0..=nodes {
        let mut changed = false;
        for ((from, to), rate) in edges.iter().zip(rates) {
            let by = reach[*from as usize] + rate.ln();
            if by > reach[*to as usize] + 1e-9 {
                reach[*to as usize] = by;
                changed = true;
            }
        }
        if !changed {
            return false;
        }
    }
    true
}

/// One graph, its rates around prices that wander, each step checked.
fn wander(seed: u64, nodes: usize, markets: usize, spread: f64, steps: usize) -> (u64, usize) {
    let mut random = Random(seed | 1);
    let mut edges = Vec::new();
    while edges.len() < 2 * markets {
        let (a, b) = (random.below(nodes), random.below(nodes));
        if a != b {
            edges.push((u32::try_from(a).unwrap(), u32::try_from(b).unwrap()));
            edges.push((u32::try_from(b).unwrap(), u32::try_from(a).unwrap()));
        }
    }
    let worth: Vec<f64> = (0..nodes).map(|_| (random.unit() * 20.0 - 10.0).exp()).collect();
    let mut rates = vec![0.0; edges.len()];
    let mut potentials = Potentials::new(nodes, &edges).unwrap();
    let mut paying = 0;
    for _ in 0..steps {
        let market = random.below(markets);
        let (a, b) = (worth[edges[2 * market].0 as usize], worth[edges[2 * market].1 as usize]);
        let price = a / b * (1.0 + 0.01 * (random.unit() - 0.5));
        let gone = random.below(20) == 0;
        for (edge, rate) in [(2 * market, price * (1.0 - spread)), (2 * market + 1, (1.0 - spread) / price)] {
            rates[edge] = if gone { 0.0 } else { rate };
            let mut found = Vec::new();
            potentials.set(u32::try_from(edge).unwrap(), rates[edge], &mut |way| found.push(way.to_vec()));
            for way in found {
                let product: f64 = way.iter().map(|edge| rates[*edge as usize]).product();
                assert!(product > 1.0, "{way:?} multiplies to {product}");
                for (n, edge) in way.iter().enumerate() {
                    let next = way[(n + 1) % way.len()];
                    assert_eq!(edges[*edge as usize].1, edges[next as usize].0, "{way:?}");
                }
            }
            let pays = pays(nodes, &edges, &rates);
            assert_eq!(potentials.left_out() > 0, pays, "seed {seed}");
            paying += usize::from(pays);
        }
        for edge in potentials.edges.iter().filter(|edge| edge.left_out == NONE) {
            let (from, to) = (potentials.q[edge.from as usize], potentials.q[edge.to as usize]);
            assert!(edge.rate * from <= to * (1.0 + 1e-11), "seed {seed}");
        }
    }
    (potentials.counters().found, paying)
}

#[test]
fn they_know_whenever_a_way_pays() {
    let (mut found, mut paying, mut steps) = (0, 0, 0);
    for seed in 1..60 {
        for (nodes, markets, spread) in [(3, 4, 0.002), (6, 9, 0.001), (12, 30, 0.003), (30, 45, 0.001)] {
            let (ways, times) = wander(seed * 7919, nodes, markets, spread, 150);
            found += ways;
            paying += times;
            steps += 300;
        }
    }
    // Both answers are often right, and both are often given.
    assert!(found > 1000 && paying > steps / 20 && paying < steps * 19 / 20, "{found} {paying} {steps}");
}

#[test]
fn an_edge_is_left_out_until_its_way_pays_no_longer() {
    let mut potentials = Potentials::new(3, &[(0, 1), (1, 2), (2, 0)]).unwrap();
    let mut found = Vec::new();
    let mut set = |potentials: &mut Potentials, edge, rate| {
        found.clear();
        potentials.set(edge, rate, &mut |way| found.push(way.to_vec()));
        found.clone()
    };
    assert_eq!(set(&mut potentials, 0, 2.0), Vec::<Vec<u32>>::new());
    assert!(set(&mut potentials, 1, 3.0).is_empty());
    assert!(set(&mut potentials, 2, 1.0 / 6.0).is_empty());
    assert_eq!(set(&mut potentials, 2, 0.2), [vec![2, 0, 1]]);
    // Cheaper still: known already.
    assert!(set(&mut potentials, 2, 0.3).is_empty());
    assert!(set(&mut potentials, 0, 2.1).is_empty());
    assert_eq!(potentials.left_out(), 1);
    // Dearer, and it still pays: known still. Then it no longer does.
    assert!(set(&mut potentials, 1, 2.5).is_empty());
    assert_eq!((potentials.left_out(), potentials.counters().retried), (1, 0));
    assert!(set(&mut potentials, 1, 1.0).is_empty());
    assert_eq!((potentials.left_out(), potentials.rate(2)), (0, Some(0.3)));
    assert_eq!((potentials.counters().found, potentials.counters().retried), (1, 1));
    // And again.
    assert_eq!(set(&mut potentials, 1, 3.0), [vec![1, 2, 0]]);
}

#[test]
fn potentials_that_rise_for_ever_are_scaled() {
    // A cut-off pair stays where it is while the others rise by 2^10 each round, until scaling has no room for both.
    let mut potentials = Potentials::new(4, &[(0, 1), (1, 0), (2, 3), (3, 2)]).unwrap();
    let mut ways = 0;
    let mut set = |potentials: &mut Potentials, edge, rate| potentials.set(edge, rate, &mut |_| ways += 1);
    set(&mut potentials, 2, 0.9);
    set(&mut potentials, 3, 1.0);
    for _ in 0..200 {
        set(&mut potentials, 1, 0.0);
        set(&mut potentials, 0, 1024.0);
        set(&mut potentials, 0, 0.0);
        set(&mut potentials, 1, 1024.0);
        assert!(potentials.q.iter().all(|q| (LOW / HIGH..=HIGH * 1024.0).contains(q)), "{:?}", potentials.q);
    }
    assert_eq!(potentials.left_out(), 0);
    set(&mut potentials, 3, 1.2);
    set(&mut potentials, 1, 0.0);
    assert_eq!((ways, potentials.left_out()), (1, 1));
}

#[test]
fn senseless_rates_close_an_edge_and_senseless_edges_are_refused() {
    assert_eq!(Potentials::new(2, &[(0, 1), (1, 1)]).unwrap_err(), PotentialsError { edge: 1, nodes: 2 });
    assert_eq!(Potentials::new(2, &[(0, 2)]).unwrap_err(), PotentialsError { edge: 0, nodes: 2 });
    let mut potentials = Potentials::new(2, &[(0, 1), (1, 0)]).unwrap();
    let mut ways = 0;
    for rate in [f64::NAN, f64::INFINITY, -1.0, 1e308] {
        potentials.set(0, rate, &mut |_| ways += 1);
        potentials.set(1, 0.5, &mut |_| ways += 1);
        potentials.set(1, 0.0, &mut |_| ways += 1);
    }
    assert_eq!(ways, 1, "only the one that is a number");
    potentials.set(7, 1.0, &mut |_| ways += 1);
    assert_eq!((ways, potentials.left_out(), potentials.counters().refused), (1, 0, 3));
}
