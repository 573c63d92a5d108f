use super::body::{CycleTimeRow, FillRateRow, SalesRow};
use super::selection::{GroupBy, Selection};
use crate::platform::sql::{Sql, sql};
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity, Rate};
use crate::types::id::OrganizationId;
use chrono::NaiveDate;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Numeric, Text, Uuid as SqlUuid};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// The organization's time zone (IANA name).
pub fn time_zone(connection: &mut PgConnection, organization_id: OrganizationId) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        time_zone: String,
    }
    let row: Row = sql("SELECT time_zone FROM organization WHERE id = $1").bind::<SqlUuid, _>(organization_id).get_result(connection)?;
    Ok(row.time_zone)
}

/// Whose figures, and which.
pub struct Scope<'a> {
    pub organization_id: OrganizationId,
    pub time_zone: &'a str,
    pub selection: &'a Selection,
    /// The last day: that of the selection, else today.
    pub to: NaiveDate,
}

/// `$1` to `$7` are the same in every report.
fn query<'a>(text: &'static str, scope: &'a Scope) -> Sql<'a> {
    let selection = scope.selection;
    sql(text)
        .bind::<SqlUuid, _>(scope.organization_id)
        .bind::<Text, _>(scope.time_zone)
        .bind::<Nullable<Date>, _>(selection.from)
        .bind::<Date, _>(scope.to)
        .bind::<Nullable<Text>, _>(selection.interval.map(|interval| interval.as_str()))
        .bind::<Nullable<Text>, _>(selection.group_by.map(GroupBy::as_str))
        .bind::<Nullable<Text>, _>(selection.currency.map(Currency::code))
}

#[derive(QueryableByName)]
struct SalesFigures {
    #[diesel(sql_type = Nullable<Date>)]
    period_starts_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    group: Option<String>,
    #[diesel(sql_type = Text)]
    currency: Currency,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    historical_orders: i64,
    #[diesel(sql_type = Numeric)]
    units: Decimal,
    #[diesel(sql_type = Numeric)]
    net: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    discount: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    shipping: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    tax: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    total: Option<Decimal>,
    #[diesel(sql_type = BigInt)]
    invoices: i64,
    #[diesel(sql_type = BigInt)]
    credit_notes: i64,
    #[diesel(sql_type = Numeric)]
    invoiced_net: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    invoiced_discount: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    invoiced_shipping: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    invoiced_tax: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    invoiced_total: Option<Decimal>,
}

impl From<SalesFigures> for SalesRow {
    fn from(row: SalesFigures) -> Self {
        let money = |amount: Decimal| Amount(row.currency.round(amount));
        Self {
            period_starts_on: row.period_starts_on,
            group: row.group,
            group_name: None,
            currency: row.currency,
            orders: row.orders,
            historical_orders: row.historical_orders,
            units: Quantity(row.units),
            net: money(row.net),
            discount: row.discount.map(money),
            shipping: row.shipping.map(money),
            tax: money(row.tax),
            total: row.total.map(money),
            invoices: row.invoices,
            credit_notes: row.credit_notes,
            invoiced_net: money(row.invoiced_net),
            invoiced_discount: row.invoiced_discount.map(money),
            invoiced_shipping: row.invoiced_shipping.map(money),
            invoiced_tax: money(row.invoiced_tax),
            invoiced_total: row.invoiced_total.map(money),
        }
    }
}

pub fn sales(connection: &mut PgConnection, scope: &Scope) -> QueryResult<Vec<SalesRow>> {
    let rows: Vec<SalesFigures> = query(include_str!("sql/sales.sql"), scope).load(connection)?;
    Ok(rows.into_iter().map(SalesRow::from).collect())
}

