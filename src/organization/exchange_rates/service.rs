use super::body::{DatedExchangeRate, PutExchangeRate, check};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::types::currency::{Currency, rounded};
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::json;

/// Places of a rate, as it is stored and as an inverse is rounded.
const PLACES: u32 = 10;

/// Which rates a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    pub from_currency: Option<Currency>,
    pub to_currency: Option<Currency>,
    pub updated_from: Option<DateTime<Utc>>,
}

impl Filters {
    /// What a cursor of this list is bound to.
    pub fn fingerprint(&self) -> String {
        format!("exchange_rates {self:?}")
    }
}

/// The sort key of a rate.
#[derive(Clone, Debug)]
pub struct Key {
    pub from_currency: String,
    pub to_currency: String,
    pub valid_from_on: NaiveDate,
}

/// Inserts or replaces by currencies and day, and answers the rows in the order of these; others are left alone.
pub fn put(connection: &mut PgConnection, context: &Context, rates: &[PutExchangeRate]) -> Result<Vec<DatedExchangeRate>, Error> {
    check(rates)?;
    let changed = store::upsert(connection, context, rates)?;
    let event = |rate: &DatedExchangeRate| {
        let event_type = if rate.version == 1 { "exchange_rate.created" } else { "exchange_rate.updated" };
        NewEvent::of(event_type, "organization", context.organization_id.0, json!(rate))
    };
    events::append(connection, context, &changed.iter().map(event).collect::<Vec<_>>())?;
    Ok(store::by_key(connection, context.organization_id, rates)?)
}

/// One page, by currencies and day.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    filters: &Filters,
    after: Option<&Key>,
    limit: usize,
) -> Result<Page<DatedExchangeRate>, Error> {
    let rows = store::page(connection, organization_id, filters, after, limit as i64 + 1)?;
    let fingerprint = filters.fingerprint();
    let key =
        |row: &DatedExchangeRate| [row.from_currency.code().to_owned(), row.to_currency.code().to_owned(), row.valid_from_on.to_string()];
    Ok(Page::cut(rows, limit, |row| encode_cursor(&fingerprint, &key(row))))
}

/// Units of `to` for one of `from` on a day: 1 for the same currency, else the latest rate that began by then, else the inverse
/// of the latest opposite rate, rounded half away from zero to 10 places. `None` where neither is known, or where the inverse
/// is too small to be told from zero.
pub fn exchange_rate(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    from: Currency,
    to: Currency,
    on_date: NaiveDate,
) -> Result<Option<Decimal>, Error> {
    if from == to {
        return Ok(Some(Decimal::ONE));
    }
    if let Some(rate) = store::latest(connection, organization_id, from, to, on_date)? {
        return Ok(Some(rate.normalize()));
    }
    Ok(store::latest(connection, organization_id, to, from, on_date)?.and_then(inverse))
}

fn inverse(rate: Decimal) -> Option<Decimal> {
    let inverse = rounded(Decimal::ONE.checked_div(rate)?, PLACES).normalize();
    (inverse > Decimal::ZERO).then_some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_has_ten_places_and_is_never_zero() {
        let of = |text: &str| inverse(text.parse().unwrap()).map(|rate| rate.to_string());
        assert_eq!(of("16250.5").as_deref(), Some("0.0000615366"));
        assert_eq!(of("0.5").as_deref(), Some("2"));
        assert_eq!(of("3").as_deref(), Some("0.3333333333"));
        assert_eq!(of("90000000000000"), None);
        assert_eq!(of("0"), None);
    }
}
