use super::body::{Notice, NoticeKinds, NoticeLanguage, NoticeSettings};
use super::kind::{NoticeKind, NoticeStatus};
use crate::auth::actor::Context;
use crate::platform::sql::sql;
use crate::types::id::{CustomerId, InvoiceId, NoticeId, OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

#[derive(QueryableByName, Clone)]
pub struct StoredSettings {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = Bool)]
    enabled: bool,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sender_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reply_to: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    bcc: Option<String>,
    #[diesel(sql_type = Text)]
    pub language: NoticeLanguage,
    #[diesel(sql_type = Array<Text>)]
    kinds: Vec<NoticeKind>,
    #[diesel(sql_type = BigInt)]
    pub read_through: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl StoredSettings {
    pub fn shown(self, smtp_configured: bool) -> NoticeSettings {
        NoticeSettings {
            enabled: self.enabled,
            sender_name: self.sender_name,
            sender_email: self.sender_email,
            reply_to: self.reply_to,
            bcc: self.bcc,
            language: self.language,
            kinds: NoticeKinds::of(&self.kinds),
            smtp_configured,
            version: self.version,
            updated_at: Some(self.updated_at),
        }
    }

    /// Whether notices of this kind go out.
    pub fn sends(&self, kind: NoticeKind) -> bool {
        self.enabled && self.kinds.contains(&kind)
    }

    /// Whether it is an address that we write from, or that answers go to.
    pub fn is_own(&self, address: &str) -> bool {
        [&self.sender_email, &self.reply_to].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(address))
    }

    pub fn kinds(&self) -> NoticeKinds {
        NoticeKinds::of(&self.kinds)
    }
}

const SETTINGS: &str =
    "organization_id, enabled, sender_name, sender_email, reply_to, bcc, language, kinds, read_through, version, updated_at";

