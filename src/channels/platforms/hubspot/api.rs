use super::records::{COMPANY_PROPERTIES, CONTACT_PROPERTIES, DEAL_PROPERTIES, Fetched, LINE_PROPERTIES, Owner, Record};
use crate::channels::Channel;
use crate::channels::body::{ChannelCredentials, ChannelSettings};
use crate::channels::platforms::api_client::loose::Loose;
use crate::channels::platforms::api_client::{Api, ApiError, Login, Payload, needed};
use crate::platform::limits;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// HubSpot's API with the access token of a private app.
pub struct HubspotApi {
    api: Api,
}

/// What a batch may ask for.
const BATCH: usize = 100;

#[derive(Deserialize)]
struct Batch {
    results: Vec<Record>,
}

#[derive(Deserialize)]
struct Linked {
    results: Vec<Link>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(rename = "toObjectId")]
    to: Loose,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default)]
    next: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    after: Loose,
}

impl HubspotApi {
    pub fn new(channel: &Channel, credentials: &ChannelCredentials, now: DateTime<Utc>) -> Result<Self, ApiError> {
        let token = needed(credentials, "access_token")?.to_owned();
        Ok(Self { api: Api::new(channel, Some("https://api.hubapi.com"), Login::Bearer(token), now)? })
    }

    /// A deal with all that belongs to it.
    pub fn deal(&self, id: &str, settings: &ChannelSettings) -> Result<Fetched, ApiError> {
        let query = [("properties", DEAL_PROPERTIES), ("associations", "line_items,companies,contacts")];
        let deal: Record = self.api.get(&["crm", "v3", "objects", "deals", id], &query)?.json()?;
        let mut line_ids = deal.associations("line_items");
        if line_ids.more {
            line_ids.ids = self.linked(id, "line_items")?;
        }
        let mut lines = vec![];
        for ids in line_ids.ids.chunks(BATCH) {
            let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
            let asked = json!({ "properties": LINE_PROPERTIES, "inputs": inputs });
            let path = ["crm", "v3", "objects", "line_items", "batch", "read"];
            let batch: Batch = self.api.call(Method::POST, &path, &[], Payload::Json(&asked))?.json()?;
            lines.extend(batch.results.into_iter().filter(|line| !line.archived));
        }
        let company_properties = match &settings.tax_id_field {
            Some(field) => format!("{COMPANY_PROPERTIES},{field}"),
            None => COMPANY_PROPERTIES.to_owned(),
        };
        let company = self.first("companies", &deal.associations("companies").ids, &company_properties)?;
        let contact = self.first("contacts", &deal.associations("contacts").ids, CONTACT_PROPERTIES)?;
        let owner = match deal.owner().map(|id| self.api.get(&["crm", "v3", "owners", id], &[])) {
            Some(Ok(reply)) => Some(reply.json::<Owner>()?),
            // A private app without the right to see people, or somebody who has left: the order does without a name.
            Some(Err(ApiError::Refused { .. } | ApiError::Gone { .. } | ApiError::Unfit { .. })) | None => None,
            Some(Err(error)) => return Err(error),
        };
        Ok(Fetched { deal, lines, company, contact, owner })
    }

    /// The first of these that is still there.
    fn first(&self, kind: &str, ids: &[String], properties: &str) -> Result<Option<Record>, ApiError> {
        for id in ids.iter().take(5) {
            match self.api.get(&["crm", "v3", "objects", kind, id], &[("properties", properties)]) {
                Ok(reply) => return reply.json().map(Some),
                Err(ApiError::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// All objects of a kind that belong to a deal, where there are more than come with it.
    fn linked(&self, id: &str, kind: &str) -> Result<Vec<String>, ApiError> {
        let (mut ids, mut after) = (vec![], None::<String>);
        loop {
            let mut query = vec![("limit", "500")];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let page: Linked = self.api.get(&["crm", "v4", "objects", "deals", id, "associations", kind], &query)?.json()?;
            ids.extend(page.results.into_iter().map(|link| link.to.0));
            let next = page.paging.and_then(|paging| paging.next).map(|next| next.after.0);
            // More lines than an order takes are refused as an order, not here.
            if next.is_none() || next == after || ids.len() > limits::ORDER_LINES {
                return Ok(ids);
            }
            after = next;
        }
    }

    /// Sets properties of a deal.
    pub fn set(&self, id: &str, properties: &Map<String, Value>) -> Result<(), ApiError> {
        let body = json!({ "properties": properties });
        self.api.call(Method::PATCH, &["crm", "v3", "objects", "deals", id], &[], Payload::Json(&body)).map(drop)
    }
}
