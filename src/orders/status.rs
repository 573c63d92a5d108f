//! An order's statuses: how actions change the first, and how all of them follow from exact quantities and money, never
//! from percentages.

use super::quantities::LineQuantities;
use crate::types::text_enum::text_enum;
use rust_decimal::Decimal;

text_enum! {
    pub enum OrderStatus {
        /// Not asked for yet; binds nothing.
        Draft = "draft",
        /// A person has to decide something first.
        OnHold = "on_hold",
        Confirmed = "confirmed",
        /// Nothing is open, and what was shipped is invoiced. Returns do not reopen it, payment does not gate it.
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

text_enum! {
    pub enum FulfillmentStatus {
        Unfulfilled = "unfulfilled",
        PartiallyFulfilled = "partially_fulfilled",
        /// All that was not cancelled is shipped.
        Fulfilled = "fulfilled",
        /// All that was not cancelled has arrived.
        Delivered = "delivered",
    }
}

text_enum! {
    /// How much of an order is invoiced.
    #[schema(as = OrderInvoiceStatus)]
    pub enum InvoiceStatus {
        NotInvoiced = "not_invoiced",
        PartiallyInvoiced = "partially_invoiced",
        Invoiced = "invoiced",
    }
}

text_enum! {
    /// How much of an order is paid.
    #[schema(as = OrderPaymentStatus)]
    pub enum PaymentStatus {
        Unpaid = "unpaid",
        /// Money is promised by a card or wallet, none captured.
        Authorized = "authorized",
        PartiallyPaid = "partially_paid",
        Paid = "paid",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
    }
}

text_enum! {
    pub enum ReturnStatus {
        None = "none",
        PartiallyReturned = "partially_returned",
        /// All that was shipped came back.
        Returned = "returned",
    }
}

text_enum! {
    /// What can be done to an order.
    pub enum OrderAction {
        /// A draft becomes binding.
        Confirm = "confirm",
        /// A hold is raised.
        Hold = "hold",
        /// The last hold is released.
        Release = "release",
        Edit = "edit",
        /// All that is open is cancelled and nothing was shipped.
        Cancel = "cancel",
        /// Some of what is open is cancelled.
        CancelLines = "cancel_lines",
        Allocate = "allocate",
        /// Goods leave; whether an open hold blocks it is the hold's to say (`blocks`).
        Ship = "ship",
        /// A service line is done.
        CompleteLine = "complete_line",
        Deliver = "deliver",
        Invoice = "invoice",
        Credit = "credit",
        /// Money arrives. It is never refused.
        Pay = "pay",
        Refund = "refund",
        Return = "return",
        /// Nothing is open any more and what was shipped is invoiced.
        Complete = "complete",
    }
}

/// The order's status does not allow the action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {status} does not allow {action}")]
pub struct Refused {
    pub status: OrderStatus,
    pub action: OrderAction,
    /// What the status does allow.
    pub allowed: Vec<OrderAction>,
}

impl From<Refused> for crate::error::Error {
    fn from(refused: Refused) -> Self {
        let allowed: Vec<&str> = refused.allowed.iter().map(|action| action.as_str()).collect();
        Self::invalid_transition(refused.status.as_str(), refused.action.as_str(), &allowed)
    }
}

impl OrderStatus {
    /// The status after the action. Money and returns are taken in every status in which they can occur.
    pub fn next(self, action: OrderAction) -> Result<Self, Refused> {
        self.after(action).ok_or_else(|| Refused { status: self, action, allowed: self.allowed() })
    }

    /// The actions that `next` does not refuse.
    pub fn allowed(self) -> Vec<OrderAction> {
        OrderAction::ALL.iter().copied().filter(|action| self.after(*action).is_some()).collect()
    }

    fn after(self, action: OrderAction) -> Option<Self> {
        use OrderAction as A;
        match self {
            Self::Draft => match action {
                A::Confirm => Some(Self::Confirmed),
                A::Cancel => Some(Self::Cancelled),
                A::Edit | A::CancelLines | A::Pay | A::Refund => Some(Self::Draft),
                A::Hold | A::Release | A::Allocate | A::Ship | A::CompleteLine | A::Deliver => None,
                A::Invoice | A::Credit | A::Return | A::Complete => None,
            },
            Self::OnHold => match action {
                A::Release => Some(Self::Confirmed),
                A::Cancel => Some(Self::Cancelled),
                A::Hold | A::Edit | A::CancelLines | A::Allocate | A::Ship | A::CompleteLine | A::Deliver => Some(Self::OnHold),
                A::Invoice | A::Credit | A::Pay | A::Refund | A::Return => Some(Self::OnHold),
                A::Confirm | A::Complete => None,
            },
            Self::Confirmed => match action {
                A::Hold => Some(Self::OnHold),
                A::Cancel => Some(Self::Cancelled),
                A::Complete => Some(Self::Completed),
                A::Edit | A::CancelLines | A::Allocate | A::Ship | A::CompleteLine | A::Deliver => Some(Self::Confirmed),
                A::Invoice | A::Credit | A::Pay | A::Refund | A::Return => Some(Self::Confirmed),
                A::Confirm | A::Release => None,
            },
            Self::Completed => match action {
                A::Deliver | A::Credit | A::Pay | A::Refund | A::Return => Some(Self::Completed),
                A::Confirm | A::Hold | A::Release | A::Edit | A::Cancel | A::CancelLines | A::Allocate => None,
                A::Ship | A::CompleteLine | A::Invoice | A::Complete => None,
            },
            Self::Cancelled => match action {
                A::Credit | A::Pay | A::Refund => Some(Self::Cancelled),
                A::Confirm | A::Hold | A::Release | A::Edit | A::Cancel | A::CancelLines | A::Allocate => None,
                A::Ship | A::CompleteLine | A::Deliver | A::Invoice | A::Return | A::Complete => None,
            },
        }
    }
}

/// What the lines make of the order's status: cancelled if all is cancelled; a confirmed order is completed once nothing is
/// open and what was shipped is invoiced, no more and no less (a prepaid invoice of cancelled units waits for its credit
/// note, what came back before it was invoiced for its return to be settled, and shipping that is still to be charged for its
/// invoice). An open hold keeps an order from being completed; a draft is never completed; what is over stays over.
pub fn order_status(current: OrderStatus, lines: &[LineQuantities], only_shipping_is_open: bool) -> OrderStatus {
    let all_cancelled = lines.iter().all(|line| line.quantity == line.cancelled) && lines.iter().any(|line| line.cancelled > Decimal::ZERO);
    let is_done = |line: &LineQuantities| {
        line.open().is_zero() && line.invoiced >= line.shipped - line.waived && line.invoiced - line.credited <= line.shipped
    };
    match current {
        OrderStatus::Draft | OrderStatus::OnHold if all_cancelled => OrderStatus::Cancelled,
        OrderStatus::Confirmed if all_cancelled => OrderStatus::Cancelled,
        OrderStatus::Confirmed if !lines.is_empty() && lines.iter().all(is_done) && !only_shipping_is_open => OrderStatus::Completed,
        OrderStatus::Draft | OrderStatus::OnHold | OrderStatus::Confirmed | OrderStatus::Completed | OrderStatus::Cancelled => current,
    }
}

/// How far shipping has come. Cancelled units are not waited for; an order of cancelled lines only is unfulfilled.
pub fn fulfillment_status(lines: &[LineQuantities]) -> FulfillmentStatus {
    let reached = |amount: fn(&LineQuantities) -> Decimal| lines.iter().all(|line| amount(line) >= line.wanted());
    if !lines.iter().any(|line| line.shipped > Decimal::ZERO) {
        FulfillmentStatus::Unfulfilled
    } else if reached(|line| line.delivered) {
        FulfillmentStatus::Delivered
    } else if reached(|line| line.shipped) {
        FulfillmentStatus::Fulfilled
    } else {
        FulfillmentStatus::PartiallyFulfilled
    }
}

/// How far invoicing has come; the shipping may be on an invoice of its own. A credit note does not undo it.
pub fn invoice_status(lines: &[LineQuantities], shipping_is_invoiced: bool) -> InvoiceStatus {
    if !(shipping_is_invoiced || lines.iter().any(|line| line.invoiced > Decimal::ZERO)) {
        InvoiceStatus::NotInvoiced
    } else if lines.iter().all(|line| line.invoiced >= line.billable()) {
        InvoiceStatus::Invoiced
    } else {
        InvoiceStatus::PartiallyInvoiced
    }
}

/// How far shipped goods have come back.
pub fn return_status(lines: &[LineQuantities]) -> ReturnStatus {
    if !lines.iter().any(|line| line.returned > Decimal::ZERO) {
        ReturnStatus::None
    } else if lines.iter().all(|line| line.returned >= line.shipped) {
        ReturnStatus::Returned
    } else {
        ReturnStatus::PartiallyReturned
    }
}

/// How far payment has come. `paid` is what was captured and applied, less `refunded`; `due_total` is the order's total
/// before credit notes. An order that costs nothing is paid. Who has paid enough is paid, though more may have been refunded.
pub fn payment_status(paid: Decimal, refunded: Decimal, authorized: Decimal, due_total: Decimal) -> PaymentStatus {
    let (some_paid, some_refunded) = (paid > Decimal::ZERO, refunded > Decimal::ZERO);
    if paid >= due_total && (some_paid || !some_refunded) {
        PaymentStatus::Paid
    } else if some_refunded && some_paid {
        PaymentStatus::PartiallyRefunded
    } else if some_refunded {
        PaymentStatus::Refunded
    } else if some_paid {
        PaymentStatus::PartiallyPaid
    } else if authorized > Decimal::ZERO {
        PaymentStatus::Authorized
    } else {
        PaymentStatus::Unpaid
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantities::tests::any_history;
    use super::*;
    use proptest::prelude::*;

    /// One letter per action in the order of `OrderAction::ALL`: the first of the next status (`x` completed), `-` refused.
    const TABLE: [(OrderStatus, &str); 5] = [
        //                      confirm hold release edit cancel cancel_lines allocate ship complete_line deliver invoice credit pay refund return complete
        (OrderStatus::Draft, "c--dld------dd--"),
        (OrderStatus::OnHold, "-ocoloooooooooo-"),
        (OrderStatus::Confirmed, "-o-clccccccccccx"),
        (OrderStatus::Completed, "---------x-xxxx-"),
        (OrderStatus::Cancelled, "-----------lll--"),
    ];

    #[test]
    fn every_action_in_every_status_is_decided() {
        for (status, row) in TABLE {
            let row: Vec<char> = row.chars().collect();
            assert_eq!(row.len(), OrderAction::ALL.len(), "{status}");
            for (&action, &expected) in OrderAction::ALL.iter().zip(&row) {
                let letter = match status.next(action) {
                    Ok(OrderStatus::Draft) => 'd',
                    Ok(OrderStatus::OnHold) => 'o',
                    Ok(OrderStatus::Confirmed) => 'c',
                    Ok(OrderStatus::Completed) => 'x',
                    Ok(OrderStatus::Cancelled) => 'l',
                    Err(refused) => {
                        assert!(!refused.allowed.contains(&action));
                        assert_eq!((refused.status, refused.action), (status, action));
                        '-'
                    }
                };
                assert_eq!(letter, expected, "{status} {action}");
            }
        }
    }

    fn line(quantity: i64, shipped: i64, cancelled: i64) -> LineQuantities {
        let mut line = LineQuantities::ordered(quantity.into());
        line.cancel(cancelled.into()).unwrap();
        line.allocate((quantity - cancelled).into()).unwrap();
        line.ship(shipped.into()).unwrap();
        line
    }

    #[test]
    fn an_order_is_complete_when_nothing_is_open_and_what_was_shipped_is_invoiced() {
        let mut lines = vec![line(5, 3, 2), line(2, 0, 2)];
        assert_eq!(order_status(OrderStatus::Confirmed, &lines, false), OrderStatus::Confirmed);
        lines[0].invoice(3.into(), Decimal::ZERO).unwrap();
        assert_eq!(order_status(OrderStatus::Confirmed, &lines, false), OrderStatus::Completed);
        assert_eq!(order_status(OrderStatus::OnHold, &lines, false), OrderStatus::OnHold);
        lines[0].take_back(3.into()).unwrap();
        lines[0].credit(3.into()).unwrap();
        assert_eq!(order_status(OrderStatus::Confirmed, &lines, false), OrderStatus::Completed);
        assert_eq!(order_status(OrderStatus::Completed, &[line(1, 0, 0)], false), OrderStatus::Completed);
        assert_eq!(order_status(OrderStatus::OnHold, &[line(1, 0, 1)], false), OrderStatus::Cancelled);
        assert_eq!(order_status(OrderStatus::Confirmed, &[], false), OrderStatus::Confirmed);
    }

    #[test]
    fn a_prepaid_invoice_of_cancelled_units_waits_for_its_credit_note() {
        let mut order = LineQuantities::ordered(5.into());
        order.allocate(5.into()).unwrap();
        order.invoice(5.into(), 5.into()).unwrap();
        order.ship(3.into()).unwrap();
        order.cancel(2.into()).unwrap();
        assert_eq!(order_status(OrderStatus::Confirmed, &[order], false), OrderStatus::Confirmed);
        order.credit(2.into()).unwrap();
        assert_eq!(order_status(OrderStatus::Confirmed, &[order], false), OrderStatus::Completed);
    }

    #[test]
    fn fulfillment_waits_for_nothing_that_was_cancelled() {
        let delivered = |mut line: LineQuantities| {
            line.deliver(line.shipped).unwrap();
            line
        };
        assert_eq!(fulfillment_status(&[]), FulfillmentStatus::Unfulfilled);
        assert_eq!(fulfillment_status(&[line(2, 0, 2)]), FulfillmentStatus::Unfulfilled);
        assert_eq!(fulfillment_status(&[line(2, 1, 0), line(1, 1, 0)]), FulfillmentStatus::PartiallyFulfilled);
        assert_eq!(fulfillment_status(&[line(2, 1, 1), line(1, 0, 1)]), FulfillmentStatus::Fulfilled);
        assert_eq!(fulfillment_status(&[delivered(line(2, 1, 1)), line(1, 1, 0)]), FulfillmentStatus::Fulfilled);
        assert_eq!(fulfillment_status(&[delivered(line(2, 1, 1)), line(1, 0, 1)]), FulfillmentStatus::Delivered);
    }

    #[test]
    fn payment_is_told_from_exact_money() {
        let status = |paid: i64, refunded: i64, authorized: i64, due: i64| {
            payment_status(paid.into(), refunded.into(), authorized.into(), due.into()).as_str()
        };
        assert_eq!(status(0, 0, 0, 100), "unpaid");
        assert_eq!(status(0, 0, 100, 100), "authorized");
        assert_eq!(status(99, 0, 1, 100), "partially_paid");
        assert_eq!(status(100, 0, 0, 100), "paid");
        assert_eq!(status(100, 20, 0, 100), "paid");
        assert_eq!(status(80, 20, 0, 100), "partially_refunded");
        assert_eq!(status(0, 100, 0, 100), "refunded");
        assert_eq!(status(0, 0, 0, 0), "paid");
        assert_eq!(status(0, 5, 0, 0), "refunded");
    }

    /// What has left is on an invoice, but for what came back before it was; and no more is than what has left or was credited.
    fn is_billed(line: &LineQuantities) -> bool {
        line.invoiced + line.waived >= line.shipped && line.invoiced - line.credited <= line.shipped
    }

    proptest! {
        #[test]
        fn statuses_say_what_the_quantities_say(lines in prop::collection::vec(any_history(), 1..5)) {
            let all = |holds: fn(&LineQuantities) -> bool| lines.iter().all(holds);
            let none_shipped = all(|line| line.shipped.is_zero());
            match fulfillment_status(&lines) {
                FulfillmentStatus::Unfulfilled => prop_assert!(none_shipped),
                FulfillmentStatus::PartiallyFulfilled => prop_assert!(!none_shipped && !all(|line| line.open().is_zero())),
                FulfillmentStatus::Fulfilled => prop_assert!(all(|line| line.open().is_zero()) && !all(|line| line.delivered == line.shipped)),
                FulfillmentStatus::Delivered => prop_assert!(all(|line| line.open().is_zero() && line.delivered == line.shipped)),
            }
            match invoice_status(&lines, false) {
                InvoiceStatus::NotInvoiced => prop_assert!(all(|line| line.invoiced.is_zero())),
                InvoiceStatus::PartiallyInvoiced => prop_assert!(!all(|line| line.invoiced == line.billable())),
                InvoiceStatus::Invoiced => prop_assert!(all(|line| line.invoiced == line.billable())),
            }
            match return_status(&lines) {
                ReturnStatus::None => prop_assert!(all(|line| line.returned.is_zero())),
                ReturnStatus::PartiallyReturned => prop_assert!(!all(|line| line.returned == line.shipped)),
                ReturnStatus::Returned => prop_assert!(all(|line| line.returned == line.shipped)),
            }
            match order_status(OrderStatus::Confirmed, &lines, false) {
                OrderStatus::Cancelled => prop_assert!(all(|line| line.wanted().is_zero())),
                OrderStatus::Completed => prop_assert!(all(|line| line.open().is_zero() && is_billed(line))),
                OrderStatus::Confirmed => prop_assert!(!all(|line| line.open().is_zero() && is_billed(line))),
                OrderStatus::Draft | OrderStatus::OnHold => prop_assert!(false),
            }
        }
    }
}