pub fn settings(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<Option<StoredSettings>> {
    sql(format!("SELECT {SETTINGS} FROM notice_settings WHERE organization_id = $1 AND version > 0"))
        .bind::<SqlUuid, _>(organization_id)
        .get_result(connection)
        .optional()
}

/// The settings of every organization that writes to its customers.
pub fn enabled_settings(connection: &mut PgConnection) -> QueryResult<Vec<StoredSettings>> {
    sql(format!("SELECT {SETTINGS} FROM notice_settings WHERE enabled ORDER BY organization_id")).load(connection)
}

/// Locks the settings against another change, making the row if there is none.
pub fn lock_settings(connection: &mut PgConnection, context: &Context) -> QueryResult<()> {
    sql("INSERT INTO notice_settings (organization_id, enabled, language, kinds, read_through, version, created_at, updated_at) \
         VALUES ($1, false, 'auto', '{}', 0, 0, $2, $2) ON CONFLICT DO NOTHING")
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    sql("SELECT 1 FROM notice_settings WHERE organization_id = $1 FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(context.organization_id)
        .execute(connection)?;
    Ok(())
}

pub fn save_settings(connection: &mut PgConnection, context: &Context, new: &NoticeSettings, read_through: Option<i64>) -> QueryResult<()> {
    sql(
        "UPDATE notice_settings SET enabled = $2, sender_name = $3, sender_email = $4, reply_to = $5, bcc = $6, language = $7, kinds = $8, \
         read_through = coalesce($9, read_through), updated_at = $10, version = version + 1 WHERE organization_id = $1",
    )
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<Bool, _>(new.enabled)
    .bind::<Nullable<Text>, _>(new.sender_name.as_deref())
    .bind::<Nullable<Text>, _>(new.sender_email.as_deref())
    .bind::<Nullable<Text>, _>(new.reply_to.as_deref())
    .bind::<Nullable<Text>, _>(new.bcc.as_deref())
    .bind::<Text, _>(new.language)
    .bind::<Array<Text>, _>(new.kinds.list())
    .bind::<Nullable<BigInt>, _>(read_through)
    .bind::<Timestamptz, _>(context.now)
    .execute(connection)?;
    Ok(())
}

/// Moves on where events have been read through; false where somebody else did, or the settings changed.
pub fn advance(connection: &mut PgConnection, settings: &StoredSettings, through: i64) -> QueryResult<bool> {
    let moved = sql("UPDATE notice_settings SET read_through = $3 WHERE organization_id = $1 AND enabled AND read_through = $2")
        .bind::<SqlUuid, _>(settings.organization_id)
        .bind::<BigInt, _>(settings.read_through)
        .bind::<BigInt, _>(through)
        .execute(connection)?;
    Ok(moved == 1)
}

/// A notice to store.
pub struct NewNotice {
    pub id: NoticeId,
    pub kind: NoticeKind,
    pub language: String,
    /// Empty where there is nobody.
    pub recipient: String,
    pub subject: String,
    pub text_body: String,
    pub html_body: String,
    pub source_id: Uuid,
    pub invoice_id: Option<InvoiceId>,
    pub order_id: Option<OrderId>,
    pub customer_id: Option<CustomerId>,
    pub skip_reason: Option<&'static str>,
    /// The mail that it answers to.
    pub in_reply_to: Option<String>,
    /// The mails before it, and that one.
    pub references: Vec<String>,
}

/// Stores a notice unless it is there.
pub fn insert(connection: &mut PgConnection, context: &Context, new: &NewNotice) -> QueryResult<()> {
    let status = if new.skip_reason.is_some() { NoticeStatus::Skipped } else { NoticeStatus::Pending };
    sql(
        "INSERT INTO notice (organization_id, id, kind, status, language, recipient, subject, text_body, html_body, source_id, invoice_id, \
         order_id, customer_id, skip_reason, next_attempt_at, created_at, updated_at, in_reply_to, message_references) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $15, $16, $17) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(new.id)
    .bind::<Text, _>(new.kind)
    .bind::<Text, _>(status)
    .bind::<Text, _>(&new.language)
    .bind::<Text, _>(&new.recipient)
    .bind::<Text, _>(&new.subject)
    .bind::<Text, _>(&new.text_body)
    .bind::<Text, _>(&new.html_body)
    .bind::<SqlUuid, _>(new.source_id)
    .bind::<Nullable<SqlUuid>, _>(new.invoice_id)
    .bind::<Nullable<SqlUuid>, _>(new.order_id)
    .bind::<Nullable<SqlUuid>, _>(new.customer_id)
    .bind::<Nullable<Text>, _>(new.skip_reason)
    .bind::<Timestamptz, _>(context.now)
    .bind::<Nullable<Text>, _>(new.in_reply_to.as_deref())
    .bind::<Array<Text>, _>(&new.references)
    .execute(connection)?;
    Ok(())
}

/// A notice on its way out, with the sender's settings.
#[derive(QueryableByName, Clone)]
pub struct Outgoing {
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: OrganizationId,
    #[diesel(sql_type = SqlUuid)]
    pub id: NoticeId,
    #[diesel(sql_type = Text)]
    pub kind: NoticeKind,
    #[diesel(sql_type = Text)]
    pub language: String,
    #[diesel(sql_type = Text)]
    pub recipient: String,
    #[diesel(sql_type = Text)]
    pub subject: String,
    #[diesel(sql_type = Text)]
    pub text_body: String,
    #[diesel(sql_type = Text)]
    pub html_body: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub order_id: Option<OrderId>,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Integer)]
    pub resends: i32,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub sender_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub sender_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reply_to: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub bcc: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub in_reply_to: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    pub message_references: Vec<String>,
}

/// How many answers the address has had since.
pub fn replies_to(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    recipient: &str,
    since: DateTime<Utc>,
) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count =
        sql("SELECT count(*) FROM notice WHERE organization_id = $1 AND kind = 'order_reply' AND recipient = $2 AND created_at >= $3")
            .bind::<SqlUuid, _>(organization_id)
            .bind::<Text, _>(recipient)
            .bind::<Timestamptz, _>(since)
            .get_result(connection)?;
    Ok(row.count)
}

