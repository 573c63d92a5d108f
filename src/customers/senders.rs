//! Which customer a message is from, by what the message says of its sender.

use crate::platform::sql::sql;
use crate::types::id::{CustomerId, OrganizationId};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};

/// Nobody is told apart by more than this many at once.
const MANY: i64 = 20;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: CustomerId,
}

/// The customers, guests left out, that have this address or a contact with it. With a leading `@` those who have any address at
/// that domain.
pub fn by_mail_address(connection: &mut PgConnection, organization_id: OrganizationId, address: &str) -> QueryResult<Vec<CustomerId>> {
    let rows: Vec<Found> = sql("SELECT id FROM customer WHERE organization_id = $1 AND NOT guest \
         AND customer_mail_addresses(email, contacts) && ARRAY[lower($2)] ORDER BY id LIMIT 20")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Text, _>(address)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Identifiers that a document gives of its buyer: scheme (EAS, ISO 6523) and value, without a scheme where it has none.
pub type Identifiers<'a> = &'a [(Option<&'a str>, &'a str)];

/// The customers with one of these electronic addresses; where there are none, those with such a code; then those with the tax number.
pub fn by_identifiers(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    identifiers: Identifiers<'_>,
    tax_id: Option<&str>,
) -> QueryResult<Vec<CustomerId>> {
    let (schemes, values): (Vec<Option<&str>>, Vec<&str>) = identifiers.iter().copied().unzip();
    let rows: Vec<Found> = sql(format!(
        "WITH told AS (SELECT * FROM unnest($2::text[], $3::text[]) AS told(scheme, value)), \
         electronic AS (SELECT c.id FROM told JOIN customer c ON c.organization_id = $1 AND NOT c.guest \
           AND c.electronic_address ->> 'value' = told.value AND c.electronic_address ->> 'scheme' = told.scheme), \
         coded AS (SELECT c.id FROM customer c WHERE c.organization_id = $1 AND NOT c.guest AND c.code = ANY($3)), \
         taxed AS (SELECT c.id FROM customer c WHERE $4 IS NOT NULL AND c.organization_id = $1 AND NOT c.guest \
           AND regexp_replace(upper(c.tax_id), '[^A-Z0-9]', '', 'g') = regexp_replace(upper($4), '[^A-Z0-9]', '', 'g')) \
         SELECT DISTINCT id FROM (SELECT id FROM electronic UNION ALL \
           SELECT id FROM coded WHERE NOT EXISTS (SELECT FROM electronic) UNION ALL \
           SELECT id FROM taxed WHERE NOT EXISTS (SELECT FROM electronic) AND NOT EXISTS (SELECT FROM coded)) found ORDER BY id LIMIT {MANY}"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<Nullable<Text>>, _>(schemes)
    .bind::<Array<Text>, _>(values)
    .bind::<Nullable<Text>, _>(tax_id)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
