//! Why an order waits, and who may let it go.

use crate::auth::permission::{Permission, Role};
use crate::types::id::{HoldId, OrderLineId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use serde_json::Value;

text_enum! {
    /// The machine-readable reason.
    pub enum HoldCode {
        PriceMismatch = "price_mismatch",
        ProductInactive = "product_inactive",
        UnknownProduct = "unknown_product",
        UnitMismatch = "unit_mismatch",
        CurrencyMismatch = "currency_mismatch",
        CustomerBlocked = "customer_blocked",
        CreditLimit = "credit_limit",
        PaymentRequired = "payment_required",
        AddressIncomplete = "address_incomplete",
        SuspectedDuplicate = "suspected_duplicate",
        FraudReview = "fraud_review",
        ApprovalRequired = "approval_required",
        InsufficientStock = "insufficient_stock",
        PlaceOfSupply = "place_of_supply",
        Manual = "manual",
        Rule = "rule",
    }
}

text_enum! {
    /// What may not go on while the hold is open. No hold blocks the invoice of shipped goods.
    pub enum Blocks {
        Allocation = "allocation",
        Fulfillment = "fulfillment",
        Shipping = "shipping",
    }
}

impl HoldCode {
    /// Who may release it. An administrator may release all.
    pub fn releasable_by(self) -> &'static [Role] {
        match self {
            Self::CreditLimit | Self::CustomerBlocked | Self::PaymentRequired | Self::PlaceOfSupply => &[Role::Finance, Role::Admin],
            Self::PriceMismatch => &[Role::Sales, Role::Finance, Role::Admin],
            Self::InsufficientStock => &[Role::Sales, Role::Warehouse, Role::Admin],
            Self::ProductInactive
            | Self::UnknownProduct
            | Self::UnitMismatch
            | Self::CurrencyMismatch
            | Self::AddressIncomplete
            | Self::SuspectedDuplicate
            | Self::Manual
            | Self::Rule => &[Role::Sales, Role::Admin],
            Self::FraudReview | Self::ApprovalRequired => &[Role::Admin],
        }
    }

    /// The scopes of which one lets a token release it: those by which the roles that may release it act, so that a token that may
    /// only read lets nothing go, whoever's it is.
    pub fn released_with(self) -> Vec<Permission> {
        let scope = |role: &Role| match role {
            Role::Sales => Some(Permission::ORDERS_WRITE),
            Role::Finance => Some(Permission::PAYMENTS_WRITE),
            Role::Warehouse => Some(Permission::FULFILLMENT_WRITE),
            // Has the scopes of the others; what only it releases is a decision on the order.
            Role::Admin | Role::Viewer | Role::Integration | Role::Storefront => None,
        };
        let scopes: Vec<Permission> = self.releasable_by().iter().filter_map(scope).collect();
        if scopes.is_empty() { vec![Permission::ORDERS_WRITE] } else { scopes }
    }

    /// What it blocks: goods that cannot be identified cannot be allocated; for all else the stock stays promised.
    pub fn blocks(self) -> &'static [Blocks] {
        match self {
            Self::UnknownProduct | Self::UnitMismatch => &[Blocks::Allocation, Blocks::Fulfillment, Blocks::Shipping],
            Self::PriceMismatch
            | Self::ProductInactive
            | Self::CurrencyMismatch
            | Self::CustomerBlocked
            | Self::CreditLimit
            | Self::PaymentRequired
            | Self::AddressIncomplete
            | Self::SuspectedDuplicate
            | Self::FraudReview
            | Self::ApprovalRequired
            | Self::InsufficientStock
            | Self::PlaceOfSupply
            | Self::Manual
            | Self::Rule => &[Blocks::Fulfillment, Blocks::Shipping],
        }
    }
}

/// A hold on an order or one of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    pub code: HoldCode,
    /// The line, where only one is concerned.
    pub order_line_id: Option<OrderLineId>,
    /// Figures that help to decide.
    pub data: Value,
    pub detail: Option<String>,
    pub raised_at: DateTime<Utc>,
    pub raised_by: String,
    pub released_at: Option<DateTime<Utc>>,
    pub released_by: Option<String>,
    pub release_reason: Option<String>,
}

impl Hold {
    pub fn raise(
        code: HoldCode,
        order_line_id: Option<OrderLineId>,
        detail: impl Into<String>,
        data: Value,
        by: &str,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: HoldId::generate(),
            code,
            order_line_id,
            data,
            detail: Some(detail.into()),
            raised_at: at,
            raised_by: by.to_owned(),
            released_at: None,
            released_by: None,
            release_reason: None,
        }
    }

    pub fn release(&mut self, by: &str, reason: &str, at: DateTime<Utc>) {
        self.released_at = Some(at);
        self.released_by = Some(by.to_owned());
        self.release_reason = Some(reason.to_owned());
    }
}
