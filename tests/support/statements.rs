//! Which statements a call sends, through diesel's instrumentation. Each is noted under the request id of the call that its
//! thread works for, so jobs, other calls and other tests of the same process do not count.
#![allow(clippy::unwrap_used, reason = "a test that cannot count can only stop")]

use super::app::{Reply, send};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use pesanan::platform::logging;
use reqwest::RequestBuilder;
use std::collections::HashMap;
use std::sync::{Mutex, Once};

static SENT: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

struct Recorder;

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let InstrumentationEvent::StartQuery { query, .. } = event else { return };
        let Some(context) = logging::current() else { return };
        if let Some(statements) = SENT.lock().unwrap().as_mut().and_then(|sent| sent.get_mut(&context.request_id)) {
            statements.push(query.to_string());
        }
    }
}

/// Connections that are made from now on note what they send. Call it before the application starts.
pub fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap());
}

/// What a call has sent.
#[derive(Debug)]
pub struct Counted {
    pub reply: Reply,
    /// Without BEGIN, COMMIT and savepoints.
    pub statements: Vec<String>,
}

impl Counted {
    /// The reply, if its status is this one and it took at most so many statements.
    #[track_caller]
    pub fn at_most(&self, statements: usize, status: u16) -> &Reply {
        assert_eq!(self.reply.status, status, "{:#}", self.reply.body);
        assert!(self.statements.len() <= statements, "{} statements: {:#?}", self.statements.len(), self.statements);
        &self.reply
    }
}

/// Sends a request and tells which statements it took.
pub async fn counted(request: RequestBuilder) -> Counted {
    let id = uuid::Uuid::new_v4().to_string();
    SENT.lock().unwrap().get_or_insert_default().insert(id.clone(), vec![]);
    let reply = send(request.header("X-Request-Id", &id)).await;
    let statements = SENT.lock().unwrap().as_mut().unwrap().remove(&id).unwrap();
    let of_transactions = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"];
    let statements = statements.into_iter().filter(|text| !of_transactions.iter().any(|word| text.starts_with(word))).collect();
    Counted { reply, statements }
}
