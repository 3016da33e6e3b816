"""Finds the signals of tests/data/captures/*.cep in recorded Binance frames without any code of ASCEP, and compares them with
what `ascep replay` gives: their number, times, order and fields; and two replays with each other, byte for byte.

    python3 confirm_replay.py --ascep target/release/ascep --data ../shared/data/binance

Needs Python 3 and its standard library. Ends with status 1 at the first difference.
"""

import argparse
import gzip
import heapq
import json
import math
import subprocess
import sys
from pathlib import Path

FILES = [("BTC/USDT", "spot_btcusdt_20240808.gz"), ("ETH/USDT", "spot_ethusdt_20240808.gz")]
RULES = Path(__file__).resolve().parent.parent / "data" / "captures"
MS = 1_000_000


def frames(path, order):
    """(receive time, file order, line, frame): a frame is what follows the first space."""
    with gzip.open(path, "rt") as lines:
        for number, line in enumerate(lines):
            ts, raw = line.split(" ", 1)
            yield int(ts), order, number, json.loads(raw)


def events(data):
    """Quotes and trades of both files, merged by time of receipt, ties by the order of the files."""
    streams = [frames(data / name, order) for order, (_, name) in enumerate(FILES)]
    names = {symbol.replace("/", ""): symbol for symbol, _ in FILES}
    for ts, _, _, frame in heapq.merge(*streams, key=lambda row: row[:3]):
        kind = frame.get("stream", "").split("@")[-1]
        body = frame.get("data", {})
        if kind == "bookTicker":
            yield ts, names[body["s"]], "quote", {k: float(body[k]) for k in "bBaA"}
        elif kind == "trade":
            # `m`: the buyer was the maker, so the seller took.
            yield ts, names[body["s"]], "trade", {"p": float(body["p"]), "q": float(body["q"]), "side": "sell" if body["m"] else "buy"}
        # Differences of the book give no events, and do not move the clock.


class Edge:
    """True at the instant at which a level becomes true; None is unknown and changes nothing."""

    def __init__(self):
        self.last = False

    def rises(self, level):
        if level is None:
            return False
        rose = level and not self.last
        self.last = level
        return rose


def spread_ratio(quote):
    return None if quote is None else (quote["a"] - quote["b"]) / ((quote["b"] + quote["a"]) / 2)


def imbalance(quote):
    return (quote["B"] - quote["A"]) / (quote["B"] + quote["A"])


def confirm_spread(data):
    """The signals of spread.cep."""
    quotes, out = {}, []
    wide, both = Edge(), Edge()
    heavy = fired = False
    deadline = emitted = None

    def expire(now):
        # A timer comes before an event that is later than its deadline, after one that is at it.
        nonlocal deadline, emitted, fired
        if deadline is not None and deadline < now:
            if emitted is None or deadline - emitted >= 1000 * MS:
                out.append((deadline, "HEAVY_BID", {"btc": imbalance(quotes["BTC/USDT"]), "eth": imbalance(quotes["ETH/USDT"])}))
                emitted = deadline
            deadline = None

    last = None
    for ts, symbol, kind, body in events(data):
        expire(ts)
        last = ts
        if kind != "quote":
            continue
        quotes[symbol] = body
        btc, eth = quotes.get("BTC/USDT"), quotes.get("ETH/USDT")
        if symbol == "BTC/USDT" and wide.rises(btc["a"] - btc["b"] > 1):
            out.append((ts, "WIDE", {"bid": btc["b"], "ask": btc["a"], "ratio": spread_ratio(btc)}))
        rb, re = spread_ratio(btc), spread_ratio(eth)
        parts = [None if rb is None else rb > 0.05 / 10_000, None if re is None else re > 0.2 / 10_000]
        level = False if False in parts else None if None in parts else True
        if both.rises(level):
            out.append((ts, "BOTH_WIDE", {"btc": rb, "eth": re}))
        now_heavy = btc is not None and eth is not None and btc["B"] > 3 * btc["A"] and eth["B"] > 3 * eth["A"]
        if now_heavy and not heavy:
            deadline = ts + 50 * MS
        elif not now_heavy:
            deadline = None
        heavy = now_heavy
    expire(last + 1)
    return out


def confirm_trades(data):
    """The signals of trades.cep."""
    out, trades, kept = [], {}, []
    above, armed = Edge(), True
    for ts, symbol, kind, body in events(data):
        if kind != "trade":
            continue
        trades[symbol] = body["p"]
        if symbol == "BTC/USDT" and body["p"] * body["q"] > 20_000:
            out.append((ts, "LARGE", {"px": body["p"], "q": body["q"], "side": body["side"]}))
        if symbol == "ETH/USDT" and body["side"] == "sell" and body["p"] * body["q"] > 10_000:
            cool = not kept or ts - kept[-1] >= 500 * MS
            if cool and sum(1 for t in kept if t > ts - 10_000 * MS) < 5:
                kept.append(ts)
                out.append((ts, "ETH_SOLD", {"value": body["p"] * body["q"]}))
        if len(trades) == 2:
            ratio = trades["ETH/USDT"] / trades["BTC/USDT"]
            if not armed and ratio < 0.04345:
                armed = True
            if above.rises(ratio > 0.04346) and armed:
                out.append((ts, "RATIO", {"r": ratio}))
                armed = False
    return out


def replay(ascep, rules, data):
    command = [str(ascep), "replay", str(rules), "--out", "jsonl"]
    for _, name in FILES:
        command += ["--data", f"binance:{data / name}"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def compare(name, wanted, output):
    lines = [json.loads(line) for line in output.decode().splitlines()]
    for seq, (want, line) in enumerate(zip(wanted, lines), start=1):
        ts, signal, fields = want
        right = line["seq"] == seq and line["ts"] == ts and line["signal"] == signal and list(line["fields"]) == list(fields)
        if not right or not all(same(line["fields"][k], v) for k, v in fields.items()):
            sys.exit(f"{name}: signal {seq} is\n  {line}\nand should be\n  {ts} {signal} {fields}")
    if len(lines) != len(wanted):
        sys.exit(f"{name}: {len(lines)} signals, and should be {len(wanted)}")
    counts = {}
    for _, signal, _ in wanted:
        counts[signal] = counts.get(signal, 0) + 1
    print(f"{name}: {len(wanted)} signals confirmed:", ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ascep", type=Path, help="the command; without it only the script's own signals are counted")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the recorded frames")
    options = parser.parse_args()
    for name, confirm in (("spread.cep", confirm_spread), ("trades.cep", confirm_trades)):
        wanted = confirm(options.data)
        if options.ascep is None:
            print(name, len(wanted), {s: sum(1 for w in wanted if w[1] == s) for s in sorted({w[1] for w in wanted})})
            continue
        first = replay(options.ascep, RULES / name, options.data)
        if first != replay(options.ascep, RULES / name, options.data):
            sys.exit(f"{name}: two replays gave different bytes")
        compare(name, wanted, first)


main()
