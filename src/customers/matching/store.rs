use super::rule::{Candidate, Party, tax_id_spellings};
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::json;

/// Makes another transaction that looks for the same party wait for this one (claims of kind `u`). [`release`] must follow.
pub fn claim(connection: &mut PgConnection, context: &Context, party: &Party) -> QueryResult<Vec<String>> {
    let external = party.external_id.as_ref().map(|id| format!("external_id/{}/{id}", party.system));
    // The shortest spelling, so that two spellings of one number meet.
    let tax = party.tax_id.as_deref().and_then(|text| tax_id_spellings(text).into_iter().min_by_key(String::len));
    let mut keys: Vec<String> = external.into_iter().chain(tax.map(|number| format!("tax_id/{number}"))).collect();
    keys.sort();
    sql("INSERT INTO claim (organization_id, kind, key, subject_id, hash, status, created_at) \
         SELECT $1, 'u', k.key, $1, '', 200, $3 FROM unnest($2::text[]) AS k(key) ORDER BY k.key COLLATE \"C\" \
         ON CONFLICT (organization_id, kind, key) DO UPDATE SET created_at = EXCLUDED.created_at")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Array<Text>, _>(&keys)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(keys)
}

/// Gives the claims back: what the transaction has found or made stands in the customers, where the next one looks.
pub fn release(connection: &mut PgConnection, context: &Context, keys: &[String]) -> QueryResult<()> {
    sql("DELETE FROM claim WHERE organization_id = $1 AND kind = 'u' AND key = ANY($2)")
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<Array<Text>, _>(keys)
        .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: CustomerId,
    #[diesel(sql_type = Bool)]
    guest: bool,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    tax_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
}

/// Whoever shares external id, tax number or e-mail address with the party.
pub fn candidates(connection: &mut PgConnection, organization_id: OrganizationId, party: &Party) -> QueryResult<Vec<Candidate>> {
    let rows: Vec<Row> = sql("SELECT DISTINCT c.id, c.guest, c.external_ids ->> $2 AS external_id, c.tax_id, c.email FROM ( \
         SELECT * FROM customer WHERE organization_id = $1 AND $6 AND external_ids @> $3 \
         UNION ALL SELECT * FROM customer WHERE organization_id = $1 AND tax_id IS NOT NULL \
         AND upper(regexp_replace(tax_id, '[\\s./-]', '', 'g')) = ANY($4) \
         UNION ALL SELECT * FROM customer WHERE organization_id = $1 AND lower(email) = $5) c ORDER BY c.id")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(party.system)
    .bind::<Jsonb, _>(json!({ party.system: party.external_id }))
    .bind::<Array<Text>, _>(party.tax_id.as_deref().map(tax_id_spellings).unwrap_or_default())
    .bind::<Nullable<Text>, _>(party.email.as_deref().map(str::to_lowercase))
    .bind::<Bool, _>(party.external_id.is_some())
    .load(connection)?;
    let candidate =
        |row: Row| Candidate { id: row.id, guest: row.guest, external_id: row.external_id, tax_id: row.tax_id, email: row.email };
    Ok(rows.into_iter().map(candidate).collect())
}
