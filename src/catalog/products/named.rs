//! Products by what others call them.

use crate::platform::sql::sql;
use crate::types::id::OrganizationId;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use std::collections::{HashMap, HashSet};

/// Which of the names are ours.
#[derive(Clone, Debug, Default)]
pub struct Named {
    skus: HashSet<String>,
    /// Without leading zeros, since the same number has 13 digits as an EAN and 14 as a GTIN; `None` where two products have it.
    gtins: HashMap<String, Option<String>>,
}

impl Named {
    /// The SKU of a product that somebody calls so; by our own name first.
    pub fn sku(&self, sku: Option<&str>, gtin: Option<&str>) -> Option<&str> {
        if let Some(known) = sku.and_then(|sku| self.skus.get(sku)) {
            return Some(known);
        }
        // Whoever fills the SKU's field with a GTIN means the GTIN.
        let by_gtin = |text: &str| self.gtins.get(text.trim_start_matches('0')).and_then(Option::as_deref);
        gtin.and_then(by_gtin).or_else(|| sku.and_then(by_gtin))
    }
}

/// Looks the names up, all at once.
pub fn named(connection: &mut PgConnection, organization_id: OrganizationId, skus: &[&str], gtins: &[&str]) -> QueryResult<Named> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        sku: String,
        #[diesel(sql_type = Text)]
        gtin: String,
    }
    let numbers = gtins.iter().chain(skus).filter(|text| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let gtins: Vec<&str> = numbers.map(|text| text.trim_start_matches('0')).collect();
    let mut rows: Vec<Row> = sql("SELECT sku, '' AS gtin FROM product WHERE organization_id = $1 AND sku = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(skus)
        .load(connection)?;
    if !gtins.is_empty() {
        let found: Vec<Row> = sql("SELECT p.sku, ltrim(g.gtin, '0') AS gtin FROM product p, \
             LATERAL (SELECT p.gtin UNION SELECT other.value ->> 'gtin' FROM jsonb_array_elements(p.units) other) g(gtin) \
             WHERE p.organization_id = $1 AND ltrim(g.gtin, '0') = ANY($2)")
        .bind::<SqlUuid, _>(organization_id)
        .bind::<Array<Text>, _>(gtins)
        .load(connection)?;
        rows.extend(found);
    }
    let mut named = Named::default();
    for row in rows {
        if row.gtin.is_empty() {
            named.skus.insert(row.sku);
        } else {
            let other = named.gtins.get(&row.gtin).is_some_and(|known| known.as_deref() != Some(row.sku.as_str()));
            named.gtins.insert(row.gtin, (!other).then_some(row.sku));
        }
    }
    Ok(named)
}
