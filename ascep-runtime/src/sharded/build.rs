//! Builds the engines of all shards, and starts their threads.

use ascep_lang::Program;
use ascep_lang::program::{SymbolId, TextId};

use super::lane::Lane;
use super::merge::Merge;
use super::page::{Page, PageSize, Place, Recorder};
use super::round::{ParamUse, Rounds};
use super::settings::{ShardSettings, ShardStats};
use super::split::{Part, Split, part, split};
use super::{ShardedEngine, wait};
use crate::counters::PlanStats;
use crate::engine::Engine;
use crate::error::BuildError;
use crate::host::HostFunctions;
use crate::options::EngineOptions;
use crate::signal::SignalHead;

/// Values and bytes of text that a page has room for, for each of its signals; one that takes more fills it the sooner.
const VALUES: usize = 4;
const TEXT: usize = 32;

pub(super) fn build(
    program: &Program,
    options: EngineOptions,
    settings: ShardSettings,
    functions: &HostFunctions,
) -> Result<ShardedEngine, BuildError> {
    settings.check()?;
    program.validate()?;
    if settings.shards > 1 && options.provenance {
        return Err(BuildError::Option { option: "provenance", reason: "explanations are those of one engine: ask for one shard" });
    }
    let Split { parts, shard_of } = split(program, options.default_venue.as_deref(), settings.shards);
    let mut shards: Vec<ShardStats> = (0..).zip(&parts).map(|(shard, part)| stats(shard, part, &shard_of)).collect();
    if parts.len() < 2 {
        let engine = Engine::with_functions(program, options, functions)?;
        shards.iter_mut().for_each(|shard| shard.bytes = engine.plan_stats().bytes);
        return Ok(ShardedEngine { engine, rounds: None, shards });
    }

    let mut stats = PlanStats::default();
    let mut engines = Vec::with_capacity(parts.len());
    for (of, shard) in parts.iter().zip(&mut shards) {
        // What the shards take together must not be more than one may.
        let left = EngineOptions {
            max_bytes: options.max_bytes.saturating_sub(stats.bytes),
            max_code_bytes: options.max_code_bytes.saturating_sub(stats.code_bytes),
            max_compiled_shapes: options.max_compiled_shapes.saturating_sub(stats.compiled_shapes),
            ..options.clone()
        };
        let engine = Engine::with_functions(&part(program, &of.rules), left, functions).map_err(|error| match error {
            BuildError::Memory { needed, .. } => {
                BuildError::Memory { needed: needed.saturating_add(stats.bytes), limit: options.max_bytes }
            }
            other => other,
        })?;
        shard.bytes = engine.plan_stats().bytes;
        add(&mut stats, engine.plan_stats());
        engines.push(engine);
    }

    let (heads, places) = heads(program);
    let uses = uses(&engines);
    let size = page_size(settings.page_signals, &heads, &engines);
    let beside = Lane::bytes(size, settings.round_events);
    shards.iter_mut().for_each(|shard| shard.bytes += beside);
    stats.bytes = stats.bytes.saturating_add(beside.saturating_mul(engines.len()));
    if stats.bytes > options.max_bytes {
        return Err(BuildError::Memory { needed: stats.bytes, limit: options.max_bytes });
    }

    let scans = scan_ranks(program);
    let spins = wait::spins(engines.len());
    let recorder = |part: &Part, page: Box<Page>| {
        let places = part.rules.iter().map(|rule| crate::value::at(&places, *rule)).collect();
        Recorder::new(page, places, scans.clone())
    };
    let mut all = engines.into_iter().zip(&parts).enumerate();
    // There are two at least.
    let Some((_, (engine, own))) = all.next() else { return Err(BuildError::State) };
    let own = recorder(own, Box::new(Page::new(size)));
    let lane = |(shard, (engine, part)): (usize, (Engine, &Part))| {
        Lane::new(format!("ascep-shard-{shard}"), engine, |page| recorder(part, page), size, settings.round_events, spins)
    };
    let lanes = all.map(lane).collect::<Result<Vec<_>, _>>()?;
    let rounds = Rounds::new(Merge::new(lanes, own, heads), shard_of, uses, settings.round_events, stats);
    Ok(ShardedEngine { engine, rounds: Some(Box::new(rounds)), shards })
}

