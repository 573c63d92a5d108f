use super::body::{CycleTimeRow, FillRateRow, Grouped, Report, SalesRow, SummaryReport, SummaryRow};
use super::definition;
use super::selection::{CycleBasis, FillBasis, Selection, local_day};
use super::store::{self, Scope, Standing};
use crate::auth::actor::Context;
use crate::error::Error;
use crate::types::currency::Currency;
use crate::types::decimal::{Amount, Quantity};
use chrono::NaiveDate;
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The figures at the top of a report.
#[derive(Default)]
struct Ratio {
    numerator: Option<Decimal>,
    denominator: Option<Decimal>,
    unmeasurable: Decimal,
}

/// Reads rows in the days of the organization, names their groups and puts them under their definition.
fn report<R: Grouped>(
    connection: &mut PgConnection,
    context: &Context,
    selection: &Selection,
    definition: &'static str,
    basis: Option<&'static str>,
    rows: impl FnOnce(&mut PgConnection, &Scope) -> Result<Vec<R>, Error>,
    ratio: impl FnOnce(&[R]) -> Ratio,
) -> Result<Report<R>, Error> {
    let time_zone = store::time_zone(connection, context.organization_id)?;
    let zone: Tz = time_zone.parse().map_err(|_| Error::internal(format!("unknown time zone {time_zone}")))?;
    let to = selection.to.unwrap_or_else(|| local_day(context.now, zone));
    let mut data = rows(connection, &Scope { organization_id: context.organization_id, time_zone: &time_zone, selection, to })?;
    name_groups(connection, context, selection, &mut data)?;
    let ratio = ratio(&data);
    Ok(Report {
        definition,
        from: selection.from,
        to,
        time_zone,
        interval: selection.interval,
        group_by: selection.group_by,
        currency: selection.currency,
        basis,
        as_of: context.now,
        numerator: ratio.numerator.map(Quantity),
        denominator: ratio.denominator.map(Quantity),
        unmeasurable: Quantity(ratio.unmeasurable),
        data,
    })
}

fn name_groups<R: Grouped>(connection: &mut PgConnection, context: &Context, selection: &Selection, rows: &mut [R]) -> Result<(), Error> {
    let Some(group_by) = selection.group_by else { return Ok(()) };
    let mut keys: Vec<String> = rows.iter().filter_map(|row| row.group().map(str::to_owned)).collect();
    keys.sort_unstable();
    keys.dedup();
    let names = store::group_names(connection, context.organization_id, group_by, keys)?;
    for row in rows {
        let name = row.group().and_then(|group| names.get(group)).cloned();
        row.set_group_name(name);
    }
    Ok(())
}

/// Orders, units and money by date of ordering, and what was invoiced.
pub fn sales(connection: &mut PgConnection, context: &Context, selection: &Selection) -> Result<Report<SalesRow>, Error> {
    let rows = |connection: &mut PgConnection, scope: &Scope| Ok(store::sales(connection, scope)?);
    report(connection, context, selection, definition::SALES, None, rows, |_| Ratio::default())
}

/// The sales figures, and where the orders stand.
pub fn summary(connection: &mut PgConnection, context: &Context, selection: &Selection) -> Result<SummaryReport, Error> {
    let rows = |connection: &mut PgConnection, scope: &Scope| {
        let sales = store::sales(connection, scope)?;
        Ok(merge(sales, store::standing(connection, scope)?))
    };
    let sum = |rows: &[SummaryRow], figure: fn(&SummaryRow) -> i64| rows.iter().map(figure).sum::<i64>();
    let report = report(connection, context, selection, definition::SUMMARY, None, rows, |rows| Ratio {
        numerator: Some(sum(rows, |row| row.orders_shipped_late).into()),
        denominator: Some(sum(rows, |row| row.orders_shipped).into()),
        unmeasurable: sum(rows, |row| row.unmeasurable).into(),
    })?;
    Ok(SummaryReport {
        orders: sum(&report.data, |row| row.orders),
        historical_orders: sum(&report.data, |row| row.historical_orders),
        orders_open: sum(&report.data, |row| row.orders_open),
        orders_shipped: sum(&report.data, |row| row.orders_shipped),
        orders_shipped_late: sum(&report.data, |row| row.orders_shipped_late),
        orders_held: sum(&report.data, |row| row.orders_held),
        report,
    })
}

/// One row for each period, group and currency that has sales, orders or both; nulls (orders without the group) last.
fn merge(sales: Vec<SalesRow>, standing: Vec<Standing>) -> Vec<SummaryRow> {
    let key =
        |period: Option<NaiveDate>, group: &Option<String>, currency: Currency| (period, group.is_none(), group.clone(), currency.code());
    let mut rows: BTreeMap<_, SummaryRow> = BTreeMap::new();
    for row in sales {
        let place = key(row.period_starts_on, &row.group, row.currency);
        rows.insert(place, summary_row(row));
    }
    for standing in standing {
        let place = key(standing.period_starts_on, &standing.group, standing.currency);
        let row = rows.entry(place).or_insert_with(|| nothing_sold(standing.period_starts_on, standing.group, standing.currency));
        row.orders_open = standing.orders_open;
        row.orders_shipped = standing.orders_shipped;
        row.orders_shipped_late = standing.orders_shipped_late;
        row.orders_held = standing.orders_held;
        row.unmeasurable = standing.unmeasurable;
    }
    rows.into_values().collect()
}

