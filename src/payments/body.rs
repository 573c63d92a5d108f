use super::operations::operation::{OperationKind, OperationStatus};
use super::payment::{Payment, PaymentMethod, PaymentStatus};
use super::provider::Failure;
use super::refunds::body::RefundBody;
use super::settlement::{Adjustment, AdjustmentKind, Settlement};
use crate::platform::merge_patch::MergePatch;
use crate::types::absent::null_is_default;
use crate::types::currency::Currency;
use crate::types::decimal::Amount;
use crate::types::fault::{Fault, Faults};
use crate::types::id::{CustomerId, InvoiceId, OrderId, PaymentId, PaymentOperationId};
use crate::types::text::{check_external_ids, check_metadata, check_optional_text};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use utoipa::ToSchema;

text_enum! {
    /// In which state a payment is booked.
    pub enum NewPaymentStatus {
        Captured = "captured",
        Authorized = "authorized",
        Pending = "pending",
    }
}

impl NewPaymentStatus {
    pub fn status(self) -> PaymentStatus {
        match self {
            Self::Captured => PaymentStatus::Captured,
            Self::Authorized => PaymentStatus::Authorized,
            Self::Pending => PaymentStatus::Pending,
        }
    }
}

/// A payment to book. At most one of `invoice_id`, `order_id` and `allocations` says what it is for; money beyond the debt
/// stays unapplied.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "150000.00", "currency": "IDR", "method": "bank_transfer", "reference": "BCA 2026-03-02 / 7781"}))]
pub struct NewPayment {
    /// The bill-to customer of what it is for, where absent.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    pub amount: Amount,
    pub currency: Currency,
    pub method: PaymentMethod,
    #[serde(default)]
    #[schema(default = "captured")]
    pub status: Option<NewPaymentStatus>,
    /// Today where absent; not in the future, and captured money not in closed books. At most ten years ago, with the scope `import`
    /// since 1970 (422 `too_long_ago`).
    #[serde(default)]
    pub received_on: Option<NaiveDate>,
    /// Of an authorization: until when it can be captured. Then it is `expired`.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Code of the payment provider that moves the money: it is asked to reserve it (`authorized`) or to take it (`captured`), and
    /// the payment is `pending` until it has answered.
    #[serde(default)]
    pub provider: Option<String>,
    /// The provider's name of the payer's card or wallet, to ask for new money.
    #[serde(default)]
    #[schema(example = "pm_card_visa")]
    pub provider_payment_method: Option<String>,
    /// The provider's name of money that a checkout has asked it for already.
    #[serde(default)]
    #[schema(example = "pi_3MtwBwLkdIwHu7ix28a3tqPa")]
    pub provider_reference: Option<String>,
    /// Captures an authorization for what of its order ships; the organization's `capture_on_shipment` where absent.
    #[serde(default)]
    pub capture_on_shipment: Option<bool>,
    #[serde(default)]
    pub reference: Option<String>,
    /// Applied to this invoice, up to what is due.
    #[serde(default)]
    pub invoice_id: Option<InvoiceId>,
    /// Applied to this order's open invoices, the oldest first, then to what is not invoiced yet.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// Exact amounts; only captured money can be allocated so.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub allocations: Option<Vec<NewAllocation>>,
    #[serde(default)]
    pub external_ids: Option<BTreeMap<String, String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

/// An exact amount of money for one invoice or one order, and what settles more of it without money.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAllocation {
    #[serde(default)]
    pub invoice_id: Option<InvoiceId>,
    #[serde(default)]
    pub order_id: Option<OrderId>,
    pub amount: Amount,
    /// What the payer or a bank kept, or what is given up; the document owes that much less, together with `amount`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub adjustments: Option<Vec<Adjustment>>,
}

/// What an amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Invoice(InvoiceId),
    Order(OrderId),
}

impl NewAllocation {
    /// Exactly one of both, as [`check_allocations`] has made sure.
    pub fn target(&self) -> Option<Target> {
        match (self.invoice_id, self.order_id) {
            (Some(id), None) => Some(Target::Invoice(id)),
            (None, Some(id)) => Some(Target::Order(id)),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }

    pub fn adjustments(&self) -> &[Adjustment] {
        self.adjustments.as_deref().unwrap_or_default()
    }

    /// What it settles of its target.
    pub fn settlement(&self) -> Settlement {
        Settlement { money: self.amount.0, adjustments: self.adjustments().to_vec() }
    }
}

impl NewPayment {
    pub fn status(&self) -> PaymentStatus {
        self.status.unwrap_or(NewPaymentStatus::Captured).status()
    }

