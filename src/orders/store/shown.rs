//! Orders as the API shows them, from rows straight to JSON: the road of the two hot reads.
//!
//! The bytes are those of [`OrderBody`](crate::orders::body::OrderBody); no `Order` is built on the way, and a field is written where
//! it lies. Of the stored texts those parts that are shown as they were stored are copied: `document` is written by us alone and keeps
//! the order of its members; `jsonb` does not, so what is an object there is read and written again.

use crate::orders::body::HoldBody;
use crate::orders::discount::Discount;
use crate::orders::hold::{Hold, HoldCode};
use crate::orders::tax::TaxGroup;
use crate::platform::pg_binary::{self as binary, Fields, Number, Places, elements};
use crate::types::address::Contact;
use crate::types::currency::{Currency, rounded};
use crate::types::decimal::{Amount, Quantity};
use crate::types::id::{HoldId, OrderId, OrderLineId};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::row::{Field, NamedRow, Row};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;

/// What is read of an order `o`. What most lines have none of is sent as null, since Postgres takes longer to send a zero than to
/// compare with it; nothing of an order that has left the house is allocated.
pub(super) const COLUMNS: &str = "o.id, o.number, o.status, o.fulfillment_status, o.invoice_status, o.payment_status, o.return_status, \
    o.channel, o.external_id, o.currency, o.document, \
    ARRAY(SELECT ROW(l.line_number, l.id, l.sku, l.name, l.kind, l.unit, NULLIF(l.unit_factor, 1), l.quantity, NULLIF(l.original_quantity, l.quantity), \
      l.unit_price, NULLIF(l.price_quantity, 1), l.detail, NULLIF(l.discount_amount, 0), l.net_amount, l.tax_category, l.tax_rate, l.tax_amount, \
      NULLIF(l.unallocated, 0), NULLIF(l.allocated, 0), NULLIF(l.backordered, 0), NULLIF(l.shipped, 0), NULLIF(l.delivered, 0), \
      NULLIF(l.cancelled, 0), NULLIF(l.invoiced, 0), NULLIF(l.credited, 0), NULLIF(l.returned, 0), l.requested_on, l.first_promised_on, l.promised_on) \
      FROM order_line l WHERE l.organization_id = o.organization_id AND l.order_id = o.id ORDER BY l.line_number), \
    ARRAY(SELECT ROW(h.id, h.code, h.order_line_id, h.data, h.detail, h.raised_at, h.raised_by, h.released_at, h.released_by, h.release_reason) \
      FROM order_hold h WHERE h.organization_id = o.organization_id AND h.order_id = o.id ORDER BY h.raised_at, h.id), \
    CASE WHEN o.fulfillment_status NOT IN ('fulfilled', 'delivered') THEN \
      ARRAY(SELECT ROW(a.line_number, a.location, a.quantity, NULLIF(a.picked, 0), NULLIF(a.packed, 0), NULLIF(a.shipped, 0), a.reason) \
      FROM allocation a WHERE a.organization_id = o.organization_id AND a.order_id = o.id ORDER BY a.line_number, a.fulfillment_order_id) END, \
    o.subtotal, NULLIF(o.discount_total, 0), o.shipping_net, o.tax_total, o.total, NULLIF(o.amount_invoiced, 0), NULLIF(o.amount_credited, 0), \
    NULLIF(o.amount_paid, 0), o.uninvoiced_total, o.sales_rep, o.purchase_order_number, o.detail, o.milestones, o.version, o.ordered_at, o.updated_at";

/// One order, written.
#[derive(Clone, Debug)]
pub struct ShownOrder {
    pub id: OrderId,
    pub version: i64,
    pub ordered_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub json: Vec<u8>,
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The parts of [`Document`](crate::orders::order::Document) that are shown, as they are stored.
#[derive(Deserialize)]
struct DocumentText<'a> {
    #[serde(borrow)]
    customer: &'a RawValue,
    #[serde(borrow)]
    bill_to: &'a RawValue,
    #[serde(borrow)]
    pricing: &'a RawValue,
    #[serde(borrow)]
    prices_include_tax: &'a RawValue,
    #[serde(borrow)]
    discounts: &'a RawValue,
    #[serde(default, borrow)]
    coupon_codes: Option<&'a RawValue>,
    #[serde(borrow)]
    shipping_method: Option<&'a RawValue>,
    #[serde(borrow)]
    shipping_tax: &'a RawValue,
    #[serde(borrow)]
    tax_breakdown: &'a RawValue,
    #[serde(borrow)]
    shipping_address: Option<&'a RawValue>,
    #[serde(borrow)]
    billing_address: Option<&'a RawValue>,
    #[serde(borrow)]
    payment_terms: &'a RawValue,
    #[serde(borrow)]
    requested_on: Option<&'a RawValue>,
    #[serde(borrow)]
    on_shortage: &'a RawValue,
    #[serde(borrow)]
    delivery_rule: &'a RawValue,
}

