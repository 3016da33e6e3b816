"""Compares the indicators, over recorded trades and over bars of them, with TA-Lib.

    python3 indicators.py --ascep target/release/ascep --data ../shared/data/binance

Needs the packages of requirements.txt. Ends with status 1 where a value differs by more than the limit, or is known on one side only.
"""

import numpy as np
import talib

from common import SECOND, Errors, arguments, replay, series

LIMIT = 1e-9
BAR = 2


def flat(x, n):
    """Where the last n changes, and with them all that Wilder's means remember, are nothing."""
    moved = np.concatenate(([False], np.diff(x) != 0))
    return ~np.maximum.accumulate(moved)


def over_series(errors, name, got, x, scale):
    """What is read from one series of values."""
    want = {
        "sma": talib.SMA(x, 14),
        "ema": talib.EMA(x, 14),
        "wma": talib.WMA(x, 14),
        "rsi": np.where(flat(x, 14), np.nan, talib.RSI(x, 14)),
    }
    want["line"], want["signal"], want["hist"] = talib.MACD(x, 12, 26, 9)
    # TA-Lib gives all three lines of MACD from the first signal on; the line itself is known before.
    line = talib.EMA(x, 26)
    start = 25
    fast = np.full(len(x), np.nan)
    fast[start] = x[start - 11 : start + 1].mean()
    for i in range(start + 1, len(x)):
        fast[i] = fast[i - 1] + (x[i] - fast[i - 1]) * 2 / 13
    early = np.isnan(want["line"])
    want["line"][early] = (fast - line)[early]
    want["upper"], want["middle"], want["lower"] = talib.BBANDS(x, 20, 2, 2)
    for key, column in want.items():
        errors.compare(f"{name} {key}", got[key], list(column), scale if key in ("line", "signal", "hist") else None)


SERIES = (
    "sma = sma(X, 14), ema = ema(X, 14), wma = wma(X, 14), rsi = rsi(X, 14), line = macd(X).line, signal = macd(X).signal, hist = macd(X).hist, "
    "upper = bollinger(X, 20, 2).upper, middle = bollinger(X, 20, 2).middle, lower = bollinger(X, 20, 2).lower"
)


def bars_of(trades):
    """Bars [start, start + BAR), none for an empty interval; the last one that is closed by then."""
    bars, span = [], BAR * SECOND
    for ts, price, qty in trades:
        start = ts // span * span
        if not bars or bars[-1]["start"] != start:
            bars.append({"start": start, "open": price, "high": price, "low": price, "close": price, "volume": 0.0, "count": 0, "value": 0.0})
        bar = bars[-1]
        bar["high"], bar["low"], bar["close"] = max(bar["high"], price), min(bar["low"], price), price
        bar["volume"] += qty
        bar["value"] += price * qty
        bar["count"] += 1
    return bars


def compare_bars(errors, args, symbol, trades, quotes):
    end = max(trades[-1][0], quotes[-1][0])
    bars = [bar for bar in bars_of(trades) if bar["start"] + BAR * SECOND <= end]
    fields = ", ".join(f"{f} = it.{f}" for f in ["open", "high", "low", "close", "volume", "vwap", "count", "start"])
    rules = (
        f'LET b = bar("{symbol}", {BAR}s)\n'
        f"IF b THEN V({fields}, {SERIES.replace('X', 'b.close')}, atr = atr(b, 14), k = stoch(b, 14, 3, 3).k, d = stoch(b, 14, 3, 3).d, obv = obv(b))\n"
    )
    signals = replay(args, rules, symbol)
    got = {key: [s["fields"][key] for s in signals] for key in signals[0]["fields"]}
    assert [s["ts"] for s in signals] == [bar["start"] + BAR * SECOND for bar in bars], "the bars differ"
    for key in ["open", "high", "low", "close", "volume", "count", "start"]:
        errors.compare(f"{symbol} bar {key}", got[key], [bar[key] for bar in bars])
    errors.compare(f"{symbol} bar vwap", got["vwap"], [bar["value"] / bar["volume"] for bar in bars])
    high, low, close, volume = (np.array([bar[key] for bar in bars]) for key in ["high", "low", "close", "volume"])
    over_series(errors, f"{symbol} bars", got, close, scale=close)
    errors.compare(f"{symbol} bars atr", got["atr"], list(talib.ATR(high, low, close, 14)))
    slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    # TA-Lib gives both lines from the first .d on.
    highest, lowest = talib.MAX(high, 14), talib.MIN(low, 14)
    with np.errstate(invalid="ignore"):
        fast_k = np.where(highest == lowest, 0.0, 100 * (close - lowest) / (highest - lowest))
    early = np.isnan(slow_k)
    slow_k[early] = talib.SMA(fast_k, 3)[early]
    errors.compare(f"{symbol} bars stoch k", got["k"], list(slow_k), scale=[1.0] * len(bars))
    errors.compare(f"{symbol} bars stoch d", got["d"], list(slow_d), scale=[1.0] * len(bars))
    errors.compare(f"{symbol} bars obv", got["obv"], list(talib.OBV(close, volume)), scale=list(np.cumsum(volume)))


def main():
    args, errors = arguments(), Errors(LIMIT)
    for symbol in ["BTC/USDT", "ETH/USDT"]:
        trades, quotes = series(args.data, symbol)
        price = np.array([p for _, p, _ in trades])
        signals = replay(args, f'IF trade("{symbol}") THEN V({SERIES.replace("X", f"""last("{symbol}")""")})\n', symbol)
        got = {key: [s["fields"][key] for s in signals] for key in signals[0]["fields"]}
        over_series(errors, f"{symbol} trades", got, price, scale=price)
        mid = np.array([(b + a) / 2 for _, b, a in quotes])
        signals = replay(args, f'IF quote("{symbol}") THEN V({SERIES.replace("X", f"""mid("{symbol}")""")})\n', symbol)
        got = {key: [s["fields"][key] for s in signals] for key in signals[0]["fields"]}
        over_series(errors, f"{symbol} quotes", got, mid, scale=mid)
        compare_bars(errors, args, symbol, trades, quotes)
    errors.finish()


if __name__ == "__main__":
    main()
