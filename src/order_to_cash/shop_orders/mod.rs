//! An order is brought to the state that its shop has it in, by steps of which each is a transaction of its own. Whoever dies between
//! two of them begins again from the start: every step looks first at what is there already, under the lock of the order's row in
//! `channel_order`.

mod doubt;
mod edit;
pub mod figures;
mod left_here;
mod money;
mod place;
mod refund;
mod refusal;
mod ship;
pub mod shop_order;
mod state;
mod store;

use crate::auth::actor::Context;
use crate::channels::Channel;
use crate::channels::platform::Workbench;
use crate::error::Error;
use crate::inbox::{Outcome, Reason};
use crate::orders;
use crate::orders::body::{CancelReason, CancelRequest};
use crate::orders::order::{CancelCode, Order};
use crate::orders::status::OrderStatus;
use crate::platform::http::Precondition;
use crate::types::id::{OrderId, OrganizationId};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
pub use refusal::outcome_of;
pub use shop_order::{
    Places, RefundedGoods, ShopCancellation, ShopFulfillment, ShopFulfillmentLine, ShopNews, ShopOrder, ShopPayment, ShopRefund,
    ShopRefundLine, ShopShippingRefund,
};
use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use store::{FactKind, Gone, Key, Known};

/// One transaction's work on the way to the shop's state, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Notes the version that was told; an older one ends here.
    Note,
    /// Places the order, with its money.
    Place,
    /// Holds it where the shop's figures do not fit, or are in another currency now, or the buyer is another.
    Doubt,
    /// Makes lines, prices and addresses what they are in the shop now.
    Edit,
    /// Books money that is not booked yet.
    Pay,
    /// Books what the shop has paid back.
    RefundMoney,
    /// Ships what has left from the shop's side.
    Ship,
    /// Cancels or announces what the shop took off the order.
    RefundGoods,
    Cancel,
}

impl Step {
    pub const ALL: &'static [Self] =
        &[Self::Note, Self::Place, Self::Doubt, Self::Edit, Self::Pay, Self::RefundMoney, Self::Ship, Self::RefundGoods, Self::Cancel];
}

/// Brings our order to the state that the shop has it in: places it where it is unknown, changes, pays, refunds, ships and cancels it
/// where it differs. What may pass later (an unknown SKU) is `Later`, what cannot pass `Rejected`, each with its place in the message;
/// what we could not follow (an edit of what is shipped) is told in the reason of `Processed`, and the order is held for a person.
pub fn bring(bench: &Workbench, organization_id: OrganizationId, channel: &Channel, order: &ShopOrder) -> Result<Outcome, Error> {
    walk(bench, organization_id, channel, order, Step::ALL)
}

/// As [`bring`], by some of its steps: so that dying after any of them can be tried.
pub fn walk(
    bench: &Workbench,
    organization_id: OrganizationId,
    channel: &Channel,
    order: &ShopOrder,
    steps: &[Step],
) -> Result<Outcome, Error> {
    let road = Road::new(bench, organization_id, channel, &order.external_id);
    let of_amounts = |step: &&Step| matches!(step, Step::Edit | Step::Pay | Step::RefundMoney | Step::RefundGoods);
    for step in steps {
        if road.foreign.get() && of_amounts(&step) {
            continue;
        }
        let walked = match step {
            Step::Note => road.note(order)?,
            Step::Place => road.place(order)?,
            Step::Doubt => road.doubt(order)?,
            Step::Edit => road.edit(order)?,
            Step::Pay => road.pay(&order.payments)?,
            Step::RefundMoney => road.refund_money(&order.refunds)?,
            Step::Ship => road.ship(&order.fulfillments)?,
            Step::RefundGoods => road.refund_goods(&order.refunds, order.cancelled.is_some())?,
            Step::Cancel if order.cancelled.is_none() => road.tell_if_ended(&order.refunds)?,
            Step::Cancel => road.cancel(order.cancelled.as_ref())?,
        };
        if let ControlFlow::Break(outcome) = walked {
            return Ok(road.with_order(outcome));
        }
    }
    // What a cancelled order leaves is on its way back.
    if !road.foreign.get() && (order.cancelled.is_none() || !order.refunds.is_empty()) {
        road.tell_overpaid()?;
    }
    Ok(road.arrived())
}

