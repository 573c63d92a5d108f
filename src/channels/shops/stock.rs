//! What can be sold of each SKU is told wherever it differs from what the shop was told last. Figures are absolute: telling one again
//! changes nothing.

use super::store::{self, Shop};
use super::{back_off, shop_api};
use crate::channels::platforms::api_client::ApiError;
use crate::channels::turns::{self, Among, End, Turn, Work};
use crate::channels::{self, service};
use crate::error::Error;
use crate::platform::db::Db;
use chrono::{DateTime, TimeDelta, Utc};

/// SKUs of one shop in one go.
const BATCH: i64 = 100;
/// How soon a SKU that a shop does not have is tried again.
const UNKNOWN: TimeDelta = TimeDelta::days(1);
/// Nobody else tells the same while a call may be under way.
const LEASE: TimeDelta = TimeDelta::seconds(180);
/// Which shops those are, and what is to be told of each, is looked up shop by shop.
const STOCK: Work = Work {
    name: "tell_shops_stock",
    due: "SELECT organization_id, channel_id FROM shop_follow WHERE $1::timestamptz IS NOT NULL",
    lease: LEASE,
};

/// Tells what has changed; how many figures were told.
pub fn work(db: &Db, now: &impl Fn() -> DateTime<Utc>) -> Result<usize, Error> {
    let mut all = 0;
    for shop in db.read_blocking(|connection| Ok(store::shops(connection)?))? {
        let among = Among { only: Some(shop.channel_id), ..Among::ALL };
        all += turns::in_one_turn(db, &STOCK, among, now, &|_: &Turn| work_of(db, &shop, now))?.unwrap_or_default();
    }
    Ok(all)
}

fn work_of(db: &Db, shop: &Shop, now: &impl Fn() -> DateTime<Utc>) -> Result<(usize, End), Error> {
    let due = db.write_blocking(|connection| Ok(store::lease_stock(connection, shop, now(), LEASE, BATCH)?))?;
    if due.is_empty() {
        return Ok((0, End::Done));
    }
    let (channel, credentials) = db.read_blocking(|connection| {
        let channel = channels::of_id(connection, shop.organization_id, shop.channel_id)?.ok_or(Error::not_found("channel"))?;
        Ok((channel, service::credentials(connection, shop.organization_id, shop.channel_id)?))
    })?;
    let api = shop_api(&channel, &credentials, now());
    let mut told = 0;
    for level in due {
        if db.is_stopping() {
            break;
        }
        let done = match &api {
            Ok(Some(api)) => api.set_stock(&level.sku, level.available),
            Ok(None) => Ok(()),
            Err(error) => Err(error.clone()),
        };
        let again = match &done {
            Err(ApiError::Gone { .. }) => now() + UNKNOWN,
            Err(error) => error.at().unwrap_or(now() + back_off(level.attempts)),
            Ok(()) => now(),
        };
        let error = done.as_ref().err().map(|error| error.to_string().chars().take(500).collect::<String>());
        told += usize::from(error.is_none());
        db.write_blocking(|connection| Ok(store::stock_told(connection, shop, &level, error.as_deref(), again)?))?;
        // What else was leased comes back by itself.
        match done {
            Err(ApiError::Later { at, .. }) => return Ok((told, End::Away(at))),
            Err(ApiError::Setup { .. } | ApiError::Refused { .. }) => break,
            Ok(()) | Err(ApiError::Gone { .. } | ApiError::Unfit { .. } | ApiError::Garbage { .. }) => {}
        }
    }
    Ok((told, End::Done))
}
