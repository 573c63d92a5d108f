//! Whether what is told is what the catalogue says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on can only stop")]

use super::document::Document;
use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use pesanan::error::Error;
use pesanan::events::catalogue;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Of each type, so many events are looked at.
const OF_EACH: usize = 200;

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text, column_name = "type")]
    event_type: String,
    #[diesel(sql_type = Text)]
    data: String,
}

/// What of the events in the database is not as the catalogue says, each fault once.
pub fn faults(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let query = format!(
        "SELECT type, data FROM (SELECT type, data, row_number() OVER (PARTITION BY type ORDER BY id DESC) AS place FROM event) e \
         WHERE place <= {OF_EACH} ORDER BY type"
    );
    let told: Vec<Told> = diesel::sql_query(query).load(connection)?;
    let (document, mut schemas, mut faults) = (Document(Value::Null), HashMap::new(), BTreeSet::new());
    for Told { event_type, data } in told {
        let schema =
            schemas.entry(event_type.clone()).or_insert_with(|| catalogue::find(&event_type).and_then(|known| known.data_schema()));
        match schema {
            None => drop(faults.insert(format!("{event_type} is not in the catalogue"))),
            Some(schema) => {
                let data: Value = serde_json::from_str(&data).unwrap();
                faults.extend(document.faults(schema, &data).into_iter().map(|fault| format!("{event_type} {}", without_numbers(&fault))));
            }
        }
    }
    Ok(faults.into_iter().collect())
}

/// The same fault of many lines is told once.
fn without_numbers(fault: &str) -> String {
    let (place, what) = fault.split_once(": ").unwrap_or((fault, ""));
    let parts = place.split('/').map(|part| if part.parse::<usize>().is_ok() { "0" } else { part });
    format!("{}: {what}", parts.collect::<Vec<_>>().join("/"))
}
