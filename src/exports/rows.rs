use super::writer::Writer;
use crate::auth::actor::Context;
use crate::catalog::prices;
use crate::catalog::prices::body::PriceKey;
use crate::catalog::products;
use crate::customers;
use crate::error::Error;
use crate::inventory::ShelfKey;
use crate::inventory::stock::levels;
use crate::inventory::stock::levels::body::InventoryFilter;
use crate::invoicing::invoices;
use crate::invoicing::invoices::body::InvoiceBody;
use crate::orders;
use crate::orders::filter::OrderFilter;
use crate::platform::keyset::{After, Slice, Sort};
use diesel::pg::PgConnection;
use serde::Serialize;
use serde_json::{Value, json};

/// Rows that are read at once.
const PAGE: usize = 500;
/// The same of what has lines.
const PAGE_WITH_LINES: usize = 200;

/// What is exported, narrowed to what is wanted.
#[derive(Clone)]
pub enum Selection {
    Orders(OrderFilter),
    OrderLines(OrderFilter),
    Invoices(invoices::service::Filter),
    InvoiceLines(invoices::service::Filter),
    Customers(customers::service::Filter),
    Products(products::service::Filter),
    Prices(prices::service::Filter),
    Stock(InventoryFilter),
}

/// Writes all rows, in the order in which they were made or of their names.
pub fn write(connection: &mut PgConnection, context: &Context, selection: &Selection, writer: &mut Writer<'_>) -> Result<(), Error> {
    match selection {
        Selection::Orders(filter) => each_order(connection, context, filter, |json| writer.add_json(json)),
        Selection::OrderLines(filter) => each_order(connection, context, filter, |json| {
            let order: Value = serde_json::from_slice(json).map_err(Error::internal)?;
            order_lines(&order).try_for_each(|line| writer.add(&line))
        }),
        Selection::Invoices(filter) => each_invoice(connection, context, filter, |invoice| writer.add_body(invoice)),
        Selection::InvoiceLines(filter) => each_invoice(connection, context, filter, |invoice| {
            let invoice = value(invoice)?;
            invoice_lines(&invoice).try_for_each(|line| writer.add(&line))
        }),
        Selection::Customers(filter) => each_customer(connection, context, filter, writer),
        Selection::Products(filter) => each_product(connection, context, filter, writer),
        Selection::Prices(filter) => each_price(connection, context, filter, writer),
        Selection::Stock(filter) => each_level(connection, context, filter, writer),
    }
}

fn value(row: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(row).map_err(Error::internal)
}

fn each_order(
    connection: &mut PgConnection,
    context: &Context,
    filter: &OrderFilter,
    mut write: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = None;
    loop {
        let orders = orders::service::shown_after(connection, context.organization_id, filter, after)?;
        let Some(last) = orders.last() else { return Ok(()) };
        after = Some((last.updated_at, last.id));
        for order in &orders {
            write(&order.json)?;
        }
    }
}

/// The lines of an order, each with what names it.
fn order_lines(order: &Value) -> impl Iterator<Item = Value> {
    let named = [
        ("order_id", &order["id"]),
        ("order_number", &order["number"]),
        ("order_status", &order["status"]),
        ("customer_code", &order["customer"]["code"]),
        ("currency", &order["currency"]),
    ];
    lines(order, named)
}

/// The lines of an invoice, each with what names it.
fn invoice_lines(invoice: &Value) -> impl Iterator<Item = Value> {
    let named = [
        ("invoice_id", &invoice["id"]),
        ("invoice_number", &invoice["number"]),
        ("issued_on", &invoice["issued_on"]),
        ("customer_id", &invoice["customer_id"]),
        ("currency", &invoice["currency"]),
    ];
    lines(invoice, named)
}

fn lines<'a>(whole: &'a Value, named: [(&'static str, &'a Value); 5]) -> impl Iterator<Item = Value> + 'a {
    whole["lines"].as_array().into_iter().flatten().map(move |line| {
        let mut row = json!({});
        for (name, value) in named {
            row[name] = value.clone();
        }
        if let (Some(row), Some(line)) = (row.as_object_mut(), line.as_object()) {
            row.extend(line.clone());
        }
        row
    })
}

fn each_invoice(
    connection: &mut PgConnection,
    context: &Context,
    filter: &invoices::service::Filter,
    mut write: impl FnMut(&InvoiceBody) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut slice = Slice { sort: Sort::Oldest, after: None, limit: PAGE_WITH_LINES, filters: String::new() };
    loop {
        let page = invoices::service::list(connection, context, filter, &slice)?;
        for invoice in &page.data {
            write(invoice)?;
        }
        let Some(last) = page.data.last().filter(|_| page.next_cursor.is_some()) else { return Ok(()) };
        slice.after = Some(After { key: String::new(), id: last.id });
    }
}

fn each_customer(
    connection: &mut PgConnection,
    context: &Context,
    filter: &customers::service::Filter,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    use customers::service::Start;
    let mut start = Start::ByCreated { after: None };
    loop {
        let page = customers::service::list(connection, context.organization_id, filter, &start, "", PAGE)?;
        for customer in &page.data {
            writer.add_body(customer)?;
        }
        let Some(last) = page.data.last().filter(|_| page.next_cursor.is_some()) else { return Ok(()) };
        start = Start::ByCreated { after: Some(last.id) };
    }
}

fn each_product(
    connection: &mut PgConnection,
    context: &Context,
    filter: &products::service::Filter,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    use products::service::Start;
    let mut start = Start::BySku { after: None };
    loop {
        let page = products::service::list(connection, context.organization_id, filter, &start, "", PAGE)?;
        for product in &page.data {
            writer.add_body(product)?;
        }
        let Some(last) = page.data.last().filter(|_| page.next_cursor.is_some()) else { return Ok(()) };
        start = Start::BySku { after: Some(last.sku.clone()) };
    }
}

fn each_price(
    connection: &mut PgConnection,
    context: &Context,
    filter: &prices::service::Filter,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    let mut after: Option<PriceKey> = None;
    loop {
        let page = prices::service::list(connection, context.organization_id, filter, after.as_ref(), "", PAGE)?;
        for price in &page.data {
            writer.add_body(price)?;
        }
        let Some(last) = page.data.last().filter(|_| page.next_cursor.is_some()) else { return Ok(()) };
        after = Some(PriceKey::of(last));
    }
}

fn each_level(connection: &mut PgConnection, context: &Context, filter: &InventoryFilter, writer: &mut Writer<'_>) -> Result<(), Error> {
    let mut after: Option<ShelfKey> = None;
    loop {
        let page = levels::service::list(connection, context.organization_id, filter, after.as_ref(), PAGE, "")?;
        for level in &page.data {
            writer.add_body(level)?;
        }
        let Some(last) = page.data.last().filter(|_| page.next_cursor.is_some()) else { return Ok(()) };
        after = Some(ShelfKey::new(&last.sku, &last.location));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_named_by_its_order() {
        let order = json!({"id": "1", "number": "SO-1", "status": "confirmed", "customer": {"code": "C"}, "currency": "IDR",
            "lines": [{"id": "2", "sku": "A"}, {"id": "3", "sku": "B"}]});
        let lines: Vec<Value> = order_lines(&order).collect();
        assert_eq!(lines.len(), 2);
        let expected = json!({"order_id": "1", "order_number": "SO-1", "order_status": "confirmed", "customer_code": "C", "currency": "IDR",
            "id": "3", "sku": "B"});
        assert_eq!(lines[1], expected);
    }
}
