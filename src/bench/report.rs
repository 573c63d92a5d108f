//! The figures of a scenario: medians of its windows, as a line of JSON or a row of a table.

use super::load::Tally;
use super::meters::Reading;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// One window of ours.
pub struct Window {
    pub seconds: f64,
    pub tally: Tally,
    pub used: Reading,
}

/// One scenario at one number of clients. `None` where it could not be measured.
#[derive(Serialize)]
pub struct Line {
    pub scenario: String,
    pub clients: usize,
    /// Answered requests a second, 503 not counted.
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    /// Processor time a request.
    pub cpu_us_server: Option<f64>,
    pub cpu_us_postgres: Option<f64>,
    pub statements_per_request: Option<f64>,
    /// A request, whether or not it came to an order.
    pub wal_bytes_per_order: f64,
    pub pgbench_per_second: Option<f64>,
    pub ratio: Option<f64>,
    pub errors: u64,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Line {
    /// Medians of what one lane has measured; ratios are added by who knows the rivals.
    pub fn of(scenario: &str, clients: usize, windows: &[Window]) -> Self {
        let middle = |of: &dyn Fn(&Window) -> f64| rounded(median(windows.iter().map(of).collect()));
        let per_request = |of: fn(&Reading) -> Option<Duration>| {
            let values: Option<Vec<f64>> =
                windows.iter().map(|window| Some(of(&window.used)?.as_secs_f64() * 1e6 / requests(window))).collect();
            values.map(|values| rounded(median(values)))
        };
        let statements: Option<Vec<f64>> = windows.iter().map(|window| Some(window.used.statements? as f64 / requests(window))).collect();
        let rates: Vec<f64> = windows.iter().map(rate).collect();
        let total = |of: fn(&Tally) -> u64| windows.iter().map(|window| of(&window.tally)).sum::<u64>();
        let mut more = Map::new();
        more.insert("min_per_second".into(), json!(rounded(rates.iter().copied().fold(f64::INFINITY, f64::min))));
        more.insert("max_per_second".into(), json!(rounded(rates.iter().copied().fold(0.0, f64::max))));
        more.insert("cpu_us_generator".into(), json!(per_request(|used| used.generator)));
        more.insert("windows".into(), json!(windows.len()));
        let named: [(&str, fn(&Tally) -> u64); 5] = [
            ("accepted", |tally| tally.accepted),
            ("refused", |tally| tally.refused),
            ("unavailable", |tally| tally.unavailable),
            ("replayed", |tally| tally.replayed),
            ("different", |tally| tally.different),
        ];
        for (name, of) in named {
            more.insert(name.into(), json!(total(of)));
        }
        Self {
            scenario: scenario.to_owned(),
            clients,
            per_second: middle(&rate),
            p50_ms: middle(&|window| window.tally.quantile_ms(0.5)),
            p99_ms: middle(&|window| window.tally.quantile_ms(0.99)),
            p999_ms: middle(&|window| window.tally.quantile_ms(0.999)),
            cpu_us_server: per_request(|used| used.server),
            cpu_us_postgres: per_request(|used| used.postgres),
            statements_per_request: statements.map(|values| rounded(median(values))),
            wal_bytes_per_order: middle(&|window| window.used.log as f64 / requests(window)),
            pgbench_per_second: None,
            ratio: None,
            errors: total(|tally| tally.errors) + total(|tally| tally.different),
            more,
        }
    }

    /// The comparison that the scenario's `ratio` is about.
    pub fn compare(&mut self, pgbench_clients: usize, rates: &[f64]) {
        let Some(pgbench) = positive_median(rates) else { return };
        self.pgbench_per_second = Some(rounded(pgbench));
        self.ratio = Some(rounded(self.per_second / pgbench));
        self.more.insert("pgbench_clients".into(), json!(pgbench_clients));
    }

    /// Another comparison: `{name}_per_second` and `ratio_{of}`.
    pub fn compare_more(&mut self, name: &str, of: &str, rates: &[f64]) {
        let Some(other) = positive_median(rates) else { return };
        self.more.insert(format!("{name}_per_second"), json!(rounded(other)));
        self.more.insert(format!("ratio_{of}"), json!(rounded(self.per_second / other)));
    }

    /// This lane beside the same without the queue.
    pub fn compare_queue_off(&mut self, off: &Self) {
        let cpu = |line: &Self| Some(line.cpu_us_server? + line.cpu_us_postgres?);
        let share = |ours: f64, theirs: f64| if theirs > 0.0 { json!(rounded(ours / theirs)) } else { Value::Null };
        self.more.insert("queue_off_per_second".into(), json!(off.per_second));
        self.more.insert("ratio_queue_off".into(), share(self.per_second, off.per_second));
        self.more.insert("p99_ratio_queue_off".into(), share(self.p99_ms, off.p99_ms));
        let cpu = cpu(self).zip(cpu(off)).map_or(Value::Null, |(ours, theirs)| share(ours, theirs));
        self.more.insert("cpu_ratio_queue_off".into(), cpu);
    }

    pub const TABLE_HEAD: &str = "| scenario | clients | /s (min–max) | p50 · p99 · p99.9 ms | CPU µs: server + Postgres | statements | WAL B | pgbench /s | ratio | errors | more |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    pub fn table_row(&self) -> String {
        let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        let extra = |name: &str| self.more.get(name).map_or_else(String::new, Value::to_string);
        let more: Vec<String> = self
            .more
            .iter()
            .filter(|(name, value)| {
                !matches!(name.as_str(), "min_per_second" | "max_per_second" | "windows" | "accepted") && **value != json!(0)
            })
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        format!(
            "| {} | {} | {} ({}–{}) | {} · {} · {} | {} + {} | {} | {} | {} | {} | {} | {} |",
            self.scenario,
            self.clients,
            self.per_second,
            extra("min_per_second"),
            extra("max_per_second"),
            self.p50_ms,
            self.p99_ms,
            self.p999_ms,
            shown(self.cpu_us_server),
            shown(self.cpu_us_postgres),
            shown(self.statements_per_request),
            self.wal_bytes_per_order,
            shown(self.pgbench_per_second),
            shown(self.ratio),
            self.errors,
            more.join(", ")
        )
    }
}

/// Answered requests a second.
pub fn rate(window: &Window) -> f64 {
    window.tally.in_time as f64 / window.seconds
}

/// All of the window's requests, those that were answered after its end too: what was used was used for all of them.
fn requests(window: &Window) -> f64 {
    window.tally.micros.len().max(1) as f64
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (length, middle) if length % 2 == 1 => values[middle],
        (_, middle) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn positive_median(rates: &[f64]) -> Option<f64> {
    Some(median(rates.to_vec())).filter(|rate| *rate > 0.0)
}

/// To what a reader can use: whole numbers from 1,000 on, else four digits.
fn rounded(value: f64) -> f64 {
    let places: f64 = match value.abs() {
        value if value >= 1000.0 => 1.0,
        value if value >= 100.0 => 10.0,
        value if value >= 10.0 => 100.0,
        _ => 1000.0,
    };
    (value * places).round() / places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![]), 0.0);
    }

    #[test]
    fn figures_are_rounded_to_four_digits() {
        assert_eq!([7391.4, 123.46, 12.346, 0.734_56].map(rounded), [7391.0, 123.5, 12.35, 0.735]);
    }
}
