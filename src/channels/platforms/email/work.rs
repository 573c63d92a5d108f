//! From a mail to its order where all is certain, else to a verification. Each step may be run again: the reading is stored under the
//! sender's id of the mail before anything is made of it.

use super::doubts::{currency_difference, days_that_have_passed, of_mail, price_differences};
use super::form;
use super::reader::kind::{MailKind, answers};
use super::reader::{self, Mail};
use crate::auth::actor::Context;
use crate::catalog::products::named::named;
use crate::channels::Channel;
use crate::channels::mail_settings::{MailSettings, UnprovenSenders};
use crate::channels::platform::Workbench;
use crate::channels::platforms::ubl;
use crate::customers::senders::by_mail_address;
use crate::error::Error;
use crate::inbox::{Message, Outcome, Proof, Reason};
use crate::notices;
use crate::order_to_cash::quote::quote;
use crate::order_to_cash::verified_order::{self, is_passing};
use crate::orders;
use crate::orders::dates::Dates;
use crate::orders::purchase_orders;
use crate::orders::verify::Request;
use crate::organization;
use crate::types::id::{CustomerId, OrderId, OrderVerificationId};
use crate::verifications::body::VerificationStatus;
use crate::verifications::proposal::{ProposedOrder, reasons_of};
use crate::verifications::reading::{Reading, Remark};
use crate::verifications::store::{Intent, NewVerification};
use aws_lc_rs::digest;

pub fn work_in(bench: &Workbench, message: &Message) -> Result<Outcome, Error> {
    let Some(raw) = form::raw_mail(&message.content_type, &message.body) else {
        return Ok(Outcome::rejected("no_mail", "the form has no field email, body-mime or message with the mail as it came", ""));
    };
    let mut mail = reader::read(&raw);
    let context = Context::job(message.organization_id, "inbox", bench.now);
    let is_own = bench.db.read_blocking(|connection| notices::replies::is_own(connection, &context, mail.sender.as_deref()))?;
    if is_own {
        return Ok(Outcome::ignored("own_mail", "it is from the address that we write from"));
    }
    let settings = message.channel.settings.mail.clone().unwrap_or_default();
    let who = bench.db.read_blocking(|connection| who(connection, &context, &settings, message, &mail))?;
    if mail.kind != MailKind::Order && !is_a_persons(bench, &context, &who, &mut mail)? {
        let told: Vec<&str> = mail.reading.remarks.iter().map(|remark| remark.detail.as_str()).collect();
        let detail = [mail.detail.as_str()].into_iter().chain(told).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
        return Ok(Outcome::ignored(mail.kind.as_str(), detail));
    }
    let external_id = external_id(&mail, &raw);
    let known = bench.db.read_blocking(|connection| verified_order::known(connection, &context, message.channel.id, &external_id))?;
    let external_id = match &known {
        // The same id over something else: it is another order, and a person has to see that.
        Some(stored) if stored.shown.reading != mail.reading || stored.shown.sender != mail.sender => {
            format!("{external_id}#{}", hash(&raw))
        }
        _ => external_id,
    };
    let reused = external_id.contains('#') && known.is_some();
    let known = match reused {
        true => bench.db.read_blocking(|connection| verified_order::known(connection, &context, message.channel.id, &external_id))?,
        false => known,
    };
    let stored = match known {
        Some(stored) => stored,
        None => {
            let mut new = judged(bench, &context, message, &mail, &who, external_id)?;
            if reused {
                new.reasons
                    .insert(0, Reason::new("message_id_reused", "another order came under the same Message-ID", "header=Message-ID"));
                (new.status, new.intent) = (VerificationStatus::Open, if who.is_proven { new.intent.min_draft() } else { Intent::Nothing });
            }
            bench.db.write_blocking(|connection| verified_order::take(connection, &context, &new))?
        }
    };
    if stored.shown.inbound_message_id != message.id {
        let order_ids = stored.shown.order_id.into_iter().collect();
        return Ok(Outcome::Processed {
            order_ids,
            reason: Some(Reason::new("already_received", "the same mail came before", "header=Message-ID")),
        });
    }
    let verification =
        verified_order::carry_out(bench.db, bench.desk, &context, &message.channel, &stored, who.is_proven && stored.answerable)?;
    let reason = (verification.status == VerificationStatus::Open).then(|| {
        Reason::new("verification_open", format!("a person has to look at it: {}", verified_order::summary(&verification.reasons)), "")
    });
    Ok(Outcome::Processed { order_ids: verification.order_id.into_iter().collect(), reason })
}

