use super::NewEntry;
use super::body::{AuditEntry, Filter};
use super::chunks::Range;
use crate::auth::actor::ActorBody;
use crate::auth::origin::Origin;
use crate::events::body::Subject;
use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::value::RawValue;
use uuid::Uuid;

pub fn insert(connection: &mut PgConnection, organization_id: OrganizationId, entry: &NewEntry) -> QueryResult<()> {
    sql("INSERT INTO audit_entry (organization_id, action, actor, subject_type, subject_id, data, origin, occurred_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(entry.action.as_str())
    .bind::<Text, _>(&entry.actor)
    .bind::<Text, _>(entry.subject_type)
    .bind::<SqlUuid, _>(entry.subject_id)
    .bind::<Text, _>(entry.data.to_string())
    .bind::<Nullable<Text>, _>(entry.origin.as_deref())
    .bind::<Timestamptz, _>(entry.at)
    .execute(connection)?;
    Ok(())
}

/// The lowest number of the last `window` events before `before`; `None` where there are no more than these.
pub fn window_end(connection: &mut PgConnection, organization_id: OrganizationId, before: i64, window: i64) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct End {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let end: Option<End> = sql("SELECT id FROM event WHERE organization_id = $1 AND id < $2 ORDER BY id DESC OFFSET $3 LIMIT 1")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(window - 1)
        .get_result(connection)
        .optional()?;
    Ok(end.map(|end| end.id))
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<Text>)]
    actor_name: Option<String>,
    #[diesel(sql_type = Text)]
    subject_type: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Text)]
    data: String,
    #[diesel(sql_type = Nullable<Text>)]
    origin: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    occurred_at: DateTime<Utc>,
}

impl Row {
    fn into_entry(self) -> QueryResult<AuditEntry> {
        let origin = Origin::read(self.origin.as_deref());
        let data = RawValue::from_string(self.data).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        Ok(AuditEntry {
            id: self.id,
            at: self.occurred_at,
            action: self.action,
            actor: ActorBody::read(&self.actor, self.actor_name),
            subject: Subject { r#type: self.subject_type, id: self.subject_id },
            order_id: self.order_id,
            address: origin.address,
            user_agent: origin.user_agent,
            request_id: origin.request_id,
            data,
        })
    }
}

/// An order's events of one moment have one origin, which stands with its first.
const ORIGIN: &str = "coalesce(a.origin, (SELECT c.origin FROM event c WHERE c.organization_id = a.organization_id AND c.order_id = a.order_id \
    AND c.type = 'order.captured' AND c.occurred_at = a.occurred_at AND c.actor = a.actor LIMIT 1)) AS origin";

/// What fits in `from <= id < before`, of events those in the ranges, the newest first.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    ranges: &[Range],
    from: i64,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<AuditEntry>> {
    let when = |given: bool, text: &'static str| if given { text } else { "" };
    // An order's own index finds its events at once; the other filters look through what the page may look through.
    let of_order = filter.subject_id.is_some() && filter.subject_type.as_deref() == Some("order");
    let common = [
        when(filter.actors.is_some(), " AND actor = ANY($5)"),
        when(filter.system, " AND (actor = 'system' OR actor LIKE 'system:%')"),
        when(filter.subject_type.is_some(), " AND subject_type = $7"),
        when(filter.subject_id.is_some(), " AND subject_id = $8"),
        when(filter.from.is_some(), " AND occurred_at >= $9"),
        when(filter.to.is_some(), " AND occurred_at < $10"),
    ]
    .concat();
    let (of_events, of_entries) =
        (when(filter.actions.is_some(), " AND type = ANY($6)"), when(filter.actions.is_some(), " AND action = ANY($6)"));
    let order = when(of_order, " AND order_id = $8");
    let rows: Vec<Row> = sql(format!(
        "SELECT a.id, a.action, a.actor, actor_name(a.organization_id, a.actor) AS actor_name, a.subject_type, a.subject_id, a.order_id, a.data, \
         {ORIGIN}, a.occurred_at FROM ( \
         (SELECT e.* FROM unnest($11::bigint[], $12::bigint[]) AS r(first_id, last_id) CROSS JOIN LATERAL ( \
            SELECT organization_id, id, type AS action, actor, subject_type, subject_id, order_id, data, origin, occurred_at FROM event \
            WHERE organization_id = $1 AND id >= greatest(r.first_id, $2) AND id <= r.last_id AND id < $3{common}{of_events}{order} \
            ORDER BY id DESC LIMIT $4) e ORDER BY e.id DESC LIMIT $4) \
         UNION ALL \
         (SELECT organization_id, id, action, actor, subject_type, subject_id, NULL, data, origin, occurred_at FROM audit_entry \
          WHERE organization_id = $1 AND id >= $2 AND id < $3{common}{of_entries} ORDER BY id DESC LIMIT $4)) a \
         ORDER BY a.id DESC LIMIT $4"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(before)
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Array<Text>>, _>(filter.actors.clone())
    .bind::<Nullable<Array<Text>>, _>(filter.actions.clone())
    .bind::<Nullable<Text>, _>(filter.subject_type.as_deref())
    .bind::<Nullable<SqlUuid>, _>(filter.subject_id)
    .bind::<Nullable<Timestamptz>, _>(filter.from)
    .bind::<Nullable<Timestamptz>, _>(filter.to)
    .bind::<Array<BigInt>, _>(ranges.iter().map(|range| range.first_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(ranges.iter().map(|range| range.last_id).collect::<Vec<_>>())
    .load(connection)?;
    rows.into_iter().map(Row::into_entry).collect()
}
