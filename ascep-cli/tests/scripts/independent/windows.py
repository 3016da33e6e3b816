"""Compares windows over the recorded trades and quotes with pandas' rolling windows, and with two-pass sums where pandas has no
such function or sums in an order of its own.

    python3 windows.py --ascep target/release/ascep --data ../shared/data/binance

Needs the packages of requirements.txt. Ends with status 1 where a value differs by more than the limit, or is known on one side only.
"""

import bisect
import math

import numpy as np
import pandas as pd

from common import SECOND, Errors, arguments, replay, series

LIMIT = 1e-9
STATS = ["sum", "avg", "lowest", "highest", "first", "last_value", "median", "stddev", "stddev_pop", "variance", "count"]


def window_rules(x, event, symbol, d, n):
    fields = [f"t_{s} = {s}({x}, {d}s, partial = TRUE)" for s in STATS]
    fields += [f"n_{s} = {s}({x}, {n})" for s in STATS if s != "count"]
    for w, name in [(f"{d}s, partial = TRUE", "t"), (str(n), "n")]:
        fields += [f"{name}_p90 = percentile({x}, 90, {w})", f"{name}_p5 = percentile({x}, 5, {w})"]
        fields += [f"{name}_zscore = zscore({x}, {w})", f"{name}_slope = slope({x}, {w})"]
    fields += [f"warm = avg({x}, {d}s)", f"change = change({x}, {d}s)", f"delta = delta({x}, {d}s)", f"twap = twap({x}, {d}s)"]
    fields += [f"decay = decay({x}, {d}s)", "t = it.ts", f"x = {x}"]
    return f'IF {event}("{symbol}") THEN V({", ".join(fields)})\n'


def rows_of(ts, d):
    """For each row the first row of its window (t - d, t]."""
    return [bisect.bisect_right(ts, t - d) for t in ts]


def two_pass(x, starts, f):
    return [f(x[a : i + 1]) for i, a in enumerate(starts)]


def deviations(v):
    """The sum of the squares of the deviations, and the deviation of the last value from the mean. Values that are near each other have
    exact differences; without those the mean's own rounding would be all that is left where little moves."""
    d = v - v[0]
    mean = math.fsum(d) / len(d)
    e = d - mean
    return max(math.fsum(e * e) - math.fsum(e) ** 2 / len(e), 0.0), d[-1] - mean


def centred(v):
    d = v - v[0]
    return d - math.fsum(d) / len(d)


def sample_std(v):
    return np.nan if len(v) < 2 else math.sqrt(deviations(v)[0] / (len(v) - 1))


def whole_std(v):
    return math.sqrt(deviations(v)[0] / len(v))


def zscore(v):
    if len(v) < 2 or not (v != v[0]).any():
        return np.nan
    squares, last = deviations(v)
    return last / math.sqrt(squares / (len(v) - 1))


def least_squares(t, v):
    t = t - t.mean()
    var = float((t * t).sum())
    return np.nan if var == 0 else float((t * (v - v.mean())).sum()) / var


