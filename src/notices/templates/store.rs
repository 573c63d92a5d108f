use super::body::{NoticeTemplate, Words};
use super::text::placeholders;
use crate::auth::actor::Context;
use crate::notices::kind::NoticeKind;
use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use crate::types::language::Language;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};

const COLUMNS: &str = "kind, language, subject, heading, body, version, created_at, updated_at";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: NoticeKind,
    #[diesel(sql_type = Text)]
    language: Language,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    heading: Option<String>,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for NoticeTemplate {
    fn from(row: Row) -> Self {
        Self {
            kind: row.kind,
            language: row.language,
            subject: row.subject,
            heading: row.heading,
            text: row.body,
            placeholders: placeholders(row.kind).iter().map(|name| (*name).to_owned()).collect(),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All of an organization: two languages of eight kinds at most.
pub fn all(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Vec<NoticeTemplate>> {
    let rows: Vec<Row> = sql(format!(
        "SELECT {COLUMNS} FROM notice_template WHERE organization_id = $1 ORDER BY kind COLLATE \"C\", language COLLATE \"C\""
    ))
    .bind::<SqlUuid, _>(organization_id)
    .load(connection)?;
    Ok(rows.into_iter().map(NoticeTemplate::from).collect())
}

pub fn find(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    kind: NoticeKind,
    language: Language,
) -> QueryResult<Option<NoticeTemplate>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM notice_template WHERE organization_id = $1 AND kind = $2 AND language = $3"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(kind)
        .bind::<Text, _>(language)
        .get_result(connection)
        .optional()?;
    Ok(row.map(NoticeTemplate::from))
}

/// As `find`, locked against a concurrent change.
pub fn lock(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    kind: NoticeKind,
    language: Language,
) -> QueryResult<Option<NoticeTemplate>> {
    let row: Option<Row> =
        sql(format!("SELECT {COLUMNS} FROM notice_template WHERE organization_id = $1 AND kind = $2 AND language = $3 FOR NO KEY UPDATE"))
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(kind)
            .bind::<Text, _>(language)
            .get_result(connection)
            .optional()?;
    Ok(row.map(NoticeTemplate::from))
}

/// Writes the words, as new ones or in place of those that are there.
pub fn save(
    connection: &mut PgConnection,
    context: &Context,
    kind: NoticeKind,
    language: Language,
    words: &Words,
) -> QueryResult<NoticeTemplate> {
    let row: Row = sql(format!(
        "INSERT INTO notice_template AS t (organization_id, kind, language, subject, heading, body, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT ON CONSTRAINT notice_template_pkey DO UPDATE SET subject = excluded.subject, \
         heading = excluded.heading, body = excluded.body, version = t.version + 1, updated_at = excluded.updated_at RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Text, _>(kind)
    .bind::<Text, _>(language)
    .bind::<Text, _>(&words.subject)
    .bind::<Nullable<Text>, _>(words.heading.as_deref())
    .bind::<Text, _>(&words.text)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(row.into())
}

pub fn delete(connection: &mut PgConnection, organization_id: OrganizationId, kind: NoticeKind, language: Language) -> QueryResult<()> {
    sql("DELETE FROM notice_template WHERE organization_id = $1 AND kind = $2 AND language = $3")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(kind)
        .bind::<Text, _>(language)
        .execute(connection)?;
    Ok(())
}
