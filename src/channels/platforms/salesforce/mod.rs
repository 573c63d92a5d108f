//! Salesforce: a won Opportunity or an activated Order becomes an order. Two ways in: the outbound message of a flow or workflow (SOAP),
//! and a push of the record itself by Apex or a flow (JSON). What a message does not hold is asked for by the REST API.

mod api;
pub mod deal;
pub mod ids;
pub mod outbound;
pub mod push;
pub mod record;

use crate::channels;
use crate::channels::platform::{Acknowledgement, Admitted, Knock, Listening, NotTheirs, Platform, Workbench};
use crate::channels::platforms::api_client::ApiError;
use crate::channels::platforms::crm::{Sum, known_order, other_first, withdraw, work_in_deal};
use crate::channels::platforms::standard_webhooks;
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof, Reason};
use crate::order_to_cash::shop_orders::make_way;
pub use api::SalesforceApi;
use chrono::{DateTime, Utc};
use deal::{Kind, Whole};
use ids::whole;
use record::Record;

pub struct Salesforce;

/// The header of a push that cannot compute a signature: the secret itself. A flow's HTTP callout sends it from a named credential.
const SECRET: &str = "x-pesanan-secret";

fn is_signed(knock: &Knock) -> bool {
    !knock.header("webhook-signature").is_empty()
}

fn shows_secret(knock: &Knock) -> bool {
    is_signed(knock) || !knock.header(SECRET).is_empty()
}

/// Whether it is said to be SOAP: a proxy may add a secret to an outbound message, which makes no push of it.
fn is_soap(knock: &Knock) -> bool {
    let media_type = knock.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(media_type.as_str(), "text/xml" | "application/xml" | "application/soap+xml")
}

fn is_push(knock: &Knock) -> bool {
    shows_secret(knock) && !is_soap(knock)
}

/// What pushes are told by; outbound messages end in `.outbound`.
const PUSH: &str = "push";

impl Platform for Salesforce {
    fn admit(&self, knock: &Knock, listening: &Listening, now: DateTime<Utc>) -> Result<Admitted, NotTheirs> {
        if shows_secret(knock) {
            if is_signed(knock) {
                let keys: Vec<Vec<u8>> = listening.secrets.iter().map(|secret| standard_webhooks::key_of(secret)).collect();
                standard_webhooks::verify(knock, &keys, now)?;
            } else if !listening.secrets.iter().any(|secret| is_same(secret, knock.header(SECRET))) {
                return Err(NotTheirs);
            }
        }
        if is_push(knock) {
            let pushed = push::read(knock.body).unwrap_or_default();
            let topic = match pushed.as_slice() {
                [] => PUSH.to_owned(),
                [first, rest @ ..] if rest.iter().all(|one| one.kind == first.kind) => format!("{}.push", first.kind.object()),
                _ => "batch.push".to_owned(),
            };
            let external_id = match pushed.as_slice() {
                [only] => Some(only.id.clone()),
                _ => None,
            };
            return Ok(Admitted::Message { topic, external_id, proof: Proof::Signature });
        }
        let told = outbound::read(knock.body).map_err(|_| NotTheirs)?;
        let own = listening.channel.settings.organization_id.as_deref().and_then(whole);
        if own.as_ref() != Some(&told.organization_id) {
            return Err(NotTheirs);
        }
        let mut objects: Vec<&str> = told.notifications.iter().map(|one| one.object.as_str()).collect();
        objects.dedup();
        let topic = match objects.as_slice() {
            [only] => format!("{only}.outbound"),
            _ => "batch.outbound".to_owned(),
        };
        let external_id = match told.notifications.as_slice() {
            [only] => only.fields.get("Id").and_then(|id| whole(id)),
            _ => None,
        };
        let proof = if shows_secret(knock) { Proof::Signature } else { Proof::Address };
        Ok(Admitted::Message { topic: topic.chars().take(100).collect(), external_id, proof })
    }

    fn acknowledge(&self, knock: &Knock) -> Acknowledgement {
        if is_push(knock) {
            return Acknowledgement::json();
        }
        Acknowledgement { content_type: "text/xml; charset=utf-8", body: outbound::ACKNOWLEDGEMENT.to_owned() }
    }

    fn calls_out(&self) -> bool {
        true
    }

    fn work_in(&self, bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
        let asked = match asked(message) {
            Ok(asked) => asked,
            Err(reason) => return Ok(Outcome::Rejected { order_ids: vec![], reason }),
        };
        if asked.is_empty() {
            return Ok(Outcome::ignored("not_about_an_order", "it is about no Opportunity and no Order"));
        }
        let mut api = None;
        let mut sum = Sum::default();
        for one in other_first(&asked, message.attempts) {
            sum.add(work_in_one(bench, message, &mut api, one)?, &one.pointer);
            if sum.gives_up() {
                break;
            }
        }
        Ok(sum.outcome())
    }
}

/// In constant time.
fn is_same(secret: &str, given: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(secret.as_bytes(), given.as_bytes()).is_ok()
}

/// One record that a message is about.
struct Asked {
    kind: Kind,
    id: String,
    record: Record,
    /// Whether the record is all that Salesforce has of it: a push; an outbound message has only the fields that were chosen for it.
    pushed: bool,
    pointer: String,
}