    pub fn allocations(&self) -> &[NewAllocation] {
        self.allocations.as_deref().unwrap_or_default()
    }

    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_amount(&mut faults, "/amount", self.amount.0, self.currency);
        check_optional_text(&mut faults, "/reference", self.reference.as_deref(), 200);
        let allocations = self.allocations();
        let targets = [self.invoice_id.is_some(), self.order_id.is_some(), !allocations.is_empty()];
        faults.require(
            targets.iter().filter(|given| **given).count() <= 1,
            "",
            "exactly_one_of",
            "a payment is for one of invoice_id, order_id and allocations",
        );
        check_allocations(&mut faults, allocations, self.amount.0, self.currency);
        if !allocations.is_empty() {
            faults.require(
                self.status() == PaymentStatus::Captured,
                "/allocations",
                "not_captured",
                "exact amounts need captured money; name an invoice or order, or allocate after the capture",
            );
        }
        faults.require(
            self.expires_at.is_none() || self.status() == PaymentStatus::Authorized,
            "/expires_at",
            "not_authorized",
            "only an authorization expires; leave it out or send status authorized",
        );
        self.check_provider(&mut faults);
        if let Some(ids) = &self.external_ids {
            check_external_ids(&mut faults, "/external_ids", ids);
        }
        if let Some(metadata) = &self.metadata {
            check_metadata(&mut faults, "/metadata", metadata);
        }
        faults.into_result()
    }

    fn check_provider(&self, faults: &mut Faults) {
        let name = |text: &String| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let names = [("/provider_payment_method", &self.provider_payment_method), ("/provider_reference", &self.provider_reference)];
        for (pointer, given) in names {
            faults.require(given.as_ref().is_none_or(name), pointer, "invalid_reference", "1 to 200 letters, digits and '_'");
        }
        let one = self.provider_payment_method.is_some() != self.provider_reference.is_some();
        if self.provider.is_none() {
            let alone = self.provider_payment_method.is_none() && self.provider_reference.is_none() && self.capture_on_shipment.is_none();
            faults.require(alone, "/provider", "required", "name the provider that this is for");
            return;
        }
        faults.require(one, "", "exactly_one_of", "a provider needs provider_payment_method or provider_reference");
        let asked = self.status() != PaymentStatus::Pending;
        faults.require(asked, "/status", "not_with_provider", "say what the provider shall do: authorized or captured");
        faults.require(
            self.allocations().is_empty(),
            "/allocations",
            "not_with_provider",
            "name an order or an invoice, or allocate later",
        );
        faults.require(self.received_on.is_none(), "/received_on", "not_with_provider", "the money is received when the provider has it");
        faults.require(self.expires_at.is_none(), "/expires_at", "not_with_provider", "the provider says how long it reserves the money");
    }
}

/// Above 0 and exact in the currency's minor unit.
pub fn check_amount(faults: &mut Faults, pointer: &str, amount: Decimal, currency: Currency) {
    faults.require(amount > Decimal::ZERO, pointer, "out_of_range", "must be above 0");
    faults.require(currency.is_exact(amount), pointer, "too_many_decimals", "more decimal places than the currency has");
}

/// Each row names one target, each target once, and together they are at most what there is.
pub fn check_allocations(faults: &mut Faults, allocations: &[NewAllocation], available: Decimal, currency: Currency) {
    faults.require(allocations.len() <= 1000, "/allocations", "too_many_items", "at most 1000 allocations in a call");
    let mut seen = HashSet::new();
    for (i, allocation) in allocations.iter().enumerate() {
        check_amount(faults, &format!("/allocations/{i}/amount"), allocation.amount.0, currency);
        check_adjustments(faults, &format!("/allocations/{i}/adjustments"), allocation.adjustments(), currency);
        match allocation.target() {
            Some(target) => faults.require(seen.insert(target), format!("/allocations/{i}"), "duplicate_key", "each document once"),
            None => faults.add(format!("/allocations/{i}"), "exactly_one_of", "give invoice_id or order_id"),
        }
    }
    let sum: Decimal = allocations.iter().map(|allocation| allocation.amount.0).sum();
    faults.require(
        allocations.is_empty() || sum <= available,
        "/allocations",
        "exceeds_payment",
        "together they are more than the payment has unapplied",
    );
}

fn check_adjustments(faults: &mut Faults, pointer: &str, adjustments: &[Adjustment], currency: Currency) {
    faults.require(adjustments.len() <= 20, pointer, "too_many_items", "at most 20 adjustments of an allocation");
    for (i, adjustment) in adjustments.iter().enumerate() {
        check_amount(faults, &format!("{pointer}/{i}/amount"), adjustment.amount.0, currency);
        check_optional_text(faults, &format!("{pointer}/{i}/reference"), adjustment.reference.as_deref(), 200);
    }
}

/// Whether any of them gives up what is owed, which takes a permission of its own: a write-off, or more that is said to be kept on the
/// way (tax, fees) than arrives. No country withholds half of what is paid. What stands on the documents already is judged under their
/// locks, besides.
pub fn write_off(allocations: &[NewAllocation]) -> bool {
    allocations.iter().any(|allocation| {
        let of = |kind: AdjustmentKind| allocation.adjustments().iter().filter(move |adjustment| adjustment.kind == kind);
        let mut kept = of(AdjustmentKind::WithholdingTax).chain(of(AdjustmentKind::BankFee));
        // Amounts are checked later; what cannot be added up is no small amount.
        let kept = kept.try_fold(Decimal::ZERO, |sum, adjustment| sum.checked_add(adjustment.amount.0)).unwrap_or(Decimal::MAX);
        of(AdjustmentKind::WriteOff).next().is_some() || kept > allocation.amount.0
    })
}

