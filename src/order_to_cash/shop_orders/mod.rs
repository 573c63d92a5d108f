//! An order is brought to the state that its shop has it in, by steps of which each is a transaction of its own. Whoever dies between
//! two of them begins again from the start: every step looks first at what is there already.

pub mod shop_order;

use crate::channels::Channel;
use crate::channels::platform::Workbench;
use crate::error::Error;
use crate::inbox::Outcome;
use crate::types::id::OrganizationId;
pub use shop_order::{
    Places, RefundedGoods, ShopCancellation, ShopFulfillment, ShopFulfillmentLine, ShopNews, ShopOrder, ShopPayment, ShopRefund,
    ShopRefundLine,
};

/// Brings our order to the state that the shop has it in: places it where it is unknown, changes, pays, refunds, ships and cancels it
/// where it differs. What may pass later (an unknown SKU) is `Later`, what cannot pass `Rejected`, each with its place in the message;
/// what we could not follow (an edit of what is shipped) is told in the reason of `Processed`, and the order is held for a person.
pub fn bring(bench: &Workbench, organization_id: OrganizationId, channel: &Channel, order: &ShopOrder) -> Result<Outcome, Error> {
    let _ = (bench, organization_id, channel, order);
    Err(Error::internal("not there yet"))
}

/// Works in what the shop tells of an order that it does not show. An order that we do not know yet is waited for.
pub fn bring_news(bench: &Workbench, organization_id: OrganizationId, channel: &Channel, news: &ShopNews) -> Result<Outcome, Error> {
    let _ = (bench, organization_id, channel, news);
    Err(Error::internal("not there yet"))
}
