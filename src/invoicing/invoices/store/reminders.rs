use super::load::{COLUMNS, Row, with_lines};
use crate::auth::actor::Context;
use crate::invoicing::invoices::invoice::Invoice;
use crate::platform::sql::sql;
use crate::types::id::{InvoiceId, OrganizationId};
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid};

/// Organizations that may have an overdue invoice: `latest` is the last day that it is anywhere.
pub fn organizations_with_overdue(connection: &mut PgConnection, latest: NaiveDate) -> QueryResult<Vec<OrganizationId>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        organization_id: OrganizationId,
    }
    let rows: Vec<Id> = sql("SELECT DISTINCT organization_id FROM invoice WHERE status IN ('issued', 'partially_paid') AND due_on < $1")
        .bind::<Date, _>(latest)
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.organization_id).collect())
}

/// Open invoices that are overdue and not told to be, or whose next reminder is due, locked. One that somebody else is working on
/// is left for the next time.
pub fn lock_due(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    today: NaiveDate,
    reminder_days: &[i32],
    limit: i64,
) -> QueryResult<Vec<Invoice>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM invoice i WHERE i.organization_id = $1 AND i.status IN ('issued', 'partially_paid') AND i.due_on < $2 \
         AND (i.overdue_on IS NULL OR (i.due_on + ($3::int4[])[i.reminder_level + 1] <= $2 AND (i.reminder_level = 0 \
         OR i.reminded_on + ($3::int4[])[i.reminder_level + 1] - ($3::int4[])[i.reminder_level] <= $2))) \
         ORDER BY i.id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED"
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Date, _>(today)
    .bind::<Array<Integer>, _>(reminder_days)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    with_lines(connection, organization_id, rows)
}

/// Writes how far invoices were reminded of. The caller holds their locks.
pub fn save_reminders(connection: &mut PgConnection, context: &Context, invoices: &[Invoice]) -> QueryResult<()> {
    sql("UPDATE invoice i SET overdue_on = t.overdue_on, reminder_level = t.level, reminded_on = t.reminded_on, version = i.version + 1, \
         updated_at = $2 FROM unnest($3::uuid[], $4::date[], $5::int2[], $6::date[]) AS t(id, overdue_on, level, reminded_on) \
         WHERE i.organization_id = $1 AND i.id = t.id")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Array<SqlUuid>, _>(invoices.iter().map(|invoice| invoice.id).collect::<Vec<InvoiceId>>())
    .bind::<Array<Nullable<Date>>, _>(invoices.iter().map(|invoice| invoice.overdue_on).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(invoices.iter().map(|invoice| invoice.reminder_level).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(invoices.iter().map(|invoice| invoice.reminded_on).collect::<Vec<_>>())
    .execute(connection)?;
    Ok(())
}
