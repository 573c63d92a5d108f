use super::state::ShopState;
use crate::error::Error;
use crate::platform::sql::{sql, to_json};
use crate::types::id::{ChannelId, OrderId, OrganizationId};
use crate::types::text_enum::text_enum;
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;

/// One order of one shop.
#[derive(Clone, Debug)]
pub struct Key<'a> {
    pub organization_id: OrganizationId,
    pub channel_id: ChannelId,
    pub external_id: &'a str,
}

text_enum! {
    /// Why no order was made of it.
    pub enum Gone {
        Cancelled = "cancelled",
        Deleted = "deleted",
        /// None is wanted of it here: a test, or too old.
        SetAside = "set_aside",
    }
}

text_enum! {
    /// What is worked in once and for all.
    pub enum FactKind {
        RefundMoney = "refund_money",
        RefundGoods = "refund_goods",
        RefundRest = "refund_rest",
        /// What is off the shipping for it, in the prices' own terms, and off its tax.
        RefundShipping = "refund_shipping",
        RefundShippingTax = "refund_shipping_tax",
        Fulfillment = "fulfillment",
        Doubt = "doubt",
    }
}

#[derive(Clone, Debug, QueryableByName)]
pub struct Known {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub order_id: Option<OrderId>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub version_at: Option<DateTime<Utc>>,
    /// The hash of what an order from before was last made of, of which no state is noted.
    #[diesel(sql_type = Nullable<Binary>)]
    pub content: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    shop_state: Option<Value>,
    #[diesel(sql_type = Nullable<Text>)]
    pub gone: Option<Gone>,
}

impl Known {
    /// What the shop had it as when it was last worked in, where that is noted.
    pub fn state(&self) -> Option<ShopState> {
        serde_json::from_value(self.shop_state.clone()?).ok()
    }

    pub fn set_state(&mut self, state: &ShopState) -> Result<(), Error> {
        self.shop_state = Some(to_json(state)?);
        self.content = None;
        Ok(())
    }
}

/// Its row, made where there is none, under its lock: nobody else works on this order of the shop until the transaction ends. It comes
/// before all other locks.
pub fn lock(connection: &mut PgConnection, key: &Key, now: DateTime<Utc>) -> QueryResult<Known> {
    sql("INSERT INTO channel_order (organization_id, channel_id, external_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
         ON CONFLICT ON CONSTRAINT channel_order_pkey DO NOTHING")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    sql("SELECT order_id, version_at, content, shop_state, gone FROM channel_order \
         WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3 FOR NO KEY UPDATE")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .get_result(connection)
}

/// Writes the row back. The caller holds its lock.
pub fn save(connection: &mut PgConnection, key: &Key, known: &Known, now: DateTime<Utc>) -> QueryResult<()> {
    sql("UPDATE channel_order SET order_id = $4, version_at = $5, content = $6, gone = $7, updated_at = $8, shop_state = $9 \
         WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Nullable<SqlUuid>, _>(known.order_id)
    .bind::<Nullable<Timestamptz>, _>(known.version_at)
    .bind::<Nullable<Binary>, _>(known.content.as_deref())
    .bind::<Nullable<Text>, _>(known.gone)
    .bind::<Timestamptz, _>(now)
    .bind::<Nullable<Jsonb>, _>(known.shop_state.as_ref())
    .execute(connection)?;
    Ok(())
}

/// What has been worked in of a fact.
#[derive(Clone, Debug, QueryableByName)]
pub struct Fact {
    /// What could not be followed of it.
    #[diesel(sql_type = Nullable<Text>)]
    pub note: Option<String>,
    /// How much of its money is worked in; `None`: all of it.
    #[diesel(sql_type = Nullable<Numeric>)]
    pub amount: Option<Decimal>,
}

impl Fact {
    /// What of an amount is not worked in yet.
    pub fn missing(known: Option<&Self>, amount: Decimal) -> Decimal {
        let done = known.map_or(Some(Decimal::ZERO), |fact| fact.amount);
        done.map_or(Decimal::ZERO, |done| (amount - done).max(Decimal::ZERO))
    }
}

/// What is noted of a fact, where it has been worked in.
pub fn fact(connection: &mut PgConnection, key: &Key, kind: FactKind, reference: &str) -> QueryResult<Option<Fact>> {
    sql("SELECT note, amount FROM channel_order_fact \
         WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3 AND kind = $4 AND reference = $5")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Text, _>(kind)
    .bind::<Text, _>(reference)
    .get_result(connection)
    .optional()
}

/// Notes that a fact is worked in. The caller holds the lock of the order's row.
pub fn note_fact(
    connection: &mut PgConnection,
    key: &Key,
    kind: FactKind,
    reference: &str,
    note: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    sql("INSERT INTO channel_order_fact (organization_id, channel_id, external_id, kind, reference, note, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Text, _>(kind)
    .bind::<Text, _>(reference)
    .bind::<Nullable<Text>, _>(note)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// Notes how much of a fact's money is worked in now. The caller holds the lock of the order's row.
pub fn note_amount(
    connection: &mut PgConnection,
    key: &Key,
    kind: FactKind,
    reference: &str,
    fact: &Fact,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    sql("INSERT INTO channel_order_fact (organization_id, channel_id, external_id, kind, reference, note, amount, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT ON CONSTRAINT channel_order_fact_pkey DO UPDATE SET note = excluded.note, amount = excluded.amount, at = excluded.at")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Text, _>(kind)
    .bind::<Text, _>(reference)
    .bind::<Nullable<Text>, _>(fact.note.as_deref())
    .bind::<Nullable<Numeric>, _>(fact.amount)
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    Ok(())
}

/// What is off an order's shipping because the shop has paid it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct ShippingBack {
    /// In the prices' own terms.
    #[diesel(sql_type = Numeric)]
    pub amount: Decimal,
    #[diesel(sql_type = Numeric)]
    pub tax: Decimal,
}

/// Of all refunds that are worked in.
pub fn shipping_back(connection: &mut PgConnection, key: &Key) -> QueryResult<ShippingBack> {
    sql("SELECT coalesce(sum(amount) FILTER (WHERE kind = 'refund_shipping'), 0) AS amount, \
           coalesce(sum(amount) FILTER (WHERE kind = 'refund_shipping_tax'), 0) AS tax \
         FROM channel_order_fact WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .get_result(connection)
}

/// The references of all facts of a kind.
pub fn references(connection: &mut PgConnection, key: &Key, kind: FactKind) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        reference: String,
    }
    let rows: Vec<Row> = sql("SELECT reference FROM channel_order_fact \
         WHERE organization_id = $1 AND channel_id = $2 AND external_id = $3 AND kind = $4 ORDER BY reference")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<Text, _>(key.external_id)
    .bind::<Text, _>(kind)
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.reference).collect())
}

/// Whether the shop is being told of a shipment of the order: what it says of it meanwhile is what we have told.
pub fn is_telling(connection: &mut PgConnection, key: &Key, order_id: OrderId) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        found: bool,
    }
    let row: Row = sql("SELECT EXISTS (SELECT 1 FROM shop_task \
         WHERE organization_id = $1 AND channel_id = $2 AND order_id = $3 AND status = 'waiting' AND attempts > 0) AS found")
    .bind::<SqlUuid, _>(key.organization_id)
    .bind::<SqlUuid, _>(key.channel_id)
    .bind::<SqlUuid, _>(order_id)
    .get_result(connection)?;
    Ok(row.found)
}
