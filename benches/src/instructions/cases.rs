//! What is counted: the workloads of the comparison, with fewer events.

use std::hint::black_box;

use ascep_runtime::Engine;

use crate::arbitrage::{Workload as Universe, scan};
use crate::compare::engines::{of_one_thread, options};
use crate::compare::measure::Settings;
use crate::compare::workloads::{Desk, Rules, Size, Workload, text_to_event};
use crate::rules::{one_shape, triples};

/// Events in front, in which windows fill and every instrument is seen.
const WARM: usize = 100_000;
/// Events that are counted.
const COUNTED: usize = 60_000;
/// Rules in front, and rules that are counted, where rules are compiled.
const RULES: usize = 2_000;

/// Something that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The workload.
    pub workload: &'static str,
    /// The engine.
    pub engine: &'static str,
}

impl Case {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self { workload: "W1", engine: "ascep-interpreter" },
        Self { workload: "W1", engine: "ascep-jit" },
        Self { workload: "W2", engine: "ascep-interpreter" },
        Self { workload: "W2", engine: "ascep-jit" },
        Self { workload: "W3", engine: "ascep-interpreter" },
        Self { workload: "W3", engine: "ascep-jit" },
        Self { workload: "W3b", engine: "ascep-interpreter" },
        Self { workload: "W3b", engine: "ascep-jit" },
        Self { workload: "W4", engine: "ascep-interpreter" },
        Self { workload: "W4", engine: "ascep-jit" },
        Self { workload: "W5", engine: "ascep" },
        Self { workload: "W7-text", engine: "ascep" },
        Self { workload: "W8", engine: "ascep-compile" },
        Self { workload: "W8", engine: "ascep-build" },
    ];

    /// As the stored numbers name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.workload, self.engine)
    }

    /// The case of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }

    /// How many events, or rules, the counts of a whole run and of one without the counted ones are apart.
    #[must_use]
    pub fn counted(&self) -> usize {
        if self.workload == "W8" { RULES } else { COUNTED }
    }
}

/// Does the work of a case: with the events that are counted, or without them. Everything else is the same both times. Gives the signals, so that nothing is left
/// out by the compiler.
#[must_use]
pub fn run(case: &Case, counted: bool) -> u64 {
    let take = if counted { WARM + COUNTED } else { WARM };
    let size = Size { settings: Settings { chunk: WARM + COUNTED, warm: 0, chunks: 1, ..Settings::QUICK }, ..Size::FULL };
    let desk = |workload, kind, seed| {
        let (desk, events) = Desk::with_events(workload, &size, kind, seed);
        let mut engines = of_one_thread(&desk.program, &options());
        let engine = engines.iter_mut().find(|(name, _)| *name == case.engine);
        engine.map_or(0, |(_, engine)| engine.take(events.get(..take).unwrap_or_default()))
    };
    match case.workload {
        "W1" => desk(Workload::W1, Rules::OneShape, 7),
        "W2" => desk(Workload::W2, Rules::Triples(triples(size.triples, size.instruments, 5)), 11),
        "W3" => desk(Workload::W3, Rules::Deviations, 19),
        "W3b" => desk(Workload::W3, Rules::Ranges, 19),
        "W4" => desk(Workload::W4, Rules::Sequences, 17),
        "W5" => {
            let (assets, pairs) = size.markets;
            let made_up = Universe::made_up(assets, pairs, WARM + COUNTED);
            let mut scanner = scan::scanner(&made_up, scan::settings());
            let (opened, closed) = scan::scan(&mut scanner, made_up.updates.get(..take).unwrap_or_default());
            opened + closed
        }
        "W7-text" => text_to_event(&size, take),
        _ => compiled(case.engine == "ascep-build", counted),
    }
}

/// Compiles, or compiles and builds, some rules once and others once or twice: what is counted is the second time.
fn compiled(build: bool, counted: bool) -> u64 {
    let text = one_shape(RULES, RULES);
    let mut nodes = 0;
    let first = crate::compile(&text);
    for _ in 0..=u64::from(counted) {
        nodes += if build {
            Engine::new(&first, options()).map_or(0, |engine| engine.plan_stats().rules as u64)
        } else {
            black_box(crate::compile(&text)).nodes.len() as u64
        };
    }
    nodes
}
