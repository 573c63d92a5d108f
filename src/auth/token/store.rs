use crate::auth::permission::Role;
use crate::auth::secret::StoredSecrets;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// An active client, with what it may prove itself by.
pub struct ActiveClient {
    pub organization_id: OrganizationId,
    pub role: Role,
    pub secrets: StoredSecrets,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    organization_id: OrganizationId,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Binary)]
    secret_hash: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    previous_secret_hash: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    previous_valid_until: Option<DateTime<Utc>>,
}

/// Ids are unique over all organizations, so that a client needs to say only its own.
pub fn find_active(connection: &mut PgConnection, client_id: Uuid) -> QueryResult<Option<ActiveClient>> {
    let row: Option<Row> = sql("SELECT organization_id, role, secret_hash, previous_secret_hash, previous_valid_until \
         FROM api_client WHERE id = $1 AND active")
    .bind::<SqlUuid, _>(client_id)
    .get_result(connection)
    .optional()?;
    Ok(row.and_then(|row| {
        Some(ActiveClient {
            organization_id: row.organization_id,
            role: Role::from_name(&row.role)?,
            secrets: StoredSecrets {
                hash: row.secret_hash,
                previous_hash: row.previous_secret_hash,
                previous_valid_until: row.previous_valid_until,
            },
        })
    }))
}