/// Whether somebody has to read what we cannot: a file of a customer's, a table with our products in it, whoever has sent it.
fn is_a_persons(bench: &Workbench, context: &Context, who: &Who, mail: &mut Mail) -> Result<bool, Error> {
    if mail.kind != MailKind::Other || mail.automatic {
        return Ok(false);
    }
    let unread = mail.reading.remarks.iter().any(|remark| matches!(remark.code.as_str(), "unread_attachment" | "unread_table"));
    if unread && who.is_known {
        return Ok(true);
    }
    let cells: Vec<&str> = mail.unread_cells.iter().map(String::as_str).collect();
    if cells.is_empty() {
        return Ok(false);
    }
    let named = bench.db.read_blocking(|connection| Ok(named(connection, context.organization_id, &cells, &[])?))?;
    let Some(sku) = cells.iter().find_map(|cell| named.sku(Some(cell), None)) else { return Ok(false) };
    if !mail.unread_table {
        let detail = format!("a table names our product {sku}, but no columns whose names say product and quantity");
        mail.reading.remarks.push(Remark::new("unread_table", detail, ""));
    }
    Ok(true)
}

/// The sender's id of the mail; of one without an id the content tells it.
fn external_id(mail: &Mail, raw: &[u8]) -> String {
    mail.message_id.clone().unwrap_or_else(|| format!("sha256:{}", hash(raw)))
}

