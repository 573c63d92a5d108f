//! The company's life, deed after deed in the order of time: each at its own moment, by the service that a caller of the API
//! would reach. What a deed leads to is put on the agenda; what would lie in the future stays undone.

use super::calendar::later;
use super::chance::Chance;
use super::company;
use super::plan::{Complaint, Course, GoodsBack, Handling, Planned, Settlement};
use super::specials::{SUPPLIES, Supply, moment};
use crate::auth::actor::Context;
use crate::catalog::product_kind::ProductKind;
use crate::error::Error;
use crate::fulfillment::fulfillment_order::Allocation;
use crate::fulfillment::fulfillment_orders::body::{Pick, Ship};
use crate::fulfillment::service_completions::body::CompleteService;
use crate::fulfillment::shipments::body::Deliver;
use crate::invoicing::invoices::body::NewInvoice;
use crate::order_to_cash::cancel::cancel;
use crate::order_to_cash::complete_service::complete_service;
use crate::order_to_cash::deliver::deliver;
use crate::order_to_cash::hold::{hold, release};
use crate::order_to_cash::invoice::{self, Issue};
use crate::order_to_cash::keep_promises::keep_promises;
use crate::order_to_cash::pick::pick;
use crate::order_to_cash::place::{PlaceRequest, place};
use crate::order_to_cash::refund::refund;
use crate::order_to_cash::returns::complete::{Completion, complete};
use crate::order_to_cash::returns::receive::receive;
use crate::order_to_cash::returns::replace::ReplacementOrder;
use crate::order_to_cash::returns::request::request;
use crate::order_to_cash::serve_backorders::serve_backorders;
use crate::order_to_cash::ship::{ShipRequest, ship_all};
use crate::order_to_cash::{credit, pay};
use crate::orders;
use crate::orders::body::HoldRequest;
use crate::orders::dates::Dates;
use crate::orders::master_data::MasterDataCache;
use crate::orders::order::Order;
use crate::orders::status::{InvoiceStatus, OrderStatus};
use crate::orders::verify::Request;
use crate::payments;
use crate::platform::db::Db;
use crate::platform::http::{Precondition, from_value};
use crate::platform::idempotency;
use crate::platform::numbers::Numbers;
use crate::returns;
use crate::returns::body::AuthorizeReturn;
use crate::types::id::{IncomingSupplyId, InvoiceId, OrderId, OrganizationId, PaymentId, ReturnId, ShipmentId};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Something to be done. Orders are named by their place in the plan.
#[derive(Clone, Debug)]
enum Deed {
    OrderSupply(Supply),
    SupplySlips(IncomingSupplyId, u64),
    ReceiveSupply(Supply, IncomingSupplyId),
    Place(usize),
    Hold(usize),
    Cancel(usize),
    Release(usize),
    PayInAdvance(usize),
    Pick(usize),
    Ship(usize),
    Deliver(usize, ShipmentId),
    Invoice(usize),
    Pay(usize, InvoiceId),
    Complain(usize, InvoiceId, Complaint),
    AskBack(usize, GoodsBack),
    TakeBack(usize, GoodsBack, ReturnId),
    Settle(GoodsBack, ReturnId),
}

pub struct Life<'a> {
    db: &'a Db,
    master_data: MasterDataCache,
    organization_id: OrganizationId,
    planned: &'a [Planned],
    /// Nothing is done after this.
    until: DateTime<Utc>,
    /// By time, then in the order of becoming known.
    agenda: BTreeMap<(DateTime<Utc>, usize), Deed>,
    known: usize,
    orders: BTreeMap<usize, OrderId>,
    payments: BTreeMap<usize, PaymentId>,
    chance: Chance,
}

impl<'a> Life<'a> {
    pub fn new(db: &'a Db, organization_id: OrganizationId, planned: &'a [Planned], now: DateTime<Utc>) -> Self {
        let mut life = Self {
            db,
            master_data: MasterDataCache::default(),
            organization_id,
            planned,
            until: now,
            agenda: BTreeMap::new(),
            known: 0,
            orders: BTreeMap::new(),
            payments: BTreeMap::new(),
            chance: Chance::seeded(0x4e55_5341_4e54_4152),
        };
        for supply in SUPPLIES {
            life.put(moment(now, supply.ordered_days_ago, 8 * 60), Deed::OrderSupply(supply));
        }
        for (i, order) in planned.iter().enumerate() {
            life.put(order.at, Deed::Place(i));
        }
        life
    }

    /// Does everything up to now.
    pub fn run(mut self) -> Result<(), Error> {
        while let Some(((at, _), deed)) = self.agenda.pop_first() {
            let context = Context::system(self.organization_id, at);
            self.perform(&context, &deed)?;
        }
        Ok(())
    }

