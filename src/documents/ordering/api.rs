use super::{Parties, despatch_advice, order_response};
use crate::app::App;
use crate::auth::call::{BulkCall, Call};
use crate::auth::permission::Permission;
use crate::channels::platforms::ubl::order as ubl_order;
use crate::channels::platforms::ubl::{LIMIT, take};
use crate::customers;
use crate::documents::gather;
use crate::documents::service::XML;
use crate::error::Error;
use crate::fulfillment::shipments;
use crate::openapi::ServiceConfig;
use crate::order_to_cash::capture_queue::{Arrival, capture, write_alone};
use crate::order_to_cash::place::PlaceRequest;
use crate::orders;
use crate::orders::body::OrderBody;
use crate::orders::dates::Dates;
use crate::orders::verify::Request;
use crate::organization;
use crate::platform::file_answer::{FileAnswer, file_name};
use crate::platform::http::Answer;
use crate::types::fault::Faults;
use crate::types::id::{OrderId, ShipmentId};
use crate::types::text::check_code;
use actix_web::web::Data;
use actix_web::{get, post};
use aws_lc_rs::digest;
use serde::Deserialize;
use utoipa::IntoParams;

pub fn configure(config: &mut ServiceConfig) {
    config.service(place_ubl_order).service(get_order_response).service(get_despatch_advice);
}

/// Through which channel a document comes.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UblOrderQuery {
    /// Code of the channel; `direct` where absent.
    #[param(example = "direct")]
    channel: Option<String>,
}

/// Place a UBL order
///
/// An Order of UBL 2.1 as Peppol BIS Ordering 3 profiles it, up to 5 MiB. The buyer is found by its electronic address, code or tax
/// number, products by the seller's item id, then the GTIN. Where each line has a price, prices are as given (scope `orders:price`) and one
/// that is not ours holds the order. Faults point by XPath. The same document again is the same order.
#[utoipa::path(tag = "orders", operation_id = "place_ubl_order", security(("oauth2" = ["orders:write"])), params(UblOrderQuery),
    request_body(content((String = "application/xml", example = json!(include_str!("example.xml"))), (String = "text/xml", example = json!(include_str!("example.xml"))))),
    responses(
    (status = 201, description = "Placed: confirmed, or on hold with its reasons", body = OrderBody, headers(("Location" = String, description = "Where the order is"), ("ETag" = String, description = "The version"))),
    (status = 200, description = "The same document was placed before", body = OrderBody),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 409, response = crate::openapi::OrderRefused),
    (status = 422, response = crate::openapi::Invalid),
))]
#[post("/v1/orders/ubl")]
pub async fn place_ubl_order(call: BulkCall, app: Data<App>) -> Result<Answer, Error> {
    let context = call.require(Permission::ORDERS_WRITE)?;
    let (_, raw) = call.raw(&["application/xml", "text/xml"])?;
    let query: UblOrderQuery = call.query()?;
    if raw.len() > LIMIT {
        return Err(Error::PayloadTooLarge { limit: LIMIT });
    }
    let channel = query.channel.unwrap_or_else(|| "direct".to_owned());
    let mut faults = Faults::new();
    check_code(&mut faults, "/channel", &channel);
    if !faults.is_empty() {
        return Err(Error::bad_request("invalid_parameter", "channel is the code of a channel"));
    }
    let document = ubl_order::read(raw)?;
    let seller = ubl_order::seller(raw);
    let key = call.idempotency_key()?;
    let (hash, may_price) = (call.fingerprint()?, call.actor.may(Permission::ORDERS_PRICE));
    let body = {
        let (document, organization_id) = (document.clone(), context.organization_id);
        app.db.read(move |connection| take::read(connection, organization_id, &channel, &document, seller.as_ref())).await?
    };
    let request =
        Request { order_id: OrderId::generate(), number: String::new(), body, may_price, dates: Dates::AsTold, historical: false };
    let request = PlaceRequest { origin: context.origin.clone(), ..PlaceRequest::new(request, key.as_ref(), &hash) };
    let arrival = Arrival { context, request };
    let placed = match &app.capture {
        Some(queue) => capture(queue, arrival).await,
        None => write_alone(&app.db, app.desk.clone(), arrival).await,
    };
    placed.map_err(|error| match error {
        Error::Invalid(faults) => take::in_document(faults, &document),
        other => other,
    })
}

