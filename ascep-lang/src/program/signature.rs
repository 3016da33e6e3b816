//! Which arguments an operator takes, by their types without units, and of what type its value is.

use super::validate::{Checked, Kind, Problem, ensure};
use super::{BarField, ClockFn, CmpOp, MarketField, NumFn, Op, OpportunityField, Stat};

/// Whether an operator can have arguments of these kinds and give this one.
pub(super) fn check_args(op: Op, args: &[Kind], result: Kind) -> Checked {
    use Kind::{Bool, Duration, Event, Num, Symbol, Text, Timestamp};
    let arity = match op {
        Op::Const(_) | Op::Param(_) | Op::Input(_) | Op::Market(..) | Op::Imbalance { .. } | Op::Clock(_) | Op::Age(_) | Op::Event(..) => {
            0..=0
        }
        Op::Bar { .. } | Op::Capture(_) | Op::Cycles(_) => 0..=0,
        Op::Window { stat, .. } if stat.is_paired() => 2..=2,
        Op::Window { .. } | Op::Decay(_) | Op::Ema { .. } | Op::Rsi(_) | Op::BarField(_) | Op::OpportunityField(_) => 1..=1,
        Op::Atr(_) | Op::FastK => 3..=3,
        Op::Obv | Op::Sample => 2..=2,
        Op::All(_) => 2..=usize::MAX,
        Op::Seq(_) | Op::Cycle { .. } | Op::Host(_) => 0..=usize::MAX,
        Op::DepthPrice { .. } | Op::Since | Op::Not | Op::Known | Op::Edge | Op::NoFor(_) | Op::Payload(_) => 1..=1,
        Op::For(_) | Op::Once(_) | Op::Index(_) => 1..=1,
        Op::Compare(_) | Op::Coalesce | Op::Where | Op::Crosses(_) => 2..=2,
        Op::And | Op::Or | Op::EventAnd | Op::EventOr => 2..=usize::MAX,
        Op::Pick => 3..=3,
        Op::Num(f) => f.arity(),
    };
    ensure(arity.contains(&args.len()), Problem::Arity)?;
    let holds = match (op, args) {
        (Op::Const(_) | Op::Param(_) | Op::Input(_), _) => true,
        (Op::Market(MarketField::Latency, _), _) => result == Duration,
        (Op::Market(MarketField::VenueTs, _), _) => result == Timestamp,
        (Op::Market(MarketField::TradeSide, _), _) => result == Text,
        (Op::Market(..) | Op::Imbalance { .. }, _) => result == Num,
        (Op::Clock(ClockFn::Now), _) => result == Timestamp,
        (Op::Clock(_), _) => result == Num,
        (Op::Age(_), _) => result == Duration,
        (Op::Event(..), _) => result == Event,
        (Op::DepthPrice { .. }, [x]) => *x == Num && result == Num,
        (Op::Since, [e]) => *e == Event && result == Duration,
        (Op::Num(f), _) => f.accepts(args, result),
        (Op::Compare(CmpOp::Eq | CmpOp::Ne), [x, y]) => x == y && *x != Event && result == Bool,
        (Op::Compare(_), [x, y]) => x == y && matches!(x, Num | Duration | Timestamp) && result == Bool,
        (Op::And | Op::Or | Op::Not | Op::For(_), _) => args.iter().all(|a| *a == Bool) && result == Bool,
        (Op::Coalesce, [x, y]) => x == y && *x == result && *x != Event,
        (Op::Known, [x]) => *x != Event && result == Bool,
        (Op::Where, [e, c]) => (*e, *c) == (Event, Bool) && result == Event,
        (Op::EventAnd, [e, levels @ ..]) => *e == Event && levels.iter().all(|a| *a == Bool) && result == Event,
        (Op::EventOr | Op::NoFor(_), _) => args.iter().all(|a| *a == Event) && result == Event,
        (Op::Edge, [c]) => *c == Bool && result == Event,
        (Op::Crosses(_), [x, y]) => x == y && matches!(x, Num | Duration | Timestamp) && result == Event,
        (Op::Pick, [e, x, y]) => *e == Event && x == y && *x == result && *x != Event,
        (Op::Once(_), [c]) => matches!(c, Bool | Event) && result == Bool,
        (Op::Window { stat: Stat::Count, .. }, [x]) => matches!(x, Event | Num | Duration | Timestamp | Text | Symbol) && result == Num,
        (Op::Window { stat: Stat::Rate, .. }, [x]) => *x == Event && result == Num,
        (Op::Window { .. } | Op::Decay(_) | Op::Ema { .. } | Op::Rsi(_) | Op::Atr(_) | Op::Obv | Op::FastK, _) => {
            args.iter().all(|a| *a == Num) && result == Num
        }
        (Op::Bar { .. } | Op::Cycles(_), _) => result == Event,
        (Op::BarField(BarField::Start), [b]) => *b == Event && result == Timestamp,
        (Op::BarField(_), [b]) => *b == Event && result == Num,
        (Op::OpportunityField(field), [e]) => *e == Event && result == field.kind(),
        (Op::Capture(_), _) => result != Event,
        (Op::All(_), _) => args.iter().all(|a| *a == Event) && result == Event,
        (Op::Sample, [e, x]) => *e == Event && *x == result && *x != Event,
        (Op::Index(_), [x]) => *x == result && *x != Event,
        _ => false,
    };
    ensure(holds, Problem::Type)
}

impl OpportunityField {
    fn kind(self) -> Kind {
        match self {
            Self::Path | Self::State | Self::Reason => Kind::Text,
            Self::Age | Self::Skew | Self::Lifetime => Kind::Duration,
            Self::Net | Self::Gross | Self::Size | Self::Profit | Self::Peak => Kind::Num,
        }
    }
}

impl NumFn {
    fn arity(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::Neg | Self::Abs | Self::Sqrt | Self::Ln | Self::Exp | Self::Floor | Self::Ceil | Self::Round | Self::Sign => 1..=1,
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Pow | Self::Mod => 2..=2,
            Self::Clamp => 3..=3,
            Self::Min | Self::Max => 2..=usize::MAX,
        }
    }

    /// See the table at [`NumFn`].
    fn accepts(self, args: &[Kind], result: Kind) -> bool {
        use Kind::{Duration, Num, Timestamp};
        let all = |kind| result == kind && args.iter().all(|a| *a == kind);
        if all(Num) {
            return true;
        }
        match self {
            Self::Neg | Self::Abs | Self::Min | Self::Max | Self::Clamp => all(Duration),
            Self::Add => all(Duration) || (args == [Timestamp, Duration] && result == Timestamp),
            Self::Sub => {
                all(Duration)
                    || (args == [Timestamp, Timestamp] && result == Duration)
                    || (args == [Timestamp, Duration] && result == Timestamp)
            }
            Self::Mul => (args == [Duration, Num] || args == [Num, Duration]) && result == Duration,
            Self::Div => (args == [Duration, Num] && result == Duration) || (args == [Duration, Duration] && result == Num),
            _ => false,
        }
    }
}
