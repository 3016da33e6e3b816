"""Computes the known facts of recorded markets without any code of ASCEP, and compares them with what the example `facts` prints.

    python3 confirm_facts.py --facts target/debug/examples/facts --data ../shared/data

Needs Python 3 and its standard library. Ends with status 1 at the first difference.
"""

import argparse
import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path


def frames(path):
    """The frames that a venue sent; lines that begin otherwise are requests."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            time, _, frame = line.partition(": ")
            if time.replace(".", "", 1).isdigit():
                yield json.loads(frame)


def change(side, price, qty):
    side.pop(float(price), None)
    if float(qty) > 0:
        side[float(price)] = float(qty)


def best(book):
    return max(book[0]), min(book[1])


def poloniex(data):
    names = ["BTC_USDT", "BCH_BTC", "BCH_USDT"]
    books, gross, net = {}, [], []
    for frame in frames(data / "captures" / "POLONIEX.ws.1.0.gz"):
        if frame.get("channel") != "book_lv2" or "data" not in frame:
            continue
        for body in frame["data"]:
            if frame["action"] == "snapshot":
                books[body["symbol"]] = ({}, {})
            for side, key in enumerate(["bids", "asks"]):
                for price, qty in body[key]:
                    change(books[body["symbol"]][side], price, qty)
            if all(name in books for name in names):
                (btc_bid, btc_ask), (bch_btc_bid, bch_btc_ask), (bch_bid, bch_ask) = (best(books[name]) for name in names)
                there = bch_bid / btc_ask / bch_btc_ask
                back = bch_btc_bid * btc_bid / bch_ask
                gross.append(max(there, back) - 1)
                net.append(max(there, back) * 0.998**3 - 1)
    return {
        "evaluations, at each message of any book": str(len(gross)),
        "above 0 before fees, the better": str(sum(edge > 0 for edge in gross)),
        "the best before fees ": f"{max(gross) * 100:+.4f} %",
        "above 0 after three fees": str(sum(edge > 0 for edge in net)),
        "the best after fees": f"{max(net) * 100:+.4f} %",
    }


def coinbase(data):
    names = ["SKL-BTC", "SKL-GBP", "BAND-GBP", "BAND-BTC"]
    books, edges, changed, before = {}, [], 0, None
    for frame in frames(data / "captures" / "COINBASE.ws.28.0.gz"):
        name, kind = frame.get("product_id"), frame.get("type")
        if name not in names or kind not in ("snapshot", "l2update"):
            continue
        if kind == "snapshot":
            books[name] = ({}, {})
            for side, key in enumerate(["bids", "asks"]):
                for price, qty in frame[key]:
                    change(books[name][side], price, qty)
        for side, price, qty in frame.get("changes", []):
            change(books[name][side == "sell"], price, qty)
        if all(name in books for name in names):
            quotes = [best(books[name]) for name in names]
            (skl_btc_bid, skl_btc_ask), (skl_bid, skl_ask), (band_bid, band_ask), (band_btc_bid, band_btc_ask) = quotes
            there = 1 / skl_btc_ask * skl_bid / band_ask * band_btc_bid
            back = 1 / band_btc_ask * band_bid / skl_ask * skl_btc_bid
            edges.append(max(there, back) - 1)
            changed += quotes != before
            before = quotes
    return {
        "evaluations, at each message of one of the four": str(len(edges)),
        "those of them that changed a best price": str(changed),
        "the best before fees, both directions": f"{max(edges) * 100:+.4f} %",
    }


def episodes(data, behind, max_age, sound):
    """Lifetimes in ms of what is bought on one and sold on the other, both ways; `sound` leaves quotes out whose bid is not below the ask."""
    ticks = []
    for venue, name in enumerate(["oanda", "fxcm"]):
        with zipfile.ZipFile(data / "fx" / f"forex_{name}_tick_eurusd_20140505_quote.zip") as archive:
            for line in archive.read(archive.namelist()[0]).decode().split():
                ts, bid, ask = line.split(",")
                ticks.append((int(ts) + venue * behind, venue, float(bid), float(ask)))
    ticks.sort(key=lambda tick: tick[:2])
    last, since, lifetimes = [None, None], {}, []
    for tick in ticks:
        ts, venue, bid, ask = tick
        if max_age and all(last):
            out = min(last[0][0], last[1][0]) + max_age
            for way in [way for way in since if out < ts]:
                lifetimes.append(out - since.pop(way))
        last[venue] = tick
        if not all(last):
            continue
        fresh = not max_age or ts - min(last[0][0], last[1][0]) < max_age
        fine = not sound or all(bid < ask for _, _, bid, ask in last)
        for way in (0, 1):
            pays = last[1 - way][2] > last[way][3] and fresh and fine
            if pays and way not in since:
                since[way] = ts
            elif not pays and way in since:
                lifetimes.append(ts - since.pop(way))
    return lifetimes + [ticks[-1][0] - ts for ts in since.values()]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--facts", required=True, type=Path)
    arguments.add_argument("--data", required=True, type=Path)
    given = arguments.parse_args()
    printed = subprocess.run([given.facts], check=True, capture_output=True, text=True).stdout
    rows = [line.strip() for line in printed.splitlines()]
    wrong = 0
    for want in (poloniex(given.data), coinbase(given.data)):
        for name, value in want.items():
            # Rows of equal names stand under their markets; each of them has to be found, and those before it are done.
            at = next(at for at, row in enumerate(rows) if row.startswith(name))
            ok = rows[at].endswith("  " + value)
            wrong += not ok
            print(f"{'ok  ' if ok else 'DIFFERS'} {rows[at]}" + ("" if ok else f"; computed here: {value}"))
            rows = rows[at + 1 :]
    for behind, max_age in [(0, None), (5 * 3_600_000, 5_000)]:
        sides, sound = (episodes(given.data, behind, max_age, sound) for sound in (False, True))
        for name, values in [
            ("episodes", (str(len(sides)), str(len(sound)))),
            ("all of them", (f"{sum(sides) / 1e3:.3f} s", f"{sum(sound) / 1e3:.3f} s")),
        ]:
            at = next(at for at, row in enumerate(rows) if row.startswith(name + " "))
            cells = [cell.strip() for cell in rows[at].split("  ") if cell.strip()]
            ok = tuple(cells[-2:]) == values
            wrong += not ok
            print(f"{'ok  ' if ok else 'DIFFERS'} {rows[at]}" + ("" if ok else f"; computed here: {values}"))
            rows = rows[at + 1 :]
    print(f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
