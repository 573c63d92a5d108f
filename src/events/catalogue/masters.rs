//! What is sold, to whom, and what they are told.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "product.created",
        what: "a product is there",
        data: "sku text, version integer",
        example: r#"{"sku":"BATIK-L","version":1}"#,
    },
    EventType { name: "product.updated", what: "it changed", data: "sku text, version integer", example: r#"{"sku":"TEH","version":2}"# },
    EventType {
        name: "price.created",
        what: "a price is there",
        data: "sku text, price_list text, currency text, min_quantity decimal, price_quantity decimal, unit_price decimal, \
            valid_from_on date?, valid_to_on date?, version integer, updated_at instant",
        example: r#"{"currency":"IDR","min_quantity":"0","price_list":"grosir","price_quantity":"1","sku":"BATIK-L","unit_price":"342000.00",
"updated_at":"2026-11-14T00:00:00Z","valid_from_on":null,"valid_to_on":null,"version":1}"#,
    },
    EventType {
        name: "price.updated",
        what: "it changed",
        data: "sku text, price_list text, currency text, min_quantity decimal, price_quantity decimal, unit_price decimal, \
            valid_from_on date?, valid_to_on date?, version integer, updated_at instant",
        example: r#"{"currency":"IDR","min_quantity":"0","price_list":"default","price_quantity":"1","sku":"KOPI","unit_price":"60000.00","updated_at":"2026-03-02T02:00:00Z",
"valid_from_on":null,"valid_to_on":null,"version":2}"#,
    },
    EventType {
        name: "coupon.created",
        what: "a coupon was made",
        data: "id id, code text, name text, percent decimal?, amount decimal?, currency text?, valid_from_on date?, valid_to_on date?, \
            usage_limit integer?, usage_limit_per_customer integer?, minimum_subtotal decimal?, skus [text], channels [text], \
            customer_ids [id], first_order_only boolean, combinable boolean, active boolean, times_used integer, external_ids object, \
            metadata object, version integer, created_at instant, updated_at instant",
        example: r#"{"active":true,"amount":"50000.00","channels":[],"code":"HEMAT50","combinable":true,"created_at":"2026-11-14T00:00:00Z","currency":"IDR",
"customer_ids":[],"first_order_only":false,"id":"01a229a1-d766-73f4-90e6-1bfa801b895a","external_ids":{},"metadata":{},"minimum_subtotal":"500000.00",
"name":"Rp 50,000 off orders from Rp 500,000","percent":null,"skus":[],"times_used":0,"updated_at":"2026-11-14T00:00:00Z",
"usage_limit":100,"usage_limit_per_customer":3,"valid_from_on":null,"valid_to_on":null,"version":1}"#,
    },
    EventType {
        name: "coupon.deactivated",
        what: "nobody can use it any more",
        data: "id id, code text, name text, percent decimal?, amount decimal?, currency text?, valid_from_on date?, valid_to_on date?, \
            usage_limit integer?, usage_limit_per_customer integer?, minimum_subtotal decimal?, skus [text], channels [text], \
            customer_ids [id], first_order_only boolean, combinable boolean, active boolean, times_used integer, external_ids object, \
            metadata object, version integer, created_at instant, updated_at instant",
        example: r#"{"active":false,"amount":null,"channels":[],"code":"OFF","combinable":false,"created_at":"2026-03-02T02:00:00Z","currency":null,
"customer_ids":[],"first_order_only":false,"id":"01a229a2-6d0c-733d-9f2d-1c84b486cf21","external_ids":{},"metadata":{},"minimum_subtotal":null,
"name":"Ten off","percent":"10","skus":[],"times_used":0,"updated_at":"2026-03-02T02:00:00Z","usage_limit":null,"usage_limit_per_customer":null,
"valid_from_on":null,"valid_to_on":null,"version":2}"#,
    },
    EventType {
        name: "coupon.updated",
        what: "what it gives, to whom or how often was changed; uses alone are no change",
        data: "id id, code text, name text, percent decimal?, amount decimal?, currency text?, valid_from_on date?, valid_to_on date?, \
            usage_limit integer?, usage_limit_per_customer integer?, minimum_subtotal decimal?, skus [text], channels [text], \
            customer_ids [id], first_order_only boolean, combinable boolean, active boolean, times_used integer, external_ids object, \
            metadata object, version integer, created_at instant, updated_at instant",
        example: r#"{"active":true,"amount":null,"channels":[],"code":"TEN","combinable":false,"created_at":"2026-03-02T02:00:00Z","currency":null,
"customer_ids":[],"first_order_only":false,"id":"01a229a2-6430-77cf-9b40-c4b58dd20812","external_ids":{},"metadata":{},"minimum_subtotal":null,
"name":"Twenty off","percent":"20","skus":[],"times_used":1,"updated_at":"2026-03-02T02:00:00Z","usage_limit":5,"usage_limit_per_customer":null,
"valid_from_on":null,"valid_to_on":null,"version":2}"#,
    },
    EventType {
        name: "tax_rate.created",
        what: "a tax rate is there",
        data: "country text, region text?, tax_category text, tax_scheme_category text, name text, rate decimal, base_fraction text?, \
            valid_from_on date?, valid_to_on date?, version integer, updated_at instant",
        example: r#"{"base_fraction":"11/12","country":"ID","name":"PPN","rate":"0.12","region":null,"tax_category":"standard","tax_scheme_category":"S",
"updated_at":"2026-11-14T00:00:00Z","valid_from_on":null,"valid_to_on":null,"version":1}"#,
    },
    EventType {
        name: "tax_rate.updated",
        what: "it changed",
        data: "country text, region text?, tax_category text, tax_scheme_category text, name text, rate decimal, base_fraction text?, \
            valid_from_on date?, valid_to_on date?, version integer, updated_at instant",
        example: r#"{"base_fraction":"1/1","country":"ID","name":"PPN","rate":"0.06","region":null,"tax_category":"reduced","tax_scheme_category":"S",
"updated_at":"2026-03-02T02:00:00Z","valid_from_on":null,"valid_to_on":null,"version":2}"#,
    },
    EventType {
        name: "customer.created",
        what: "a customer is there, or a guest was met for the first time",
        data: "code text?, name text, guest boolean, version integer",
        example: r#"{"code":"C-TOKO-SUMBER","guest":false,"name":"Toko Sumber Rejeki","version":1}"#,
    },
    EventType {
        name: "customer.updated",
        what: "it changed",
        data: "code text?, name text, guest boolean, version integer",
        example: r#"{"code":"C-1","guest":false,"name":"Toko Sumber","version":2}"#,
    },
    EventType {
        name: "notice.sent",
        what: "a mail server has taken a notice to a customer",
        data: "kind text, status text, recipient text?, attempts integer, resends integer, error text?, version integer",
        example: r#"{"attempts":2,"error":null,"kind":"acknowledgement","recipient":"pembelian@sumber.example","resends":0,"status":"sent","version":3}"#,
    },
    EventType {
        name: "notice.failed",
        what: "it was refused for good, or tried for a day and a half",
        data: "kind text, status text, recipient text?, attempts integer, resends integer, error text?, version integer",
        example: r#"{"attempts":1,"error":"permanent error (550): no such mailbox","kind":"acknowledgement","recipient":"pembelian@sumber.example",
"resends":0,"status":"failed","version":3}"#,
    },
    EventType {
        name: "notice.resend_requested",
        what: "somebody wants it sent again",
        data: "kind text, status text, recipient text?, attempts integer, resends integer, error text?, version integer",
        example: r#"{"attempts":0,"error":null,"kind":"acknowledgement","recipient":"pembelian@sumber.example","resends":1,"status":"pending",
"version":4}"#,
    },
    EventType {
        name: "notice_settings.updated",
        what: "whether, how and of what customers are told changed",
        data: "enabled boolean, kinds {acknowledgement boolean, delay boolean, dispatch boolean, invoice boolean, receipt boolean, \
            refund boolean, reminder boolean, order_reply boolean}, language text, version integer",
        example: r#"{"enabled":true,"kinds":{"acknowledgement":true,"delay":true,"dispatch":true,"invoice":true,"receipt":true,"refund":true,
"reminder":true,"order_reply":true},"language":"en","version":1}"#,
    },
    EventType {
        name: "notice_template.updated",
        what: "an organization writes notices of a kind in its own words, or in others",
        data: "kind text, language text, subject text, version integer",
        example: r#"{"kind":"acknowledgement","language":"en","subject":"Your order {order_number}","version":1}"#,
    },
    EventType {
        name: "notice_template.deleted",
        what: "notices of a kind are written in the built-in words again",
        data: "kind text, language text, subject text, version integer",
        example: r#"{"kind":"acknowledgement","language":"en","subject":"Your order {order_number}","version":2}"#,
    },
    EventType {
        name: "organization.created",
        what: "the organization is there, with the payment terms, invoice series and channel that exist from the start",
        data: "code text, legal_name text, base_currency text, country text, time_zone text, books_closed_through_on date?, version \
            integer",
        example: r#"{"base_currency":"IDR","books_closed_through_on":null,"code":"demo","country":"ID","legal_name":"PT Nusantara Niaga","time_zone":"Asia/Jakarta",
"version":1}"#,
    },
    EventType {
        name: "organization.updated",
        what: "its profile changed",
        data: "code text, legal_name text, base_currency text, country text, time_zone text, books_closed_through_on date?, version \
            integer",
        example: r#"{"base_currency":"IDR","books_closed_through_on":"2026-02-28","code":"shop","country":"ID","legal_name":"PT Nusantara Niaga",
"time_zone":"Asia/Jakarta","version":2}"#,
    },
];
