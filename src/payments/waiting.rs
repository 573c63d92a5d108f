//! By what the jobs find payments that wait for something.

use crate::platform::sql::sql;
use crate::types::id::{OrderId, OrganizationId, PaymentId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};

/// Authorizations whose time is over, the oldest first.
pub fn expired(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<(OrganizationId, PaymentId)>> {
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(sql_type = SqlUuid)]
        id: PaymentId,
    }
    let rows: Vec<Due> =
        sql("SELECT organization_id, id FROM payment WHERE status = 'authorized' AND expires_at <= $1 AND NOT EXISTS (SELECT 1 FROM payment_operation a WHERE a.organization_id = payment.organization_id AND a.payment_id = payment.id AND (a.status = 'pending' OR a.updated_at > $1 - interval '1 hour')) ORDER BY expires_at LIMIT $2")
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(limit)
            .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}

/// Orders that have changed since their authorizations were last looked at, and those with one that ends before `ending` and was not
/// looked at so late.
pub fn orders_to_capture(connection: &mut PgConnection, ending: DateTime<Utc>, limit: i64) -> QueryResult<Vec<(OrganizationId, OrderId)>> {
    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(sql_type = SqlUuid)]
        order_id: OrderId,
    }
    let rows: Vec<Waiting> = sql("SELECT DISTINCT p.organization_id, p.order_id FROM payment p \
         JOIN sales_order o ON o.organization_id = p.organization_id AND o.id = p.order_id \
         WHERE p.status = 'authorized' AND (o.version <> p.order_seen OR (p.expires_at <= $2 AND o.version <> p.ending_seen)) \
         AND NOT EXISTS (SELECT 1 FROM payment_operation a WHERE a.organization_id = p.organization_id AND a.payment_id = p.id \
         AND a.status = 'pending' AND a.kind <> 'refund') ORDER BY 1, 2 LIMIT $1")
    .bind::<BigInt, _>(limit)
    .bind::<Timestamptz, _>(ending)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.order_id)).collect())
}

/// Notes that authorizations were looked at while their order had this version, `ending` of them shortly before their end. It is no
/// change of the payment: its version stays. The caller holds their locks.
pub fn seen(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    order_version: i64,
    open: &[PaymentId],
    ending: &[PaymentId],
) -> QueryResult<()> {
    if open.is_empty() && ending.is_empty() {
        return Ok(());
    }
    sql("UPDATE payment SET order_seen = $2, ending_seen = CASE WHEN id = ANY($4) THEN $2 ELSE ending_seen END \
         WHERE organization_id = $1 AND (id = ANY($3) OR id = ANY($4))")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<BigInt, _>(order_version)
    .bind::<Array<SqlUuid>, _>(open)
    .bind::<Array<SqlUuid>, _>(ending)
    .execute(connection)?;
    Ok(())
}

/// What was found out since then makes another look worthwhile.
pub fn look_again(connection: &mut PgConnection, organization_id: OrganizationId, id: PaymentId) -> QueryResult<()> {
    sql("UPDATE payment SET order_seen = 0 WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .execute(connection)?;
    Ok(())
}

/// Payments of which a provider may know more than we do, and of which nothing was asked or told since then: open ones, and those with
/// a refund under way. The longest silent first.
pub fn silent(connection: &mut PgConnection, since: DateTime<Utc>, limit: i64) -> QueryResult<Vec<(OrganizationId, PaymentId)>> {
    #[derive(QueryableByName)]
    struct Silent {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
        #[diesel(sql_type = SqlUuid)]
        id: PaymentId,
    }
    let rows: Vec<Silent> = sql("WITH open AS (SELECT organization_id, id, updated_at FROM payment \
           WHERE provider_reference IS NOT NULL AND status IN ('pending', 'authorized') AND updated_at < $1 \
         UNION SELECT p.organization_id, p.id, p.updated_at FROM refund r \
           JOIN payment p ON p.organization_id = r.organization_id AND p.id = r.payment_id \
           WHERE r.status = 'pending' AND p.provider_reference IS NOT NULL AND p.updated_at < $1) \
         SELECT o.organization_id, o.id FROM open o WHERE NOT EXISTS (SELECT 1 FROM payment_operation a \
           WHERE a.organization_id = o.organization_id AND a.payment_id = o.id AND a.status = 'pending') ORDER BY o.updated_at LIMIT $2")
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.organization_id, row.id)).collect())
}