/// Takes the next notice that is due, or that somebody took and never finished. Its try is counted now: one that ends the process
/// each time must not be tried for ever.
pub fn claim(connection: &mut PgConnection, now: DateTime<Utc>, leased_until: DateTime<Utc>) -> QueryResult<Option<Outgoing>> {
    sql("WITH due AS (SELECT n.organization_id, n.id FROM notice n JOIN notice_settings s ON s.organization_id = n.organization_id AND s.enabled \
           WHERE n.status IN ('pending', 'sending') AND n.next_attempt_at <= $1 AND (n.leased_until IS NULL OR n.leased_until <= $1) \
           ORDER BY n.next_attempt_at LIMIT 1 FOR UPDATE OF n SKIP LOCKED) \
         UPDATE notice n SET status = 'sending', attempts = n.attempts + 1, leased_until = $2, updated_at = $1, version = n.version + 1 \
         FROM due JOIN notice_settings s ON s.organization_id = due.organization_id WHERE n.organization_id = due.organization_id AND n.id = due.id \
         RETURNING n.organization_id, n.id, n.kind, n.language, n.recipient, n.subject, n.text_body, n.html_body, n.invoice_id, n.order_id, n.attempts, n.resends, \
           n.created_at, s.sender_name, s.sender_email, s.reply_to, s.bcc, n.in_reply_to, n.message_references")
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(leased_until)
    .get_result(connection)
    .optional()
}

/// Why a notice that waited is not to be sent any more: its kind was switched off, it is no news since `since`, the order that it speaks of
/// was cancelled, or nothing is due on the invoice. What a person wants sent again is sent.
pub fn unwanted(connection: &mut PgConnection, notice: &Outgoing, since: DateTime<Utc>) -> QueryResult<Option<&'static str>> {
    #[derive(QueryableByName)]
    struct Standing {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        switched_off: bool,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        cancelled: bool,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        settled: bool,
    }
    if notice.resends > 0 {
        return Ok(None);
    }
    if notice.created_at < since {
        return Ok(Some("outdated"));
    }
    let standing: Option<Standing> = sql("SELECT NOT (n.kind = ANY(s.kinds)) AS switched_off, \
           n.kind IN ('acknowledgement', 'delay') AND coalesce(o.status = 'cancelled', false) AS cancelled, \
           n.kind = 'reminder' AND coalesce(i.status IN ('paid', 'credited'), false) AS settled \
         FROM notice n JOIN notice_settings s ON s.organization_id = n.organization_id \
         LEFT JOIN sales_order o ON o.organization_id = n.organization_id AND o.id = n.order_id \
         LEFT JOIN invoice i ON i.organization_id = n.organization_id AND i.id = n.invoice_id \
         WHERE n.organization_id = $1 AND n.id = $2")
    .bind::<SqlUuid, _>(notice.organization_id)
    .bind::<SqlUuid, _>(notice.id)
    .get_result(connection)
    .optional()?;
    Ok(standing.and_then(|standing| match standing {
        Standing { switched_off: true, .. } => Some("switched_off"),
        Standing { cancelled: true, .. } => Some("order_cancelled"),
        Standing { settled: true, .. } => Some("nothing_due"),
        Standing { .. } => None,
    }))
}

/// What has become of a try.
pub struct Finished<'a> {
    pub status: NoticeStatus,
    /// Of a skipped one.
    pub skip_reason: Option<&'static str>,
    pub next_attempt_at: DateTime<Utc>,
    pub error: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// Notes the outcome of a try; false where it is no longer this process's.
