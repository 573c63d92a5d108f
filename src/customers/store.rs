use super::address_book::CustomerAddress;
use super::body::{Customer, CustomerKind, PutCustomer, home};
use super::credit::Balance;
use crate::auth::actor::Context;
use crate::platform::sql::{Sql, sql};
use crate::types::address::Address;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::{CustomerId, OrganizationId};
use crate::types::language::Language;
use crate::types::tax_id;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a caller sets of a customer: name and type of each column.
const FIELDS: &[(&str, &str)] = &[
    ("code", "text"),
    ("name", "text"),
    ("kind", "text"),
    ("guest", "boolean"),
    ("email", "text"),
    ("phone", "text"),
    ("language", "text"),
    ("tax_id", "text"),
    ("tax_exemption", "jsonb"),
    ("electronic_address", "jsonb"),
    ("currency", "text"),
    ("payment_terms", "text"),
    ("credit_limit", "numeric"),
    ("price_list", "text"),
    ("blocked", "boolean"),
    ("bill_to_customer_id", "uuid"),
    ("sales_rep", "text"),
    ("addresses", "jsonb"),
    ("contacts", "jsonb"),
    ("billing_address", "jsonb"),
    ("shipping_address", "jsonb"),
    ("external_ids", "jsonb"),
    ("metadata", "jsonb"),
];

