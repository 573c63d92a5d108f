//! The columns of each kind of row. A column is named by the path of its field in the JSON of the API (`shipping_address.city`), so
//! that what is exported can be imported again.

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Text,
    /// A decimal number, which JSON carries as a string.
    Decimal,
    Integer,
    /// `true` or `false`.
    Bool,
    /// `2026-03-02`
    Date,
    /// `2026-03-02T09:00:00Z`
    Instant,
    /// An object or an array, written as JSON.
    Json,
}

/// A column of a kind of row.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Where the field is; `*` at its end stands for any name.
    pub path: &'static str,
    pub cell: Cell,
    pub place: Place,
}

/// Where a column is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Exported, and imported again.
    Both,
    /// Exported; an import passes over it, as a `PUT` does over the fields of its own `GET`.
    Shown,
    /// Only imported.
    Taken,
}

const fn column(path: &'static str, cell: Cell) -> Column {
    Column { path, cell, place: Place::Both }
}

const fn text(path: &'static str) -> Column {
    column(path, Cell::Text)
}

const fn decimal(path: &'static str) -> Column {
    column(path, Cell::Decimal)
}

const fn shown(path: &'static str, cell: Cell) -> Column {
    Column { path, cell, place: Place::Shown }
}

const fn taken(path: &'static str, cell: Cell) -> Column {
    Column { path, cell, place: Place::Taken }
}

pub const PRODUCTS: &[Column] = &[
    text("sku"),
    text("name"),
    text("description"),
    text("kind"),
    text("unit"),
    column("units", Cell::Json),
    column("quantity_scale", Cell::Integer),
    text("tax_category"),
    text("gtin"),
    decimal("weight_grams"),
    decimal("standard_cost"),
    column("active", Cell::Bool),
    column("external_ids", Cell::Json),
    column("metadata", Cell::Json),
    shown("id", Cell::Text),
    shown("version", Cell::Integer),
    shown("created_at", Cell::Instant),
    shown("updated_at", Cell::Instant),
    taken("external_ids.*", Cell::Text),
    taken("metadata.*", Cell::Text),
    taken("source_version", Cell::Integer),
];

pub const PRICES: &[Column] = &[
    text("price_list"),
    text("sku"),
    text("currency"),
    decimal("unit_price"),
    decimal("price_quantity"),
    decimal("min_quantity"),
    column("valid_from_on", Cell::Date),
    column("valid_to_on", Cell::Date),
    shown("version", Cell::Integer),
    shown("updated_at", Cell::Instant),
    taken("source_version", Cell::Integer),
];

pub const CUSTOMERS: &[Column] = &[
    text("id"),
    text("code"),
    text("name"),
    text("kind"),
    text("email"),
    text("phone"),
    text("language"),
    text("tax_id"),
    text("tax_exemption.code"),
    text("tax_exemption.reason"),
    text("electronic_address.scheme"),
    text("electronic_address.value"),
    text("currency"),
    text("payment_terms"),
    decimal("credit_limit"),
    text("price_list"),
    column("blocked", Cell::Bool),
    text("bill_to_customer_id"),
    text("sales_rep"),
    text("billing_address.name"),
    text("billing_address.company"),
    text("billing_address.line1"),
    text("billing_address.line2"),
    text("billing_address.city"),
    text("billing_address.region"),
    text("billing_address.postal_code"),
    text("billing_address.country"),
    text("billing_address.phone"),
    text("shipping_address.name"),
    text("shipping_address.company"),
    text("shipping_address.line1"),
    text("shipping_address.line2"),
    text("shipping_address.city"),
    text("shipping_address.region"),
    text("shipping_address.postal_code"),
    text("shipping_address.country"),
    text("shipping_address.phone"),
    column("addresses", Cell::Json),
    column("contacts", Cell::Json),
    column("external_ids", Cell::Json),
    column("metadata", Cell::Json),
    shown("guest", Cell::Bool),
    shown("tax_id_check", Cell::Text),
    shown("balance.currency", Cell::Text),
    shown("balance.open_orders", Cell::Decimal),
    shown("balance.unpaid", Cell::Decimal),
    shown("balance.available", Cell::Decimal),
    shown("version", Cell::Integer),
    shown("created_at", Cell::Instant),
    shown("updated_at", Cell::Instant),
    taken("external_ids.*", Cell::Text),
    taken("metadata.*", Cell::Text),
];

