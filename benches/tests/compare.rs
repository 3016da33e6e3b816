//! The comparison, small: it runs, its rows have the shape that is promised, and everybody gives the same signals.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs, reason = "a test")]

use ascep_benches::compare::report::{json, table};
use ascep_benches::compare::workloads::{Size, Workload, run};
use clap::ValueEnum as _;
use serde_json::Value;

#[test]
fn small_workloads_give_rows_of_the_promised_shape_and_equal_signals() {
    for &workload in Workload::value_variants() {
        let (rows, mismatches) = run(workload, &Size::QUICK);
        assert_eq!(mismatches, []);
        assert_eq!(rows[0].engine, "hand", "{workload:?}");
        assert!(rows.iter().any(|row| row.engine == "ascep-interpreter"), "{workload:?}");
        assert!(table(&rows).lines().count() >= rows.len());
        let parsed: Value = serde_json::from_str(&json(&rows).unwrap()).unwrap();
        for row in parsed.as_array().unwrap() {
            let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            let mut expected = ["workload", "engine", "ns_per_event", "min", "max", "signals", "bytes_per_rule", "ratio_to_hand"];
            expected.sort_unstable();
            assert_eq!(keys, expected);
            let number = |key: &str| row[key].as_f64().unwrap();
            assert!(0.0 < number("min") && number("min") <= number("ns_per_event") && number("ns_per_event") <= number("max"), "{row}");
            assert!(row["signals"].as_u64().unwrap() > 0, "{row}");
            assert!(row["ratio_to_hand"].is_null() || number("ratio_to_hand") > 0.0, "{row}");
        }
    }
}
