//! Many generated pairs tried, from a fixed seed. `ASCEP_PAIRS` sets how many, `ASCEP_SEED` the seed.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::{Pair, Pairs};

/// How many pairs are tried where `ASCEP_PAIRS` says nothing.
pub const PAIRS: u64 = 20_000;

/// A setting from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// How often something was seen over all pairs of a test.
#[derive(Debug, Default)]
struct Tally {
    pairs: AtomicUsize,
    rejected: AtomicUsize,
    silent: AtomicUsize,
    signals: AtomicUsize,
}

/// Tries `pairs` pairs with `check` on two threads and panics with the simplest pair that fails. Pairs that do not compile are counted and
/// left out; more than a fifth of them is a failure of the generator.
pub fn for_pairs(stream: u8, pairs: u64, check: impl Fn(&Pair) -> Result<Option<usize>, String> + Sync) {
    const THREADS: u64 = 2;
    let tally = Tally::default();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let run = |thread: u64| {
            let cases = u32::try_from(pairs.div_ceil(THREADS)).expect("a count of pairs that fits 32 bits");
            let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
            let mut seed = [stream; 32];
            seed[..8].copy_from_slice(&setting("ASCEP_SEED", 1).to_le_bytes());
            seed[8..16].copy_from_slice(&thread.to_le_bytes());
            let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
            let tried = runner.run(&Pairs, |pair| {
                tally.pairs.fetch_add(1, Relaxed);
                match check(&pair).map_err(TestCaseError::fail)? {
                    None => _ = tally.rejected.fetch_add(1, Relaxed),
                    Some(0) => _ = tally.silent.fetch_add(1, Relaxed),
                    Some(n) => _ = tally.signals.fetch_add(n, Relaxed),
                }
                Ok(())
            });
            tried.err().map(|failure| failure.to_string())
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || run(thread))).collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("a thread of the test panicked")).collect()
    });
    eprintln!("{tally:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let (pairs, rejected) = (tally.pairs.into_inner(), tally.rejected.into_inner());
    assert!(rejected * 5 <= pairs, "{rejected} of {pairs} programs did not compile");
}
