//! Products of market prices that go round a circle of assets and do not come back to a pure number: one leg is the wrong way round.

use smallvec::SmallVec;

use super::Checker;
use super::output::Output;
use super::units::Unit;
use crate::diagnostic::Code;
use crate::program::{Constant, MarketField, NodeId, NumFn, Op, PayloadField};
use crate::span::Span;

/// A product of more factors is not looked at.
const MOST_FACTORS: usize = 64;

/// A market price in a product.
#[derive(Debug, Clone, Copy)]
struct Leg {
    node: NodeId,
    unit: Unit,
    /// 1 above the line, -1 below.
    exponent: i32,
    /// The `1 / leg` that it is part of, if it is.
    inverse: Option<NodeId>,
}

/// A circle that does not close, with the leg that would close it.
pub(crate) struct BrokenCycle {
    product: NodeId,
    pub(crate) unit: Unit,
    legs: SmallVec<[Leg; 4]>,
    turn: Option<Leg>,
}

impl BrokenCycle {
    /// How many prices go round.
    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }

    /// The price that is the wrong way round, if it is one alone.
    pub(crate) fn wrong_leg(&self) -> Option<NodeId> {
        self.turn.map(|leg| leg.node)
    }
}

impl Output {
    /// The broken circles among the products of the program.
    pub(crate) fn broken_cycles(&mut self) -> Vec<BrokenCycle> {
        self.broken_cycles_from(0, &mut Vec::new())
    }

    /// The same among the nodes from `start` on. Which nodes are factors is noted for all of them.
    pub(crate) fn broken_cycles_from(&mut self, start: usize, inner: &mut Vec<bool>) -> Vec<BrokenCycle> {
        let nodes = &self.typed.nodes;
        let product = |op: Op| matches!(op, Op::Num(NumFn::Mul | NumFn::Div));
        // Only whole products: a factor of another one is part of it.
        inner.resize(nodes.len(), false);
        let mut products = Vec::new();
        for (index, node) in nodes.iter().enumerate().skip(start) {
            if !product(node.op) {
                continue;
            }
            products.push(index);
            for arg in &node.args {
                if let Some(slot) = inner.get_mut(arg.0 as usize) {
                    *slot = true;
                }
            }
        }
        products.retain(|index| inner.get(*index) == Some(&false));
        products.into_iter().filter_map(|index| self.broken_cycle(NodeId(u32::try_from(index).ok()?))).collect()
    }

    /// A broken circle that a value is made of, under sums and choices.
    pub(crate) fn broken_cycle_below(&mut self, node: NodeId) -> Option<BrokenCycle> {
        let mut open: SmallVec<[NodeId; 8]> = smallvec::smallvec![node];
        let mut looked = 0;
        while let Some(node) = open.pop() {
            looked += 1;
            let found = self.node(node)?;
            match found.op {
                Op::Num(NumFn::Mul | NumFn::Div) => {
                    if let Some(broken) = self.broken_cycle(node) {
                        return Some(broken);
                    }
                }
                Op::Num(_) | Op::Coalesce if looked < MOST_FACTORS => open.extend(found.args.iter().copied()),
                _ => {}
            }
        }
        None
    }

    fn broken_cycle(&mut self, product: NodeId) -> Option<BrokenCycle> {
        let unit = self.unit_of(product)?;
        if !unit.has_assets() {
            return None;
        }
        let legs = self.legs(product)?;
        if legs.len() < 3 || !self.is_circle(&legs) {
            return None;
        }
        let turn = legs.iter().copied().find(|leg| self.units.product(unit, leg.unit, -2 * leg.exponent) == Unit::PURE);
        Some(BrokenCycle { product, unit, legs, turn })
    }