/// Works in what the shop tells of an order that it does not show. An order that we do not know yet is waited for.
pub fn bring_news(bench: &Workbench, organization_id: OrganizationId, channel: &Channel, news: &ShopNews) -> Result<Outcome, Error> {
    let road = Road::new(bench, organization_id, channel, &news.external_id);
    let known = road.known()?;
    match known.order_id {
        None if news.deleted => road.bury(),
        None => Ok(unknown(&known)),
        Some(_) => road.follow(news),
    }
}

/// As [`bring_news`] with a refund whose amounts cannot be read before the order is known: `read` is told which order it is.
pub fn bring_refund(
    bench: &Workbench,
    organization_id: OrganizationId,
    channel: &Channel,
    external_id: &str,
    read: impl FnOnce(&Order) -> Result<ShopRefund, Reason>,
) -> Result<Outcome, Error> {
    let road = Road::new(bench, organization_id, channel, external_id);
    let known = road.known()?;
    let Some(order_id) = known.order_id else { return Ok(unknown(&known)) };
    let order = bench.db.read_blocking(|connection| road.find(connection, order_id))?;
    match read(&order) {
        Ok(refund) => {
            let external_id = external_id.to_owned();
            road.follow(&ShopNews { external_id, refunds: vec![refund], fulfillments: vec![], deleted: false })
        }
        Err(reason) => Ok(Outcome::Rejected { order_ids: vec![order_id], reason }),
    }
}

/// What becomes of news of an order that is not here.
fn unknown(known: &Known) -> Outcome {
    match known.gone {
        Some(Gone::SetAside) => Outcome::ignored("order_set_aside", "the order was left aside when it came; nothing is to be done"),
        Some(Gone::Cancelled | Gone::Deleted) => {
            Outcome::ignored("order_gone", "the order was cancelled or deleted before it came; nothing is to be done")
        }
        None => Outcome::later("unknown_order", "the order has not come yet", ""),
    }
}

/// No order is made of it as it is: what the shop tells of its parts asks for nothing, until it is told as one that is wanted.
pub fn set_aside(bench: &Workbench, organization_id: OrganizationId, channel: &Channel, external_id: &str) -> Result<(), Error> {
    Road::new(bench, organization_id, channel, external_id).set_aside()
}

/// The shop has, since that instant, no longer an order that is good: what is here of it is held for a person. `None` where nothing is.
pub fn hold_known(
    bench: &Workbench,
    organization_id: OrganizationId,
    channel: &Channel,
    external_id: &str,
    at: DateTime<Utc>,
    reason: &Reason,
) -> Result<Option<Outcome>, Error> {
    let road = Road::new(bench, organization_id, channel, external_id);
    let reference = format!("{} {}", reason.code, at.to_rfc3339());
    road.on_order(|connection, known, order_id| {
        if known.version_at.is_some_and(|seen| seen > at) {
            return Ok(Outcome::ignored("older_version", "the shop has told a newer state of this order before"));
        }
        if store::fact(connection, &road.key, FactKind::Doubt, &reference)?.is_none() {
            known.version_at = Some(at);
            store::save(connection, &road.key, known, bench.now)?;
            road.hold(connection, order_id, &reason.detail)?;
            store::note_fact(connection, &road.key, FactKind::Doubt, &reference, None, bench.now)?;
        }
        Ok(Outcome::Processed { order_ids: vec![order_id], reason: Some(reason.clone()) })
    })
}

/// Sees to it that no order is made of `external_id` any more, since another record becomes the order of the same deal. The order that
/// is made of it already, if there is one.
pub fn make_way(
    bench: &Workbench,
    organization_id: OrganizationId,
    channel: &Channel,
    external_id: &str,
) -> Result<Option<OrderId>, Error> {
    let road = Road::new(bench, organization_id, channel, external_id);
    bench.db.write_blocking(|connection| {
        let mut known = store::lock(connection, &road.key, bench.now)?;
        if known.order_id.is_none() && known.gone != Some(Gone::Deleted) {
            known.gone = Some(Gone::Deleted);
            store::save(connection, &road.key, &known, bench.now)?;
        }
        Ok(known.order_id)
    })
}

