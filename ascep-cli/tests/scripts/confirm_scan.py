#!/usr/bin/env python3
"""Finds the opportunities of a triangle by itself, in the plainest way, and compares them with what `ascep scan` told.

    confirm_scan.py BTC.gz ETH.gz LEG.csv FEE < tellings.jsonl

The first two are raw captures of Binance, the third the synthetic leg between them, the fee is a part (0.00002 for 0.2 bp). For every opening and
close the time, the direction and the net return have to be the same.
"""

import csv
import gzip
import heapq
import json
import sys


def capture(path, name):
    with gzip.open(path, "rt") as lines:
        for line in lines:
            ts, _, frame = line.partition(" ")
            message = json.loads(frame)
            if message.get("stream", "").endswith("@bookTicker"):
                data = message["data"]
                yield int(ts), name, float(data["b"]), float(data["a"])


def leg(path):
    with open(path, newline="") as rows:
        for row in csv.DictReader(rows):
            yield int(row["ts"]), "leg", float(row["bid"]), float(row["ask"])


def returns(quotes, fee):
    """Of both directions, each after fees: USDT to BTC to ETH and back, and the other way round."""
    (btc_bid, btc_ask), (eth_bid, eth_ask), (leg_bid, leg_ask) = quotes["btc"], quotes["eth"], quotes["leg"]
    keep = (1 - fee) ** 3
    return {
        "buy binance:BTC/USDT": 1 / btc_ask / leg_ask * eth_bid * keep - 1,
        "buy binance:ETH/USDT": 1 / eth_ask * leg_bid * btc_bid * keep - 1,
    }


def main():
    btc, eth, synthetic, fee = sys.argv[1:5]
    quotes, is_open, found = {}, set(), []
    for ts, name, bid, ask in heapq.merge(capture(btc, "btc"), capture(eth, "eth"), leg(synthetic), key=lambda event: event[0]):
        quotes[name] = bid, ask
        if len(quotes) < 3:
            continue
        for way, net in returns(quotes, float(fee)).items():
            if net > 0 and way not in is_open:
                is_open.add(way)
                found.append((ts, "open", way, net))
            elif net <= 0 and way in is_open:
                is_open.remove(way)
                found.append((ts, "close", way, net))
    told = []
    for line in sys.stdin:
        one = json.loads(line)
        if one["state"] != "update":
            told.append((one["ts"], one["state"], one["path"].split(",")[0], one["net"]))
    for mine, theirs in zip(sorted(found), sorted(told)):
        assert mine[:3] == theirs[:3] and abs(mine[3] - theirs[3]) < 1e-12, (mine, theirs)
    assert len(found) == len(told), (len(found), len(told))
    print(sum(1 for one in found if one[1] == "open"), "opportunities confirmed")


main()