    /// The prices in a product. None where it has a factor with a unit that is no price.
    fn legs(&self, product: NodeId) -> Option<SmallVec<[Leg; 4]>> {
        let mut legs = SmallVec::new();
        let mut open: SmallVec<[(NodeId, i32, Option<NodeId>); 8]> = smallvec::smallvec![(product, 1, None)];
        let mut looked = 0;
        while let Some((id, exponent, inverse)) = open.pop() {
            looked += 1;
            if looked > MOST_FACTORS {
                return None;
            }
            let node = self.node(id)?;
            match (node.op, node.args.as_slice()) {
                (Op::Num(NumFn::Mul), &[a, b]) => open.extend([(b, exponent, None), (a, exponent, None)]),
                (Op::Num(NumFn::Div), &[a, b]) => {
                    let one = self.node(a).is_some_and(|n| n.op == Op::Const(Constant::Num(1.0_f64.to_bits())));
                    open.extend([(b, -exponent, one.then_some(id)), (a, exponent, None)]);
                }
                (
                    Op::Market(
                        MarketField::Last
                        | MarketField::Bid
                        | MarketField::Ask
                        | MarketField::Mid
                        | MarketField::Price
                        | MarketField::Microprice,
                        _,
                    )
                    | Op::Payload(PayloadField::Price | PayloadField::Bid | PayloadField::Ask | PayloadField::Bar(_))
                    | Op::DepthPrice { .. }
                    | Op::BarField(_)
                    | Op::Window { .. }
                    | Op::Decay(_)
                    | Op::Ema { .. },
                    _,
                ) if self.unit_of(id).is_some_and(|unit| unit != Unit::PURE) => {
                    let unit = self.unit_of(id)?;
                    if !unit.has_assets() {
                        return None;
                    }
                    legs.push(Leg { node: id, unit, exponent, inverse });
                }
                _ if self.unit_of(id).is_some_and(|u| u == Unit::PURE) => {}
                _ => return None,
            }
        }
        Some(legs)
    }

    /// Whether the pairs of the legs, taken without direction, make one circle.
    fn is_circle(&self, legs: &[Leg]) -> bool {
        let mut pairs: SmallVec<[(u32, u32); 4]> = SmallVec::new();
        for leg in legs {
            let Some(pair) = self.units.pair(leg.unit) else { return false };
            pairs.push(pair);
        }
        let Some(&(start, mut at)) = pairs.first() else { return false };
        let mut left: SmallVec<[(u32, u32); 4]> = pairs.iter().skip(1).copied().collect();
        while let Some(next) = left.iter().position(|p| p.0 == at || p.1 == at) {
            let (a, b) = left.swap_remove(next);
            at = if a == at { b } else { a };
            if at == start {
                break;
            }
        }
        left.is_empty() && at == start
    }
}

impl<'a> Checker<'a> {
    /// Looks at every product of the program.
    pub(super) fn triangles(&mut self) {
        for broken in self.out.broken_cycles() {
            self.report_cycle(&broken);
        }
    }

    pub(super) fn report_cycle(&mut self, broken: &BrokenCycle) {
        let span = self.out.span_of(broken.product);
        self.report(Code::TriangleNotClosed, span, |c, mut d| {
            let words = c.out.units.words(broken.unit);
            d = d.says(
                format!("the product of {} prices round a circle does not cancel: it is in {words}", broken.legs.len()),
                "a way round a circle of assets is a pure number",
            );
            for leg in &broken.legs {
                let place = c.out.span_of(leg.node);
                let unit = c.out.units.power(leg.unit, f64::from(leg.exponent));
                if place != span {
                    let words = c.out.units.words(unit);
                    d = d.also(place, format!("brings in {words}"));
                }
            }
            match broken.turn {
                Some(leg) => {
                    let place = c.out.span_of(leg.node);
                    let text = c.source(place);
                    let (over, new): (Span, String) = match leg.inverse {
                        Some(inverse) => (c.out.span_of(inverse), text.to_owned()),
                        None => (place, format!("(1 / {text})")),
                    };
                    d.fix(format!("turn {} over", c.quote(place)), over, new)
                }
                None => d.help("more than one leg is the wrong way round"),
            }
        });
    }
}