/// The parts of [`Detail`](crate::orders::order::Detail) that are shown.
#[derive(Deserialize)]
struct DetailText<'a> {
    #[serde(default)]
    contact: Option<Contact>,
    #[serde(default, borrow)]
    note: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    buyer_reference: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    delivery_instructions: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    external_ids: Option<&'a RawValue>,
    #[serde(default, borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(default)]
    historical: bool,
    #[serde(default)]
    priority: i32,
}

/// The parts of [`LineDetail`](crate::orders::order::LineDetail) that are shown.
#[derive(Deserialize)]
struct LineDetailText<'a> {
    #[serde(default, borrow)]
    discounts: Option<&'a RawValue>,
    #[serde(borrow)]
    gross_amount: Cow<'a, str>,
    #[serde(default, borrow)]
    external_line_id: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    customer_sku: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    external_ids: Option<&'a RawValue>,
    #[serde(default, borrow)]
    metadata: Option<&'a RawValue>,
}

macro_rules! milestones {
    ($($name:ident),* $(,)?) => {
        /// The texts of [`Milestones`](crate::orders::milestones::Milestones).
        #[derive(Deserialize)]
        struct MilestonesText<'a> {
            $(#[serde(default)] $name: Option<&'a str>,)*
        }

        impl MilestonesText<'_> {
            fn write(&self, out: &mut Vec<u8>) -> Outcome<()> {
                let mut before = b'{';
                $(
                    out.push(before);
                    out.extend_from_slice(concat!("\"", stringify!($name), "\":").as_bytes());
                    write_instant(self.$name, out)?;
                    before = b',';
                )*
                let _ = before;
                out.push(b'}');
                Ok(())
            }
        }
    };
}

milestones! {
    ordered_at, captured_at, verified_at, confirmed_at, allocated_at, picked_at, packed_at, first_shipped_at, shipped_at, delivered_at,
    invoiced_at, paid_at, completed_at, cancelled_at,
}

/// The columns of a row, one after the other.
struct Columns<'v> {
    rest: std::slice::Iter<'v, Option<&'v [u8]>>,
}

impl<'v> Columns<'v> {
    fn optional(&mut self) -> Outcome<Option<&'v [u8]>> {
        Ok(*self.rest.next().ok_or("fewer columns than asked for")?)
    }

    fn required(&mut self) -> Outcome<&'v [u8]> {
        Ok(self.optional()?.ok_or("null in a column that is never null")?)
    }

    fn money(&mut self) -> Outcome<Number> {
        number_or(self.optional()?, Number::default())
    }
}

impl QueryableByName<Pg> for ShownOrder {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let fields: Vec<_> = (0..row.field_count()).filter_map(|at| Row::get(row, at)).collect();
        let values: Vec<Option<&[u8]>> = fields.iter().map(|field| field.value().map(|value| value.as_bytes())).collect();
        written(Columns { rest: values.iter() })
    }
}

