//! How far each shop has been asked for its orders.

use crate::platform::sql::sql;
use crate::types::id::{ChannelId, OrganizationId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamptz, Uuid as SqlUuid};

/// Channels whose shops are asked: all whose API we may call, unless somebody has said no.
const ASKED: &str = "c.active AND c.kind IN ('shopify', 'woocommerce', 'bigcommerce') AND c.credentials <> '{}'::jsonb \
     AND coalesce((c.settings->>'reconcile')::boolean, true)";

/// A shop that is to be asked for its orders.
#[derive(Clone, Debug, QueryableByName)]
pub struct Asking {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub channel_id: ChannelId,
    #[diesel(sql_type = Timestamptz)]
    pub asked_through: DateTime<Utc>,
}

/// Shops that are new are asked for what changes from now on.
pub fn ensure_asked(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
    sql(format!(
        "INSERT INTO shop_asking (organization_id, channel_id, asked_through, ask_again_at) \
         SELECT c.organization_id, c.id, $1, $1 FROM channel c WHERE {ASKED} \
         AND NOT EXISTS (SELECT 1 FROM shop_asking f WHERE f.organization_id = c.organization_id AND f.channel_id = c.id) \
         ON CONFLICT ON CONSTRAINT shop_asking_pkey DO NOTHING"
    ))
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Takes a shop that is due, for so long.
pub fn lease_asking(connection: &mut PgConnection, now: DateTime<Utc>, lease: TimeDelta) -> QueryResult<Option<Asking>> {
    sql(format!(
        "WITH due AS (SELECT f.organization_id, f.channel_id FROM shop_asking f \
           JOIN channel c ON c.organization_id = f.organization_id AND c.id = f.channel_id \
           WHERE f.ask_again_at <= $1 AND (f.leased_until IS NULL OR f.leased_until <= $1) AND {ASKED} \
           ORDER BY f.ask_again_at LIMIT 1 FOR NO KEY UPDATE OF f SKIP LOCKED) \
         UPDATE shop_asking f SET leased_until = $2 FROM due WHERE f.organization_id = due.organization_id AND f.channel_id = due.channel_id \
         RETURNING f.organization_id, f.channel_id, f.asked_through"
    ))
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .get_result(connection)
    .optional()
}

/// Keeps a shop for longer: it has much to say.
pub fn still_asking(connection: &mut PgConnection, asking: &Asking, until: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE shop_asking SET leased_until = $3 WHERE organization_id = $1 AND channel_id = $2")
        .bind::<SqlUuid, _>(asking.organization_id)
        .bind::<SqlUuid, _>(asking.channel_id)
        .bind::<Timestamptz, _>(until)
        .execute(connection)?;
    Ok(())
}

/// How far it has been asked now, and when it is asked again.
pub fn asked(connection: &mut PgConnection, asking: &Asking, through: DateTime<Utc>, again: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE shop_asking SET asked_through = $3, ask_again_at = $4, leased_until = NULL WHERE organization_id = $1 AND channel_id = $2")
        .bind::<SqlUuid, _>(asking.organization_id)
        .bind::<SqlUuid, _>(asking.channel_id)
        .bind::<Timestamptz, _>(through)
        .bind::<Timestamptz, _>(again)
        .execute(connection)?;
    Ok(())
}

/// Whether the shop's hooks have told this state of an order, or a newer one.
pub fn is_told(connection: &mut PgConnection, asking: &Asking, external_id: &str, at: DateTime<Utc>) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        told: bool,
    }
    let row: Row = sql("SELECT EXISTS (SELECT 1 FROM channel_order \
         WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3 AND version_at >= $4) AS told")
    .bind::<SqlUuid, _>(asking.organization_id)
    .bind::<SqlUuid, _>(asking.channel_id)
    .bind::<Text, _>(external_id)
    .bind::<Timestamptz, _>(at)
    .get_result(connection)?;
    Ok(row.told)
}
