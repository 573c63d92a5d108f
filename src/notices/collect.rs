//! From the event feed to notices: each event is read once, and what is written of it is stored in the transaction that moves on.

use super::compose::{About, Seller, compose};
use super::kind::{EVENT_TYPES, NoticeKind};
use super::letter::one_line;
use super::smtp::is_address;
use super::store::{self, NewNotice, StoredSettings};
use super::templates;
use crate::auth::actor::Context;
use crate::auth::permission::Permissions;
use crate::customers;
use crate::documents::language::Language;
use crate::error::Error;
use crate::events::body::Event;
use crate::events::feed::{self, Reader};
use crate::events::position::Position;
use crate::fulfillment::shipments;
use crate::invoicing::invoices;
use crate::orders;
use crate::organization;
use crate::payments;
use crate::platform::db::Db;
use crate::types::id::{CustomerId, InvoiceId, NoticeId, OrderId, PaymentId, ShipmentId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use serde_json::Value;

const BATCH: usize = 100;
/// What is older is told to nobody: after a long standstill it would only confuse.
pub const NEWS: TimeDelta = TimeDelta::days(3);

/// Reads what has happened in every organization that writes to its customers. How many events were looked at.
pub fn collect(db: &Db, now: DateTime<Utc>, stop: impl Fn() -> bool) -> Result<usize, Error> {
    let mut all = 0;
    for mut settings in db.read_blocking(|connection| Ok(store::enabled_settings(connection)?))? {
        while !stop() {
            let reader = Reader {
                organization_id: settings.organization_id,
                types: Some(EVENT_TYPES.map(str::to_owned).to_vec()),
                permissions: Permissions::all(),
            };
            let after = Position(settings.read_through);
            let read = db.read_blocking(|connection| feed::read(connection, &reader, after, BATCH))?;
            let through = Position::decode(&read.next_cursor).unwrap_or(after).0;
            if through == settings.read_through {
                break;
            }
            let context = Context::job(settings.organization_id, "collect_notices", now);
            let mut drafts = vec![];
            for event in read.data.iter().filter(|event| now - event.occurred_at < NEWS && !is_told_better(event, &read.data)) {
                match db.read_blocking(|connection| draft(connection, &context, &settings, event)) {
                    Ok(draft) => drafts.extend(draft),
                    Err(error) if is_passing(&error) => return Err(error),
                    // One event that cannot be told of must not keep all others.
                    Err(error) => log::error!("no notice of event {}: {error}", event.id),
                }
            }
            let moved = db.write_blocking(|connection| {
                if !store::advance(connection, &settings, through)? {
                    return Ok(false);
                }
                for draft in &drafts {
                    store::insert(connection, &context, draft)?;
                }
                Ok(true)
            })?;
            if !moved {
                break;
            }
            all += read.data.len();
            settings.read_through = through;
            if !read.has_more {
                break;
            }
        }
    }
    Ok(all)
}

/// Stock that is lost often has a new date at once: one mail says both.
fn is_told_better(event: &Event, batch: &[Event]) -> bool {
    event.r#type == "order.allocation_lost"
        && batch.iter().any(|other| {
            other.r#type == "order.promise_changed" && other.order_id == event.order_id && other.occurred_at == event.occurred_at
        })
}

fn is_passing(error: &Error) -> bool {
    error.is_transient() || error.is_lock_timeout() || error.is_broken_connection() || matches!(error, Error::Unavailable { .. })
}

/// The notice of an event, `None` where nobody is told of it.
fn draft(connection: &mut PgConnection, context: &Context, settings: &StoredSettings, event: &Event) -> Result<Option<NewNotice>, Error> {
    let Some(kind) = NoticeKind::of_event(&event.r#type).filter(|kind| settings.kinds().includes(*kind)) else { return Ok(None) };
    let things = Things::load(connection, context, event)?;
    let is_answered = kind == NoticeKind::Acknowledgement && settings.kinds().includes(NoticeKind::OrderReply) && things.came_by_mail();
    if is_answered || !things.is_worth_telling(kind) {
        return Ok(None);
    }
    let organization = organization::settings(connection, context.organization_id)?;
    let country = things.country().unwrap_or_else(|| organization.country.code().to_owned());
    let language = settings.language.for_reader(things.language(), &country);
    let own = templates::store::find(connection, context.organization_id, kind, language)?.map(|template| template.words());
    let recipient = things.recipient(kind);
    let skip_reason = match &recipient {
        None => Some("no_recipient"),
        Some(email) if !is_address(email) => Some("invalid_recipient"),
        Some(_) => None,
    };
    let seller = seller(&organization.seller);
    let letter = compose(&About {
        kind,
        language,
        time_zone: organization.time_zone,
        seller: &seller,
        reader: &things.reader(),
        order: things.order.as_ref(),
        shipment: things.shipment.as_ref(),
        invoice: things.invoice.as_ref(),
        payment: things.payment.as_ref(),
        event: &things.event,
        own: own.as_ref(),
    });
    Ok(Some(NewNotice {
        id: NoticeId::generate(),
        kind,
        language: language.as_str().to_owned(),
        recipient: recipient.map(|email| one_line(&email)).unwrap_or_default(),
        text_body: letter.text(),
        html_body: letter.html(language),
        subject: letter.subject,
        source_id: if kind.once_a_subject() { event.subject.id } else { event.id },
        invoice_id: things.invoice.as_ref().and_then(|_| (event.subject.r#type == "invoice").then_some(InvoiceId(event.subject.id))),
        order_id: event.order_id,
        customer_id: things.customer_id,
        skip_reason,
        in_reply_to: None,
        references: vec![],
    }))
}

/// What an event has to do with, as the API shows it.
struct Things {
    event: Value,
    order: Option<Value>,
    shipment: Option<Value>,
    invoice: Option<Value>,
    payment: Option<Value>,
    customer: Option<Value>,
    customer_id: Option<CustomerId>,
}

impl Things {
    fn load(connection: &mut PgConnection, context: &Context, event: &Event) -> Result<Self, Error> {
        let organization_id = context.organization_id;
        let subject = event.subject.id;
        let is = |noun: &str| event.subject.r#type == noun;
        let order = event.order_id.map(|id: OrderId| orders::service::get(connection, organization_id, id)).transpose()?;
        let order: Option<Value> = order.map(|order| serde_json::from_slice(&order.json)).transpose().map_err(Error::internal)?;
        let shipment =
            if is("shipment") { Some(json(&shipments::service::get(connection, organization_id, ShipmentId(subject))?)?) } else { None };
        let invoice = if is("invoice") { Some(json(&invoices::service::get(connection, context, InvoiceId(subject))?)?) } else { None };
        let payment =
            if is("payment") { Some(json(&payments::service::get(connection, organization_id, PaymentId(subject))?)?) } else { None };
        let paying = invoice.as_ref().or(payment.as_ref()).map(|document| &document["customer_id"]).filter(|id| !id.is_null());
        let customer_id =
            paying.or(order.as_ref().map(|order| &order["customer"]["id"])).and_then(Value::as_str).and_then(|id| id.parse().ok());
        let customer = customer_id.map(|id| customers::service::get(connection, organization_id, id)).transpose()?;
        let customer = customer.map(|customer| json(&customer)).transpose()?;
        let event = serde_json::from_str(event.data.get()).map_err(Error::internal)?;
        Ok(Self { event, order, shipment, invoice, payment, customer, customer_id })
    }

    /// Not history, not an order that is none any more, and not a date that nobody had been told.
    fn is_worth_telling(&self, kind: NoticeKind) -> bool {
        let order = self.order.as_ref().unwrap_or(&Value::Null);
        if order["historical"] == true {
            return false;
        }
        match kind {
            NoticeKind::Delay => {
                let open = !matches!(order["status"].as_str(), Some("draft" | "cancelled" | "completed"));
                let moves = self.event.get("promised_on").is_none() || !self.event["previous_promised_on"].is_null();
                open && moves
            }
            // Money that a provider was only asked to send back may not arrive.
            NoticeKind::Refund => self.event["refund"]["status"] != "pending",
            NoticeKind::Acknowledgement => !matches!(order["status"].as_str(), Some("draft" | "cancelled")),
            NoticeKind::Dispatch | NoticeKind::Invoice | NoticeKind::Receipt | NoticeKind::Reminder | NoticeKind::OrderReply => true,
        }
    }

    /// The mail was answered with the order's number.
    fn came_by_mail(&self) -> bool {
        self.order.as_ref().is_some_and(|order| order["external_ids"]["message"].is_string())
    }

    fn contact(&self, member: &str) -> Option<String> {
        text(self.order.as_ref().map(|order| &order["contact"][member]))
    }

    fn customer(&self, member: &str) -> Option<String> {
        text(self.customer.as_ref().map(|customer| &customer[member]))
    }

    /// Goods concern the order's contact first, money the customer who pays.
    fn recipient(&self, kind: NoticeKind) -> Option<String> {
        match kind {
            NoticeKind::Acknowledgement | NoticeKind::Delay | NoticeKind::Dispatch | NoticeKind::OrderReply => {
                self.contact("email").or_else(|| self.customer("email"))
            }
            NoticeKind::Invoice | NoticeKind::Receipt | NoticeKind::Refund | NoticeKind::Reminder => {
                self.customer("email").or_else(|| self.contact("email"))
            }
        }
    }

    fn reader(&self) -> String {
        self.contact("name").or_else(|| self.customer("name")).unwrap_or_default()
    }

    /// The customer's own.
    fn language(&self) -> Option<Language> {
        self.customer("language").and_then(|language| language.parse().ok())
    }

    fn country(&self) -> Option<String> {
        let places = [
            self.customer.as_ref().map(|customer| &customer["billing_address"]["country"]),
            self.order.as_ref().map(|order| &order["shipping_address"]["country"]),
            self.customer.as_ref().map(|customer| &customer["shipping_address"]["country"]),
        ];
        places.into_iter().find_map(text)
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn json(thing: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(thing).map_err(Error::internal)
}

pub fn seller(seller: &Value) -> Seller {
    let address = &seller["address"];
    let parts: Vec<String> = ["line1", "city", "postal_code"].iter().filter_map(|member| text(address.get(member))).collect();
    Seller {
        name: text(seller.get("legal_name")).unwrap_or_default(),
        email: text(seller.get("email")),
        phone: text(seller["contact"].get("phone")),
        address: (!parts.is_empty()).then(|| parts.join(", ")),
    }
}
