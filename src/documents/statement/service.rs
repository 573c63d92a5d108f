use super::balance;
use super::body::Statement;
use super::store::{self, Account};
use crate::auth::actor::Context;
use crate::customers;
use crate::error::Error;
use crate::invoicing::invoices::service as invoices;
use crate::organization::Settings;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::id::CustomerId;
use chrono::{Datelike, NaiveDate};
use diesel::pg::PgConnection;

/// A statement is read by people; beyond this many entries it is a report.
const MOST_ENTRIES: usize = 10_000;

/// The period and currency that were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub currency: Option<Currency>,
}

/// The account from `from` through `to`: this month so far where nothing is asked for, in the customer's currency, else that of the
/// books. To be run in one snapshot.
pub fn get(
    connection: &mut PgConnection,
    context: &Context,
    settings: &Settings,
    id: CustomerId,
    asked: Asked,
) -> Result<Statement, Error> {
    let customer = customers::service::get(connection, context.organization_id, id)?;
    let (bill_to, _) = invoices::bill_to(connection, context.organization_id, id)?.ok_or(Error::not_found("customer"))?;
    let today = settings.local_date(context.now);
    let to = asked.to.unwrap_or(today);
    let from = asked.from.unwrap_or(to.with_day(1).unwrap_or(to));
    if from > to {
        return Err(Error::bad_request("invalid_parameter", "'from' is after 'to'"));
    }
    let currency = asked.currency.or(customer.currency).unwrap_or(settings.base_currency);
    let account = Account { organization_id: context.organization_id, customer_id: id, currency, time_zone: settings.time_zone.name() };
    let opening = currency.round(store::opening(connection, &account, from)?);
    let limit = i64::try_from(MOST_ENTRIES + 1).map_err(Error::internal)?;
    let mut entries = store::entries(connection, &account, (from, to), limit)?;
    if entries.len() > MOST_ENTRIES {
        let detail = format!("the period has more than {MOST_ENTRIES} entries; ask for a shorter one");
        return Err(Error::bad_request("invalid_parameter", detail));
    }
    let sums = balance::run(currency, opening, &mut entries);
    let overdue = currency.round(store::overdue(connection, &account, today)?);
    Ok(Statement {
        customer: bill_to,
        currency,
        from,
        to,
        opening_balance: Amount(opening),
        entries,
        total_debit: Amount(sums.debit),
        total_credit: Amount(sums.credit),
        closing_balance: Amount(sums.closing),
        overdue: Amount(overdue),
    })
}