fn hash(raw: &[u8]) -> String {
    digest::digest(&digest::SHA256, raw).as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who has sent a mail.
struct Who {
    customer_id: Option<CustomerId>,
    /// Customers have this address or domain, be it one or several.
    is_known: bool,
    /// Something proves that the address is the sender's.
    is_proven: bool,
    reasons: Vec<Reason>,
}

fn who(
    connection: &mut diesel::pg::PgConnection,
    context: &Context,
    settings: &MailSettings,
    message: &Message,
    mail: &Mail,
) -> Result<Who, Error> {
    let place = "header=From";
    let Some(sender) = mail.sender.as_deref() else {
        let reason = Reason::new("sender_missing", "the mail names no sender, or more than one", place);
        return Ok(Who { customer_id: None, is_known: false, is_proven: false, reasons: vec![reason] });
    };
    // Whoever knows no more than the address may have written the server's words himself.
    let from_server = message.proof != Proof::Address;
    let told = settings.trusted_authserv_id.as_deref().map(|server| from_server && mail.is_proven_by(server));
    // Whoever hands a mail in by the API answers for it; what a person has corrected is that person's.
    let by_server = told == Some(true) && !message.edited;
    let handed_in = message.proof == Proof::Token || message.edited;
    let trusted = settings.unproven_senders == Some(UnprovenSenders::Order) && told.is_none();
    let mut found = by_mail_address(connection, context.organization_id, sender)?;
    let domain = sender.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let mut is_proven = by_server || handed_in || trusted;
    if found.is_empty() && settings.allowed_domains.iter().any(|allowed| allowed == domain) {
        found = by_mail_address(connection, context.organization_id, &format!("@{domain}"))?;
        // A domain is believed only where it is proven.
        is_proven = by_server || handed_in;
    }
    let mut reasons = vec![];
    let customer_id = match found.as_slice() {
        [] => {
            reasons.push(Reason::new("unknown_sender", format!("no customer has the address {sender}"), place));
            None
        }
        [only] => Some(*only),
        several => {
            reasons.push(Reason::new("ambiguous_customer", format!("{} customers have the address {sender}", several.len()), place));
            None
        }
    };
    if !is_proven {
        let detail = match told {
            Some(_) => "your mail server does not say that this address is the sender's (DMARC)",
            None => "nothing proves that this address is the sender's; see trusted_authserv_id",
        };
        reasons.push(Reason::new("sender_not_proven", detail, place));
    }
    Ok(Who { customer_id, is_known: !found.is_empty(), is_proven, reasons })
}

impl Intent {
    /// A draft at most.
    fn min_draft(self) -> Self {
        match self {
            Self::Order | Self::Draft => Self::Draft,
            Self::Nothing => Self::Nothing,
        }
    }
}

/// The reading with everything that speaks against making an order of it unseen.
fn judged(
    bench: &Workbench,
    context: &Context,
    message: &Message,
    mail: &Mail,
    who: &Who,
    external_id: String,
) -> Result<NewVerification, Error> {
    let order_id = OrderId::generate();
    let reading = mail.reading.clone();
    let proposal = bench.db.read_blocking(|connection| {
        let values =
            |pick: fn(&crate::verifications::reading::ReadLine) -> Option<&crate::verifications::reading::ReadField>| -> Vec<&str> {
                reading.lines.iter().filter_map(pick).map(|field| field.value.as_str()).collect()
            };
        let named = named(connection, context.organization_id, &values(|line| line.sku.as_ref()), &values(|line| line.gtin.as_ref()))?;
        let mut proposal = ProposedOrder::of(&reading, who.customer_id, &named);
        if let Some(order) = &mail.ubl {
            proposal.shipping_address = ubl::new_order::address(order);
            proposal.delivery_instructions.clone_from(&order.delivery_terms);
        } else {
            // What a table says is compared with the customer's currency, not taken.
            proposal.currency = None;
        }
        Ok(proposal)
    })?;
    let mut reasons = who.reasons.clone();
    reasons.extend(of_mail(mail));
    let (zone, ours) = bench.db.read_blocking(|connection| {
        let zone = organization::settings(connection, context.organization_id)?.time_zone;
        Ok((zone, orders::one_of_numbers(connection, context.organization_id, &mail.numbers)?))
    })?;
    reasons.extend(days_that_have_passed(&reading, bench.now.with_timezone(&zone).date_naive()));
    let own_number = reading.purchase_order_number.as_ref().map(|field| field.value.as_str());
    if let Some(number) = ours.filter(|number| mail.is_answer || answers(&mail.subject) || own_number != Some(number)) {
        reasons.push(Reason::new("names_our_order", format!("it names our order {number}: is it about that one?"), "header=Subject"));
    }
    let fits = bench.db.read_blocking(|connection| against(connection, bench, context, &message.channel, &reading, &proposal, order_id));
    let could_be_order = match fits {
        Ok(told) => {
            reasons.extend(told);
            true
        }
        Err(error) if is_passing(&error) => return Err(error),
        Err(error) => {
            // That the customer is missing is told already.
            reasons.extend(reasons_of(&error, &reading).into_iter().filter(|reason| reason.pointer != "/customer_id"));
            false
        }
    };
    let certain = reasons.is_empty() && could_be_order;
    let intent = match (certain, could_be_order && who.customer_id.is_some() && who.is_proven) {
        (true, _) => Intent::Order,
        (false, true) => Intent::Draft,
        (false, false) => Intent::Nothing,
    };
    if reasons.is_empty() && !certain {
        reasons.push(Reason::new("refused", "it cannot be placed as it is", ""));
    }
    Ok(NewVerification {
        id: OrderVerificationId::generate(),
        channel_id: message.channel.id,
        inbound_message_id: message.id,
        external_id,
        status: if certain { VerificationStatus::Automatic } else { VerificationStatus::Open },
        reasons,
        sender: mail.sender.clone(),
        sender_name: mail.sender_name.clone(),
        subject: mail.subject.clone(),
        message_id: mail.message_id.clone(),
        references: mail.references.clone(),
        answerable: !mail.automatic && mail.sender.is_some(),
        customer_id: who.customer_id,
        reading,
        proposal,
        intended_order_id: order_id,
        intent,
    })
}

/// What our own books say against the order; an error where it could not be one at all.
fn against(
    connection: &mut diesel::pg::PgConnection,
    bench: &Workbench,
    context: &Context,
    channel: &Channel,
    reading: &Reading,
    proposal: &ProposedOrder,
    order_id: OrderId,
) -> Result<Vec<Reason>, Error> {
    let body = proposal.order(&channel.code, None, None, false)?;
    body.check()?;
    let mut reasons = vec![];
    if let (Some(customer_id), Some(number)) = (proposal.customer_id, proposal.purchase_order_number.as_deref())
        && let Some(order) = purchase_orders::of_customer(connection, context.organization_id, customer_id, number, order_id)?
    {
        let place = reading.purchase_order_number.as_ref().map(|field| field.place.clone()).unwrap_or_default();
        reasons.push(Reason::new("purchase_order_number_known", format!("the customer's order {number} is {order} already"), place));
    }
    let request = Request { order_id, number: String::new(), body, may_price: true, dates: Dates::AsTold, historical: false };
    let quoted = quote(connection, &bench.desk.master_data, context, request)?;
    let quoted = serde_json::to_value(&quoted).map_err(Error::internal)?;
    reasons.extend(price_differences(&quoted, reading, channel));
    reasons.extend(currency_difference(&quoted, reading));
    if let Some(refusals) = quoted["refusals"].as_array() {
        reasons.extend(
            refusals.iter().map(|refusal| {
                Reason::new(refusal["code"].as_str().unwrap_or("refused"), refusal["detail"].as_str().unwrap_or_default(), "")
            }),
        );
    }
    Ok(reasons)
}