    /// Puts a deed on the agenda, unless it would lie in the future.
    fn put(&mut self, at: DateTime<Utc>, deed: Deed) {
        if at < self.until {
            self.known += 1;
            self.agenda.insert((at, self.known), deed);
        }
    }

    /// On a working day so many working days later, within these local hours.
    fn put_later(&mut self, context: &Context, days: u32, hours: (u32, u32), deed: Deed) {
        let at = later(&mut self.chance, context.now, days, hours);
        self.put(at, deed);
    }

    fn perform(&mut self, context: &Context, deed: &Deed) -> Result<(), Error> {
        match deed {
            Deed::OrderSupply(supply) => self.order_supply(context, supply),
            Deed::SupplySlips(id, days) => self.supply_slips(context, *id, *days),
            Deed::ReceiveSupply(supply, id) => self.receive_supply(context, supply, *id),
            Deed::Place(i) => self.place(context, *i),
            Deed::Hold(i) => self.hold(context, *i),
            Deed::Cancel(i) => self.cancel(context, *i),
            Deed::Release(i) => self.release(context, *i),
            Deed::PayInAdvance(i) => self.pay_in_advance(context, *i),
            Deed::Pick(i) => self.pick(context, *i),
            Deed::Ship(i) => self.ship(context, *i),
            Deed::Deliver(i, shipment) => self.deliver(context, *i, *shipment),
            Deed::Invoice(i) => self.invoice(context, *i),
            Deed::Pay(i, invoice) => self.pay(context, *i, *invoice),
            Deed::Complain(i, invoice, complaint) => self.complain(context, *i, *invoice, *complaint),
            Deed::AskBack(i, goods_back) => self.ask_back(context, *i, *goods_back),
            Deed::TakeBack(i, goods_back, id) => self.take_back(context, *i, *goods_back, *id),
            Deed::Settle(goods_back, id) => self.settle(context, *goods_back, *id),
        }
    }

