use super::super::role::LedgerRole;
use crate::payments::payment::PaymentMethod;
use crate::types::fault::{Fault, Faults};
use crate::types::text::{check_code, check_text};
use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// The account of a role, or of one tax category or payment method of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutLedgerAccount {
    pub role: LedgerRole,
    /// Of `revenue`, `tax`, `discount`, `credit_note` and `deposit`; all categories without a row of their own where absent.
    #[serde(default)]
    #[schema(example = "standard")]
    pub tax_category: Option<String>,
    /// Of `bank` and `refund`; all methods without a row of their own where absent.
    #[serde(default)]
    pub payment_method: Option<PaymentMethod>,
    /// Of the account in the books.
    #[schema(example = "4000")]
    pub code: String,
    #[schema(example = "Sales")]
    pub name: String,
    // A `PUT` takes the rows of its own `GET` back; these are ignored.
    #[serde(default, rename = "version")]
    #[schema(ignore)]
    _version: Option<IgnoredAny>,
    #[serde(default, rename = "created_at")]
    #[schema(ignore)]
    _created_at: Option<IgnoredAny>,
    #[serde(default, rename = "updated_at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

/// Faults of all rows at once; a row may be named only once.
pub fn check(rows: &[PutLedgerAccount]) -> Result<(), Vec<Fault>> {
    const MOST: usize = 1_000;
    let mut faults = Faults::new();
    if rows.len() > MOST {
        faults.add("", "too_many_items", format!("at most {MOST} rows a call"));
        return faults.into_result();
    }
    let mut seen = HashSet::new();
    for (i, row) in rows.iter().enumerate() {
        check_code(&mut faults, &format!("/{i}/code"), &row.code);
        check_text(&mut faults, &format!("/{i}/name"), &row.name, 200);
        if let Some(category) = &row.tax_category {
            check_code(&mut faults, &format!("/{i}/tax_category"), category);
            let fits = row.role.has_tax_category();
            faults.require(fits, format!("/{i}/tax_category"), "not_of_this_role", "lines of this role have no tax category");
        }
        if row.payment_method.is_some() {
            let fits = row.role.has_payment_method();
            faults.require(fits, format!("/{i}/payment_method"), "not_of_this_role", "lines of this role have no payment method");
        }
        let new = seen.insert((row.role, row.tax_category.as_deref(), row.payment_method));
        faults.require(new, format!("/{i}"), "duplicate_key", "an earlier row names the same role, category and method");
    }
    faults.into_result()
}

/// An account of the chart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerAccount {
    pub role: LedgerRole,
    #[schema(example = "standard")]
    pub tax_category: Option<String>,
    pub payment_method: Option<PaymentMethod>,
    #[schema(example = "4000")]
    pub code: String,
    #[schema(example = "Sales")]
    pub name: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
