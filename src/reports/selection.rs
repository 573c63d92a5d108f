//! What a report is asked about.

use crate::error::Error;
use crate::types::currency::Currency;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The length of the periods that figures are given for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    Day,
    /// From Monday (ISO 8601).
    Week,
    Month,
}

impl Interval {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// What figures are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    Channel,
    SalesRep,
    Customer,
    Sku,
    /// The one location that an order is fulfilled from; an order of several, or of none, is under null.
    Location,
    /// Of the shipping address.
    Country,
}

impl GroupBy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::SalesRep => "sales_rep",
            Self::Customer => "customer",
            Self::Sku => "sku",
            Self::Location => "location",
            Self::Country => "country",
        }
    }
}

/// Where the order cycle ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CycleBasis {
    #[default]
    Delivered,
    Shipped,
}

/// What counts as filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FillBasis {
    /// Shipped by the due date.
    #[default]
    Due,
    /// Allocated when the order was confirmed.
    Allocation,
}

/// The same for reports that count whole orders, which have no one SKU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderGroupBy {
    Channel,
    SalesRep,
    Customer,
    Location,
    Country,
}

impl From<OrderGroupBy> for GroupBy {
    fn from(group_by: OrderGroupBy) -> Self {
        match group_by {
            OrderGroupBy::Channel => Self::Channel,
            OrderGroupBy::SalesRep => Self::SalesRep,
            OrderGroupBy::Customer => Self::Customer,
            OrderGroupBy::Location => Self::Location,
            OrderGroupBy::Country => Self::Country,
        }
    }
}

/// The parameters of a report: the same five everywhere, and a basis where the definition has variants.
macro_rules! report_query {
    ($name:ident, $group:ty $(, $basis:ty, $doc:literal)?) => {
        #[derive(Clone, Debug, Default, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// First day, in the organization's time zone; without it from the beginning.
            #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
            pub from: Option<String>,
            /// Last day, inclusive; without it today.
            #[param(value_type = Option<String>, format = Date, example = "2026-11-30")]
            pub to: Option<String>,
            /// Figures for each day, week (from Monday) or month that has any.
            #[param(inline)]
            pub interval: Option<Interval>,
            /// Figures for each of these; `location` is the one that an order is fulfilled from, null where it is none or several.
            #[param(inline)]
            pub group_by: Option<$group>,
            /// Orders in this ISO 4217 currency only.
            #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$", example = "IDR")]
            pub currency: Option<String>,
            $(
                #[doc = $doc]
                #[param(inline)]
                pub basis: Option<$basis>,
            )?
        }

        impl $name {
            /// 400 `invalid_parameter` for a malformed day, a currency that there is not, or a period that ends before it begins.
            pub fn check(&self) -> Result<Selection, Error> {
                let (from, to) = period(self.from.as_deref(), self.to.as_deref())?;
                let currency = currency(self.currency.as_deref())?;
                Ok(Selection { from, to, interval: self.interval, group_by: self.group_by.map(GroupBy::from), currency })
            }
        }
    };
}

report_query!(SummaryQuery, OrderGroupBy);
report_query!(SalesQuery, GroupBy);
report_query!(CycleQuery, OrderGroupBy, CycleBasis, "Where the cycle ends: `delivered` (by default) or `shipped`.");
report_query!(FillQuery, GroupBy, FillBasis, "What counts as filled: shipped by the `due` date (by default), or the initial `allocation`.");

/// Checked parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub interval: Option<Interval>,
    pub group_by: Option<GroupBy>,
    pub currency: Option<Currency>,
}

fn period(from: Option<&str>, to: Option<&str>) -> Result<(Option<NaiveDate>, Option<NaiveDate>), Error> {
    let from = from.map(|text| day("from", text)).transpose()?;
    let to = to.map(|text| day("to", text)).transpose()?;
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            Err(Error::bad_request("invalid_parameter", "'to' is before 'from'; both days are included"))
        }
        _ => Ok((from, to)),
    }
}

fn currency(code: Option<&str>) -> Result<Option<Currency>, Error> {
    let unknown = || Error::bad_request("invalid_parameter", "currency is an ISO 4217 code such as IDR or EUR");
    code.map(|code| Currency::from_code(code).ok_or_else(unknown)).transpose()
}

/// A calendar day, `YYYY-MM-DD`; four digits of year, so that Postgres and we mean the same.
fn day(name: &str, text: &str) -> Result<NaiveDate, Error> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = if plain { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
    date.ok_or_else(|| Error::bad_request("invalid_parameter", format!("'{name}' is a day such as 2026-11-24")))
}

/// The day that it is at `instant` in the time zone.
pub fn local_day(instant: DateTime<Utc>, time_zone: Tz) -> NaiveDate {
    instant.with_timezone(&time_zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(from: &str, to: &str) -> SalesQuery {
        SalesQuery { from: Some(from.to_owned()), to: Some(to.to_owned()), ..SalesQuery::default() }
    }

    #[test]
    fn a_period_includes_both_of_its_days() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29);
        let selection = query("2024-02-29", "2024-02-29").check().unwrap();
        assert_eq!((selection.from, selection.to), (day, day));
        assert_eq!(SalesQuery::default().check().unwrap(), Selection::default());
    }

    #[test]
    fn days_that_are_none_are_refused() {
        for bad in ["2023-02-29", "2024-2-29", "29-02-2024", "20240229", "2024-02-29T00:00:00Z", "+024-02-29", "today"] {
            assert!(query(bad, "2030-01-01").check().is_err(), "{bad}");
        }
        assert!(query("2024-03-01", "2024-02-29").check().is_err());
    }

    #[test]
    fn a_currency_must_exist() {
        let of = |code: &str| SalesQuery { currency: Some(code.to_owned()), ..SalesQuery::default() }.check();
        assert_eq!(of("IDR").unwrap().currency, Currency::from_code("IDR"));
        assert!(of("idr").is_err() && of("XXX").is_err());
    }

    #[test]
    fn every_report_knows_its_own_parameters_only() {
        use crate::platform::http::parse_query;
        let cycle: CycleQuery = parse_query("from=2026-11-01&interval=week&group_by=sales_rep&basis=shipped").unwrap();
        assert_eq!((cycle.basis, cycle.check().unwrap().group_by), (Some(CycleBasis::Shipped), Some(GroupBy::SalesRep)));
        assert!(parse_query::<SalesQuery>("group_by=sku").is_ok());
        assert!(parse_query::<SummaryQuery>("group_by=sku").is_err());
        assert!(parse_query::<SummaryQuery>("basis=shipped").is_err());
        assert!(parse_query::<FillQuery>("basis=shipped").is_err());
    }

    #[test]
    fn today_is_that_of_the_time_zone() {
        let evening: DateTime<Utc> = "2026-11-24T18:30:00Z".parse().unwrap();
        assert_eq!(local_day(evening, Tz::Asia__Jakarta).to_string(), "2026-11-25");
        assert_eq!(local_day(evening, Tz::UTC).to_string(), "2026-11-24");
    }
}