/// Whether something newer than that instant has been told of the order.
pub fn is_older(
    bench: &Workbench,
    organization_id: OrganizationId,
    channel: &Channel,
    external_id: &str,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let known = Road::new(bench, organization_id, channel, external_id).known()?;
    Ok(known.version_at.is_some_and(|seen| seen > at))
}

/// The shop has taken a deletion back: what it tells of the order counts again.
pub fn revive(bench: &Workbench, organization_id: OrganizationId, channel: &Channel, external_id: &str) -> Result<(), Error> {
    let road = Road::new(bench, organization_id, channel, external_id);
    bench.db.write_blocking(|connection| {
        let mut known = store::lock(connection, &road.key, bench.now)?;
        if known.gone == Some(Gone::Deleted) {
            known.gone = None;
            store::save(connection, &road.key, &known, bench.now)?;
        }
        Ok(())
    })
}

/// Goes on to the next step, or ends with an outcome.
type Walked = ControlFlow<Outcome>;

/// What all steps need.
struct Road<'a> {
    bench: &'a Workbench<'a>,
    channel: &'a Channel,
    key: Key<'a>,
    context: Context,
    /// What could not be followed; the first is told.
    told: RefCell<Vec<Reason>>,
    /// The order, as soon as it is known.
    order_id: RefCell<Option<OrderId>>,
    /// The shop has it in another currency: no amount of it is worked in.
    foreign: Cell<bool>,
}

impl<'a> Road<'a> {
    fn new(bench: &'a Workbench<'a>, organization_id: OrganizationId, channel: &'a Channel, external_id: &'a str) -> Self {
        Self {
            bench,
            channel,
            key: Key { organization_id, channel_id: channel.id, external_id },
            context: Context::job(organization_id, "inbox", bench.now),
            told: RefCell::new(vec![]),
            order_id: RefCell::new(None),
            foreign: Cell::new(false),
        }
    }

    fn tell(&self, code: &str, detail: impl Into<String>, pointer: &str) {
        self.told.borrow_mut().push(Reason::new(code, detail, pointer));
    }

    fn arrived(self) -> Outcome {
        let order_ids = self.order_id.into_inner().into_iter().collect();
        Outcome::Processed { order_ids, reason: self.told.into_inner().into_iter().next() }
    }

    fn with_order(self, outcome: Outcome) -> Outcome {
        let known: Vec<OrderId> = self.order_id.into_inner().into_iter().collect();
        match outcome {
            Outcome::Processed { order_ids, reason } if order_ids.is_empty() => Outcome::Processed { order_ids: known, reason },
            Outcome::Rejected { order_ids, reason } if order_ids.is_empty() => Outcome::Rejected { order_ids: known, reason },
            other => other,
        }
    }

    /// Its row as it is now.
    fn known(&self) -> Result<Known, Error> {
        let known = self.bench.db.write_blocking(|connection| Ok(store::lock(connection, &self.key, self.bench.now)?))?;
        *self.order_id.borrow_mut() = known.order_id;
        Ok(known)
    }

    /// One transaction on the order, with nobody else at it. `None` where there is no order.
    fn on_order<T>(&self, work: impl Fn(&mut PgConnection, &mut Known, OrderId) -> Result<T, Error>) -> Result<Option<T>, Error> {
        self.bench.db.write_blocking(|connection| {
            let mut known = store::lock(connection, &self.key, self.bench.now)?;
            let Some(order_id) = known.order_id else { return Ok(None) };
            work(connection, &mut known, order_id).map(Some)
        })
    }

    fn find(&self, connection: &mut PgConnection, order_id: OrderId) -> Result<Order, Error> {
        orders::find(connection, self.key.organization_id, order_id)?.ok_or_else(|| Error::internal("an order of a shop is gone"))
    }

    fn note(&self, order: &ShopOrder) -> Result<Walked, Error> {
        self.bench.db.write_blocking(|connection| {
            let mut known = store::lock(connection, &self.key, self.bench.now)?;
            *self.order_id.borrow_mut() = known.order_id;
            if known.version_at.is_some_and(|seen| seen > order.version_at) {
                return Ok(ControlFlow::Break(Outcome::ignored("older_version", "the shop has told a newer state of this order before")));
            }
            if known.order_id.is_none() && known.gone == Some(Gone::Deleted) {
                return Ok(ControlFlow::Break(Outcome::ignored("order_gone", "the shop has deleted it: no order is made of it")));
            }
            known.version_at = Some(order.version_at);
            if known.order_id.is_none() {
                // One that comes back to life is placed after all.
                known.gone = order.cancelled.is_some().then_some(Gone::Cancelled);
            }
            store::save(connection, &self.key, &known, self.bench.now)?;
            Ok(match known.gone {
                Some(_) => ControlFlow::Break(Outcome::ignored(
                    "cancelled_before_it_came",
                    "it was cancelled before we knew it: no order is made of it",
                )),
                None => ControlFlow::Continue(()),
            })
        })
    }