fn stats(shard: u8, part: &Part, shard_of: &[u8]) -> ShardStats {
    let instruments = shard_of.iter().filter(|of| **of == shard).count();
    ShardStats { rules: part.rules.len(), instruments, components: part.components, weight: part.weight, ..ShardStats::default() }
}

fn add(all: &mut PlanStats, one: PlanStats) {
    let PlanStats {
        rules,
        shape_rules,
        shapes,
        rows,
        groups,
        general_nodes,
        bytes,
        compiled_shapes,
        refused_shapes,
        code_bytes,
        loop_quotes,
        loop_trades,
    } = one;
    all.rules += rules;
    all.shape_rules += shape_rules;
    all.shapes += shapes;
    all.rows += rows;
    all.groups += groups;
    all.general_nodes += general_nodes;
    all.bytes = all.bytes.saturating_add(bytes);
    all.compiled_shapes += compiled_shapes;
    all.refused_shapes += refused_shapes;
    all.code_bytes += code_bytes;
    all.loop_quotes += loop_quotes;
    all.loop_trades += loop_trades;
}

/// The heads of all signals in order, and where those of each rule are.
fn heads(program: &Program) -> (Vec<SignalHead>, Vec<Place>) {
    let tables = &program.tables;
    let text = |TextId(id): TextId| tables.texts.get(id as usize).cloned().unwrap_or_default();
    let symbol = |SymbolId(id): SymbolId| tables.symbols.get(id as usize).cloned().unwrap_or_default();
    let short = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let (mut heads, mut places) = (Vec::new(), Vec::with_capacity(program.rules.len()));
    for (index, rule) in (0..).zip(&program.rules) {
        places.push(Place { rule: index, head: short(heads.len()), actions: short(rule.actions.len()) });
        heads.extend(rule.actions.iter().map(|action| SignalHead {
            rule_index: index,
            rule: text(rule.name),
            signal: text(action.name),
            instance: rule.instance.iter().map(|(name, value)| (text(*name), symbol(*value))).collect(),
            fields: action.fields.iter().map(|(name, _)| text(*name)).collect(),
        }));
    }
    (heads, places)
}

/// What each parameter is used as in any shard.
fn uses(engines: &[Engine]) -> Vec<ParamUse> {
    let mut uses: Vec<ParamUse> = Vec::new();
    for engine in engines {
        let params = &engine.plan().params;
        uses.resize_with(params.len(), ParamUse::default);
        for (of, param) in uses.iter_mut().zip(params) {
            of.is_period |= param.is_period;
            of.scan.fee |= param.scan.fee;
            of.scan.min_net |= param.scan.min_net;
        }
    }
    uses
}

/// A page that has room for so many signals, and for any one of them.
fn page_size(signals: usize, heads: &[SignalHead], engines: &[Engine]) -> PageSize {
    let fields = heads.iter().map(|head| head.fields.len()).max().unwrap_or(0);
    let longest = |engine: &Engine| {
        let plan = engine.plan();
        plan.texts.iter().chain(plan.symbols.iter()).map(str::len).max().unwrap_or(0).max(plan.scans.longest_path())
    };
    let longest = engines.iter().map(longest).max().unwrap_or(0);
    PageSize { signals, values: fields.max(signals * VALUES), text: fields.saturating_mul(longest).max(signals * TEXT) }
}

/// By scan of the program: where it stands among those that tell at one time, from 1.
fn scan_ranks(program: &Program) -> Vec<u32> {
    let scans = &program.tables.scans;
    let mut order: Vec<usize> = (0..scans.len()).collect();
    order.sort_by_cached_key(|index| scans.get(*index).map(|scan| program.tables.scan_order(scan)));
    let mut ranks = vec![0; scans.len()];
    for (rank, index) in (1..).zip(order) {
        if let Some(place) = ranks.get_mut(index) {
            *place = rank;
        }
    }
    ranks
}
