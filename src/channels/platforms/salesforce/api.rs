use super::deal::{Kind, Whole};
use super::record::{Children, Record};
use crate::channels::Channel;
use crate::channels::body::ChannelCredentials;
use crate::channels::platforms::api_client::loose::Loose;
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use crate::platform::limits;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The version of the REST API that answers are read by.
const VERSION: &str = "v62.0";

/// Salesforce's REST API, logged in as a connected app's own user (OAuth 2.0 client credentials).
pub struct SalesforceApi {
    api: Api,
}

#[derive(Deserialize)]
struct Token {
    access_token: Loose,
}

impl SalesforceApi {
    /// Logs in at the organization's own address.
    pub fn new(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", needed(credentials, "client_id")?),
            ("client_secret", needed(credentials, "client_secret")?),
        ];
        let login = Api::new(channel, None, Login::Nobody, now)?;
        let reply = login.call(Method::POST, &["services", "oauth2", "token"], &[], Payload::Form(&form));
        let token: Token = match reply {
            Ok(reply) => reply.json()?,
            // RFC 6749 answers wrong credentials with 400.
            Err(ApiError::Unfit { status: 400, detail }) => return Err(ApiError::Refused { detail }),
            Err(error) => return Err(error),
        };
        Ok(Self { api: Api::new(channel, None, Login::Bearer(token.access_token.0), now)? })
    }

    /// A record with all that belongs to it; `id` is one of Salesforce's.
    pub fn whole(&self, kind: Kind, id: &str) -> Result<Whole, ApiError> {
        let record = self.record(kind.object(), id)?;
        self.complete(kind, id, record)
    }

    /// Adds to a record what is missing of it.
    pub fn complete(&self, kind: Kind, id: &str, record: Record) -> Result<Whole, ApiError> {
        let lines = match record.children(kind.lines()) {
            Some(lines) if !lines.is_empty() => lines.to_vec(),
            Some(_) | None => self.lines(kind, id)?,
        };
        let account = match (record.parent("Account"), record.get("AccountId")) {
            (Some(account), _) => Some(account.clone()),
            (None, Some(account)) => self.optional("Account", account)?,
            (None, None) => None,
        };
        let people = ["BillToContact", "ShipToContact", "Contact"];
        let known = people.iter().find_map(|name| record.parent(name)).cloned();
        let named = ["BillToContactId", "ShipToContactId", "ContactId"].iter().find_map(|name| record.get(name));
        let contact = match (known, named, kind) {
            (Some(contact), ..) => Some(contact),
            (None, Some(id), _) => self.optional("Contact", id)?,
            (None, None, Kind::Opportunity) => self.primary_contact(id)?,
            (None, None, Kind::Order) => None,
        };
        Ok(Whole { kind, record, lines, account, contact })
    }

    pub fn record(&self, object: &str, id: &str) -> Result<Record, ApiError> {
        self.api.get(&["services", "data", VERSION, "sobjects", object, id], &[])?.json()
    }

    fn optional(&self, object: &str, id: &str) -> Result<Option<Record>, ApiError> {
        match self.record(object, id) {
            Ok(record) => Ok(Some(record)),
            Err(ApiError::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn lines(&self, kind: Kind, id: &str) -> Result<Vec<Record>, ApiError> {
        let (object, parent) = match kind {
            Kind::Opportunity => ("OpportunityLineItem", "OpportunityId"),
            Kind::Order => ("OrderItem", "OrderId"),
        };
        self.query(&format!(
            "SELECT FIELDS(STANDARD), Product2.ProductCode, Product2.StockKeepingUnit FROM {object} WHERE {parent} = '{id}' ORDER BY Id"
        ))
    }

    fn primary_contact(&self, id: &str) -> Result<Option<Record>, ApiError> {
        let roles = self.query(&format!(
            "SELECT Contact.Id, Contact.Name, Contact.Email, Contact.Phone FROM OpportunityContactRole \
             WHERE OpportunityId = '{id}' ORDER BY IsPrimary DESC, CreatedDate LIMIT 1"
        ))?;
        Ok(roles.into_iter().next().and_then(|role| role.parent("Contact").cloned()))
    }

    fn query(&self, soql: &str) -> Result<Vec<Record>, ApiError> {
        let mut page: Children = self.api.get(&["services", "data", VERSION, "query"], &[("q", soql)])?.json()?;
        let mut records = std::mem::take(&mut page.records);
        // More lines than an order takes are refused as an order, not here.
        while let Some(next) = page.next.owned().filter(|_| records.len() <= limits::ORDER_LINES) {
            let path: Vec<&str> = next.split('/').filter(|part| !part.is_empty()).collect();
            page = self.api.get(&path, &[])?.json()?;
            records.append(&mut page.records);
        }
        Ok(records)
    }

    /// Sets fields of a record.
    pub fn set(&self, object: &str, id: &str, fields: &Map<String, Value>) -> Result<(), ApiError> {
        let fields = Value::Object(fields.clone());
        self.api.call(Method::PATCH, &["services", "data", VERSION, "sobjects", object, id], &[], Payload::Json(&fields)).map(drop)
    }
}
