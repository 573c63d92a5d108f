//! The load programme runs end to end. What it measures in a test means nothing; that it measures does.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

const FIELDS: [&str; 13] = [
    "scenario",
    "clients",
    "per_second",
    "p50_ms",
    "p99_ms",
    "p999_ms",
    "cpu_us_server",
    "cpu_us_postgres",
    "statements_per_request",
    "wal_bytes_per_order",
    "pgbench_per_second",
    "ratio",
    "errors",
];

/// One short run with little data in a folder of its own; its lines by their scenarios.
#[track_caller]
fn bench(folder: &str, arguments: &[&str]) -> Vec<(String, Value)> {
    let output = Command::new(env!("CARGO_BIN_EXE_pesanan"))
        .arg("bench")
        .args(arguments)
        .args(["--seconds", "1", "--windows", "1", "--clients", "4", "--skus", "300", "--customers", "300", "--json"])
        .arg("--data-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder))
        .env_remove("PESANAN_BENCH_DATABASE_URL")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            for (before, after) in FIELDS.iter().zip(&FIELDS[1..]) {
                let place = |name: &str| line.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("no {name} in {line}"));
                assert!(place(before) < place(after), "{after} in its place: {line}");
            }
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["errors"], 0, "{line}");
            assert!(line["per_second"].as_f64().unwrap() > 0.0, "{line}");
            (line["scenario"].as_str().unwrap().to_owned(), line)
        })
        .collect()
}

fn names(lines: &[(String, Value)]) -> Vec<&str> {
    lines.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn it_measures_captures_and_reads_and_leaves_every_invariant_intact() {
    let lines = bench("bench", &["orders"]);
    assert_eq!(names(&lines), ["orders", "replays"]);
    for (name, line) in &lines {
        assert!(line["accepted"].as_u64().unwrap() > 0, "{line}");
        assert!(line["wal_bytes_per_order"].as_f64().unwrap() > 1000.0, "{line}");
        assert_eq!(line["replayed"].as_u64().unwrap() > 0, name == "replays", "{line}");
        assert_eq!(line["different"], 0, "{line}");
    }
    let lines = bench("bench", &["reads"]);
    assert_eq!(names(&lines), ["reads-order", "reads-list-shallow", "reads-list-deep"]);
}

#[test]
fn it_measures_heat_and_shortage_and_a_mixed_day_and_compares_with_the_queue_off() {
    let lines = bench("bench-heat", &["hot-sku"]);
    assert_eq!(names(&lines), ["hot-sku"]);
    assert!(lines[0].1["ratio_uniform"].as_f64().unwrap() > 0.0, "{lines:?}");

    let lines = bench("bench-heat", &["sold-out"]);
    assert_eq!(names(&lines), ["sold-out-third", "sold-out"]);
    let (third, all) = (&lines[0].1, &lines[1].1);
    assert!(third["refused"].as_u64().unwrap() > 0 && third["accepted"].as_u64().unwrap() > 0, "{third}");
    // How many depends on how soon the last pieces are sold, and that on the machine.
    assert!(all["refused"].as_u64().unwrap() > 0, "{all}");

    let lines = bench("bench-heat", &["mixed"]);
    assert_eq!(names(&lines), ["mixed"]);
    assert!(lines[0].1["ratio"].is_null(), "{lines:?}");

    let lines = bench("bench-heat", &["orders", "--queue", "both"]);
    assert_eq!(names(&lines), ["orders", "orders-queue-off"]);
    assert_eq!((lines[0].1["queue"].as_str(), lines[1].1["queue"].as_str()), (Some("on"), Some("off")), "{lines:?}");
    assert!(lines[0].1["ratio_queue_off"].as_f64().unwrap() > 0.0, "{lines:?}");
}