/// What an import of stock takes; see [`STOCK_LEVELS`] for what is exported.
pub const STOCK: &[Column] = &[
    taken("location", Cell::Text),
    taken("sku", Cell::Text),
    taken("quantity", Cell::Decimal),
    taken("as_of", Cell::Instant),
    taken("source_version", Cell::Integer),
];

pub const STOCK_LEVELS: &[Column] = &[
    shown("sku", Cell::Text),
    shown("location", Cell::Text),
    shown("on_hand", Cell::Decimal),
    shown("reserved", Cell::Decimal),
    shown("safety_stock", Cell::Decimal),
    shown("quarantined", Cell::Decimal),
    shown("available", Cell::Decimal),
    shown("incoming", Cell::Decimal),
    shown("reorder_point", Cell::Decimal),
    shown("unit_cost", Cell::Decimal),
    shown("version", Cell::Integer),
    shown("updated_at", Cell::Instant),
];

// Written in two parts where a path looks like the type of an event: the catalogue of events is compared with the source.

/// What an import of orders takes. The columns under `lines` are those of one line; an order of several lines is several rows.
pub const NEW_ORDERS: &[Column] = &[
    taken("channel", Cell::Text),
    taken("external_id", Cell::Text),
    taken("customer_id", Cell::Text),
    taken("customer_code", Cell::Text),
    taken(concat!("customer", ".name"), Cell::Text),
    taken(concat!("customer", ".email"), Cell::Text),
    taken(concat!("customer", ".phone"), Cell::Text),
    taken("bill_to_customer_id", Cell::Text),
    taken("currency", Cell::Text),
    taken("ordered_at", Cell::Instant),
    taken("pricing", Cell::Text),
    taken("prices_include_tax", Cell::Bool),
    taken("discounts", Cell::Json),
    taken("shipping_address.*", Cell::Text),
    taken("ship_to_address_code", Cell::Text),
    taken("billing_address.*", Cell::Text),
    taken("shipping.method", Cell::Text),
    taken("shipping.amount", Cell::Decimal),
    taken("shipping.tax_amount", Cell::Decimal),
    taken("shipping.tax_rate", Cell::Decimal),
    taken("shipping.tax_name", Cell::Text),
    taken("payments", Cell::Json),
    taken("payment_terms", Cell::Text),
    taken("requested_on", Cell::Date),
    taken("sales_rep", Cell::Text),
    taken("purchase_order_number", Cell::Text),
    taken("buyer_reference", Cell::Text),
    taken("contact.*", Cell::Text),
    taken("delivery_instructions", Cell::Text),
    taken("on_shortage", Cell::Text),
    taken("delivery_rule", Cell::Text),
    taken("draft", Cell::Bool),
    taken("note", Cell::Text),
    taken("external_ids", Cell::Json),
    taken("external_ids.*", Cell::Text),
    taken("metadata", Cell::Json),
    taken("metadata.*", Cell::Text),
    taken("number", Cell::Text),
    taken("shipped_at", Cell::Instant),
    taken("delivered_at", Cell::Instant),
    taken("cancelled", Cell::Bool),
    taken(concat!("invoice", ".number"), Cell::Text),
    taken(concat!("invoice", ".issued_on"), Cell::Date),
    taken("lines.sku", Cell::Text),
    taken("lines.quantity", Cell::Decimal),
    taken("lines.unit", Cell::Text),
    taken("lines.unit_price", Cell::Decimal),
    taken("lines.discounts", Cell::Json),
    taken("lines.tax_amount", Cell::Decimal),
    taken("lines.tax_rate", Cell::Decimal),
    taken("lines.tax_name", Cell::Text),
    taken("lines.requested_on", Cell::Date),
    taken("lines.external_line_id", Cell::Text),
    taken("lines.customer_sku", Cell::Text),
    taken("lines.external_ids", Cell::Json),
    taken("lines.external_ids.*", Cell::Text),
    taken("lines.metadata", Cell::Json),
    taken("lines.metadata.*", Cell::Text),
];

