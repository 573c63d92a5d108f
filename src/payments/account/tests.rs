use super::*;
use crate::payments::payment::{Payment, PaymentAction, PaymentMethod, PaymentStatus};
use crate::payments::release::release;
use crate::payments::settlement::{Adjustment, AdjustmentKind};
use crate::types::decimal::Amount;
use crate::types::id::{PaymentId, RefundId};
use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;

const AT: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

/// One order's money with all payments that were booked for it.
struct Books {
    account: Account,
    payments: Vec<Payment>,
    total: Decimal,
    /// Of invoices in whose place others were issued.
    replaced: Decimal,
}

impl Books {
    fn open(currency: Currency, total: Decimal) -> Self {
        let zero = currency.zero();
        let account = Account {
            order_id: OrderId::generate(),
            customer_id: CustomerId::generate(),
            currency,
            uninvoiced: total,
            invoiced: zero,
            credited: zero,
            paid: zero,
            refunded: zero,
            authorized: zero,
            invoices: vec![],
        };
        Self { account, payments: vec![], total, replaced: zero }
    }

    fn invoice(&mut self, total: Decimal) {
        let invoice = InvoiceBalance {
            id: InvoiceId::generate(),
            number: String::new(),
            order_id: self.account.order_id,
            customer_id: self.account.customer_id,
            currency: self.account.currency,
            total,
            credited: self.account.currency.zero(),
            paid: self.account.currency.zero(),
            issued_on: NaiveDate::default(),
            due_on: NaiveDate::default(),
        };
        let id = invoice.id;
        let mut moved = self.account.issue(invoice);
        for payment in &mut self.payments {
            moved -= payment.move_to_invoice(self.account.order_id, None, id, moved, AT);
        }
        assert!(moved.is_zero());
    }

    fn pay(&mut self, amount: Decimal, invoice: Option<InvoiceId>) {
        self.settle(Settlement::money(amount), invoice);
    }

    /// A payment with adjustments, of which what exceeds the debt is left out.
    fn settle(&mut self, mut settles: Settlement, invoice: Option<InvoiceId>) {
        let mut payment = captured(&self.account, settles.money);
        let placements = match invoice {
            Some(id) => self.account.pay_invoice(id, &mut settles).into_iter().collect(),
            None => self.account.pay(&mut settles),
        };
        payment.put(&placements, AT);
        self.payments.push(payment);
    }

    fn apply_later(&mut self, which: usize) {
        let payment = &mut self.payments[which];
        if payment.status.next(PaymentAction::Allocate).is_ok() {
            payment.put(&self.account.pay(&mut Settlement::money(payment.unapplied())), AT);
        }
    }

    fn credit(&mut self, id: InvoiceId, amount: Decimal) {
        let excess = self.account.credit(id, amount);
        self.release(Some(id), excess);
    }

    fn release(&mut self, invoice: Option<InvoiceId>, excess: Decimal) {
        let mut all: Vec<&mut Payment> = self.payments.iter_mut().collect();
        assert!(release(&mut all, self.account.order_id, invoice, excess, AT).is_zero());
    }

    fn replace(&mut self, id: InvoiceId) {
        let left = self.account.invoice(id).map(|invoice| InvoiceBalance {
            id: InvoiceId::generate(),
            total: invoice.total - invoice.credited,
            credited: self.account.currency.zero(),
            paid: self.account.currency.zero(),
            ..invoice.clone()
        });
        let successor = left.unwrap();
        let (to, debt, total) = (successor.id, self.account.debt(), successor.total);
        let mut moved = self.account.replace(id, successor);
        for payment in &mut self.payments {
            moved -= payment.move_to_invoice(self.account.order_id, Some(id), to, moved, AT);
        }
        assert!(moved.is_zero());
        assert_eq!(self.account.debt(), debt, "the order owes what it owed");
        assert_eq!(self.account.invoice(id).unwrap().status().as_str(), "credited");
        self.replaced += total;
    }

    /// A return is settled: what the credit note sets free goes back to where it came from.
    fn credit_and_send_back(&mut self, id: InvoiceId, amount: Decimal) {
        let before: Vec<Decimal> = self.payments.iter().map(Payment::unapplied).collect();
        self.credit(id, amount);
        for (payment, before) in self.payments.iter_mut().zip(before).rev() {
            let freed = payment.unapplied() - before;
            if freed.is_zero() {
                continue;
            }
            let action = if freed == payment.refundable() { PaymentAction::Refund } else { PaymentAction::RefundPart };
            payment.status = payment.status.next(action).unwrap();
            let due_again = payment.refund_set_free(self.account.order_id, freed, RefundId::generate(), AT);
            due_again.iter().for_each(|placement| self.account.refund(placement));
            self.account.refunded += freed;
        }
    }

