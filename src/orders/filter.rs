//! Which orders a list shows, and in which order.

use super::hold::HoldCode;
use super::status::{FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus};
use crate::error::Error;
use crate::platform::filters::{known, many, parsed};
use crate::types::id::CustomerId;
use crate::types::page::{page_after, page_limit};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

/// Query parameters of the order list. Many values by comma.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// `SO-000123`
    pub number: Option<String>,
    /// The channel's own id.
    pub external_id: Option<String>,
    /// draft, on_hold, confirmed, completed, cancelled
    pub status: Option<String>,
    /// unfulfilled, partially_fulfilled, fulfilled, delivered
    pub fulfillment_status: Option<String>,
    /// not_invoiced, partially_invoiced, invoiced
    pub invoice_status: Option<String>,
    /// unpaid, authorized, partially_paid, paid, partially_refunded, refunded
    pub payment_status: Option<String>,
    /// Orders with an open hold of this code.
    pub hold_code: Option<String>,
    /// Code of the channel.
    pub channel: Option<String>,
    /// Who buys.
    pub customer_id: Option<String>,
    /// Orders with a line of this SKU.
    pub sku: Option<String>,
    /// Orders with a fulfillment order at this location.
    pub location: Option<String>,
    /// Whole name.
    pub sales_rep: Option<String>,
    /// The buyer's own number, whole.
    pub purchase_order_number: Option<String>,
    /// Inclusive.
    pub ordered_from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub ordered_to: Option<DateTime<Utc>>,
    /// Open lines promised before this date.
    pub promised_before: Option<NaiveDate>,
    /// Inclusive. A change is dated when its request came in and may be committed up to half a minute later: to
    /// keep a copy poll `GET /v1/changes/orders`, which misses nothing.
    pub updated_from: Option<DateTime<Utc>>,
    /// The number or purchase order number, or how it begins (`SO-0012`; alone, of very many the 1,000 highest numbers); the whole external
    /// id; a part of the customer's name, the whole code or e-mail address. Capitals count in numbers and codes.
    pub q: Option<String>,
    /// `-created_at` (default), `created_at`, `ordered_at`, `-ordered_at`, `updated_at`, `-updated_at`
    pub sort: Option<String>,
    /// Rows a page, 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    pub cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderSort {
    #[default]
    Newest,
    Oldest,
    /// By `updated_at`, the longest untouched first.
    UpdatedFirst,
    UpdatedLast,
    /// By `ordered_at`, which in history is another order than that of capture.
    OrderedFirst,
    OrderedLast,
}

impl OrderSort {
    /// In the order in which the orders were made.
    pub fn is_by_id(self) -> bool {
        match self {
            Self::Newest | Self::Oldest => true,
            Self::UpdatedFirst | Self::UpdatedLast | Self::OrderedFirst | Self::OrderedLast => false,
        }
    }

    /// What of an order its place in the list hangs on, besides its id.
    pub fn key(self, ordered_at: DateTime<Utc>, updated_at: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::OrderedFirst | Self::OrderedLast => ordered_at,
            Self::Newest | Self::Oldest | Self::UpdatedFirst | Self::UpdatedLast => updated_at,
        }
    }
}

/// The same, read and checked.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    pub number: Vec<String>,
    pub external_id: Vec<String>,
    pub status: Vec<String>,
    pub fulfillment_status: Vec<String>,
    pub invoice_status: Vec<String>,
    pub payment_status: Vec<String>,
    pub hold_code: Vec<String>,
    pub channel: Vec<String>,
    pub customer_id: Vec<CustomerId>,
    pub sku: Vec<String>,
    pub location: Vec<String>,
    pub sales_rep: Vec<String>,
    pub purchase_order_number: Vec<String>,
    pub ordered_from: Option<DateTime<Utc>>,
    pub ordered_to: Option<DateTime<Utc>>,
    pub promised_before: Option<NaiveDate>,
    pub updated_from: Option<DateTime<Utc>>,
    pub q: Option<String>,
    pub sort: OrderSort,
    pub limit: usize,
    /// What the cursor is bound to.
    pub fingerprint: String,
    /// The key ([`OrderSort::key`]) and id of the last row of the page before
    pub after: Option<Vec<String>>,
}

/// Each value once.
fn unique(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values.dedup();
    values
}

impl OrderQuery {
    /// 400 for values that are none of the known ones.
    pub fn read(self) -> Result<OrderFilter, Error> {
        let fingerprint = format!("{:?}", Self { limit: None, cursor: None, ..self.clone() });
        let sort = match self.sort.as_deref() {
            None | Some("-created_at") => OrderSort::Newest,
            Some("created_at") => OrderSort::Oldest,
            Some("updated_at") => OrderSort::UpdatedFirst,
            Some("-updated_at") => OrderSort::UpdatedLast,
            Some("ordered_at") => OrderSort::OrderedFirst,
            Some("-ordered_at") => OrderSort::OrderedLast,
            Some(_) => {
                let detail = "sort is one of -created_at, created_at, ordered_at, -ordered_at, updated_at, -updated_at";
                return Err(Error::bad_request("invalid_parameter", detail));
            }
        };
        Ok(OrderFilter {
            number: many(self.number.as_deref()),
            external_id: many(self.external_id.as_deref()),
            status: unique(known::<OrderStatus>("status", self.status.as_deref())?),
            fulfillment_status: known::<FulfillmentStatus>("fulfillment_status", self.fulfillment_status.as_deref())?,
            invoice_status: known::<InvoiceStatus>("invoice_status", self.invoice_status.as_deref())?,
            payment_status: known::<PaymentStatus>("payment_status", self.payment_status.as_deref())?,
            hold_code: known::<HoldCode>("hold_code", self.hold_code.as_deref())?,
            channel: many(self.channel.as_deref()),
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            sku: many(self.sku.as_deref()),
            location: many(self.location.as_deref()),
            sales_rep: many(self.sales_rep.as_deref()),
            purchase_order_number: many(self.purchase_order_number.as_deref()),
            ordered_from: self.ordered_from,
            ordered_to: self.ordered_to,
            promised_before: self.promised_before,
            updated_from: self.updated_from,
            q: self.q,
            sort,
            limit: page_limit(self.limit)?,
            after: page_after(self.cursor.as_deref(), &fingerprint, 2)?,
            fingerprint,
        })
    }
}