pub const ORDERS: &[Column] = &[
    shown("id", Cell::Text),
    shown("number", Cell::Text),
    shown("status", Cell::Text),
    shown("fulfillment_status", Cell::Text),
    shown("invoice_status", Cell::Text),
    shown("payment_status", Cell::Text),
    shown("return_status", Cell::Text),
    shown("channel", Cell::Text),
    shown("external_id", Cell::Text),
    shown(concat!("customer", ".id"), Cell::Text),
    shown(concat!("customer", ".code"), Cell::Text),
    shown(concat!("customer", ".name"), Cell::Text),
    shown("currency", Cell::Text),
    shown("pricing", Cell::Text),
    shown("subtotal", Cell::Decimal),
    shown("discount_total", Cell::Decimal),
    shown("shipping_net", Cell::Decimal),
    shown("shipping_tax", Cell::Decimal),
    shown("tax_total", Cell::Decimal),
    shown("total", Cell::Decimal),
    shown("current_total", Cell::Decimal),
    shown("amount_invoiced", Cell::Decimal),
    shown("amount_credited", Cell::Decimal),
    shown("amount_paid", Cell::Decimal),
    shown("amount_due", Cell::Decimal),
    shown("uninvoiced_total", Cell::Decimal),
    shown("payment_terms.code", Cell::Text),
    shown("ordered_at", Cell::Instant),
    shown("requested_on", Cell::Date),
    shown("promised_on", Cell::Date),
    shown("first_promised_on", Cell::Date),
    shown("sales_rep", Cell::Text),
    shown("purchase_order_number", Cell::Text),
    shown("shipping_address.name", Cell::Text),
    shown("shipping_address.company", Cell::Text),
    shown("shipping_address.line1", Cell::Text),
    shown("shipping_address.line2", Cell::Text),
    shown("shipping_address.city", Cell::Text),
    shown("shipping_address.region", Cell::Text),
    shown("shipping_address.postal_code", Cell::Text),
    shown("shipping_address.country", Cell::Text),
    shown("milestones.shipped_at", Cell::Instant),
    shown("milestones.delivered_at", Cell::Instant),
    shown("milestones.invoiced_at", Cell::Instant),
    shown("milestones.paid_at", Cell::Instant),
    shown("external_ids", Cell::Json),
    shown("metadata", Cell::Json),
    shown("version", Cell::Integer),
    shown("created_at", Cell::Instant),
    shown("updated_at", Cell::Instant),
];

/// A line with what names its order.
pub const ORDER_LINES: &[Column] = &[
    shown("order_id", Cell::Text),
    shown("order_number", Cell::Text),
    shown("order_status", Cell::Text),
    shown("customer_code", Cell::Text),
    shown("currency", Cell::Text),
    shown("id", Cell::Text),
    shown("line_number", Cell::Integer),
    shown("sku", Cell::Text),
    shown("name", Cell::Text),
    shown("kind", Cell::Text),
    shown("unit", Cell::Text),
    shown("quantity", Cell::Decimal),
    shown("base_quantity", Cell::Decimal),
    shown("original_quantity", Cell::Decimal),
    shown("unit_price", Cell::Decimal),
    shown("price_quantity", Cell::Decimal),
    shown("gross_amount", Cell::Decimal),
    shown("discount_amount", Cell::Decimal),
    shown("net_amount", Cell::Decimal),
    shown("tax_category", Cell::Text),
    shown("tax_rate", Cell::Decimal),
    shown("tax_amount", Cell::Decimal),
    shown("unallocated_quantity", Cell::Decimal),
    shown("allocated_quantity", Cell::Decimal),
    shown("backordered_quantity", Cell::Decimal),
    shown("shipped_quantity", Cell::Decimal),
    shown("delivered_quantity", Cell::Decimal),
    shown("cancelled_quantity", Cell::Decimal),
    shown("invoiced_quantity", Cell::Decimal),
    shown("credited_quantity", Cell::Decimal),
    shown("returned_quantity", Cell::Decimal),
    shown("requested_on", Cell::Date),
    shown("first_promised_on", Cell::Date),
    shown("promised_on", Cell::Date),
    shown("external_line_id", Cell::Text),
    shown("customer_sku", Cell::Text),
    shown("external_ids", Cell::Json),
    shown("metadata", Cell::Json),
];

