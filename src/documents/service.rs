//! From a request for a document to its bytes.

use super::engine::{Job, Picture};
use super::facts::{PackingList, Receipt, Seller, TradeDocument};
use super::kind::{Form, IssuedKind, Stored};
use super::language::Language;
use super::paper::Paper;
use super::sheet::{self, Variant};
use super::ubl::{self, UblProfile};
use super::{gather, store};
use crate::app::App;
use crate::auth::actor::Context;
use crate::error::Error;
use crate::invoicing::invoices::service as invoices;
use crate::organization::profile;
use crate::platform::file_answer::{FileAnswer, file_name};
use crate::types::id::{CreditNoteId, InvoiceId, OrganizationId, PaymentId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::pg::PgConnection;
use serde_json::{Map, Value};
use uuid::Uuid;

pub const PDF: &str = "application/pdf";
pub const XML: &str = "application/xml";

/// The form that a caller wants; what he leaves open follows from the reader's country.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    Pdf { language: Option<Language>, paper: Option<Paper> },
    Ubl(UblProfile),
}

/// What an issued document says.
#[derive(Clone, Debug)]
enum Content {
    Trade(Box<TradeDocument>),
    Receipt(Box<Receipt>),
}

impl Content {
    fn read(kind: IssuedKind, json: &str) -> Result<Self, Error> {
        match kind {
            IssuedKind::Invoice | IssuedKind::CreditNote => serde_json::from_str(json).map(|document| Self::Trade(Box::new(document))),
            IssuedKind::Receipt => serde_json::from_str(json).map(|receipt| Self::Receipt(Box::new(receipt))),
        }
        .map_err(Error::internal)
    }

    fn take(connection: &mut PgConnection, context: &Context, kind: IssuedKind, id: Uuid) -> Result<Self, Error> {
        match kind {
            IssuedKind::Invoice => gather::invoice(connection, context, InvoiceId(id)).map(|document| Self::Trade(Box::new(document))),
            IssuedKind::CreditNote => {
                gather::credit_note(connection, context, CreditNoteId(id)).map(|document| Self::Trade(Box::new(document)))
            }
            IssuedKind::Receipt => gather::receipt(connection, context, PaymentId(id)).map(|receipt| Self::Receipt(Box::new(receipt))),
        }
    }

    fn json(&self) -> Result<String, Error> {
        match self {
            Self::Trade(document) => serde_json::to_string(document),
            Self::Receipt(receipt) => serde_json::to_string(receipt),
        }
        .map_err(Error::internal)
    }

    fn number(&self) -> &str {
        match self {
            Self::Trade(document) => &document.number,
            Self::Receipt(receipt) => &receipt.number,
        }
    }

    fn logo(&self) -> Option<&str> {
        match self {
            Self::Trade(document) => document.logo.as_deref(),
            Self::Receipt(receipt) => receipt.logo.as_deref(),
        }
    }

    /// Where it is read: the buyer's country, else the seller's.
    fn country(&self) -> &str {
        let (reader, seller) = match self {
            Self::Trade(document) => (document.buyer.address.as_ref(), &document.seller),
            Self::Receipt(receipt) => (receipt.payer.as_ref().and_then(|payer| payer.address.as_ref()), &receipt.seller),
        };
        reader.map_or(seller.country.code(), |address| address.country.code())
    }

    /// The buyer's own, where he has said so.
    fn language(&self) -> Option<Language> {
        match self {
            Self::Trade(document) => document.buyer.language,
            Self::Receipt(receipt) => receipt.payer.as_ref().and_then(|payer| payer.language),
        }
    }

    fn form(&self, wanted: Wanted) -> Form {
        match wanted {
            Wanted::Pdf { language, paper } => {
                let variant = variant(language.or(self.language()), paper, self.country());
                Form::Pdf(variant.language, variant.paper)
            }
            Wanted::Ubl(profile) => Form::Ubl(profile),
        }
    }

    fn sheet(&self, variant: Variant) -> (&'static str, Map<String, Value>) {
        match self {
            Self::Trade(document) => ("invoice", sheet::trade::sheet(document, variant)),
            Self::Receipt(receipt) => ("receipt", sheet::receipt::sheet(receipt, variant)),
        }
    }
}

fn variant(language: Option<Language>, paper: Option<Paper>, country: &str) -> Variant {
    Variant { language: language.unwrap_or(Language::of_country(country)), paper: paper.unwrap_or(Paper::of_country(country)) }
}

/// A document between what it says and its bytes.
struct Ready {
    content: Content,
    form: Form,
    kept: Option<Stored>,
    logo: Option<Picture>,
}

impl Ready {
    fn of(
        connection: &mut PgConnection,
        organization_id: OrganizationId,
        subject: (IssuedKind, Uuid),
        wanted: Wanted,
        content: Content,
    ) -> Result<Self, Error> {
        let form = content.form(wanted);
        let kept = store::file(connection, organization_id, subject, &form.key())?;
        let logo = match (&kept, form, content.logo()) {
            (None, Form::Pdf(..), Some(sha256)) => store::logo(connection, organization_id, sha256)?.and_then(|data| picture(&data)),
            _ => None,
        };
        Ok(Self { content, form, kept, logo })
    }

    fn answer(&self, file: Stored) -> FileAnswer {
        let (media_type, ending) = match self.form {
            Form::Pdf(..) => (PDF, "pdf"),
            Form::Ubl(_) => (XML, "xml"),
        };
        FileAnswer { media_type, name: file_name(self.content.number(), ending), sha256: file.sha256, bytes: file.bytes }
    }
}

