use super::super::entry::Posting;
use super::super::role::LedgerRole;
use super::body::{LedgerAccount, PutLedgerAccount, check};
use super::store;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::events::{self, event::NewEvent};
use crate::types::id::OrganizationId;
use crate::types::page::{Page, encode_cursor};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde_json::json;

/// What cursors of the list are bound to.
pub const LIST: &str = "ledger_accounts";

/// Which account each posting goes to.
#[derive(Clone, Debug)]
pub struct Chart(Vec<LedgerAccount>);

impl Chart {
    /// The most exact row of the posting's role.
    pub fn account_of(&self, posting: &Posting) -> &str {
        let fits = |row: &&LedgerAccount| {
            row.role == posting.role
                && (row.tax_category.is_none() || row.tax_category == posting.tax_category)
                && (row.payment_method.is_none() || row.payment_method == posting.payment_method)
        };
        let exact = |row: &&LedgerAccount| row.tax_category.is_some() || row.payment_method.is_some();
        let found = self.0.iter().filter(fits).max_by_key(|row| exact(row));
        found.map_or_else(|| default_of(posting.role), |row| row.code.as_str())
    }
}

fn default_of(role: LedgerRole) -> &'static str {
    role.from_the_start().1
}

pub fn chart(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<Chart, Error> {
    Ok(Chart(store::all(connection, organization_id)?))
}

/// Inserts or replaces by role, tax category and payment method, and answers the whole chart.
pub fn put(connection: &mut PgConnection, context: &Context, rows: &[PutLedgerAccount]) -> Result<Vec<LedgerAccount>, Error> {
    check(rows)?;
    let changed = store::upsert(connection, context, rows)?;
    let event = |row: &LedgerAccount| {
        let event_type = if row.version == 1 { "ledger_account.created" } else { "ledger_account.updated" };
        NewEvent::of(event_type, "organization", context.organization_id.0, json!(row))
    };
    events::append(connection, context, &changed.iter().map(event).collect::<Vec<_>>())?;
    Ok(store::all(connection, context.organization_id)?)
}

/// One page, by role, tax category and payment method.
pub fn list(
    connection: &mut PgConnection,
    organization_id: OrganizationId,
    updated_from: Option<DateTime<Utc>>,
    after: Option<&[String]>,
    limit: usize,
    bound_to: &str,
) -> Result<Page<LedgerAccount>, Error> {
    let rows = store::page(connection, organization_id, updated_from, after, limit as i64 + 1)?;
    let key = |row: &LedgerAccount| {
        let method = row.payment_method.map(|method| method.to_string());
        [row.role.to_string(), row.tax_category.clone().unwrap_or_default(), method.unwrap_or_default()]
    };
    Ok(Page::cut(rows, limit, |row| encode_cursor(bound_to, &key(row))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::payment::PaymentMethod;
    use chrono::DateTime;
    use rust_decimal::Decimal;

    #[test]
    fn the_most_exact_row_wins() {
        let row = |role, tax_category: Option<&str>, payment_method, code: &str| LedgerAccount {
            role,
            tax_category: tax_category.map(str::to_owned),
            payment_method,
            code: code.to_owned(),
            name: String::new(),
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let chart = Chart(vec![
            row(LedgerRole::Bank, None, None, "1000"),
            row(LedgerRole::Bank, None, Some(PaymentMethod::Cash), "1010"),
            row(LedgerRole::Revenue, Some("reduced"), None, "4007"),
            row(LedgerRole::Revenue, None, None, "4000"),
        ]);
        let posting = |role| Posting::new(role, Decimal::ONE);
        assert_eq!(chart.account_of(&posting(LedgerRole::Bank).by(PaymentMethod::Cash)), "1010");
        assert_eq!(chart.account_of(&posting(LedgerRole::Bank).by(PaymentMethod::Card)), "1000");
        assert_eq!(chart.account_of(&posting(LedgerRole::Revenue).taxed("reduced", None)), "4007");
        assert_eq!(chart.account_of(&posting(LedgerRole::Revenue).taxed("standard", None)), "4000");
        assert_eq!(chart.account_of(&posting(LedgerRole::Tax).taxed("standard", None)), "2200", "as from the start");
    }
}