/// Get the response to an order as UBL
///
/// An OrderResponse of UBL 2.1 (Peppol BIS Ordering 3) that says what stands now: acknowledged while it is a draft or on hold, accepted,
/// accepted with amendments line by line, or rejected. Each version of the order has its own. 409 `seller_incomplete` or
/// `buyer_incomplete` where a party has no electronic address.
#[utoipa::path(tag = "orders", operation_id = "get_order_ubl", security(("oauth2" = ["orders:read"])), params(("id" = OrderId, Path, description = "Id of the order")), responses(
    (status = 200, description = "UBL 2.1 OrderResponse", body = String, content_type = "application/xml", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::DocumentIncomplete),
))]
#[get("/v1/orders/{id}/ubl")]
pub async fn get_order_response(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(Permission::ORDERS_READ, &[XML])?;
    call.no_query()?;
    let id: OrderId = call.path("id")?;
    let (number, xml) = app
        .db
        .read(move |connection| {
            let order = orders::find(connection, context.organization_id, id)?.ok_or(Error::not_found("order"))?;
            let settings = organization::settings(connection, context.organization_id)?;
            let buyer = customers::service::get(connection, context.organization_id, order.customer_id)?;
            let seller = gather::seller(&settings)?;
            let parties = Parties { seller: &seller, buyer: &buyer };
            let xml = order_response(&order, &parties, settings.local_date(order.updated_at))?;
            Ok((format!("{}-{}", order.number, order.version), xml))
        })
        .await?;
    Ok(file(&format!("order-response-{number}"), xml))
}

/// Get the despatch advice of a shipment as UBL
///
/// A DespatchAdvice of UBL 2.1 (Peppol BIS Despatch Advice 3). 409 `seller_incomplete` or `buyer_incomplete` where a party has no
/// electronic address.
#[utoipa::path(tag = "fulfillment", operation_id = "get_shipment_ubl", security(("oauth2" = ["fulfillment:read"])), params(("id" = ShipmentId, Path, description = "Id of the shipment")), responses(
    (status = 200, description = "UBL 2.1 DespatchAdvice", body = String, content_type = "application/xml", headers(("ETag" = String, description = "SHA-256 of the file"))),
    (status = 400, response = crate::openapi::BadRequest),
    (status = 404, response = crate::openapi::NotFound),
    (status = 409, response = crate::openapi::DocumentIncomplete),
))]
#[get("/v1/shipments/{id}/ubl")]
pub async fn get_despatch_advice(call: Call, app: Data<App>) -> Result<FileAnswer, Error> {
    let (context, _) = call.require_as(Permission::FULFILLMENT_READ, &[XML])?;
    call.no_query()?;
    let id: ShipmentId = call.path("id")?;
    let (number, xml) = app
        .db
        .read(move |connection| {
            let shipment = shipments::service::get(connection, context.organization_id, id)?;
            let order = orders::find(connection, context.organization_id, shipment.order_id)?.ok_or(Error::not_found("order"))?;
            let settings = organization::settings(connection, context.organization_id)?;
            let buyer = customers::service::get(connection, context.organization_id, order.customer_id)?;
            let seller = gather::seller(&settings)?;
            let parties = Parties { seller: &seller, buyer: &buyer };
            let xml = despatch_advice(&order, &shipment, &parties, settings.local_date(shipment.shipped_at))?;
            Ok((shipment.number, xml))
        })
        .await?;
    Ok(file(&number, xml))
}

fn file(stem: &str, xml: String) -> FileAnswer {
    let bytes = xml.into_bytes();
    let sha256 = digest::digest(&digest::SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    FileAnswer { media_type: XML, name: file_name(stem, "xml"), sha256, bytes }
}