fn asked(message: &Message) -> Result<Vec<Asked>, Reason> {
    let is_xml = message.body.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf)) == Some(&b'<');
    if is_xml == message.topic.ends_with(PUSH) {
        return Err(Reason::new("topic_mismatch", format!("the body is not one of topic '{}'", message.topic), ""));
    }
    if !is_xml {
        let pushed = push::read(&message.body)?;
        return Ok(pushed
            .into_iter()
            .map(|one| Asked { kind: one.kind, id: one.id, record: one.record, pushed: true, pointer: one.pointer })
            .collect());
    }
    let told = outbound::read(&message.body)?;
    let mut asked: Vec<Asked> = vec![];
    for one in told.notifications {
        let Some(kind) = Kind::of(&one.object) else { continue };
        let id = one.fields.get("Id").and_then(|id| whole(id));
        let id = id.ok_or_else(|| Reason::new("no_id", "the sObject has no id", format!("{}/sObject/Id", one.pointer)))?;
        let mut record = Record::default();
        one.fields.iter().for_each(|(name, value)| record.set(name, value));
        // Of several states of one record in a message none is to be believed more than Salesforce itself.
        if !asked.iter().any(|known| known.id == id) {
            asked.push(Asked { kind, id, record, pushed: false, pointer: one.pointer });
        }
    }
    Ok(asked)
}

fn work_in_one(bench: &Workbench, message: &Message, api: &mut Option<SalesforceApi>, asked: &Asked) -> Result<Outcome, Error> {
    let (organization_id, channel) = (message.organization_id, &message.channel);
    let known = known_order(bench, organization_id, channel, &asked.id)?;
    let tells_state = asked.kind.tells_state(&asked.record);
    if known.is_none() && tells_state && !asked.kind.is_won(&asked.record, &channel.settings) {
        // When it is won, that is another message.
        return Ok(Outcome::ignored("not_won", "it is not won, so there is no order of it"));
    }
    if let Some(opportunity) = asked.record.get("OpportunityId").and_then(whole).filter(|_| asked.kind == Kind::Order && known.is_none())
        && let Some(placed) = known_order(bench, organization_id, channel, &opportunity)?
    {
        let reason = Reason::new("made_by_opportunity", "the opportunity of this order has made one already", "");
        return Ok(Outcome::Processed { order_ids: vec![placed.id], reason: Some(reason) });
    }
    let own_lines = asked.record.children(asked.kind.lines()).filter(|lines| !lines.is_empty());
    let pushed = asked.pushed && tells_state;
    let found = match own_lines.filter(|_| pushed) {
        Some(lines) => Ok(Whole {
            kind: asked.kind,
            record: asked.record.clone(),
            lines: lines.to_vec(),
            account: asked.record.parent("Account").cloned(),
            contact: ["BillToContact", "ShipToContact", "Contact"].iter().find_map(|name| asked.record.parent(name)).cloned(),
        }),
        None => match logged_in(bench, message, api)? {
            Ok(api) if pushed => api.complete(asked.kind, &asked.id, asked.record.clone()),
            Ok(api) => api.whole(asked.kind, &asked.id),
            Err(error) => Err(error),
        },
    };
    let bench = &bench.anew(message)?;
    match found {
        Ok(found) => {
            let deal = found.deal(&asked.id, &channel.settings, bench.now);
            let opportunity = found.record.get("OpportunityId").and_then(whole);
            if let Some(opportunity) = opportunity.filter(|_| asked.kind == Kind::Order && known.is_none() && deal.won)
                && let Some(placed) = make_way(bench, organization_id, channel, &opportunity)?
            {
                let reason = Reason::new("made_by_opportunity", "the opportunity of this order has made one already", "");
                return Ok(Outcome::Processed { order_ids: vec![placed], reason: Some(reason) });
            }
            Ok(match work_in_deal(bench, message, &deal)? {
                Outcome::Processed { reason: Some(reason), .. } if reason.code == "order_gone" => {
                    Outcome::ignored("made_by_order", "the order of this opportunity has come by itself; no second one is made")
                }
                other => other,
            })
        }
        Err(ApiError::Gone { .. }) => match known {
            Some(known) => withdraw(bench, message, known, "it was deleted in Salesforce"),
            None => Ok(Outcome::ignored("record_gone", "Salesforce has no such record any more, and there is no order of it")),
        },
        Err(error) => Ok(error.outcome()),
    }
}

/// Logs in once a message.
fn logged_in<'a>(
    bench: &Workbench,
    message: &Message,
    api: &'a mut Option<SalesforceApi>,
) -> Result<Result<&'a SalesforceApi, ApiError>, Error> {
    if api.is_none() {
        let channel = &message.channel;
        let credentials =
            bench.db.read_blocking(|connection| channels::service::credentials(connection, message.organization_id, channel.id))?;
        match SalesforceApi::new(channel, &credentials, bench.now) {
            Ok(new) => *api = Some(new),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(api.as_ref().ok_or_else(|| ApiError::unset("credentials.client_id")))
}