    fn set_aside(&self) -> Result<(), Error> {
        self.bench.db.write_blocking(|connection| {
            let mut known = store::lock(connection, &self.key, self.bench.now)?;
            if known.order_id.is_none() && known.gone.is_none() {
                known.gone = Some(Gone::SetAside);
                store::save(connection, &self.key, &known, self.bench.now)?;
            }
            Ok(())
        })
    }

    /// Follows what is told of the parts of an order that is here.
    fn follow(self, news: &ShopNews) -> Result<Outcome, Error> {
        let deleted = ShopCancellation { code: CancelCode::CustomerRequest, detail: Some("deleted in the shop".to_owned()) };
        for step in [Step::RefundMoney, Step::Ship, Step::RefundGoods, Step::Cancel] {
            let walked = match step {
                Step::RefundMoney => self.refund_money(&news.refunds)?,
                Step::Ship => self.ship(&news.fulfillments)?,
                Step::RefundGoods => self.refund_goods(&news.refunds, news.deleted)?,
                _ => self.cancel(news.deleted.then_some(&deleted))?,
            };
            if let ControlFlow::Break(outcome) = walked {
                return Ok(self.with_order(outcome));
            }
        }
        if !news.deleted || !news.refunds.is_empty() {
            self.tell_overpaid()?;
        }
        Ok(self.arrived())
    }

    /// What the shop has deleted before we knew it never becomes an order.
    fn bury(&self) -> Result<Outcome, Error> {
        self.bench.db.write_blocking(|connection| {
            let mut known = store::lock(connection, &self.key, self.bench.now)?;
            known.gone = Some(Gone::Deleted);
            store::save(connection, &self.key, &known, self.bench.now)?;
            Ok(Outcome::ignored("deleted_before_it_came", "it was deleted before we knew it: no order is made of it"))
        })
    }

    /// An order that the shop has live and we have cancelled ships nothing: somebody must look.
    fn tell_if_ended(&self, refunds: &[ShopRefund]) -> Result<Walked, Error> {
        let ended = self.on_order(|connection, _, order_id| {
            let order = self.find(connection, order_id)?;
            Ok(order.status == OrderStatus::Cancelled && !refund::is_all_paid_back(&order, refunds))
        })?;
        if ended == Some(true) {
            self.tell("order_cancelled", "it is cancelled here and not in the shop: cancel it there, or place it anew here", "");
        }
        Ok(ControlFlow::Continue(()))
    }

    fn cancel(&self, cancelled: Option<&ShopCancellation>) -> Result<Walked, Error> {
        let Some(cancelled) = cancelled else { return Ok(ControlFlow::Continue(())) };
        let left = self.on_order(|connection, _, order_id| {
            let order = self.find(connection, order_id)?;
            if order.status == OrderStatus::Cancelled {
                return Ok(false);
            }
            if order.lines.iter().any(|line| !line.quantities.open().is_zero()) {
                let detail = cancelled.detail.as_ref().map(|detail| detail.chars().take(500).collect());
                let reason = CancelReason { code: cancelled.code, detail };
                let request = CancelRequest { reason, lines: None, dry_run: false };
                super::cancel::cancel(connection, &self.context, order_id, &request, &Precondition::Any)?;
            }
            Ok(order.lines.iter().any(|line| !line.quantities.shipped.is_zero()))
        });
        match left {
            Ok(Some(true)) => {
                self.tell("partly_shipped", "the shop has cancelled it, but something of it has shipped: take that back by a return", "")
            }
            Ok(_) => {}
            Err(error) => return Ok(ControlFlow::Break(outcome_of(error, |_| String::new())?)),
        }
        Ok(ControlFlow::Continue(()))
    }
}