pub fn finish(connection: &mut PgConnection, notice: &Outgoing, finished: &Finished<'_>) -> QueryResult<bool> {
    let done = sql("UPDATE notice SET status = $4, leased_until = NULL, next_attempt_at = $5, last_error = $6, updated_at = $7, \
         version = version + 1, sent_at = CASE WHEN $4 = 'sent' THEN $7 ELSE sent_at END, skip_reason = $8 \
         WHERE organization_id = $1 AND id = $2 AND status = 'sending' AND attempts = $3")
    .bind::<SqlUuid, _>(notice.organization_id)
    .bind::<SqlUuid, _>(notice.id)
    .bind::<Integer, _>(notice.attempts)
    .bind::<Text, _>(finished.status)
    .bind::<Timestamptz, _>(finished.next_attempt_at)
    .bind::<Nullable<Text>, _>(finished.error)
    .bind::<Timestamptz, _>(finished.now)
    .bind::<Nullable<Text>, _>(finished.skip_reason)
    .execute(connection)?;
    Ok(done == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: NoticeId,
    #[diesel(sql_type = Text)]
    kind: NoticeKind,
    #[diesel(sql_type = Text)]
    status: NoticeStatus,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    invoice_id: Option<InvoiceId>,
    #[diesel(sql_type = SqlUuid)]
    source_id: Uuid,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Text)]
    recipient: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    skip_reason: Option<String>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    resends: i32,
    #[diesel(sql_type = Timestamptz)]
    next_attempt_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    sent_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl From<Row> for Notice {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            status: row.status,
            order_id: row.order_id,
            customer_id: row.customer_id,
            invoice_id: row.invoice_id,
            source_id: row.source_id,
            language: row.language,
            recipient: Some(row.recipient).filter(|recipient| !recipient.is_empty()),
            subject: row.subject,
            skip_reason: row.skip_reason,
            attempts: row.attempts,
            resends: row.resends,
            next_attempt_at: Some(row.next_attempt_at).filter(|_| row.status == NoticeStatus::Pending),
            last_error: row.last_error,
            sent_at: row.sent_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

const COLUMNS: &str = "id, kind, status, order_id, customer_id, invoice_id, source_id, language, recipient, subject, skip_reason, attempts, resends, \
    next_attempt_at, last_error, sent_at, version, created_at, updated_at";

/// What a list is narrowed to; `None` is anything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub order_id: Option<Vec<OrderId>>,
    pub customer_id: Option<Vec<CustomerId>>,
    pub status: Option<Vec<String>>,
    pub kind: Option<Vec<String>>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// One page, the newest first.
pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    before: Option<NoticeId>,
    limit: i64,
) -> QueryResult<Vec<Notice>> {
    let when = |given: bool, text: &'static str| if given { text } else { "" };
    let filters = [
        when(before.is_some(), " AND id < $2"),
        when(filter.order_id.is_some(), " AND order_id = ANY($3)"),
        when(filter.customer_id.is_some(), " AND customer_id = ANY($4)"),
        when(filter.status.is_some(), " AND status = ANY($5)"),
        when(filter.kind.is_some(), " AND kind = ANY($6)"),
        when(filter.updated_from.is_some(), " AND updated_at >= $7"),
    ]
    .concat();
    let rows: Vec<Row> = sql(format!("SELECT {COLUMNS} FROM notice WHERE organization_id = $1{filters} ORDER BY id DESC LIMIT $8"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Nullable<SqlUuid>, _>(before)
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.order_id.clone())
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.customer_id.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.status.clone())
        .bind::<Nullable<Array<Text>>, _>(filter.kind.clone())
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<BigInt, _>(limit)
        .load(connection)?;
    Ok(rows.into_iter().map(Notice::from).collect())
}

pub fn find(connection: &mut PgConnection, organization_id: OrganizationId, id: NoticeId) -> QueryResult<Option<Notice>> {
    one(connection, organization_id, id, "")
}

/// As `find`, locked against a concurrent change.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, id: NoticeId) -> QueryResult<Option<Notice>> {
    one(connection, organization_id, id, " FOR NO KEY UPDATE")
}

fn one(connection: &mut PgConnection, organization_id: OrganizationId, id: NoticeId, lock: &'static str) -> QueryResult<Option<Notice>> {
    let row: Option<Row> = sql(format!("SELECT {COLUMNS} FROM notice WHERE organization_id = $1 AND id = $2{lock}"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()?;
    Ok(row.map(Notice::from))
}

/// Text and HTML of a notice.
#[derive(QueryableByName)]
pub struct Content {
    #[diesel(sql_type = Text)]
    pub text_body: String,
    #[diesel(sql_type = Text)]
    pub html_body: String,
}

pub fn content(connection: &mut PgConnection, organization_id: OrganizationId, id: NoticeId) -> QueryResult<Option<Content>> {
    sql("SELECT text_body, html_body FROM notice WHERE organization_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}

pub fn queue_again(connection: &mut PgConnection, context: &Context, id: NoticeId) -> QueryResult<Notice> {
    let row: Row = sql(format!(
        "UPDATE notice SET status = 'pending', attempts = 0, resends = resends + 1, next_attempt_at = $3, last_error = NULL, updated_at = $3, \
         version = version + 1 WHERE organization_id = $1 AND id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(context.organization_id)
    .bind::<SqlUuid, _>(id)
    .bind::<Timestamptz, _>(context.now)
    .get_result(connection)?;
    Ok(Notice::from(row))
}