fn summary_row(row: SalesRow) -> SummaryRow {
    let zero = Amount(row.currency.zero());
    SummaryRow {
        period_starts_on: row.period_starts_on,
        group: row.group,
        group_name: None,
        currency: row.currency,
        orders: row.orders,
        historical_orders: row.historical_orders,
        orders_open: 0,
        orders_shipped: 0,
        orders_shipped_late: 0,
        orders_held: 0,
        unmeasurable: 0,
        units: row.units,
        net: row.net,
        discount: row.discount.unwrap_or(zero),
        shipping: row.shipping.unwrap_or(zero),
        tax: row.tax,
        total: row.total.unwrap_or(zero),
        invoices: row.invoices,
        credit_notes: row.credit_notes,
        invoiced_net: row.invoiced_net,
        invoiced_discount: row.invoiced_discount.unwrap_or(zero),
        invoiced_shipping: row.invoiced_shipping.unwrap_or(zero),
        invoiced_tax: row.invoiced_tax,
        invoiced_total: row.invoiced_total.unwrap_or(zero),
    }
}

/// For orders that are held and were never confirmed: they are no sales.
fn nothing_sold(period_starts_on: Option<NaiveDate>, group: Option<String>, currency: Currency) -> SummaryRow {
    let zero = Amount(currency.zero());
    SummaryRow {
        period_starts_on,
        group,
        group_name: None,
        currency,
        orders: 0,
        historical_orders: 0,
        orders_open: 0,
        orders_shipped: 0,
        orders_shipped_late: 0,
        orders_held: 0,
        unmeasurable: 0,
        units: Quantity::default(),
        net: zero,
        discount: zero,
        shipping: zero,
        tax: zero,
        total: zero,
        invoices: 0,
        credit_notes: 0,
        invoiced_net: zero,
        invoiced_discount: zero,
        invoiced_shipping: zero,
        invoiced_tax: zero,
        invoiced_total: zero,
    }
}

/// How long orders take, in all and by stage.
pub fn order_cycle_time(
    connection: &mut PgConnection,
    context: &Context,
    selection: &Selection,
    basis: CycleBasis,
) -> Result<Report<CycleTimeRow>, Error> {
    let basis = match basis {
        CycleBasis::Delivered => "delivered",
        CycleBasis::Shipped => "shipped",
    };
    let rows = |connection: &mut PgConnection, scope: &Scope| Ok(store::order_cycle_time(connection, scope, basis)?);
    report(connection, context, selection, definition::ORDER_CYCLE_TIME, Some(basis), rows, |rows| {
        let whole = || rows.iter().filter(|row| row.stage == "order_cycle_time");
        Ratio {
            numerator: Some(whole().map(|row| row.sum_hours.0).sum()),
            denominator: Some(whole().map(|row| row.count).sum::<i64>().into()),
            unmeasurable: whole().map(|row| row.unmeasurable).sum::<i64>().into(),
        }
    })
}

/// How much of what was wanted was filled in time.
pub fn fill_rate(
    connection: &mut PgConnection,
    context: &Context,
    selection: &Selection,
    basis: FillBasis,
) -> Result<Report<FillRateRow>, Error> {
    let basis = match basis {
        FillBasis::Due => "due",
        FillBasis::Allocation => "allocation",
    };
    let rows = |connection: &mut PgConnection, scope: &Scope| Ok(store::fill_rate(connection, scope, basis)?);
    report(connection, context, selection, definition::FILL_RATE, Some(basis), rows, |rows| {
        let sum = |figure: fn(&FillRateRow) -> Decimal| rows.iter().filter(|row| row.level == "unit").map(figure).sum();
        Ratio {
            numerator: Some(sum(|row| row.numerator.0)),
            denominator: Some(sum(|row| row.denominator.0)),
            unmeasurable: sum(|row| row.unmeasurable.0),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sold(group: Option<&str>, net: &str) -> SalesRow {
        let idr = Currency::from_code("IDR").unwrap();
        let amount = Amount(net.parse().unwrap());
        SalesRow {
            period_starts_on: None,
            group: group.map(str::to_owned),
            group_name: None,
            currency: idr,
            orders: 1,
            historical_orders: 0,
            units: Quantity::default(),
            net: amount,
            discount: None,
            shipping: None,
            tax: amount,
            total: Some(amount),
            invoices: 0,
            credit_notes: 0,
            invoiced_net: amount,
            invoiced_discount: None,
            invoiced_shipping: None,
            invoiced_tax: amount,
            invoiced_total: None,
        }
    }

    fn stands(group: Option<&str>, held: i64) -> Standing {
        Standing {
            period_starts_on: None,
            group: group.map(str::to_owned),
            currency: Currency::from_code("IDR").unwrap(),
            orders_open: held,
            orders_shipped: 0,
            orders_shipped_late: 0,
            orders_held: held,
            unmeasurable: 0,
        }
    }

    #[test]
    fn a_summary_shows_what_is_held_beside_what_is_sold() {
        let rows = merge(vec![sold(None, "5.00"), sold(Some("web"), "7.00")], vec![stands(Some("direct"), 2), stands(Some("web"), 1)]);
        let shown: Vec<_> = rows.iter().map(|row| (row.group.as_deref(), row.net.0.to_string(), row.orders, row.orders_held)).collect();
        let expected = [(Some("direct"), "0.00", 0, 2), (Some("web"), "7.00", 1, 1), (None, "5.00", 1, 0)];
        assert_eq!(shown, expected.map(|(group, net, orders, held)| (group, net.to_owned(), orders, held)));
    }
}
