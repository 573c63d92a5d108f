//! One JSON object a line, with the request id and the organization of the request it belongs to.

use log::kv::{Error, Key, Value, VisitSource};
use std::cell::RefCell;
use std::io::Write;

/// What every log line and problem of one request carries.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    pub request_id: String,
    pub organization_id: Option<uuid::Uuid>,
}

tokio::task_local! {
    static REQUEST: RefCell<RequestContext>;
}
thread_local! {
    /// The same on a worker thread, which a task-local does not reach.
    static WORKER: RefCell<Option<RequestContext>> = const { RefCell::new(None) };
}

/// Runs a request's future with its context.
pub async fn with_request<F: Future>(request_id: String, future: F) -> F::Output {
    let context = RequestContext { request_id, organization_id: None };
    REQUEST.scope(RefCell::new(context), future).await
}

/// Runs `work` on a worker thread with the context of the request it serves.
pub fn on_worker<T>(context: Option<RequestContext>, work: impl FnOnce() -> T) -> T {
    WORKER.with(|slot| *slot.borrow_mut() = context);
    let result = work();
    WORKER.with(|slot| *slot.borrow_mut() = None);
    result
}

/// The context of the current request, if the code runs for one.
pub fn current() -> Option<RequestContext> {
    REQUEST.try_with(|context| context.borrow().clone()).ok().or_else(|| WORKER.with(|slot| slot.borrow().clone()))
}

pub fn set_organization(organization_id: uuid::Uuid) {
    let _ = REQUEST.try_with(|context| context.borrow_mut().organization_id = Some(organization_id));
}

struct Fields<'a>(&'a mut serde_json::Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let json = match (value.to_i64(), value.to_bool()) {
            (Some(number), _) => number.into(),
            (None, Some(truth)) => truth.into(),
            (None, None) => value.to_string().into(),
        };
        self.0.insert(key.to_string(), json);
        Ok(())
    }
}

/// Installs env_logger; the level comes from `RUST_LOG`, `info` by default. Lines go to standard error.
pub fn start() {
    let environment = env_logger::Env::default().default_filter_or("info,actix_server=warn");
    let _ = env_logger::Builder::from_env(environment)
        .format(|out, record| {
            let mut line = serde_json::Map::new();
            line.insert("at".into(), chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true).into());
            line.insert("level".into(), record.level().as_str().to_ascii_lowercase().into());
            line.insert("target".into(), record.target().into());
            if let Some(context) = current() {
                line.insert("request_id".into(), context.request_id.into());
                if let Some(id) = context.organization_id {
                    line.insert("organization_id".into(), id.to_string().into());
                }
            }
            line.insert("message".into(), record.args().to_string().into());
            let _ = record.key_values().visit(&mut Fields(&mut line));
            writeln!(out, "{}", serde_json::Value::Object(line))
        })
        .try_init();
}