    /// A person takes money off an invoice, or off the order and its invoices.
    fn take_off(&mut self, which: usize, invoice: Option<InvoiceId>, amount: Decimal) {
        let payment = &mut self.payments[which];
        let unapplied = payment.unapplied();
        let here = payment.standing_on(self.account.order_id, invoice);
        let most: Decimal = here.iter().map(|placement| placement.settles.money).sum();
        let taken = payment.take_off(&here, amount.min(most), AT);
        taken.iter().for_each(|placement| self.account.release(placement));
        assert_eq!(payment.unapplied() - unapplied, amount.min(most));
    }

    fn cancel(&mut self, amount: Decimal) {
        self.account.uninvoiced -= amount;
        self.total -= amount;
        let excess = self.account.release_deposits();
        self.release(None, excess);
    }

    fn refund(&mut self, which: usize, amount: Decimal) {
        let payment = &mut self.payments[which];
        let action = if amount == payment.refundable() { PaymentAction::Refund } else { PaymentAction::RefundPart };
        payment.status = payment.status.next(action).unwrap();
        let refunded = payment.refund(amount, RefundId::generate(), AT);
        refunded.from_documents.iter().for_each(|placement| self.account.refund(placement));
        self.account.refunded += refunded.released.map_or(Decimal::ZERO, |released| released.settles.money);
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let account = &self.account;
        let rows = || self.payments.iter().flat_map(|payment| &payment.allocations);
        for payment in &self.payments {
            prop_assert_eq!(payment.applied, payment.allocations.iter().map(|row| row.settles.money).sum::<Decimal>());
            prop_assert!(payment.unapplied() >= Decimal::ZERO && payment.refunded <= payment.captured && payment.applied >= Decimal::ZERO);
            let standing = payment.standing();
            prop_assert_eq!(payment.applied, standing.iter().map(|placement| placement.settles.money).sum::<Decimal>());
            let adjusted: Decimal = payment.allocations.iter().map(|row| row.settles.adjusted()).sum();
            prop_assert_eq!(adjusted, standing.iter().map(|placement| placement.settles.adjusted()).sum::<Decimal>());
            let amounts = standing.iter().flat_map(|placement| &placement.settles.adjustments).map(|adjustment| adjustment.amount.0);
            prop_assert!(amounts.chain(standing.iter().map(|p| p.settles.money)).all(|amount| amount >= Decimal::ZERO));
            let only_tax = |placement: &Placement| {
                placement.settles.money.is_zero() && placement.settles.adjustments.iter().all(|a| a.kind == AdjustmentKind::WithholdingTax)
            };
            let settles = payment.status != PaymentStatus::Refunded || standing.iter().all(only_tax);
            prop_assert!(settles, "what was refunded whole settles nothing but by tax that was paid");
            prop_assert_eq!(payment.status == PaymentStatus::Refunded, payment.refundable().is_zero());
        }
        prop_assert_eq!(account.paid, rows().map(|row| row.settles.total()).sum::<Decimal>());
        prop_assert_eq!(account.refunded, -rows().filter(|row| row.refund_id.is_some()).map(|row| row.settles.money).sum::<Decimal>());
        for invoice in &account.invoices {
            let on_invoice = rows().filter(|row| row.invoice_id == Some(invoice.id)).map(|row| row.settles.total()).sum::<Decimal>();
            prop_assert_eq!(invoice.paid, on_invoice);
            prop_assert!(invoice.due() >= Decimal::ZERO && invoice.paid >= Decimal::ZERO && invoice.credited <= invoice.total);
        }
        prop_assert_eq!(account.deposits(), rows().filter(|row| row.invoice_id.is_none()).map(|row| row.settles.total()).sum::<Decimal>());
        prop_assert!(account.deposits() >= Decimal::ZERO && account.deposits() <= account.uninvoiced);
        prop_assert_eq!(account.invoiced + self.replaced, account.invoices.iter().map(|invoice| invoice.total).sum::<Decimal>());
        prop_assert_eq!(account.credited + self.replaced, account.invoices.iter().map(|invoice| invoice.credited).sum::<Decimal>());
        prop_assert_eq!(account.uninvoiced + account.invoiced, self.total);
        prop_assert_eq!(account.debt(), self.total - account.credited - account.paid);
        let captured: Decimal = self.payments.iter().map(|payment| payment.captured).sum();
        let left: Decimal = self.payments.iter().map(|payment| payment.unapplied() + payment.refunded).sum();
        let adjusted: Decimal = rows().map(|row| row.settles.adjusted()).sum();
        prop_assert_eq!(captured, account.paid - adjusted + left);
        Ok(())
    }
}

