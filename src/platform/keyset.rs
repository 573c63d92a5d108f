//! Lists by keyset: a sort column with the id to tell equals apart, and what a cursor keeps of the last row seen.

use crate::error::Error;
use crate::types::page::page_after;
use chrono::{DateTime, NaiveDate, Utc};
use std::str::FromStr;

/// The conditions of a list that are asked for, one after the other: each combination has a text, and so a plan, of its own.
pub fn asked_for(conditions: &[(bool, &str)]) -> String {
    conditions.iter().filter_map(|(asked, condition)| asked.then_some(*condition)).collect()
}

/// How a list is sorted. `created_at` is the order of the ids (UUIDv7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Newest,
    Oldest,
    /// The longest untouched first: for those who keep a copy.
    UpdatedFirst,
    UpdatedLast,
    /// What is due first comes first.
    DueFirst,
}

impl Sort {
    /// What lists of things that change can be sorted by.
    pub const CHANGING: &[(&'static str, Self)] = &[
        ("-created_at", Self::Newest),
        ("created_at", Self::Oldest),
        ("updated_at", Self::UpdatedFirst),
        ("-updated_at", Self::UpdatedLast),
    ];
    /// The same for things that fall due.
    pub const DUE: &[(&'static str, Self)] = &[
        ("-created_at", Self::Newest),
        ("created_at", Self::Oldest),
        ("updated_at", Self::UpdatedFirst),
        ("-updated_at", Self::UpdatedLast),
        ("due_on", Self::DueFirst),
    ];

    /// Newest first where absent; 400 for what is not among `known`.
    pub fn read(text: Option<&str>, known: &[(&'static str, Self)]) -> Result<Self, Error> {
        let Some(text) = text else { return Ok(Self::Newest) };
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, sort)| *sort);
        found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Error::bad_request("invalid_parameter", format!("sort is one of {}", names.join(", ")))
        })
    }

    /// `ORDER BY` of the table with this alias.
    pub fn order_by(self, alias: &str) -> String {
        match self {
            Self::Newest => format!("{alias}.id DESC"),
            Self::Oldest => format!("{alias}.id"),
            Self::UpdatedFirst => format!("{alias}.updated_at, {alias}.id"),
            Self::UpdatedLast => format!("{alias}.updated_at DESC, {alias}.id DESC"),
            Self::DueFirst => format!("{alias}.due_on, {alias}.id"),
        }
    }

    /// The condition for rows after the key, whose parts are bound as text at `key` and as uuid at `id`.
    pub fn after(self, alias: &str, key: &str, id: &str) -> String {
        match self {
            Self::Newest => format!("{alias}.id < {id}"),
            Self::Oldest => format!("{alias}.id > {id}"),
            Self::UpdatedFirst => format!("({alias}.updated_at, {alias}.id) > ({key}::text::timestamptz, {id})"),
            Self::UpdatedLast => format!("({alias}.updated_at, {alias}.id) < ({key}::text::timestamptz, {id})"),
            Self::DueFirst => format!("({alias}.due_on, {alias}.id) > ({key}::text::date, {id})"),
        }
    }

    fn takes(self, key: &str) -> bool {
        match self {
            Self::Newest | Self::Oldest => key.is_empty(),
            Self::UpdatedFirst | Self::UpdatedLast => key.parse::<DateTime<Utc>>().is_ok(),
            Self::DueFirst => key.parse::<NaiveDate>().is_ok(),
        }
    }

    /// The first part of a row's key, from its columns; `due_on` of things that fall due.
    pub fn key(self, updated_at: DateTime<Utc>, due_on: Option<NaiveDate>) -> String {
        match self {
            Self::Newest | Self::Oldest => String::new(),
            Self::UpdatedFirst | Self::UpdatedLast => updated_at.to_rfc3339(),
            Self::DueFirst => due_on.map(|day| day.to_string()).unwrap_or_default(),
        }
    }
}

/// Where a page starts.
#[derive(Clone, Debug)]
pub struct After<Id> {
    pub key: String,
    pub id: Id,
}

impl<Id: FromStr> After<Id> {
    /// From a cursor that is bound to `filters`; 400 `invalid_cursor` for any other.
    pub fn read(cursor: Option<&str>, filters: &str, sort: Sort) -> Result<Option<Self>, Error> {
        let Some(parts) = page_after(cursor, filters, 2)? else { return Ok(None) };
        let id = parts[1].parse().ok().filter(|_| sort.takes(&parts[0]));
        let id = id.ok_or(Error::bad_request("invalid_cursor", "take the cursor from next_cursor"))?;
        Ok(Some(Self { key: parts[0].clone(), id }))
    }
}

/// A page to fetch: its place in a list, and what the cursor of the next one is bound to.
#[derive(Clone, Debug)]
pub struct Slice<Id> {
    pub sort: Sort,
    pub after: Option<After<Id>>,
    pub limit: usize,
    pub filters: String,
}