/// An issued document in the wanted form: the bytes that were made at the first request for it. 404 where there is no such document,
/// 503 where too many are being made.
pub async fn issued(app: &App, context: Context, kind: IssuedKind, id: Uuid, wanted: Wanted) -> Result<FileAnswer, Error> {
    let subject = (kind, id);
    let organization_id = context.organization_id;
    let known = app
        .db
        .read(move |connection| {
            let json = store::content(connection, organization_id, subject)?;
            json.map(|json| Ready::of(connection, organization_id, subject, wanted, Content::read(kind, &json)?)).transpose()
        })
        .await?;
    let ready = match known {
        Some(ready) => ready,
        None => {
            let context = context.clone();
            app.db.write(move |connection| first(connection, &context, subject, wanted)).await?
        }
    };
    if let Some(file) = &ready.kept {
        return Ok(ready.answer(file.clone()));
    }
    let new = match ready.form {
        Form::Pdf(language, paper) => {
            let (template, data) = ready.content.sheet(Variant { language, paper });
            let identity = format!("{organization_id}/{kind}/{id}/{}", ready.form.key());
            Stored::of(app.renderer.render(Job { template, data, logo: ready.logo.clone(), identity }).await?)
        }
        Form::Ubl(profile) => {
            let (context, content) = (context.clone(), ready.content.clone());
            Stored::of(app.db.read(move |connection| xml(connection, &context, &content, profile)).await?.into_bytes())
        }
    };
    let key = ready.form.key();
    let kept = app.db.write(move |connection| Ok(store::keep_file(connection, &context, subject, &key, &new)?)).await?;
    let kept = kept.ok_or_else(|| Error::internal("a document that was kept is gone"))?;
    Ok(ready.answer(kept))
}

/// Writes down what the document says; whoever comes second finds it written.
fn first(connection: &mut PgConnection, context: &Context, subject: (IssuedKind, Uuid), wanted: Wanted) -> Result<Ready, Error> {
    let taken = Content::take(connection, context, subject.0, subject.1)?;
    let json = store::keep_content(connection, context, subject, &taken.json()?)?;
    let json = json.ok_or_else(|| Error::internal("a content that was kept is gone"))?;
    Ready::of(connection, context.organization_id, subject, wanted, Content::read(subject.0, &json)?)
}

/// What the snapshots lack of the parties is taken from them as they are today; what they say stays.
fn xml(connection: &mut PgConnection, context: &Context, content: &Content, profile: UblProfile) -> Result<String, Error> {
    let Content::Trade(document) = content else { return Err(Error::internal("only invoices and credit notes are written as UBL")) };
    let mut document = document.as_ref().clone();
    let organization = profile::service::get(connection, context.organization_id)?;
    document.seller = document.seller.completed(&organization.profile);
    if let Some((today, _)) = invoices::bill_to(connection, context.organization_id, document.buyer.id)? {
        document.buyer = store::completed(document.buyer, today);
    }
    ubl::write(&document, profile)
}

/// A view that is made afresh each time: it shows what is, not what was issued.
pub async fn view(
    app: &App,
    template: &'static str,
    name: &str,
    data: Map<String, Value>,
    logo: Option<Picture>,
) -> Result<FileAnswer, Error> {
    let identity = format!("{template}/{name}");
    let file = Stored::of(app.renderer.render(Job { template, data, logo, identity }).await?);
    Ok(FileAnswer { media_type: PDF, name: file_name(name, "pdf"), sha256: file.sha256, bytes: file.bytes })
}

/// A packing list as a PDF, in the receiver's language on the sender's paper.
pub async fn packing_list(
    app: &App,
    list: PackingList,
    logo: Option<Picture>,
    (language, paper): (Option<Language>, Option<Paper>),
) -> Result<FileAnswer, Error> {
    let (here, there) = (list.seller.country.code().to_owned(), list.ship_to.as_ref().map(|address| address.country.code().to_owned()));
    let there = there.unwrap_or_else(|| here.clone());
    let language = language.or(list.language).unwrap_or(Language::of_country(&there));
    let variant = Variant { language, paper: paper.unwrap_or(Paper::of_country(&here)) };
    view(app, "packing_list", &list.number, sheet::packing_list::sheet(&list, variant), logo).await
}

/// A statement of account as a PDF.
pub async fn statement(
    app: &App,
    statement: &super::statement::body::Statement,
    seller: &Seller,
    logo: Option<Picture>,
    (language, paper): (Option<Language>, Option<Paper>),
) -> Result<FileAnswer, Error> {
    let country = statement.customer.address.as_ref().map_or(seller.country.code(), |address| address.country.code());
    let data = sheet::statement::sheet(statement, seller, variant(language.or(statement.customer.language), paper, country));
    let who = statement.customer.code.clone().unwrap_or_else(|| statement.customer.id.to_string());
    view(app, "statement", &format!("statement-{who}-{}-{}", statement.from, statement.to), data, logo).await
}

/// The organization's logo of now.
pub fn current_logo(connection: &mut PgConnection, organization_id: OrganizationId) -> Result<Option<Picture>, Error> {
    let organization = profile::service::get(connection, organization_id)?;
    Ok(organization.profile.logo.as_deref().and_then(picture))
}

/// The picture of a `data:` URI; none for what is no picture.
fn picture(data: &str) -> Option<Picture> {
    let (kind, base64) = data.strip_prefix("data:")?.split_once(";base64,")?;
    let name = match kind {
        "image/png" => "logo.png",
        "image/jpeg" => "logo.jpg",
        "image/svg+xml" => "logo.svg",
        _ => return None,
    };
    Some(Picture { name: name.to_owned(), bytes: STANDARD.decode(base64).ok()? })
}