/// The order of a row, in the order of the fields of `OrderBody`.
fn written(mut row: Columns<'_>) -> Outcome<ShownOrder> {
    // Most orders have a few lines.
    let mut buffer = Vec::with_capacity(6 * 1024);
    let out = &mut buffer;
    let id = binary::uuid(row.required()?)?;
    out.extend_from_slice(b"{\"id\":");
    write_uuid(id, out);
    for key in [
        ",\"number\":",
        ",\"status\":",
        ",\"fulfillment_status\":",
        ",\"invoice_status\":",
        ",\"payment_status\":",
        ",\"return_status\":",
        ",\"channel\":",
    ] {
        write_key(key, out);
        write_text(row.required()?, out)?;
    }
    write_key(",\"external_id\":", out);
    write_optional(row.optional()?, out, write_text)?;
    let code = binary::text(row.required()?)?;
    let currency = Currency::from_code(code).ok_or_else(|| format!("not a currency: {code}"))?;
    let money = Places::Exactly(currency.minor_units());
    let document: DocumentText<'_> = serde_json::from_slice(row.required()?)?;
    write_raw(",\"customer\":", document.customer, out);
    write_raw(",\"bill_to\":", document.bill_to, out);
    write_key(",\"currency\":\"", out);
    out.extend_from_slice(code.as_bytes());
    out.push(b'"');
    write_raw(",\"pricing\":", document.pricing, out);
    write_raw(",\"prices_include_tax\":", document.prices_include_tax, out);
    let (lines, holds, allocations) = (row.required()?, row.required()?, row.optional()?);
    let (promised_on, first_promised_on) = write_lines(lines, allocations, currency, out)?;
    write_holds(holds, out)?;
    write_raw(",\"discounts\":", document.discounts, out);
    write_key(",\"coupon_codes\":", out);
    write_key(document.coupon_codes.map_or("[]", RawValue::get), out);
    write_number(",\"subtotal\":", row.money()?, money, out);
    write_number(",\"discount_total\":", row.money()?, money, out);
    write_optional_raw(",\"shipping_method\":", document.shipping_method, out);
    write_number(",\"shipping_net\":", row.money()?, money, out);
    write_raw(",\"shipping_tax\":", document.shipping_tax, out);
    write_number(",\"tax_total\":", row.money()?, money, out);
    write_tax_breakdown(document.tax_breakdown, out);
    write_number(",\"total\":", row.money()?, money, out);
    let (invoiced, credited, paid, uninvoiced) = (row.money()?, row.money()?, row.money()?, row.money()?);
    let exact = |amount: Number| amount.rounded(currency.minor_units());
    let current_total = exact(uninvoiced) + exact(invoiced) - exact(credited);
    write_number(",\"current_total\":", current_total, money, out);
    write_number(",\"amount_invoiced\":", invoiced, money, out);
    write_number(",\"amount_credited\":", credited, money, out);
    write_number(",\"amount_paid\":", paid, money, out);
    write_number(",\"amount_due\":", current_total - exact(paid), money, out);
    write_number(",\"uninvoiced_total\":", uninvoiced, money, out);
    write_optional_raw(",\"shipping_address\":", document.shipping_address, out);
    write_optional_raw(",\"billing_address\":", document.billing_address, out);
    write_raw(",\"payment_terms\":", document.payment_terms, out);
    write_raw(",\"on_shortage\":", document.on_shortage, out);
    write_raw(",\"delivery_rule\":", document.delivery_rule, out);
    write_optional_raw(",\"requested_on\":", document.requested_on, out);
    write_key(",\"promised_on\":", out);
    write_json(&promised_on, out)?;
    write_key(",\"first_promised_on\":", out);
    write_json(&first_promised_on, out)?;
    write_key(",\"sales_rep\":", out);
    write_optional(row.optional()?, out, write_text)?;
    write_key(",\"purchase_order_number\":", out);
    write_optional(row.optional()?, out, write_text)?;
    let detail: DetailText<'_> = serde_json::from_str(binary::jsonb(row.required()?)?)?;
    write_key(",\"priority\":", out);
    write_json(&detail.priority, out)?;
    write_key(",\"buyer_reference\":", out);
    write_json(&detail.buyer_reference, out)?;
    write_key(",\"contact\":", out);
    write_json(&detail.contact, out)?;
    write_key(",\"delivery_instructions\":", out);
    write_json(&detail.delivery_instructions, out)?;
    write_key(",\"note\":", out);
    write_json(&detail.note, out)?;
    let milestones: MilestonesText<'_> = serde_json::from_str(binary::jsonb(row.required()?)?)?;
    write_key(",\"milestones\":", out);
    milestones.write(out)?;
    write_key(if detail.historical { ",\"historical\":true" } else { ",\"historical\":false" }, out);
    let (version, ordered_at) = (binary::bigint(row.required()?)?, binary::timestamptz(row.required()?)?);
    let updated_at = binary::timestamptz(row.required()?)?;
    write_key(",\"version\":", out);
    write_json(&version, out)?;
    write_key(",\"ordered_at\":", out);
    write_json(&ordered_at, out)?;
    write_key(",\"created_at\":", out);
    match milestones.captured_at {
        Some(_) => write_instant(milestones.captured_at, out)?,
        None => write_json(&ordered_at, out)?,
    }
    write_key(",\"updated_at\":", out);
    write_json(&updated_at, out)?;
    write_key(",\"external_ids\":", out);
    write_stored::<BTreeMap<Cow<'_, str>, Cow<'_, str>>>(detail.external_ids, EMPTY_OBJECT, out)?;
    write_key(",\"metadata\":", out);
    write_stored::<Map<String, Value>>(detail.metadata, EMPTY_OBJECT, out)?;
    out.push(b'}');
    Ok(ShownOrder { id: OrderId(id), version, ordered_at, updated_at, json: buffer })
}

