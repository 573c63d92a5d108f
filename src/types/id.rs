//! One register of ids. Every id is a UUIDv7 (RFC 9562): unique without asking anybody, and growing with time, so that
//! primary keys fill at their right edge.

use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// A text that is no id; says how one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl std::fmt::Display for NotAnId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an id is a UUID such as 01938f5e-7c1a-7000-8000-2f1b3c4d5e6f")
    }
}

impl std::error::Error for NotAnId {}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema)]
        #[diesel(sql_type = sql_types::Uuid)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id, later than all made before it by this process.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self).map_err(|_| NotAnId)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|wrong: NotAnId| serde::de::Error::custom(format_args!("invalid_id|{wrong}")))
            }
        }
        impl FromSql<sql_types::Uuid, Pg> for $name {
            fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                <Uuid as FromSql<sql_types::Uuid, Pg>>::from_sql(bytes).map(Self)
            }
        }
        impl ToSql<sql_types::Uuid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <Uuid as ToSql<sql_types::Uuid, Pg>>::to_sql(&self.0, out)
            }
        }
    )*};
}

typed_id! {
    /// The tenant: every row belongs to exactly one.
    OrganizationId,
    /// An OAuth client of an organization; also its `client_id`.
    ApiClientId,
    /// A key for the pages of a storefront.
    PublishableKeyId,
    /// A person who logs in.
    UserId,
    ProductId,
    CouponId,
    CustomerId,
    LocationId,
    ChannelId,
    IncomingSupplyId,
    /// One receipt, adjustment, transfer …: the subject of its movements.
    StockChangeId,
    ReservationId,
    ImportId,
    InboundMessageId,
    OrderVerificationId,
    OrderId,
    OrderLineId,
    HoldId,
    FulfillmentOrderId,
    ShipmentId,
    TrackingEventId,
    InvoiceId,
    InvoiceLineId,
    CreditNoteId,
    CreditNoteLineId,
    PaymentId,
    PaymentAllocationId,
    /// One call of a payment provider.
    PaymentOperationId,
    RefundId,
    /// A mail to a customer.
    NoticeId,
    WebhookEndpointId,
    /// One event for one webhook endpoint.
    WebhookDeliveryId,
    JournalEntryId,
    BankStatementId,
    BankEntryId,
    ReturnId,
    ReturnLineId,
}
