"""What the comparisons with other implementations share: the recorded trades and quotes read without any code of ASCEP, a replay of
rules that report values at each of them, and the bookkeeping of errors."""

import argparse
import gzip
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = {"BTC/USDT": "spot_btcusdt_20240808.gz", "ETH/USDT": "spot_ethusdt_20240808.gz"}
SECOND = 1_000_000_000


def arguments():
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--ascep", required=True, help="the command to test")
    parser.add_argument("--data", required=True, type=Path, help="the folder with the recorded frames of Binance")
    return parser.parse_args()


def series(data, symbol):
    """Trades as (ts, price, qty) and quotes as (ts, bid, ask). What arrived before an earlier frame counts as of the later one."""
    trades, quotes, clock = [], [], 0
    with gzip.open(data / FILES[symbol], "rt") as lines:
        for line in lines:
            ts, raw = line.split(" ", 1)
            frame = json.loads(raw)
            kind, body = frame.get("stream", "").split("@")[-1], frame.get("data", {})
            if kind == "trade":
                clock = max(clock, int(ts))
                trades.append((clock, float(body["p"]), float(body["q"])))
            elif kind == "bookTicker":
                clock = max(clock, int(ts))
                quotes.append((clock, float(body["b"]), float(body["a"])))
    return trades, quotes


def replay(args, rules, symbol):
    """The signals that `rules` give on the recorded frames of one symbol."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.cep"
        path.write_text(rules)
        command = [args.ascep, "replay", str(path), "--data", f"binance:{args.data / FILES[symbol]}", "--out", "jsonl"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\nended with {done.returncode}\n{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def known(x):
    return x is not None and not math.isnan(x)


class Errors:
    """The largest relative error of each compared value, and how many pairs were compared."""

    def __init__(self, limit):
        self.limit, self.rows, self.failed = limit, [], False

    def compare(self, name, got, want, scale=None):
        """Two columns of values; None and NaN are unknown. `scale` is the least size against which an error counts, for values that
        are differences of much larger ones."""
        assert len(got) == len(want), (name, len(got), len(want))
        worst, where, compared = 0.0, None, 0
        for i, (a, b) in enumerate(zip(got, want)):
            if known(a) != known(b):
                print(f"{name}: row {i} is {a} and should be {b}")
                self.failed = True
                return
            if not known(a):
                continue
            compared += 1
            size = max(abs(b), scale[i] if scale is not None and known(scale[i]) else 0.0)
            error = abs(a - b) / size if size else abs(a - b)
            if error > worst:
                worst, where = error, i
        self.rows.append((name, compared, worst))
        if worst > self.limit or compared == 0:
            self.failed = True
            print(f"{name}: relative error {worst:.3g} at row {where}, {compared} values compared")

    def finish(self):
        for name, compared, worst in self.rows:
            print(f"{name:34} {compared:8} values   largest relative error {worst:.2g}")
        print(f"largest of all: {max(row[2] for row in self.rows):.2g} (limit {self.limit:g})")
        if self.failed:
            sys.exit("values differ")