/// What of an allocation a line shows.
struct Allocated<'a> {
    line_number: i16,
    location: &'a [u8],
    open: Number,
    picked: Number,
    packed: Number,
    reason: Option<&'a [u8]>,
}

impl<'a> Allocated<'a> {
    fn of(record: &'a [u8]) -> Outcome<Self> {
        let mut fields = Fields::of(record)?;
        let (line_number, location) = (binary::smallint(fields.required()?)?, fields.required()?);
        let mut number = || number_or(fields.optional()?, Number::default());
        let (quantity, picked, packed, shipped) = (number()?, number()?, number()?, number()?);
        let reason = fields.optional()?;
        Ok(Self { line_number, location, open: quantity - shipped, picked: picked - shipped, packed: packed - shipped, reason })
    }
}

/// Writes the lines and tells the last dates that any of them is promised for: now, and at first.
fn write_lines(
    lines: &[u8],
    allocations: Option<&[u8]>,
    currency: Currency,
    out: &mut Vec<u8>,
) -> Outcome<(Option<NaiveDate>, Option<NaiveDate>)> {
    let allocations: Vec<Allocated<'_>> = match allocations {
        Some(allocations) => elements(allocations)?.map(Allocated::of).collect::<Outcome<_>>()?,
        None => vec![],
    };
    let (mut promised_on, mut first_promised_on) = (None, None);
    write_key(",\"lines\":[", out);
    for (i, line) in elements(lines)?.enumerate() {
        out.extend_from_slice(if i == 0 { b"" } else { b"," });
        let (promised, first_promised) = write_line(line, &allocations, currency, out)?;
        promised_on = promised_on.max(promised);
        first_promised_on = first_promised_on.max(first_promised);
    }
    out.push(b']');
    Ok((promised_on, first_promised_on))
}

