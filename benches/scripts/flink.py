"""Flink's SQL on a workload of `compare`: run by `compare --flink`, which writes the events and reads the answer.

python3 flink.py RULES EVENTS RUNS: RULES is W1, W3, W3b or W4; EVENTS a file of CSV, one event a millisecond. The last line of what is printed is a JSON object:
nanoseconds an event of each run, and signals.

All runs are jobs in one process of Flink with one worker, each over the whole file. A job that only reads and counts the same file is run beside each,
and its time is taken off: it has what starting a job, reading and parsing take.
"""

import json
import sys
import time

from pyflink.table import EnvironmentSettings, TableEnvironment

QUOTES = "i INT, mid DOUBLE, spread DOUBLE, k DOUBLE, t BIGINT"
TRADES = "i INT, qty DOUBLE, buy BOOLEAN, t BIGINT"

# The edge in the order in which events come, which needs no timers.
W1 = """
SELECT COUNT(*) FROM (
  SELECT holds, LAG(holds) OVER (PARTITION BY i ORDER BY p) AS held FROM (SELECT i, p, mid > k AND spread < 0.0003 AS holds FROM events)
) WHERE holds AND held IS NOT TRUE"""

# Ten seconds are a hundred here, as an event is a millisecond and not a hundred microseconds. The end that is further away is part of RANGE, and no part of ours.
OVER = "OVER (PARTITION BY i ORDER BY ts RANGE BETWEEN INTERVAL '99.999' SECOND(2, 3) PRECEDING AND CURRENT ROW)"
WINDOW = """
SELECT COUNT(*) FROM (
  SELECT holds, LAG(holds) OVER (PARTITION BY i ORDER BY ts) AS held FROM (
    SELECT i, ts, {condition} AS holds FROM (
      SELECT i, ts, mid, AVG(mid) {over} AS mean, STDDEV_SAMP(mid) {over} AS deviation, MAX(mid) {over} AS most, MIN(mid) {over} AS least FROM events
    )
  )
) WHERE holds AND held IS NOT TRUE"""
ABOVE = "COALESCE(mid > mean + 3 * deviation, FALSE)"

W4 = """
SELECT COUNT(*) FROM events MATCH_RECOGNIZE (
  PARTITION BY i ORDER BY ts MEASURES B.qty AS qty ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A X*? B) WITHIN INTERVAL '50.001' SECOND
  DEFINE A AS A.buy AND A.qty > 9.6, X AS X.qty >= 0.1 AND X.qty <= 9.6, B AS NOT B.buy AND B.qty > 9.6
)"""

QUERIES = {
    "W1": (QUOTES, W1),
    "W3": (QUOTES, WINDOW.format(over=OVER, condition=ABOVE)),
    "W3b": (QUOTES, WINDOW.format(over=OVER, condition=f"({ABOVE} OR most - least > 0.45)")),
    "W4": (TRADES, W4),
}


def main():
    rules, path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    columns, query = QUERIES[rules]
    env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for key, value in {
        "parallelism.default": "1",
        "pipeline.object-reuse": "true",
        # Only the last of the counts is looked at.
        "table.exec.mini-batch.enabled": "true",
        "table.exec.mini-batch.allow-latency": "10 s",
        "table.exec.mini-batch.size": "100000",
    }.items():
        env.get_config().set(key, value)
    env.execute_sql(
        f"CREATE TABLE events ({columns}, p AS PROCTIME(), ts AS TO_TIMESTAMP_LTZ(t, 3), WATERMARK FOR ts AS ts) "
        f"WITH ('connector' = 'filesystem', 'path' = 'file://{path}', 'format' = 'csv')"
    )

    def count(sql):
        began, last = time.perf_counter_ns(), 0
        with env.execute_sql(sql).collect() as rows:
            for row in rows:
                last = row[0]
        return time.perf_counter_ns() - began, last

    plain = "SELECT COUNT(*) FROM events WHERE ts IS NOT NULL"
    count(plain), count(query)  # the compiler of the virtual machine warms up
    times, signals, events = [], 0, 0
    for _ in range(runs):
        base, events = count(plain)
        took, signals = count(query)
        times.append((took - base) / events)
    print(json.dumps({"ns_per_event": times, "signals": signals, "events": events}))


main()
