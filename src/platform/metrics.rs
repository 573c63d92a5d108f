//! Figures about the process, in Prometheus' text format. No ids as labels.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

fn recorder() -> Option<&'static PrometheusHandle> {
    RECORDER
        .get_or_init(|| {
            let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            PrometheusBuilder::new().set_buckets(&seconds).ok()?.install_recorder().ok()
        })
        .as_ref()
}

/// Installs the recorder; once a process is enough.
pub fn start() {
    recorder();
}

/// Everything recorded so far.
pub fn render() -> String {
    recorder().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds histograms; without it they grow until somebody scrapes.
pub fn upkeep() {
    if let Some(recorder) = recorder() {
        recorder.run_upkeep();
    }
}

/// Counts one answered request. `route` is the pattern of the path, never the path.
pub fn request(method: &str, route: &str, status: u16, took: Duration) {
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(took);
}

/// Counts one run of a job that failed or panicked.
pub fn failed_job(job: &'static str) {
    metrics::counter!("job_failures_total", "job" => job).increment(1);
}

/// Counts one document that was laid out.
pub fn document(template: &'static str, took: Duration) {
    metrics::histogram!("document_seconds", "template" => template).record(took);
}