fn write_line(
    record: &[u8],
    allocations: &[Allocated<'_>],
    currency: Currency,
    out: &mut Vec<u8>,
) -> Outcome<(Option<NaiveDate>, Option<NaiveDate>)> {
    const PLAIN: Places = Places::AtLeast(0);
    let money = Places::Exactly(currency.minor_units());
    let mut fields = Fields::of(record)?;
    let line_number = binary::smallint(fields.required()?)?;
    let mine = || allocations.iter().filter(|allocation| allocation.line_number == line_number);
    write_key("{\"id\":", out);
    write_uuid(binary::uuid(fields.required()?)?, out);
    write_key(",\"line_number\":", out);
    write_json(&line_number, out)?;
    for key in [",\"sku\":", ",\"name\":", ",\"kind\":", ",\"unit\":"] {
        write_key(key, out);
        write_text(fields.required()?, out)?;
    }
    let factor = fields.optional()?;
    let quantity = Number::of(fields.required()?)?;
    write_number(",\"quantity\":", quantity, PLAIN, out);
    match factor {
        None => write_number(",\"base_quantity\":", quantity, PLAIN, out),
        Some(factor) => {
            write_key(",\"base_quantity\":", out);
            write_json(&Quantity(quantity.decimal() * Number::of(factor)?.decimal()), out)?;
        }
    }
    write_number(",\"original_quantity\":", number_or(fields.optional()?, quantity)?, PLAIN, out);
    write_number(",\"unit_price\":", Number::of(fields.required()?)?, Places::AtLeast(2), out);
    write_number(",\"price_quantity\":", number_or(fields.optional()?, Number::ONE)?, PLAIN, out);
    let detail: LineDetailText<'_> = serde_json::from_str(binary::jsonb(fields.required()?)?)?;
    write_key(",\"gross_amount\":", out);
    write_amount(&detail.gross_amount, currency, out)?;
    write_number(",\"discount_amount\":", number_or(fields.optional()?, Number::default())?, money, out);
    write_key(",\"discounts\":", out);
    write_stored::<Vec<Discount>>(detail.discounts, "[]", out)?;
    write_number(",\"net_amount\":", Number::of(fields.required()?)?, money, out);
    write_key(",\"tax_category\":", out);
    write_text(fields.required()?, out)?;
    write_number(",\"tax_rate\":", Number::of(fields.required()?)?, PLAIN, out);
    write_number(",\"tax_amount\":", Number::of(fields.required()?)?, money, out);
    for key in [",\"unallocated_quantity\":", ",\"allocated_quantity\":", ",\"backordered_quantity\":"] {
        write_quantity(key, fields.optional()?, out)?;
    }
    let sum = |part: fn(&Allocated<'_>) -> Number| mine().fold(Number::default(), |sum, allocation| sum + part(allocation));
    write_number(",\"picked_quantity\":", sum(|allocation| allocation.picked), PLAIN, out);
    write_number(",\"packed_quantity\":", sum(|allocation| allocation.packed), PLAIN, out);
    for key in [
        ",\"shipped_quantity\":",
        ",\"delivered_quantity\":",
        ",\"cancelled_quantity\":",
        ",\"invoiced_quantity\":",
        ",\"credited_quantity\":",
        ",\"returned_quantity\":",
    ] {
        write_quantity(key, fields.optional()?, out)?;
    }
    write_key(",\"allocations\":[", out);
    for (i, allocation) in mine().filter(|allocation| !allocation.open.is_zero()).enumerate() {
        write_key(if i == 0 { "{\"location\":" } else { ",{\"location\":" }, out);
        write_text(allocation.location, out)?;
        write_number(",\"quantity\":", allocation.open, PLAIN, out);
        write_key(",\"reason\":", out);
        write_optional(allocation.reason, out, write_text)?;
        out.push(b'}');
    }
    let mut date = || fields.optional()?.map(binary::date).transpose();
    let (requested_on, first_promised_on, promised_on) = (date()?, date()?, date()?);
    write_key("],\"requested_on\":", out);
    write_json(&requested_on, out)?;
    write_key(",\"first_promised_on\":", out);
    write_json(&first_promised_on, out)?;
    write_key(",\"promised_on\":", out);
    write_json(&promised_on, out)?;
    write_key(",\"external_line_id\":", out);
    write_json(&detail.external_line_id, out)?;
    write_key(",\"customer_sku\":", out);
    write_json(&detail.customer_sku, out)?;
    write_key(",\"external_ids\":", out);
    write_stored::<BTreeMap<Cow<'_, str>, Cow<'_, str>>>(detail.external_ids, EMPTY_OBJECT, out)?;
    write_key(",\"metadata\":", out);
    write_stored::<Map<String, Value>>(detail.metadata, EMPTY_OBJECT, out)?;
    out.push(b'}');
    Ok((promised_on, first_promised_on))
}

/// Holds are few, and what may be done about one is not stored: they are read and written as everywhere else.
fn write_holds(holds: &[u8], out: &mut Vec<u8>) -> Outcome<()> {
    write_key(",\"holds\":[", out);
    for (i, record) in elements(holds)?.enumerate() {
        out.extend_from_slice(if i == 0 { b"" } else { b"," });
        let mut fields = Fields::of(record)?;
        let (id, code) = (binary::uuid(fields.required()?)?, binary::text(fields.required()?)?);
        let order_line_id = fields.optional()?.map(binary::uuid).transpose()?;
        let data: Value = serde_json::from_str(binary::jsonb(fields.required()?)?)?;
        let owned = |bytes: Option<&[u8]>| bytes.map(binary::text).transpose().map(|text| text.map(str::to_owned));
        let hold = Hold {
            id: HoldId(id),
            code: code.parse::<HoldCode>().map_err(|_| format!("not a hold: {code}"))?,
            order_line_id: order_line_id.map(OrderLineId),
            data,
            detail: owned(fields.optional()?)?,
            raised_at: binary::timestamptz(fields.required()?)?,
            raised_by: binary::text(fields.required()?)?.to_owned(),
            released_at: fields.optional()?.map(binary::timestamptz).transpose()?,
            released_by: owned(fields.optional()?)?,
            release_reason: owned(fields.optional()?)?,
        };
        write_json(&HoldBody::from(hold), out)?;
    }
    out.push(b']');
    Ok(())
}

const EMPTY_OBJECT: &str = "{}";

fn number_or(bytes: Option<&[u8]>, absent: Number) -> Outcome<Number> {
    Ok(bytes.map(Number::of).transpose()?.unwrap_or(absent))
}

fn write_key(key: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(key.as_bytes());
}

fn write_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) -> Outcome<()> {
    Ok(serde_json::to_writer(out, value)?)
}

fn write_text(bytes: &[u8], out: &mut Vec<u8>) -> Outcome<()> {
    write_json(binary::text(bytes)?, out)
}

fn write_optional(bytes: Option<&[u8]>, out: &mut Vec<u8>, write: fn(&[u8], &mut Vec<u8>) -> Outcome<()>) -> Outcome<()> {
    match bytes {
        Some(bytes) => write(bytes, out),
        None => {
            write_key("null", out);
            Ok(())
        }
    }
}

fn write_uuid(id: uuid::Uuid, out: &mut Vec<u8>) {
    let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
    out.push(b'"');
    out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
    out.push(b'"');
}

fn write_number(key: &str, number: Number, places: Places, out: &mut Vec<u8>) {
    write_key(key, out);
    number.write(places, out);
}

fn write_quantity(key: &str, bytes: Option<&[u8]>, out: &mut Vec<u8>) -> Outcome<()> {
    write_key(key, out);
    match bytes {
        Some(bytes) => Number::of(bytes)?.write(Places::AtLeast(0), out),
        None => write_key("\"0\"", out),
    }
    Ok(())
}

/// As it is stored; that of orders from before taxes had names lacks them.
fn write_tax_breakdown(stored: &RawValue, out: &mut Vec<u8>) {
    let old = !stored.get().contains("\"tax_name\"");
    let groups = old.then(|| serde_json::from_str::<Vec<TaxGroup>>(stored.get()).ok()).flatten();
    match groups.and_then(|groups| serde_json::value::to_raw_value(&groups).ok()) {
        Some(named) => write_raw(",\"tax_breakdown\":", &named, out),
        None => write_raw(",\"tax_breakdown\":", stored, out),
    }
}

fn write_raw(key: &str, raw: &RawValue, out: &mut Vec<u8>) {
    write_key(key, out);
    write_key(raw.get(), out);
}

fn write_optional_raw(key: &str, raw: Option<&RawValue>, out: &mut Vec<u8>) {
    write_key(key, out);
    write_key(raw.map_or("null", RawValue::get), out);
}

/// Copies what is empty; all else is read and written again, for `jsonb` has its own order of members.
fn write_stored<'a, T: Deserialize<'a> + Serialize>(raw: Option<&'a RawValue>, empty: &'static str, out: &mut Vec<u8>) -> Outcome<()> {
    match raw.map_or(empty, RawValue::get) {
        text if text == empty => write_key(empty, out),
        text => write_json(&serde_json::from_str::<T>(text)?, out)?,
    }
    Ok(())
}

/// An amount that is stored as text: copied where it has the currency's places.
fn write_amount(text: &str, currency: Currency, out: &mut Vec<u8>) -> Outcome<()> {
    let places = currency.minor_units() as usize;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = fraction.len() == places && (places > 0) == text.contains('.') && digits(whole) && digits(fraction);
    if plain && (whole == "0" || !(whole.is_empty() || whole.starts_with('0'))) {
        out.push(b'"');
        write_key(text, out);
        out.push(b'"');
        return Ok(());
    }
    let amount: rust_decimal::Decimal = text.parse().map_err(|_| format!("not an amount: {text}"))?;
    write_json(&Amount(rounded(amount, currency.minor_units())), out)
}

/// An instant that is stored as text: copied where it is written as the API writes instants, with no more digits than it needs.
fn write_instant(text: Option<&str>, out: &mut Vec<u8>) -> Outcome<()> {
    let Some(text) = text else {
        write_key("null", out);
        return Ok(());
    };
    let plain = text.is_ascii() && text.ends_with('Z') && matches!(text.len(), 20 | 24 | 27 | 30);
    if plain && (text.len() == 20 || !text.ends_with("000Z")) {
        out.push(b'"');
        write_key(text, out);
        out.push(b'"');
        return Ok(());
    }
    write_json(&text.parse::<DateTime<Utc>>()?, out)
}