    fn course(&self, i: usize) -> &'a Course {
        &self.planned[i].course
    }

    fn id_of(&self, i: usize) -> Result<OrderId, Error> {
        self.orders.get(&i).copied().ok_or_else(|| Error::internal("an order of the plan that was not placed"))
    }

    fn order(&self, i: usize) -> Result<Order, Error> {
        let id = self.id_of(i)?;
        let order = self.db.read_blocking(|connection| orders::find(connection, self.organization_id, id))?;
        order.ok_or(Error::not_found("order"))
    }

    /// The next number of a kind, without gaps: a demo takes them one by one.
    fn number(&self, next: impl Fn(&mut PgConnection, &Numbers) -> Result<String, Error>) -> Result<String, Error> {
        self.db.read_blocking(|connection| next(connection, &Numbers::default()))
    }

    fn receipt_number(&self) -> Result<String, Error> {
        self.number(|connection, numbers| payments::service::next_number(connection, numbers, self.organization_id))
    }

    fn order_supply(&mut self, context: &Context, supply: &Supply) -> Result<(), Error> {
        let ordered = (supply.sku, supply.quantity, supply.reference);
        let id = self.db.write_blocking(|connection| company::order_supply(connection, context, ordered, supply.expected_in_days))?;
        if let Some((told, days)) = supply.slips {
            self.put(context.now + TimeDelta::days(told.cast_signed()), Deed::SupplySlips(id, days - told));
        }
        self.put(context.now + TimeDelta::days(supply.arrives_in_days.cast_signed()), Deed::ReceiveSupply(*supply, id));
        self.keep_promises(context)
    }

    /// The supplier tells another day.
    fn supply_slips(&mut self, context: &Context, id: IncomingSupplyId, days: u64) -> Result<(), Error> {
        self.db.write_blocking(|connection| company::expect_supply(connection, context, id, days))?;
        self.keep_promises(context)
    }

    /// What the job does by itself.
    fn keep_promises(&self, context: &Context) -> Result<(), Error> {
        while self.db.write_blocking(|connection| keep_promises(connection, context))? {}
        Ok(())
    }

    /// Backorders are served at once, and what they were for is picked.
    fn receive_supply(&mut self, context: &Context, supply: &Supply, id: IncomingSupplyId) -> Result<(), Error> {
        let line = json!({ "sku": supply.sku, "quantity": supply.quantity, "incoming_id": id });
        self.db.write_blocking(|connection| company::receive(connection, context, "jakarta-1", supply.reference, vec![line.clone()]))?;
        while self.db.write_blocking(|connection| serve_backorders(connection, context))? > 0 {}
        self.keep_promises(context)?;
        for i in self.orders.keys().copied().collect::<Vec<_>>() {
            if self.order(i)?.fulfillment_orders.iter().any(|fulfillment_order| fulfillment_order.is_live()) {
                self.put_later(context, 1, (9, 11), Deed::Pick(i));
            }
        }
        Ok(())
    }

    fn place(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let body = &self.planned[i].order;
        let number = self.number(|connection, numbers| orders::service::next_number(connection, numbers, self.organization_id))?;
        let order_id = OrderId::generate();
        let request = Request { order_id, number, body: from_value(body)?, may_price: true, dates: Dates::AsTold, historical: false };
        let payments = request.body.payments.len();
        let mut request = PlaceRequest::new(request, None, &idempotency::fingerprint("", body.to_string().as_bytes()));
        for _ in 0..payments {
            request.payment_numbers.push(self.receipt_number()?);
        }
        let outcome = self.db.read_blocking(|connection| place(connection, &self.master_data, context, &[&request]))?.pop();
        outcome.ok_or_else(|| Error::internal("an order without outcome"))??;
        self.orders.insert(i, order_id);

        let order = self.order(i)?;
        match self.course(i).handling {
            Handling::Hold => self.put(context.now + TimeDelta::minutes(20), Deed::Hold(i)),
            Handling::Cancel => self.put(context.now + TimeDelta::minutes(95), Deed::Cancel(i)),
            Handling::Ship | Handling::ShipHalf => {}
        }
        if order.document.prepaid && self.course(i).settlement != Settlement::Never {
            self.put_later(context, 1, (9, 12), Deed::PayInAdvance(i));
        }
        self.go_on(context, i, &order);
        Ok(())
    }

    /// What comes next for an order that has just changed its status.
    fn go_on(&mut self, context: &Context, i: usize, order: &Order) {
        match order.status {
            OrderStatus::Confirmed => self.put_later(context, 1, (9, 12), Deed::Pick(i)),
            // Money releases an order that waits for it.
            OrderStatus::OnHold if !order.document.prepaid => {
                if let Some(days) = self.course(i).released_after {
                    self.put_later(context, days, (13, 16), Deed::Release(i));
                }
            }
            OrderStatus::OnHold | OrderStatus::Draft | OrderStatus::Completed | OrderStatus::Cancelled => {}
        }
    }

    fn hold(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let id = self.id_of(i)?;
        let request = HoldRequest { reason: "The customer asks to wait until the new shop is open".to_owned() };
        self.db.write_blocking(|connection| hold(connection, context, id, &request, &Precondition::Any))?;
        Ok(())
    }

    fn cancel(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let id = self.id_of(i)?;
        let request = from_value(&json!({ "reason": { "code": "customer_request", "detail": "Ordered from somebody else" } }))?;
        self.db.write_blocking(|connection| cancel(connection, context, id, &request, &Precondition::Any))?;
        Ok(())
    }

    fn release(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let order = self.order(i)?;
        let request = HoldRequest { reason: "Checked with the customer".to_owned() };
        for hold in order.open_holds() {
            self.db.write_blocking(|connection| release(connection, context, (order.id, hold.id), &request, &Precondition::Any))?;
        }
        let order = self.order(i)?;
        self.go_on(context, i, &order);
        Ok(())
    }

    fn pay_in_advance(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let order = self.order(i)?;
        let amount = order.amount_due();
        self.receive_money(context, i, amount, &json!({ "order_id": order.id }))?;
        let order = self.order(i)?;
        self.go_on(context, i, &order);
        Ok(())
    }

    /// Goods are taken off the shelves in the morning, services done; goods leave the same afternoon, or one or four days later.
    fn pick(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let order = self.order(i)?;
        if order.status != OrderStatus::Confirmed {
            return Ok(());
        }
        let open = order.fulfillment_orders.iter().filter(|fulfillment_order| fulfillment_order.is_live());
        for fulfillment_order in open {
            self.db.write_blocking(|connection| pick(connection, context, fulfillment_order.id, &Pick::default(), &Precondition::Any))?;
        }
        let services = order.lines.iter().filter(|line| line.kind == ProductKind::Service && !line.quantities.unallocated.is_zero());
        for line in services {
            let all: CompleteService = from_value(&json!({}))?;
            self.db.write_blocking(|connection| complete_service(connection, context, order.id, line.id, &all, &Precondition::Any))?;
        }
        let days = match self.chance.between(1, 100) {
            1..=72 => 0,
            73..=90 => 1,
            _ => 4,
        };
        self.put_later(context, days, (14, 17), Deed::Ship(i));
        Ok(())
    }

    fn ship(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let order = self.order(i)?;
        let half = self.course(i).handling == Handling::ShipHalf;
        let mut requests = vec![];
        for fulfillment_order in order.fulfillment_orders.iter().filter(|fulfillment_order| fulfillment_order.is_live()) {
            let half_of = |share: &Allocation| {
                let line = order.lines.iter().find(|line| line.line_number == share.line_number)?;
                let quantity = (share.open() / Decimal::TWO).ceil();
                Some(json!({ "order_line_id": line.id, "quantity": quantity.to_string() }))
            };
            let lines = half.then(|| fulfillment_order.lines.iter().filter_map(half_of).collect::<Vec<Value>>());
            let carrier = self.chance.pick(&["jne", "sicepat", "pos_indonesia"]).copied();
            let tracking_number = format!("{}{:09}", self.chance.between(10, 99), self.chance.between(0, 999_999_999));
            let body: Ship = from_value(&json!({ "carrier": carrier, "tracking_number": tracking_number, "lines": lines }))?;
            requests.push(ShipRequest { fulfillment_order_id: fulfillment_order.id, body, precondition: Precondition::Any });
        }
        if order.status != OrderStatus::Confirmed || requests.is_empty() {
            return Ok(());
        }
        let shipments = self.db.write_blocking(|connection| ship_all(connection, context, &requests))?;
        for shipment in shipments {
            let days = self.chance.between(1, 3);
            self.put_later(context, days, (10, 18), Deed::Deliver(i, shipment.id));
        }
        self.put(context.now + TimeDelta::minutes(50), Deed::Invoice(i));
        Ok(())
    }

    fn deliver(&mut self, context: &Context, i: usize, shipment: ShipmentId) -> Result<(), Error> {
        let order = self.order(i)?;
        let name = order.document.shipping_address.and_then(|address| address.name).unwrap_or(order.document.customer.name);
        let body: Deliver = from_value(&json!({ "received_by": name }))?;
        self.db.write_blocking(|connection| deliver(connection, context, shipment, &body, &Precondition::Any))?;
        if let Some(goods_back) = self.course(i).goods_back {
            self.put_later(context, 3, (9, 16), Deed::AskBack(i, goods_back));
        }
        Ok(())
    }

    fn invoice(&mut self, context: &Context, i: usize) -> Result<(), Error> {
        let order = self.order(i)?;
        if order.invoice_status == InvoiceStatus::Invoiced {
            return Ok(());
        }
        let issue = Issue { body: NewInvoice::default(), may_predate: false, precondition: Precondition::Any };
        let invoice = self.db.write_blocking(|connection| invoice::issue(connection, context, order.id, &issue))?;
        let days = match order.document.payment_terms.as_str() {
            "net_15" => self.chance.between(5, 15),
            "net_30" => self.chance.between(7, 24),
            "net_60" => self.chance.between(10, 45),
            _ => self.chance.between(1, 4),
        };
        if invoice.balance().due() > Decimal::ZERO && self.course(i).settlement != Settlement::Never {
            self.put_later(context, days, (9, 16), Deed::Pay(i, invoice.id));
        }
        if let Some(complaint) = self.course(i).complaint {
            let days = if complaint == Complaint::Refund { 6 } else { 4 };
            self.put_later(context, days, (9, 16), Deed::Complain(i, invoice.id, complaint));
        }
        Ok(())
    }

    fn pay(&mut self, context: &Context, i: usize, invoice_id: InvoiceId) -> Result<(), Error> {
        let due = self.invoice_due(invoice_id)?;
        let amount = match self.course(i).settlement {
            Settlement::AsAgreed => due,
            Settlement::Half => (due / Decimal::TWO).round(),
            Settlement::TooMuch => due + Decimal::from(100_000),
            Settlement::Never => return Ok(()),
        };
        if amount > Decimal::ZERO {
            self.receive_money(context, i, amount, &json!({ "invoice_id": invoice_id }))?;
        }
        Ok(())
    }

    fn invoice_due(&self, id: InvoiceId) -> Result<Decimal, Error> {
        let invoices = crate::invoicing::invoices::service::find;
        Ok(self.db.read_blocking(|connection| invoices(connection, self.organization_id, id))?.balance().due())
    }

    /// Somebody pays for an order of the plan by bank transfer.
    fn receive_money(&mut self, context: &Context, i: usize, amount: Decimal, target: &Value) -> Result<(), Error> {
        let order = self.order(i)?;
        let mut body = json!({
            "amount": order.currency.round(amount).to_string(),
            "currency": order.currency,
            "method": "bank_transfer",
            "reference": format!("{} {}", order.number, order.document.bill_to.name),
        });
        if let (Some(body), Some(target)) = (body.as_object_mut(), target.as_object()) {
            body.extend(target.clone());
        }
        let (body, number) = (from_value(&body)?, self.receipt_number()?);
        let payment = self.db.write_blocking(|connection| pay::receive(connection, context, &body, number.clone()))?;
        self.payments.insert(i, payment.id);
        Ok(())
    }

    /// Two units of the first line are credited; where the customer wants his money back, it goes back.
    fn complain(&mut self, context: &Context, i: usize, invoice_id: InvoiceId, complaint: Complaint) -> Result<(), Error> {
        let order = self.order(i)?;
        let line = order.lines.first().map(|line| json!({ "order_line_id": line.id, "quantity": "2" }));
        let body = from_value(&json!({ "invoice_id": invoice_id, "reason": "Two cups arrived broken", "lines": [line] }))?;
        let note = self.db.write_blocking(|connection| credit::issue(connection, context, &body))?;
        if complaint == Complaint::Refund
            && let Some(payment_id) = self.payments.get(&i).copied()
        {
            let body = from_value(&json!({ "amount": note.total.to_string(), "reason": note.reason }))?;
            let number =
                self.number(|connection, numbers| payments::service::next_refund_number(connection, numbers, self.organization_id))?;
            self.db.write_blocking(|connection| {
                refund(connection, context, payment_id, &body, number.clone(), &Precondition::Any).map(|_| ())
            })?;
        }
        Ok(())
    }

    /// Two units of the first line are to come back.
    fn ask_back(&mut self, context: &Context, i: usize, goods_back: GoodsBack) -> Result<(), Error> {
        let order = self.order(i)?;
        let (code, detail) = match goods_back {
            GoodsBack::Replaced => ("damaged", "Two arrived broken"),
            GoodsBack::Asked | GoodsBack::OnTheWay | GoodsBack::Refunded => ("changed_mind", "Ordered too many"),
        };
        let line = order
            .lines
            .first()
            .map(|line| json!({ "order_line_id": line.id, "quantity": "2", "reason": { "code": code, "detail": detail } }));
        let body = from_value(&json!({ "order_id": order.id, "lines": [line] }))?;
        let number = self.number(|connection, numbers| returns::service::next_number(connection, numbers, self.organization_id))?;
        let rma = self.db.write_blocking(|connection| request(connection, context, &body, number.clone()))?;
        if goods_back != GoodsBack::Asked {
            let all = AuthorizeReturn::default();
            self.db.write_blocking(|connection| returns::service::authorize(connection, context, rma.id, &all, &Precondition::Any))?;
        }
        match goods_back {
            GoodsBack::Refunded | GoodsBack::Replaced => self.put_later(context, 4, (9, 12), Deed::TakeBack(i, goods_back, rma.id)),
            GoodsBack::Asked | GoodsBack::OnTheWay => {}
        }
        Ok(())
    }

    fn take_back(&mut self, context: &Context, i: usize, goods_back: GoodsBack, id: ReturnId) -> Result<(), Error> {
        let order = self.order(i)?;
        let condition = if goods_back == GoodsBack::Replaced { "scrap" } else { "resellable" };
        let line = order.lines.first().map(|line| json!({ "order_line_id": line.id, "quantity": "2", "condition": condition }));
        let body = from_value(&json!({ "location": "jakarta-1", "lines": [line] }))?;
        self.db.write_blocking(|connection| receive(connection, context, id, &body, &Precondition::Any))?;
        self.put_later(context, 1, (13, 16), Deed::Settle(goods_back, id));
        Ok(())
    }

    fn settle(&mut self, context: &Context, goods_back: GoodsBack, id: ReturnId) -> Result<(), Error> {
        let replaced = goods_back == GoodsBack::Replaced;
        let body = if replaced { json!({ "replacement": true }) } else { json!({ "refund": true, "restocking_fee": "5000.00" }) };
        let mut completion = Completion { body: from_value(&body)?, refund_numbers: vec![], replacement: None };
        if replaced {
            let number = self.number(|connection, numbers| orders::service::next_number(connection, numbers, self.organization_id))?;
            completion.replacement = Some(ReplacementOrder { order_id: OrderId::generate(), number });
        } else {
            let number = |connection: &mut PgConnection, numbers: &Numbers| {
                payments::service::next_refund_number(connection, numbers, self.organization_id)
            };
            completion.refund_numbers.push(self.number(number)?);
        }
        self.db
            .write_blocking(|connection| complete(connection, &self.master_data, context, id, &completion, &Precondition::Any).map(|_| ()))
    }
}
