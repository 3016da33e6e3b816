//! The numbers of a quote, or of two at once, and what is computed of them.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F64X2, I8X16, I32, I64X2};
use cranelift_codegen::ir::{self, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::batch_entry::Field;
use crate::literals::Pool;
use crate::scan::little;

/// Prices from this on, with sums of price and quantity up to the other, are good, and all that is computed of them is finite, but for a
/// microprice without quantities. Others are not plain; whether they are good is for the caller to say.
pub(crate) const LEAST: f64 = 1e-150;
pub(crate) const MOST: f64 = 1e150;

/// Numbers in vectors, of which the lower lane counts, or both where there are two quotes. Operations and their order are those of the engine, so the bits are too;
/// half of what is finite is the same by a product and by a quotient.
pub(crate) struct Numbers<'l> {
    pool: Pool<'l>,
    /// Bid and ask.
    prices: Sides,
    qtys: Sides,
    mid: Option<Value>,
    spread: Option<Value>,
}

impl<'l> Numbers<'l> {
    /// Of one quote: bid and ask, and their quantities.
    pub(crate) fn one(pool: Pool<'l>, [prices, qtys]: [Value; 2]) -> Self {
        Self { pool, prices: Sides::new(prices, None), qtys: Sides::new(qtys, None), mid: None, spread: None }
    }

    /// Of two quotes, each in a lane.
    pub(crate) fn two(pool: Pool<'l>, [a, b]: [[Value; 2]; 2]) -> Self {
        let ([prices_of_a, qtys_of_a], [prices_of_b, qtys_of_b]) = (a, b);
        Self {
            pool,
            prices: Sides::new(prices_of_a, Some(prices_of_b)),
            qtys: Sides::new(qtys_of_a, Some(qtys_of_b)),
            mid: None,
            spread: None,
        }
    }

    pub(crate) fn read(&mut self, builder: &mut FunctionBuilder<'_>, field: Field) -> Value {
        match field {
            // What trades give is in no entry of quotes.
            Field::Bid | Field::Price | Field::Qty | Field::Notional | Field::IsBuy | Field::IsSell => self.prices.lower(builder),
            Field::BidQty => self.qtys.lower(builder),
            Field::Ask => self.prices.upper(builder),
            Field::AskQty => self.qtys.upper(builder),
            Field::Mid => self.mid(builder),
            Field::Spread => self.spread(builder),
            Field::SpreadRatio => {
                let (spread, mid) = (self.spread(builder), self.mid(builder));
                builder.ins().fdiv(spread, mid)
            }
            Field::Microprice => {
                let [bid, ask] = [self.prices.lower(builder), self.prices.upper(builder)];
                let [bid_qty, ask_qty] = [self.qtys.lower(builder), self.qtys.upper(builder)];
                let [a, b] = [(bid, ask_qty), (ask, bid_qty)].map(|(x, y)| builder.ins().fmul(x, y));
                let over = builder.ins().fadd(a, b);
                let under = builder.ins().fadd(bid_qty, ask_qty);
                let price = builder.ins().fdiv(over, under);
                let is_number = builder.ins().fcmp(FloatCC::Ordered, price, price);
                let unknown = self.pool.load(builder, f64::NAN);
                let [price, unknown] = [price, unknown].map(|x| builder.ins().bitcast(I64X2, little(), x));
                let price = builder.ins().bitselect(is_number, price, unknown);
                builder.ins().bitcast(F64X2, little(), price)
            }
        }
    }

    fn mid(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        if let Some(mid) = self.mid {
            return mid;
        }
        let [bid, ask] = [self.prices.lower(builder), self.prices.upper(builder)];
        let sum = builder.ins().fadd(bid, ask);
        let half = self.pool.load(builder, 0.5);
        let mid = builder.ins().fmul(sum, half);
        self.mid = Some(mid);
        mid
    }

    fn spread(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        if let Some(spread) = self.spread {
            return spread;
        }
        let [bid, ask] = [self.prices.lower(builder), self.prices.upper(builder)];
        let spread = builder.ins().fsub(ask, bid);
        self.spread = Some(spread);
        spread
    }
}