fn captured(account: &Account, amount: Decimal) -> Payment {
    Payment {
        id: PaymentId::generate(),
        number: String::new(),
        customer_id: Some(account.customer_id),
        order_id: Some(account.order_id),
        invoice_id: None,
        currency: account.currency,
        method: PaymentMethod::Cash,
        status: PaymentStatus::Captured,
        amount,
        captured: amount,
        refunded: account.currency.zero(),
        applied: account.currency.zero(),
        received_on: NaiveDate::default(),
        expires_at: None,
        reference: None,
        external_ids: Default::default(),
        metadata: Default::default(),
        version: 1,
        created_at: AT,
        updated_at: AT,
        allocations: vec![],
        provider: None,
        provider_reference: None,
        capture_on_shipment: false,
        operations: vec![],
    }
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_deposit_moves_to_the_first_invoices_and_the_rest_waits() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.pay(dec("60.00"), None);
    assert_eq!((books.account.deposits(), books.account.uninvoiced_debt()), (dec("60"), dec("40")));
    books.invoice(dec("50.00"));
    books.invoice(dec("50.00"));
    let due: Vec<Decimal> = books.account.invoices.iter().map(InvoiceBalance::due).collect();
    assert_eq!((due, books.account.deposits()), (vec![dec("0"), dec("40")], dec("0")));
    assert_eq!(books.payments[0].standing().len(), 2);
}

#[test]
fn money_beyond_the_debt_stays_unapplied() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.invoice(dec("30.00"));
    books.pay(dec("130.00"), None);
    let placements: Vec<Decimal> = books.payments[0].standing().iter().map(|placement| placement.settles.money).collect();
    assert_eq!((placements, books.payments[0].unapplied()), (vec![dec("30"), dec("70")], dec("30")));
    assert!(books.account.is_covered());
}

#[test]
fn a_refund_takes_unapplied_money_first_and_makes_the_newest_document_due_again() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.invoice(dec("60.00"));
    books.invoice(dec("40.00"));
    books.pay(dec("110.00"), None);
    books.refund(0, dec("25.00"));
    let due: Vec<Decimal> = books.account.invoices.iter().map(InvoiceBalance::due).collect();
    assert_eq!((due, books.payments[0].unapplied()), (vec![dec("0"), dec("15")], dec("0")));
    assert_eq!((books.account.paid, books.account.refunded), (dec("85"), dec("25")));
}

#[test]
fn a_refund_never_pays_an_adjustment_out_and_undoes_it_with_the_last_of_its_money() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.invoice(dec("100.00"));
    let withheld = Adjustment { kind: AdjustmentKind::WithholdingTax, amount: Amount(dec("10.00")), reference: Some("W-1".into()) };
    books.settle(Settlement { money: dec("90.00"), adjustments: vec![withheld] }, None);
    assert_eq!((books.account.invoices[0].due(), books.payments[0].refundable()), (dec("0"), dec("90")));
    books.refund(0, dec("89.00"));
    assert_eq!(books.account.invoices[0].due(), dec("89"));
    books.refund(0, dec("1.00"));
    assert_eq!((books.account.invoices[0].due(), books.account.refunded), (dec("100"), dec("90")));
}

#[test]
fn a_credit_note_undoes_adjustments_before_money_comes_free() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.invoice(dec("100.00"));
    let fee = Adjustment { kind: AdjustmentKind::BankFee, amount: Amount(dec("10.00")), reference: None };
    books.settle(Settlement { money: dec("90.00"), adjustments: vec![fee] }, None);
    let id = books.account.invoices[0].id;
    books.credit(id, dec("4.00"));
    assert_eq!((books.payments[0].unapplied(), books.account.invoices[0].due()), (dec("0"), dec("0")));
    books.credit(id, dec("96.00"));
    assert_eq!((books.payments[0].unapplied(), books.account.paid), (dec("90"), dec("0")));
}

#[test]
fn tax_that_was_withheld_stays_while_other_payments_have_money_and_when_all_money_has_gone_back() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("200.00"));
    books.invoice(dec("200.00"));
    let id = books.account.invoices[0].id;
    books.pay(dec("100.00"), None);
    let withheld = Adjustment { kind: AdjustmentKind::WithholdingTax, amount: Amount(dec("10.00")), reference: None };
    books.settle(Settlement { money: dec("90.00"), adjustments: vec![withheld] }, None);
    books.credit(id, dec("95.00"));
    let unapplied: Vec<Decimal> = books.payments.iter().map(Payment::unapplied).collect();
    assert_eq!(unapplied, [dec("5"), dec("90")], "the newest first, the tax after all money");
    books.refund(1, dec("90.00"));
    assert_eq!((books.account.invoices[0].due(), books.payments[1].status.as_str()), (dec("0"), "refunded"), "what was kept was owed");
    books.credit_and_send_back(id, dec("95.00"));
    assert_eq!((books.account.invoices[0].due(), books.account.refunded), (dec("0"), dec("185")));
    books.credit(id, dec("10.00"));
    assert_eq!(
        (books.account.paid, books.account.refunded, books.account.invoices[0].status().as_str()),
        (dec("0"), dec("185"), "credited")
    );
    books.check().unwrap();
}