def compare_windows(errors, args, name, x_text, event, symbol, ts, x, d, n):
    signals = replay(args, window_rules(x_text, event, symbol, d, n), symbol)
    got = {key: [s["fields"][key] for s in signals] for key in signals[0]["fields"]}
    assert got["t"] == ts, "the instants differ"
    assert got["x"] == x, "the values differ"
    span = d * SECOND
    frame = pd.Series(x, index=pd.to_datetime(ts, unit="ns"))
    values, times = np.array(x), np.array(ts, dtype=np.int64)
    starts = rows_of(ts, span)
    last_n = [max(0, i + 1 - n) for i in range(len(x))]

    def check(key, want, scale=None):
        errors.compare(f"{name} {key}", got[key], list(want), scale)

    for prefix, rolling, first in [("t", frame.rolling(f"{d}s", min_periods=1), starts), ("n", frame.rolling(n), last_n)]:
        warm = [np.nan if prefix == "n" and i + 1 < n else 1.0 for i in range(len(x))]

        def masked(column, warm=warm):
            return [c if w == 1.0 else np.nan for c, w in zip(column, warm)]

        check(f"{prefix}_sum", rolling.sum())
        check(f"{prefix}_avg", rolling.mean())
        check(f"{prefix}_lowest", rolling.min())
        check(f"{prefix}_highest", rolling.max())
        check(f"{prefix}_median", rolling.median())
        check(f"{prefix}_p90", rolling.quantile(0.9))
        check(f"{prefix}_p5", rolling.quantile(0.05))
        check(f"{prefix}_first", masked(x[a] for a in first))
        check(f"{prefix}_last_value", masked(x))
        # A deviation is a difference of numbers a million times its size: two passes, and not pandas' running update, are the measure.
        deviation = masked(two_pass(values, first, sample_std))
        check(f"{prefix}_stddev", deviation)
        check(f"{prefix}_variance", [v * v for v in deviation])
        check(f"{prefix}_stddev_pop", masked(two_pass(values, first, whole_std)))
        ours, theirs = np.array([g if g is not None else np.nan for g in got[f"{prefix}_stddev"]]), np.array(rolling.std())
        both = (deviation_array := np.array(deviation)) > 0
        print(f"{name} {prefix}: pandas' own deviation is off by {np.nanmax(np.abs(theirs[both] / deviation_array[both] - 1)):.2g}, ours by "
              f"{np.nanmax(np.abs(ours[both] / deviation_array[both] - 1)):.2g}")
        check(f"{prefix}_zscore", masked(two_pass(values, first, zscore)), scale=[1.0] * len(x))
        if prefix == "t":
            seconds = (times - times[0]) / SECOND
        else:
            seconds = np.arange(len(x), dtype=float)
        slopes = [least_squares(seconds[a : i + 1], values[a : i + 1]) for i, a in enumerate(first)]
        sizes = [float(np.std(values[a : i + 1])) / max(float(np.std(seconds[a : i + 1])), 1e-9) for i, a in enumerate(first)]
        check(f"{prefix}_slope", masked(slopes), scale=sizes)
    check("t_count", [i + 1 - a for i, a in enumerate(starts)])
    check("warm", [m if t >= ts[0] + span else np.nan for t, m in zip(ts, frame.rolling(f"{d}s").mean())])

    # What x was at t - d: its last update at or before.
    before = [bisect.bisect_right(ts, t - span) - 1 for t in ts]
    check("change", [np.nan if b < 0 else v / x[b] - 1 for v, b in zip(x, before)], scale=[1.0] * len(x))
    check("delta", [np.nan if b < 0 else v - x[b] for v, b in zip(x, before)])
    # The area under x up to each update, exactly: in units of a nanosecond.
    held = [np.nan]
    for i in range(1, len(x)):
        b = before[i]
        if b < 0:
            held.append(np.nan)
            continue
        edges = np.concatenate(([ts[i] - span], times[b + 1 : i + 1])).astype(np.int64)
        held.append(float((values[b:i] * np.diff(edges)).sum() / span))
    check("twap", held)
    mean, decayed = x[0], [x[0]]
    for i in range(1, len(x)):
        mean += (x[i] - mean) * (1 - 2.0 ** (-(ts[i] - ts[i - 1]) / span))
        decayed.append(mean)
    check("decay", decayed)


def compare_trades(errors, args, symbol, trades, d):
    """Sums over trades."""
    rules = (
        f'IF trade("{symbol}") THEN V(vwap = vwap("{symbol}", {d}s, partial = TRUE), volume = volume("{symbol}", {d}s, partial = TRUE), '
        f'rate = rate(trade("{symbol}"), {d}s, partial = TRUE), '
        f'corr = corr(last("{symbol}"), qty("{symbol}"), {d}s, partial = TRUE), beta = beta(last("{symbol}"), qty("{symbol}"), {d}s, partial = TRUE))\n'
    )
    signals = replay(args, rules, symbol)
    got = {key: [s["fields"][key] for s in signals] for key in signals[0]["fields"]}
    ts = [t for t, _, _ in trades]
    price, qty = np.array([p for _, p, _ in trades]), np.array([q for _, _, q in trades])
    starts = rows_of(ts, d * SECOND)
    frame = pd.DataFrame({"p": price, "q": qty}, index=pd.to_datetime(ts, unit="ns")).rolling(f"{d}s", min_periods=1)
    errors.compare(f"{symbol} volume", got["volume"], list(frame["q"].sum()))
    errors.compare(f"{symbol} rate", got["rate"], list(frame["q"].count() / d))
    errors.compare(f"{symbol} vwap", got["vwap"], [float((price[a : i + 1] * qty[a : i + 1]).sum() / qty[a : i + 1].sum()) for i, a in enumerate(starts)])
    corr, beta, size = [], [], []
    for i, a in enumerate(starts):
        p, q = centred(price[a : i + 1]), centred(qty[a : i + 1])
        pq, pp, qq = math.fsum(p * q), math.fsum(p * p), math.fsum(q * q)
        known = i > a
        corr.append(pq / np.sqrt(pp * qq) if known and pp > 0 and qq > 0 else np.nan)
        beta.append(pq / qq if known and qq > 0 else np.nan)
        size.append(np.sqrt(pp / qq) if known and qq > 0 else np.nan)
    errors.compare(f"{symbol} corr", got["corr"], corr, scale=[1.0] * len(corr))
    errors.compare(f"{symbol} beta", got["beta"], beta, scale=size)


def main():
    args, errors = arguments(), Errors(LIMIT)
    for symbol in ["BTC/USDT", "ETH/USDT"]:
        trades, quotes = series(args.data, symbol)
        ts, price = [t for t, _, _ in trades], [p for _, p, _ in trades]
        compare_windows(errors, args, f"{symbol} last", f'last("{symbol}")', "trade", symbol, ts, price, d=10, n=100)
        ts, mid = [t for t, _, _ in quotes], [(b + a) / 2 for _, b, a in quotes]
        compare_windows(errors, args, f"{symbol} mid", f'mid("{symbol}")', "quote", symbol, ts, mid, d=3, n=37)
        compare_trades(errors, args, symbol, trades, d=10)
    errors.finish()


if __name__ == "__main__":
    main()