/// The columns, each behind `prefix`.
pub fn columns(prefix: &str) -> String {
    FIELDS.iter().map(|(name, _)| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ")
}

/// The columns with their types, as `jsonb_to_record` wants them.
pub fn definition() -> String {
    FIELDS.iter().map(|(name, kind)| format!("{name} {kind}")).collect::<Vec<_>>().join(", ")
}

fn select(rest: &str) -> String {
    format!(
        "SELECT {}, c.id, c.version, c.created_at, c.updated_at, o.base_currency, b.currency AS balance_currency, b.open_orders, b.unpaid, \
         b.limit_amount FROM customer c JOIN organization o ON o.id = c.organization_id \
         LEFT JOIN customer_balance b ON b.organization_id = c.organization_id AND b.customer_id = c.id WHERE c.organization_id = $1 AND {rest}",
        columns("c.")
    )
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: CustomerId,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: CustomerKind,
    #[diesel(sql_type = Bool)]
    guest: bool,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    language: Option<Language>,
    #[diesel(sql_type = Nullable<Text>)]
    tax_id: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    tax_exemption: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    electronic_address: Option<Value>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<Currency>,
    #[diesel(sql_type = Text)]
    payment_terms: String,
    #[diesel(sql_type = Nullable<Numeric>)]
    credit_limit: Option<Decimal>,
    #[diesel(sql_type = Nullable<Text>)]
    price_list: Option<String>,
    #[diesel(sql_type = Bool)]
    blocked: bool,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    bill_to_customer_id: Option<CustomerId>,
    #[diesel(sql_type = Nullable<Text>)]
    sales_rep: Option<String>,
    #[diesel(sql_type = Jsonb)]
    addresses: Value,
    #[diesel(sql_type = Jsonb)]
    contacts: Value,
    #[diesel(sql_type = Nullable<Jsonb>)]
    billing_address: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    shipping_address: Option<Value>,
    #[diesel(sql_type = Jsonb)]
    external_ids: Value,
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    base_currency: Currency,
    #[diesel(sql_type = Nullable<Text>)]
    balance_currency: Option<Currency>,
    #[diesel(sql_type = Nullable<Numeric>)]
    open_orders: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    unpaid: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    limit_amount: Option<Decimal>,
}

fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> QueryResult<T> {
    serde_json::from_value(value).map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

impl TryFrom<Row> for Customer {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        let limit_currency = row.currency.unwrap_or(row.base_currency);
        let balance = match (row.balance_currency, row.open_orders, row.unpaid, row.limit_amount) {
            (Some(currency), Some(open_orders), Some(unpaid), Some(limit)) => Some(Balance::new(currency, open_orders, unpaid, limit)),
            _ => None,
        };
        let addresses: Vec<CustomerAddress> = from_json(row.addresses)?;
        let billing_address: Option<Address> = row.billing_address.map(from_json).transpose()?;
        let shipping_address: Option<Address> = row.shipping_address.map(from_json).transpose()?;
        let country = home(billing_address.as_ref(), shipping_address.as_ref(), &addresses);
        let tax_id_check = row.tax_id.as_deref().map(|text| tax_id::check(text, country));
        Ok(Self {
            id: row.id,
            code: row.code,
            name: row.name,
            kind: row.kind,
            guest: row.guest,
            email: row.email,
            phone: row.phone,
            language: row.language,
            tax_id: row.tax_id,
            tax_id_check,
            tax_exemption: row.tax_exemption.map(from_json).transpose()?,
            electronic_address: row.electronic_address.map(from_json).transpose()?,
            currency: row.currency,
            payment_terms: row.payment_terms,
            credit_limit: row.credit_limit.map(|limit| Amount(limit_currency.round(limit))),
            price_list: row.price_list,
            blocked: row.blocked,
            bill_to_customer_id: row.bill_to_customer_id,
            sales_rep: row.sales_rep,
            addresses,
            contacts: from_json(row.contacts)?,
            billing_address,
            shipping_address,
            external_ids: from_json(row.external_ids)?,
            metadata: from_json(row.metadata)?,
            balance,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn load(query: Sql<'_>, connection: &mut PgConnection) -> QueryResult<Vec<Customer>> {
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(Customer::try_from).collect()
}

pub fn by_id(connection: &mut PgConnection, organization_id: OrganizationId, id: CustomerId) -> QueryResult<Option<Customer>> {
    let query = sql(select("c.id = $2")).bind::<SqlUuid, _>(organization_id).bind::<SqlUuid, _>(id);
    Ok(load(query, connection)?.pop())
}

/// Customers by id or code, together with those who pay for them.
pub fn by_ids_and_codes(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    ids: &[CustomerId],
    codes: &[&str],
) -> QueryResult<Vec<Customer>> {
    let query = sql(select(
        "c.id IN (SELECT unnest($2::uuid[]) UNION SELECT k.id FROM customer k WHERE k.organization_id = $1 AND k.code = ANY($3) \
         UNION SELECT k.bill_to_customer_id FROM customer k WHERE k.organization_id = $1 AND k.bill_to_customer_id IS NOT NULL \
         AND (k.id = ANY($2) OR k.code = ANY($3)))",
    ))
    .bind::<SqlUuid, _>(organization_id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(codes);
    load(query, connection)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: CustomerId,
}

pub fn id_of_code(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<CustomerId>> {
    let row: Option<IdRow> = sql("SELECT id FROM customer WHERE organization_id = $1 AND code = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.id))
}

pub fn version_of_code(connection: &mut PgConnection, organization_id: OrganizationId, code: &str) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let row: Option<Row> = sql("SELECT version FROM customer WHERE organization_id = $1 AND code = $2")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(code)
        .get_result(connection)
        .optional()?;
    Ok(row.map(|row| row.version))
}

/// Locks the rows against a concurrent change, as one sorted set.
pub fn lock(connection: &mut PgConnection, organization_id: OrganizationId, ids: &[CustomerId]) -> QueryResult<()> {
    sql("SELECT id FROM customer WHERE organization_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(connection)
        .map(|_| ())
}

/// What a customer's references come to.
#[derive(QueryableByName)]
pub struct References {
    #[diesel(sql_type = Text)]
    pub base_currency: Currency,
    #[diesel(sql_type = Bool)]
    pub terms_known: bool,
    /// The payer exists.
    #[diesel(sql_type = Bool)]
    pub payer_known: bool,
    /// The payer has a payer of its own.
    #[diesel(sql_type = Bool)]
    pub payer_is_paid_for: bool,
    /// The customer pays for others.
    #[diesel(sql_type = Bool)]
    pub pays_for_others: bool,
}

pub fn references(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    customer_id: CustomerId,
    payment_terms: &str,
    payer: Option<CustomerId>,
) -> QueryResult<References> {
    sql("SELECT o.base_currency, EXISTS (SELECT FROM payment_term t WHERE t.organization_id = $1 AND t.code = $3) AS terms_known, \
         p.id IS NOT NULL AS payer_known, p.bill_to_customer_id IS NOT NULL AS payer_is_paid_for, \
         p.id IS NOT NULL AND EXISTS (SELECT FROM customer k WHERE k.organization_id = $1 AND k.bill_to_customer_id = $2) AS pays_for_others \
         FROM organization o LEFT JOIN customer p ON p.organization_id = o.id AND p.id = $4 WHERE o.id = $1")
    .bind::<SqlUuid, _>(organization_id)
    .bind::<SqlUuid, _>(customer_id)
    .bind::<Text, _>(payment_terms)
    .bind::<Nullable<SqlUuid>, _>(payer)
    .get_result(connection)
}

/// What a list of customers is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub text: Option<String>,
    pub codes: Option<Vec<String>>,
    pub email: Option<String>,
    pub external_ids: BTreeMap<String, String>,
    pub updated_from: Option<DateTime<Utc>>,
}

/// Where a page starts, and by what it is sorted.
#[derive(Clone, Debug)]
pub enum Start {
    ByCreated {
        after: Option<CustomerId>,
    },
    ByUpdated {
        after: Option<(DateTime<Utc>, CustomerId)>,
    },
    /// The last change first.
    ByLastUpdated {
        after: Option<(DateTime<Utc>, CustomerId)>,
    },
}

pub fn page(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filter: &Filter,
    start: &Start,
    limit: i64,
) -> QueryResult<Vec<Customer>> {
    // Only what is asked for stands in the text, so that each filter with an index gets to use it under a generic plan.
    let mut rest = String::from("true");
    let conditions = [
        (filter.codes.is_some(), " AND c.code = ANY($2)"),
        (filter.email.is_some(), " AND c.email IS NOT NULL AND lower(c.email) = lower($3)"),
        (!filter.external_ids.is_empty(), " AND c.external_ids @> $4"),
        (filter.updated_from.is_some(), " AND c.updated_at >= $5"),
        (
            filter.text.is_some(),
            " AND (strpos(lower(c.name), lower($6)) > 0 OR strpos(lower(c.code), lower($6)) > 0 OR strpos(lower(c.email), lower($6)) > 0)",
        ),
    ];
    for (_, condition) in conditions.iter().filter(|(asked, _)| *asked) {
        rest.push_str(condition);
    }
    rest.push_str(match start {
        Start::ByCreated { after: None } => " ORDER BY c.id LIMIT $7",
        Start::ByCreated { after: Some(_) } => " AND c.id > $8 ORDER BY c.id LIMIT $7",
        Start::ByUpdated { after: None } => " ORDER BY c.updated_at, c.id LIMIT $7",
        Start::ByUpdated { after: Some(_) } => " AND (c.updated_at, c.id) > ($9, $8) ORDER BY c.updated_at, c.id LIMIT $7",
        Start::ByLastUpdated { after: None } => " ORDER BY c.updated_at DESC, c.id DESC LIMIT $7",
        Start::ByLastUpdated { after: Some(_) } => " AND (c.updated_at, c.id) < ($9, $8) ORDER BY c.updated_at DESC, c.id DESC LIMIT $7",
    });
    let (after_id, after_time) = match start {
        Start::ByCreated { after } => (*after, None),
        Start::ByUpdated { after } | Start::ByLastUpdated { after } => (after.map(|after| after.1), after.map(|after| after.0)),
    };
    let query = sql(select(&rest))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Nullable<Array<Text>>, _>(filter.codes.clone())
        .bind::<Nullable<Text>, _>(filter.email.as_deref())
        .bind::<Jsonb, _>(serde_json::json!(filter.external_ids))
        .bind::<Nullable<Timestamptz>, _>(filter.updated_from)
        .bind::<Nullable<Text>, _>(filter.text.as_deref())
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<SqlUuid>, _>(after_id)
        .bind::<Nullable<Timestamptz>, _>(after_time);
    load(query, connection)
}

/// A customer's columns, as `jsonb_to_record` reads them.
#[derive(Serialize)]
struct Record<'a> {
    code: Option<&'a str>,
    name: &'a str,
    kind: CustomerKind,
    guest: bool,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    language: Option<Language>,
    tax_id: Option<&'a str>,
    tax_exemption: &'a Option<super::body::TaxExemption>,
    electronic_address: &'a Option<crate::types::electronic_address::ElectronicAddress>,
    currency: Option<Currency>,
    payment_terms: &'a str,
    credit_limit: Option<Amount>,
    price_list: Option<&'a str>,
    blocked: bool,
    bill_to_customer_id: Option<CustomerId>,
    sales_rep: Option<&'a str>,
    addresses: &'a [super::address_book::CustomerAddress],
    contacts: &'a [crate::types::address::Contact],
    billing_address: &'a Option<crate::types::address::Address>,
    shipping_address: &'a Option<crate::types::address::Address>,
    external_ids: &'a BTreeMap<String, String>,
    metadata: &'a serde_json::Map<String, Value>,
}

pub fn record(body: &PutCustomer, standing: Standing) -> QueryResult<String> {
    let record = Record {
        code: body.code.as_deref(),
        name: &body.name,
        kind: body.kind,
        guest: standing == Standing::Guest,
        email: body.email.as_deref(),
        phone: body.phone.as_deref(),
        language: body.language,
        tax_id: body.tax_id.as_deref(),
        tax_exemption: &body.tax_exemption,
        electronic_address: &body.electronic_address,
        currency: body.currency,
        payment_terms: body.payment_terms(),
        credit_limit: body.credit_limit,
        price_list: body.price_list.as_deref(),
        blocked: body.blocked,
        bill_to_customer_id: body.bill_to_customer_id,
        sales_rep: body.sales_rep.as_deref(),
        addresses: &body.addresses,
        contacts: &body.contacts,
        billing_address: &body.billing_address,
        shipping_address: &body.shipping_address,
        external_ids: &body.external_ids,
        metadata: &body.metadata,
    };
    serde_json::to_string(&record).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
}

/// Whether somebody is known, or was only ever named by an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Account,
    Guest,
}

/// Whether the customer was inserted; not where another has its code.
pub fn insert(connection: &mut PgConnection, context: &Context, id: CustomerId, body: &PutCustomer) -> QueryResult<bool> {
    let text = format!(
        "INSERT INTO customer (organization_id, id, created_at, updated_at, {}) SELECT $1, $2, $3, $3, {} \
         FROM jsonb_to_record($4::text::jsonb) AS r({}) ON CONFLICT (organization_id, code) DO NOTHING",
        columns(""),
        columns("r."),
        definition()
    );
    let inserted = sql(text)
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<SqlUuid, _>(id)
        .bind::<Timestamptz, _>(context.now)
        .bind::<Text, _>(record(body, Standing::Account)?)
        .execute(connection)?;
    Ok(inserted == 1)
}

/// Replaces what callers set; a row that would not change keeps its version, and `false` says so.
pub fn update(
    connection: &mut PgConnection,
    context: &Context,
    id: CustomerId,
    body: &PutCustomer,
    standing: Standing,
) -> QueryResult<bool> {
    let (ours, theirs) = (columns("c."), columns("r."));
    let text = format!(
        "UPDATE customer AS c SET ({}, version, updated_at) = ROW({theirs}, c.version + 1, $3) FROM jsonb_to_record($4::text::jsonb) AS r({}) \
         WHERE c.organization_id = $1 AND c.id = $2 AND ({ours}) IS DISTINCT FROM ({theirs})",
        columns(""),
        definition()
    );
    let updated = sql(text)
        .bind::<SqlUuid, _>(context.organization_id)
        .bind::<SqlUuid, _>(id)
        .bind::<Timestamptz, _>(context.now)
        .bind::<Text, _>(record(body, standing)?)
        .execute(connection)?;
    Ok(updated == 1)
}