/// What stands in the lower and in the upper lane, each brought where it counts once that is wanted.
struct Sides {
    pair: Value,
    /// Of the second quote.
    other: Option<Value>,
    lower: Option<Value>,
    upper: Option<Value>,
}

impl Sides {
    fn new(pair: Value, other: Option<Value>) -> Self {
        Self { pair, other, lower: None, upper: None }
    }

    fn lower(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        let Some(other) = self.other else { return self.pair };
        *self.lower.get_or_insert_with(|| shuffled(builder, self.pair, other, LOWER))
    }

    fn upper(&mut self, builder: &mut FunctionBuilder<'_>) -> Value {
        let Some(other) = self.other else {
            return *self.upper.get_or_insert_with(|| shuffled(builder, self.pair, self.pair, SWAPPED));
        };
        *self.upper.get_or_insert_with(|| shuffled(builder, self.pair, other, UPPER))
    }
}

/// Which bytes of two vectors.
type Lanes = [u8; 16];
const SWAPPED: Lanes = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const LOWER: Lanes = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const UPPER: Lanes = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

fn shuffled(builder: &mut FunctionBuilder<'_>, x: Value, y: Value, lanes: Lanes) -> Value {
    let lanes = builder.func.dfg.immediates.push(ir::ConstantData::from(lanes.to_vec()));
    let [x, y] = [x, y].map(|x| builder.ins().bitcast(I8X16, little(), x));
    let bytes = builder.ins().shuffle(x, y, lanes);
    builder.ins().bitcast(F64X2, little(), bytes)
}

/// What is in the upper lane, brought to the lower.
pub(crate) fn upper_lane(builder: &mut FunctionBuilder<'_>, x: Value) -> Value {
    shuffled(builder, x, x, SWAPPED)
}

/// The lower lanes of two vectors.
pub(crate) fn lower_lanes(builder: &mut FunctionBuilder<'_>, x: Value, y: Value) -> Value {
    shuffled(builder, x, y, LOWER)
}

/// A mask of which a high bit is set where a number is not surely good, given bids with asks, and their quantities, of some quotes.
///
/// A price that is below `LEAST` gives a negative difference, a quantity below 0 has its own sign (as -0 has, which is good but rare), and whatever is NaN or too great makes the
/// sum so, since without a negative one among them nothing is subtracted. The least of some prices may be that of the others where one is NaN; the sum tells.
pub(crate) fn not_good(builder: &mut FunctionBuilder<'_>, pool: Pool<'_>, quotes: &[[Value; 2]]) -> Option<Value> {
    let (mut least, mut signs, mut sum) = (None, None, None);
    let bits = |builder: &mut FunctionBuilder<'_>, x| builder.ins().bitcast(I64X2, little(), x);
    for &[prices, qtys] in quotes {
        least = Some(match least {
            Some(least) => {
                let is_less = builder.ins().fcmp(FloatCC::LessThan, least, prices);
                let is_less = builder.ins().bitcast(F64X2, little(), is_less);
                builder.ins().bitselect(is_less, least, prices)
            }
            None => prices,
        });
        let sign = bits(builder, qtys);
        signs = Some(signs.map_or(sign, |signs| builder.ins().bor(signs, sign)));
        let both = builder.ins().fadd(prices, qtys);
        sum = Some(sum.map_or(both, |sum| builder.ins().fadd(sum, both)));
    }
    let [from, to] = [LEAST, MOST].map(|x| pool.load(builder, x));
    let under = builder.ins().fsub(least?, from);
    let under = bits(builder, under);
    let over = builder.ins().fcmp(FloatCC::UnorderedOrGreaterThan, sum?, to);
    let either = builder.ins().bor(under, signs?);
    Some(builder.ins().bor(either, over))
}

/// The high bits of both lanes.
pub(crate) fn high_bits(builder: &mut FunctionBuilder<'_>, mask: Value) -> Value {
    builder.ins().vhigh_bits(I32, mask)
}
