use super::writer::ExportFormat;
use crate::catalog::{prices, products};
use crate::customers;
use crate::error::Error;
use crate::inventory::stock::levels::body::InventoryFilter;
use crate::invoicing::invoices;
use crate::invoicing::invoices::balance::InvoiceStatus;
use crate::orders::filter::{OrderFilter, OrderQuery};
use crate::platform::filters::{any_of, known, many, parsed};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;

/// Which products. Many values by comma, as in the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductExportQuery {
    /// `ndjson` (default), `csv` or `xlsx`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// Part of SKU or name, or a whole GTIN.
    q: Option<String>,
    /// Whether it is still sold.
    active: Option<bool>,
    /// `stocked`, `service`, `charge`; many by comma.
    kind: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
}

impl ProductExportQuery {
    pub fn filter(self) -> Result<products::service::Filter, Error> {
        let kinds = any_of(parsed("kind", self.kind.as_deref())?);
        Ok(products::service::Filter {
            text: self.q,
            active: self.active,
            kinds,
            external_ids: BTreeMap::new(),
            updated_from: self.updated_from,
        })
    }
}

/// Which prices. Many values by comma, as in the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PriceExportQuery {
    /// `ndjson` (default), `csv` or `xlsx`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// Many by comma.
    sku: Option<String>,
    /// Many by comma.
    price_list: Option<String>,
    /// Many by comma.
    currency: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
}

impl PriceExportQuery {
    pub fn filter(self) -> prices::service::Filter {
        prices::service::Filter {
            skus: any_of(many(self.sku.as_deref())),
            price_lists: any_of(many(self.price_list.as_deref())),
            currencies: any_of(many(self.currency.as_deref())),
            updated_from: self.updated_from,
        }
    }
}

/// Which customers. Many values by comma, as in the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerExportQuery {
    /// `ndjson` (default), `csv` or `xlsx`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// Part of name, code or e-mail address.
    q: Option<String>,
    /// Many by comma.
    code: Option<String>,
    /// The whole address, in any case.
    email: Option<String>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
}

impl CustomerExportQuery {
    pub fn filter(self) -> customers::service::Filter {
        customers::service::Filter {
            text: self.q,
            codes: any_of(many(self.code.as_deref())),
            email: self.email,
            external_ids: BTreeMap::new(),
            updated_from: self.updated_from,
        }
    }
}

/// Which stock levels. Many values by comma, as in the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockExportQuery {
    /// `ndjson` (default), `csv` or `xlsx`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// Many by comma.
    sku: Option<String>,
    /// Many by comma.
    location: Option<String>,
    /// Only levels whose available stock is below their reorder point.
    below_reorder_point: Option<bool>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
}

impl StockExportQuery {
    pub fn filter(self) -> InventoryFilter {
        InventoryFilter {
            skus: any_of(many(self.sku.as_deref())),
            locations: any_of(many(self.location.as_deref())),
            below_reorder_point: self.below_reorder_point.unwrap_or(false),
            updated_from: self.updated_from,
        }
    }
}

/// Which orders. Many values by comma, as in the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderExportQuery {
    /// `ndjson` (default), `csv` or `xlsx`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// `SO-000123`
    number: Option<String>,
    /// The channel's own id.
    external_id: Option<String>,
    /// draft, on_hold, confirmed, completed, cancelled
    status: Option<String>,
    /// unfulfilled, partially_fulfilled, fulfilled, delivered
    fulfillment_status: Option<String>,
    /// not_invoiced, partially_invoiced, invoiced
    invoice_status: Option<String>,
    /// unpaid, authorized, partially_paid, paid, partially_refunded, refunded
    payment_status: Option<String>,
    /// Orders with an open hold of this code.
    hold_code: Option<String>,
    /// Code of the channel.
    channel: Option<String>,
    /// Who buys.
    customer_id: Option<String>,
    /// Orders with a line of this SKU.
    sku: Option<String>,
    /// Orders with a fulfillment order at this location.
    location: Option<String>,
    /// Whole name.
    sales_rep: Option<String>,
    /// The buyer's own number, whole.
    purchase_order_number: Option<String>,
    /// Inclusive.
    ordered_from: Option<DateTime<Utc>>,
    /// Exclusive.
    ordered_to: Option<DateTime<Utc>>,
    /// Open lines promised before this date.
    promised_before: Option<NaiveDate>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
    /// Number, external id, purchase order number, or the customer's name, code or e-mail.
    q: Option<String>,
}

impl OrderExportQuery {
    /// The oldest first.
    pub fn filter(self) -> Result<OrderFilter, Error> {
        let query = OrderQuery {
            number: self.number,
            external_id: self.external_id,
            status: self.status,
            fulfillment_status: self.fulfillment_status,
            invoice_status: self.invoice_status,
            payment_status: self.payment_status,
            hold_code: self.hold_code,
            channel: self.channel,
            customer_id: self.customer_id,
            sku: self.sku,
            location: self.location,
            sales_rep: self.sales_rep,
            purchase_order_number: self.purchase_order_number,
            ordered_from: self.ordered_from,
            ordered_to: self.ordered_to,
            promised_before: self.promised_before,
            updated_from: self.updated_from,
            q: self.q,
            sort: Some("created_at".to_owned()),
            limit: Some(200),
            cursor: None,
        };
        query.read()
    }
}

/// Which invoices. Many values by comma, as in the list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceExportQuery {
    /// `ndjson` (default), `csv` or `xlsx`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// With a line of this order; many by comma.
    order_id: Option<String>,
    /// Who pays.
    customer_id: Option<String>,
    /// issued, partially_paid, paid, credited
    status: Option<String>,
    /// `INV-000001`
    number: Option<String>,
    /// Issued on that day or later.
    issued_from: Option<NaiveDate>,
    /// Issued on that day or earlier.
    issued_to: Option<NaiveDate>,
    /// Due before that day.
    due_before: Option<NaiveDate>,
    /// Whether money is due that should have come before today.
    overdue: Option<bool>,
    /// Changed at or after.
    updated_from: Option<DateTime<Utc>>,
}

impl InvoiceExportQuery {
    pub fn filter(self) -> Result<invoices::service::Filter, Error> {
        Ok(invoices::service::Filter {
            order_id: parsed("order_id", self.order_id.as_deref())?,
            customer_id: parsed("customer_id", self.customer_id.as_deref())?,
            status: known::<InvoiceStatus>("status", self.status.as_deref())?,
            number: many(self.number.as_deref()),
            issued_from: self.issued_from,
            issued_to: self.issued_to,
            due_before: self.due_before,
            overdue: self.overdue,
            updated_from: self.updated_from,
        })
    }
}