/// Where the orders of one period, group and currency stand.
#[derive(QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = Nullable<Date>)]
    pub period_starts_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    pub group: Option<String>,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub orders_open: i64,
    #[diesel(sql_type = BigInt)]
    pub orders_shipped: i64,
    #[diesel(sql_type = BigInt)]
    pub orders_shipped_late: i64,
    #[diesel(sql_type = BigInt)]
    pub orders_held: i64,
    #[diesel(sql_type = BigInt)]
    pub unmeasurable: i64,
}

pub fn standing(connection: &mut PgConnection, scope: &Scope) -> QueryResult<Vec<Standing>> {
    query(include_str!("sql/summary.sql"), scope).load(connection)
}

#[derive(QueryableByName)]
struct CycleFigures {
    #[diesel(sql_type = Nullable<Date>)]
    period_starts_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    group: Option<String>,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = Numeric)]
    sum_hours: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    mean_hours: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    mean_days: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    p50_hours: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    p90_hours: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    p99_hours: Option<Decimal>,
    #[diesel(sql_type = BigInt)]
    out_of_sequence: i64,
    #[diesel(sql_type = BigInt)]
    unmeasurable: i64,
}

impl From<CycleFigures> for CycleTimeRow {
    fn from(row: CycleFigures) -> Self {
        Self {
            period_starts_on: row.period_starts_on,
            group: row.group,
            group_name: None,
            stage: row.stage,
            count: row.orders,
            sum_hours: Quantity(row.sum_hours),
            mean_hours: row.mean_hours.map(Quantity),
            mean_days: row.mean_days.map(Quantity),
            p50_hours: row.p50_hours.map(Quantity),
            p90_hours: row.p90_hours.map(Quantity),
            p99_hours: row.p99_hours.map(Quantity),
            out_of_sequence: row.out_of_sequence,
            unmeasurable: row.unmeasurable,
        }
    }
}

pub fn order_cycle_time(connection: &mut PgConnection, scope: &Scope, basis: &str) -> QueryResult<Vec<CycleTimeRow>> {
    let rows: Vec<CycleFigures> = query(include_str!("sql/order_cycle_time.sql"), scope).bind::<Text, _>(basis).load(connection)?;
    Ok(rows.into_iter().map(CycleTimeRow::from).collect())
}

#[derive(QueryableByName)]
struct FillFigures {
    #[diesel(sql_type = Nullable<Date>)]
    period_starts_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    group: Option<String>,
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(sql_type = Numeric)]
    numerator: Decimal,
    #[diesel(sql_type = Numeric)]
    denominator: Decimal,
    #[diesel(sql_type = Nullable<Numeric>)]
    rate: Option<Decimal>,
    #[diesel(sql_type = Numeric)]
    unmeasurable: Decimal,
}

impl From<FillFigures> for FillRateRow {
    fn from(row: FillFigures) -> Self {
        Self {
            period_starts_on: row.period_starts_on,
            group: row.group,
            group_name: None,
            level: row.level,
            numerator: Quantity(row.numerator),
            denominator: Quantity(row.denominator),
            rate: row.rate.map(Rate),
            unmeasurable: Quantity(row.unmeasurable),
        }
    }
}

pub fn fill_rate(connection: &mut PgConnection, scope: &Scope, basis: &str) -> QueryResult<Vec<FillRateRow>> {
    let rows: Vec<FillFigures> = query(include_str!("sql/fill_rate.sql"), scope).bind::<Text, _>(basis).load(connection)?;
    Ok(rows.into_iter().map(FillRateRow::from).collect())
}

/// The names of groups, of those that have one.
pub fn group_names(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    group_by: GroupBy,
    keys: Vec<String>,
) -> QueryResult<HashMap<String, String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        key: String,
        #[diesel(sql_type = Nullable<Text>)]
        name: Option<String>,
    }
    let rows: Vec<Row> = sql(include_str!("sql/group_names.sql"))
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Text, _>(group_by.as_str())
        .bind::<Array<Text>, _>(keys)
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|row| row.name.map(|name| (row.key, name))).collect())
}