#[test]
fn what_a_return_sets_free_goes_back_to_the_newest_payments_first() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.invoice(dec("100.00"));
    books.pay(dec("40.00"), None);
    books.pay(dec("30.00"), None);
    let id = books.account.invoices[0].id;
    books.credit_and_send_back(id, dec("20.00"));
    assert_eq!(books.account.refunded, dec("0"), "the invoice owed more than that");
    books.credit_and_send_back(id, dec("55.00"));
    let refunded: Vec<Decimal> = books.payments.iter().map(|payment| payment.refunded).collect();
    assert_eq!((refunded, books.account.invoices[0].due()), (vec![dec("15"), dec("30")], dec("0")));
}

#[test]
fn a_credit_note_of_a_paid_invoice_frees_the_money() {
    let mut books = Books::open(Currency::from_code("EUR").unwrap(), dec("100.00"));
    books.invoice(dec("100.00"));
    books.pay(dec("70.00"), None);
    let id = books.account.invoices[0].id;
    books.credit(id, dec("50.00"));
    assert_eq!((books.account.invoices[0].due(), books.account.invoices[0].status().as_str()), (dec("0"), "paid"));
    assert_eq!(books.payments[0].unapplied(), dec("20"));
    books.credit(id, dec("50.00"));
    assert_eq!(books.account.invoices[0].status().as_str(), "credited");
    books.refund(0, dec("70.00"));
    assert_eq!((books.account.paid, books.account.refunded), (dec("0"), dec("70")));
}

proptest! {
    #[test]
    fn any_sequence_of_invoices_payments_credits_and_refunds_adds_up(
        total in 1i64..100_000, code in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
        steps in prop::collection::vec((0u8..12, 0usize..8, 0i64..60_000), 0..40),
    ) {
        let currency = Currency::from_code(code).unwrap();
        let money = |units: i64| Decimal::new(units, currency.minor_units());
        let mut books = Books::open(currency, money(total));
        for (action, which, units) in steps {
            let invoices = books.account.invoices.clone();
            let invoice = invoices.get(which % invoices.len().max(1));
            let payment = books.payments.get(which % books.payments.len().max(1)).cloned();
            match action {
                0 => books.invoice(money(units).min(books.account.uninvoiced)),
                1 => books.pay(money(units + 1), None),
                2 => books.pay(money(units + 1), invoice.map(|invoice| invoice.id)),
                3 => if let Some(invoice) = invoice {
                    books.credit(invoice.id, money(units).min(invoice.total - invoice.credited));
                },
                4 => if let Some(payment) = payment.filter(|payment| !payment.refundable().is_zero()) {
                    books.refund(which % books.payments.len(), money(units + 1).min(payment.refundable()));
                },
                5 => if payment.is_some() {
                    books.apply_later(which % books.payments.len());
                },
                6 | 7 => {
                    let amounts = [
                        (AdjustmentKind::WithholdingTax, units / 10 + 1),
                        (AdjustmentKind::BankFee, units % 7 + 1),
                        (AdjustmentKind::EarlyPaymentDiscount, units / 50 + 1),
                    ];
                    let adjustment = |(kind, units)| Adjustment { kind, amount: Amount(money(units)), reference: None };
                    let settles = Settlement { money: money(units + 1), adjustments: amounts.map(adjustment).to_vec() };
                    books.settle(settles, invoice.map(|invoice| invoice.id).filter(|_| action == 6));
                }
                8 => if let Some(invoice) = invoice {
                    books.credit_and_send_back(invoice.id, money(units).min(invoice.total - invoice.credited));
                },
                9 => if let Some(payment) = payment {
                    books.take_off(which % books.payments.len(), invoice.map(|invoice| invoice.id).filter(|_| units % 2 == 0), money(units + 1).min(payment.applied));
                },
                10 => if let Some(invoice) = invoice.filter(|invoice| invoice.total > invoice.credited) {
                    books.replace(invoice.id);
                },
                _ => books.cancel(money(units).min(books.account.uninvoiced)),
            }
            books.check()?;
        }
    }
}