pub const INVOICES: &[Column] = &[
    shown("id", Cell::Text),
    shown("kind", Cell::Text),
    shown("number", Cell::Text),
    shown("series", Cell::Text),
    shown("status", Cell::Text),
    shown("customer_id", Cell::Text),
    shown("bill_to.code", Cell::Text),
    shown("bill_to.name", Cell::Text),
    shown("bill_to.tax_id", Cell::Text),
    shown("buyer_reference", Cell::Text),
    shown("currency", Cell::Text),
    shown("exchange_rate", Cell::Decimal),
    shown("subtotal", Cell::Decimal),
    shown("discount_total", Cell::Decimal),
    shown("shipping_net", Cell::Decimal),
    shown("shipping_tax", Cell::Decimal),
    shown("tax_total", Cell::Decimal),
    shown("rounding_amount", Cell::Decimal),
    shown("total", Cell::Decimal),
    shown("total_base_currency", Cell::Decimal),
    shown("amount_credited", Cell::Decimal),
    shown("amount_paid", Cell::Decimal),
    shown("amount_adjusted", Cell::Decimal),
    shown("amount_due", Cell::Decimal),
    shown("supply_on", Cell::Date),
    shown("issued_on", Cell::Date),
    shown("due_on", Cell::Date),
    shown("overdue", Cell::Bool),
    shown("orders", Cell::Json),
    shown("external_ids", Cell::Json),
    shown("metadata", Cell::Json),
    shown("version", Cell::Integer),
    shown("created_at", Cell::Instant),
    shown("updated_at", Cell::Instant),
];

/// A line with what names its invoice.
pub const INVOICE_LINES: &[Column] = &[
    shown("invoice_id", Cell::Text),
    shown("invoice_number", Cell::Text),
    shown("issued_on", Cell::Date),
    shown("customer_id", Cell::Text),
    shown("currency", Cell::Text),
    shown("id", Cell::Text),
    shown("line_number", Cell::Integer),
    shown("order_id", Cell::Text),
    shown("order_line_id", Cell::Text),
    shown("shipment_id", Cell::Text),
    shown("sku", Cell::Text),
    shown("name", Cell::Text),
    shown("unit", Cell::Text),
    shown("quantity", Cell::Decimal),
    shown("unit_price", Cell::Decimal),
    shown("price_quantity", Cell::Decimal),
    shown("gross_amount", Cell::Decimal),
    shown("discount_amount", Cell::Decimal),
    shown("net_amount", Cell::Decimal),
    shown("order_discount_amount", Cell::Decimal),
    shown("tax_category", Cell::Text),
    shown("tax_scheme_category", Cell::Text),
    shown("tax_rate", Cell::Decimal),
    shown("tax_amount", Cell::Decimal),
    shown("credited_quantity", Cell::Decimal),
    shown("customer_sku", Cell::Text),
    shown("external_line_id", Cell::Text),
];

/// The columns of a file of outcomes.
pub const OUTCOMES: &[Column] = &[
    shown("row_number", Cell::Integer),
    shown("status", Cell::Text),
    shown("action", Cell::Text),
    shown("id", Cell::Text),
    shown("key", Cell::Text),
    shown("code", Cell::Text),
    shown("detail", Cell::Text),
    shown("errors", Cell::Json),
];

/// The column that `path` names among `columns`.
pub fn find<'a>(columns: &'a [Column], path: &str) -> Option<&'a Column> {
    let exact = columns.iter().find(|column| column.path == path);
    exact.or_else(|| columns.iter().find(|column| column.path.strip_suffix('*').is_some_and(|stem| is_under(path, stem))))
}

/// One name below `stem`, which ends with a point.
fn is_under(path: &str, stem: &str) -> bool {
    path.strip_prefix(stem).is_some_and(|name| !name.is_empty())
}

/// What an import takes, for a message.
pub fn names(columns: &[Column]) -> String {
    let taken = columns.iter().filter(|column| column.place != Place::Shown);
    taken.map(|column| column.path).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_under_a_star_is_found_and_an_unknown_one_is_not() {
        assert_eq!(find(PRODUCTS, "external_ids.hubspot").map(|column| column.cell), Some(Cell::Text));
        assert_eq!(find(PRODUCTS, "external_ids").map(|column| column.cell), Some(Cell::Json));
        assert!(find(PRODUCTS, "external_ids.").is_none() && find(PRODUCTS, "colour").is_none());
    }

    #[test]
    fn each_column_is_named_once() {
        for columns in [PRODUCTS, PRICES, CUSTOMERS, STOCK, STOCK_LEVELS, NEW_ORDERS, ORDERS, ORDER_LINES, INVOICES, INVOICE_LINES] {
            let mut paths: Vec<&str> = columns.iter().map(|column| column.path).collect();
            paths.sort_unstable();
            let all = paths.len();
            paths.dedup();
            assert_eq!(paths.len(), all);
        }
    }
}