/// Where unapplied money goes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAllocations {
    #[schema(min_items = 1, max_items = 1000)]
    pub allocations: Vec<NewAllocation>,
}

/// What arrives of a payment that was authorized or announced.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct CapturePayment {
    /// All that is left where absent; never more than was authorized.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Whether this ends the authorization: what is not captured is given up. `false` keeps the rest for a later capture.
    #[serde(default, rename = "final")]
    #[schema(default = true)]
    pub last: Option<bool>,
    /// Today where absent; not in the future, not in closed books.
    #[serde(default)]
    pub received_on: Option<NaiveDate>,
}

/// What may change on a payment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutPaymentData {
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub external_ids: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// Changes of it (RFC 7396).
pub type PatchPaymentData = MergePatch<PutPaymentData>;

impl PutPaymentData {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        check_optional_text(&mut faults, "/reference", self.reference.as_deref(), 200);
        check_external_ids(&mut faults, "/external_ids", &self.external_ids);
        check_metadata(&mut faults, "/metadata", &self.metadata);
        faults.into_result()
    }
}

/// A payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentBody {
    pub id: PaymentId,
    #[schema(example = "RCP-000001")]
    pub number: String,
    pub status: PaymentStatus,
    pub customer_id: Option<CustomerId>,
    /// What it was announced for.
    pub order_id: Option<OrderId>,
    pub invoice_id: Option<InvoiceId>,
    pub currency: Currency,
    pub method: PaymentMethod,
    pub amount: Amount,
    pub amount_captured: Amount,
    pub amount_refunded: Amount,
    /// Captured money that is on no document.
    pub unapplied_amount: Amount,
    /// Code of whoever moves the money.
    pub provider: Option<String>,
    /// The provider's name of it.
    pub provider_reference: Option<String>,
    pub capture_on_shipment: bool,
    /// What was asked of the provider, oldest first.
    pub operations: Vec<PaymentOperationBody>,
    /// Where its money is now, oldest first.
    pub allocations: Vec<PaymentAllocationBody>,
    pub refunds: Vec<RefundBody>,
    pub received_on: NaiveDate,
    /// Until when the authorization can be captured.
    pub expires_at: Option<DateTime<Utc>>,
    pub reference: Option<String>,
    pub external_ids: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A call of the provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentOperationBody {
    pub id: PaymentOperationId,
    pub kind: OperationKind,
    pub amount: Amount,
    pub status: OperationStatus,
    /// Why it was refused, or why it waits.
    pub failure: Option<Failure>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Money on one document; without an invoice it is a deposit on the order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentAllocationBody {
    pub invoice_id: Option<InvoiceId>,
    pub order_id: OrderId,
    /// Money.
    pub amount: Amount,
    /// What it settles beside the money.
    pub adjustments: Vec<Adjustment>,
}

impl PaymentBody {
    pub fn of(payment: &Payment, refunds: Vec<RefundBody>) -> Self {
        let allocation = |placement: super::account::Placement| PaymentAllocationBody {
            invoice_id: placement.invoice_id,
            order_id: placement.order_id,
            amount: Amount(payment.currency.round(placement.settles.money)),
            adjustments: placement.settles.adjustments,
        };
        Self {
            id: payment.id,
            number: payment.number.clone(),
            status: payment.status,
            customer_id: payment.customer_id,
            order_id: payment.order_id,
            invoice_id: payment.invoice_id,
            currency: payment.currency,
            method: payment.method,
            amount: Amount(payment.currency.round(payment.amount)),
            amount_captured: Amount(payment.currency.round(payment.captured)),
            amount_refunded: Amount(payment.currency.round(payment.refunded)),
            unapplied_amount: Amount(payment.currency.round(payment.unapplied())),
            provider: payment.provider.clone(),
            provider_reference: payment.provider_reference.clone(),
            capture_on_shipment: payment.capture_on_shipment,
            operations: payment
                .operations
                .iter()
                .map(|operation| PaymentOperationBody {
                    id: operation.id,
                    kind: operation.kind,
                    amount: Amount(payment.currency.round(operation.amount)),
                    status: operation.status,
                    failure: operation.failure.clone(),
                    created_at: operation.created_at,
                    updated_at: operation.updated_at,
                })
                .collect(),
            allocations: payment.standing().into_iter().map(allocation).collect(),
            refunds,
            received_on: payment.received_on,
            expires_at: payment.expires_at,
            reference: payment.reference.clone(),
            external_ids: payment.external_ids.clone(),
            metadata: payment.metadata.clone(),
            version: payment.version,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}
