use super::body::{NoticePreview, NoticeTemplate, PreviewNotice, PutNoticeTemplate};
use super::service;
use crate::app::App;
use crate::auth::call::Call;
use crate::auth::permission::Permission;
use crate::error::Error;
use crate::notices::kind::NoticeKind;
use crate::openapi::ServiceConfig;
use crate::platform::http::Answer;
use crate::types::language::Language;
use crate::types::page::{ChangedQuery, Page, page_after, page_limit};
use actix_web::web::Data;
use actix_web::{delete, get, post, put};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_notice_templates)
        .service(get_notice_template)
        .service(put_notice_template)
        .service(delete_notice_template)
        .service(preview_notice);
}

/// Kind and language of the path.
fn named(call: &Call) -> Result<(NoticeKind, Language), Error> {
    Ok((call.path("kind")?, call.path("language")?))
}

/// List own texts of notices
#[utoipa::path(tag = "notices", operation_id = "list_notice_templates", security(("oauth2" = ["customers:read"])), params(ChangedQuery), responses(
    (status = 200, description = "One page of templates, by kind and language; what is not among them is written in the built-in words", body = Page<NoticeTemplate>),
    (status = 400, response = crate::openapi::BadRequest),
))]
#[get("/v1/notice_templates")]
pub async fn list_notice_templates(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    let query: ChangedQuery = call.query()?;
    let filters = query.fingerprint("notice_templates");
    let (limit, after) = (page_limit(query.limit)?, page_after(query.cursor.as_deref(), &filters, 2)?);
    let page = app
        .db
        .read(move |connection| service::list(connection, context.organization_id, query.updated_from, after.as_deref(), limit, &filters))
        .await?;
    Answer::ok(&page)
}

/// Get an own text of a notice
#[utoipa::path(tag = "notices", operation_id = "get_notice_template", security(("oauth2" = ["customers:read"])),
    params(("kind" = NoticeKind, Path, description = "Kind of the notice", example = "acknowledgement"), ("language" = Language, Path, description = "Language of the reader", example = "en")), responses(
    (status = 200, description = "The template", body = NoticeTemplate, headers(("ETag" = String, description = "The version"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
))]
#[get("/v1/notice_templates/{kind}/{language}")]
pub async fn get_notice_template(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    call.no_query()?;
    let (kind, language) = named(&call)?;
    let template = app.db.read(move |connection| service::get(connection, context.organization_id, kind, language)).await?;
    Ok(Answer::ok(&template)?.with_version(template.version))
}

/// Set an own text of a notice
///
/// Subject, heading and paragraphs in the organization's own words, with placeholders in braces; 422 `unknown_placeholder` names those
/// that there are. Facts, lines, totals, link and signature stay. A refund that did not arrive, and questions or refusals to a mail, are
/// always told in the built-in words.
#[utoipa::path(tag = "notices", operation_id = "put_notice_template", security(("oauth2" = ["admin"])), request_body = PutNoticeTemplate,
    params(("kind" = NoticeKind, Path, description = "Kind of the notice", example = "acknowledgement"), ("language" = Language, Path, description = "Language of the reader", example = "en")), responses(
    (status = 200, description = "Replaced", body = NoticeTemplate),
    (status = 201, description = "Created", body = NoticeTemplate),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
    (status = 422, response = crate::openapi::Invalid),
))]
#[put("/v1/notice_templates/{kind}/{language}")]
pub async fn put_notice_template(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let body: PutNoticeTemplate = call.json()?;
    let (kind, language) = named(&call)?;
    let (precondition, create_only) = (call.precondition()?, call.create_only());
    let location = format!("/v1/notice_templates/{kind}/{language}");
    let (template, created) =
        app.db.write(move |connection| service::put(connection, &context, (kind, language), &body, &precondition, create_only)).await?;
    let answer = if created { Answer::created(location, &template)? } else { Answer::ok(&template)? };
    Ok(answer.with_version(template.version))
}

/// Go back to the built-in text of a notice
#[utoipa::path(tag = "notices", operation_id = "delete_notice_template", security(("oauth2" = ["admin"])),
    params(("kind" = NoticeKind, Path, description = "Kind of the notice", example = "acknowledgement"), ("language" = Language, Path, description = "Language of the reader", example = "en")), responses(
    (status = 204, description = "The built-in words hold again"),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 412, response = crate::openapi::Stale),
))]
#[delete("/v1/notice_templates/{kind}/{language}")]
pub async fn delete_notice_template(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ADMIN)?;
    call.no_query()?;
    let (kind, language) = named(&call)?;
    let precondition = call.precondition()?;
    app.db.write(move |connection| service::delete(connection, &context, (kind, language), &precondition)).await?;
    Ok(Answer::no_content())
}

/// Look at a notice before it is sent
///
/// Of sample things, in the words of the body, else in those that are sent now: the organization's own, or the built-in ones. Nothing
/// is saved or sent.
#[utoipa::path(tag = "notices", operation_id = "preview_notice", extensions(("x-writes-nothing" = json!(true))), security(("oauth2" = ["customers:read"])), request_body = Option<PreviewNotice>,
    params(("kind" = NoticeKind, Path, description = "Kind of the notice", example = "acknowledgement"), ("language" = Language, Path, description = "Language of the reader", example = "en")), responses(
    (status = 200, description = "As it would be sent", body = NoticePreview),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/notice_templates/{kind}/{language}/preview")]
pub async fn preview_notice(call: Call, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::CUSTOMERS_READ)?;
    call.no_query()?;
    let (kind, language) = named(&call)?;
    let body: PreviewNotice = call.json_or_empty()?;
    let preview = app.db.read(move |connection| service::preview(connection, context.organization_id, (kind, language), &body)).await?;
    Answer::ok(&preview)
}
