//! HubSpot: a deal that is moved to won becomes an order. Its messages say no more than that something has changed; the deal itself,
//! with line items, company and contact, is asked for by its API (developers.hubspot.com, CRM v3).

mod api;
pub mod events;
pub mod records;
pub mod signature;

use crate::channels;
use crate::channels::platform::{Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::channels::platforms::api_client::ApiError;
use crate::channels::platforms::crm::{Sum, known_order, other_first, withdraw, work_in_deal};
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof};
pub use api::HubspotApi;
use chrono::{DateTime, Utc};

pub struct Hubspot;

impl Platform for Hubspot {
    fn admit(&self, knock: &Knock, listening: &Listening, now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        signature::verify(knock, &listening.secrets, now)?;
        // HubSpot never sends again what was answered with 4xx: what is rightly signed is stored, whatever it says.
        let told = events::read(knock.body).unwrap_or_default();
        let external_id = match told.deals.as_slice() {
            [(only, _)] => Some(only.clone()),
            _ => None,
        };
        Ok(Admitted::Message { topic: told.topic, external_id, proof: Proof::Signature })
    }

    fn calls_out(&self) -> bool {
        true
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        let told = match events::read(&message.body) {
            Ok(told) => told,
            Err(reason) => return Ok(Outcome::Rejected { order_ids: vec![], reason }),
        };
        if told.deals.is_empty() {
            return Ok(Outcome::ignored("not_about_a_deal", "none of its events is about a deal"));
        }
        let (organization_id, channel) = (message.organization_id, &message.channel);
        let credentials = bench.db.read_blocking(|connection| channels::service::credentials(connection, organization_id, channel.id))?;
        let api = match HubspotApi::new(channel, &credentials, bench.now) {
            Ok(api) => api,
            Err(error) => return Ok(error.outcome()),
        };
        let mut sum = Sum::default();
        for (id, place) in other_first(&told.deals, message.attempts) {
            sum.add(work_in_one(bench, message, &api, id)?, place);
            if sum.gives_up() {
                break;
            }
        }
        Ok(sum.outcome())
    }
}

fn work_in_one(bench: &Workbench, message: &Message, api: &HubspotApi, id: &str) -> Result<Outcome, Error> {
    let (organization_id, channel) = (message.organization_id, &message.channel);
    let fetched = api.deal(id, &channel.settings);
    let bench = &bench.anew(message)?;
    let fetched = match fetched {
        Ok(fetched) => fetched,
        Err(ApiError::Gone { .. }) => {
            return match known_order(bench, organization_id, channel, id)? {
                Some(known) => withdraw(bench, message, known, "its deal was deleted in HubSpot"),
                None => Ok(Outcome::ignored("deal_gone", "HubSpot has no such deal any more, and there is no order of it")),
            };
        }
        Err(error) => return Ok(error.outcome()),
    };
    // A deal that others were merged into has another id; its order is still known by the one that it was placed under.
    let mut external_id = fetched.deal.id.0.clone();
    for merged in fetched.deal.merged() {
        if known_order(bench, organization_id, channel, &external_id)?.is_some() {
            break;
        }
        if known_order(bench, organization_id, channel, &merged)?.is_some() {
            external_id = merged;
            break;
        }
    }
    work_in_deal(bench, message, &fetched.deal(external_id, &channel.settings, bench.now))
}
