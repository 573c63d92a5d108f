//! Users, logins, the audit log, and notices.

use super::{Caller, NOTHING, Row};
use reqwest::Method;
use serde_json::{Value, json};

pub fn rows() -> Vec<Row> {
    let user = |what: &str, status, code, body: Value| Row::new(what, Method::POST, "/v1/users", status, code).json(body);
    let login =
        |what: &str, status, code, body: Value| Row::new(what, Method::POST, "/v1/auth/login", status, code).by(Caller::Nobody).json(body);
    let own = |body: Value| Row::new("an API client's password", Method::POST, "/v1/me/password", 409, "users_only").json(body);
    vec![
        user("a user without anything", 422, "required", json!({})).at("/email"),
        user(
            "a user of a role for programs",
            422,
            "role_of_programs",
            json!({"email": "a@example.com", "name": "A", "role": "storefront"}),
        )
        .at("/role"),
        user("a user of no role", 422, "unknown_value", json!({"email": "a@example.com", "name": "A", "role": "root"})).at("/role"),
        user(
            "a short password",
            422,
            "password_too_short",
            json!({"email": "a@example.com", "name": "A", "role": "sales", "password": "x"}),
        )
        .at("/password"),
        user("a user with three faults", 422, "validation_failed", json!({"email": "a", "name": "", "role": "sales", "password": "short"}))
            .at("/email")
            .at("/name")
            .at("/password"),
        user(
            "a hash instead of a password",
            422,
            "unknown_field",
            json!({"email": "a@example.com", "name": "A", "role": "sales", "password_hash": "x"}),
        )
        .at("/password_hash"),
        user("a user by sales", 403, "insufficient_scope", json!({})).by(Caller::Sales),
        user(
            "a user with nameless ids",
            422,
            "invalid_code",
            json!({"email": "a@example.com", "name": "A", "role": "sales", "external_ids": {"": "1"}}),
        )
        .at("/external_ids/"),
        Row::get("/v1/users?external_ids.=1", 400, "unknown_parameter"),
        Row::get(format!("/v1/users/{NOTHING}"), 404, "not_found"),
        Row::get("/v1/users/siti", 400, "invalid_path"),
        Row::get("/v1/users?role=root", 400, "invalid_parameter"),
        Row::get("/v1/users?active=maybe", 400, "invalid_parameter"),
        Row::get("/v1/users?password=x", 400, "unknown_parameter"),
        Row::new("the role of nobody", Method::PATCH, format!("/v1/users/{NOTHING}"), 404, "not_found").json(json!({"role": "sales"})),
        Row::new("a weak own password", Method::POST, "/v1/me/password", 422, "required")
            .json(json!({"current_password": "x"}))
            .at("/new_password"),
        own(json!({"current_password": "x", "new_password": "kereta api pagi"})),
        login("a login without a password", 422, "required", json!({"email": "a@example.com"})).at("/password"),
        login("a login with empty fields", 422, "required", json!({"email": "", "password": ""})).at("/email").at("/password"),
        login("a login of a malformed organization", 422, "invalid_code", json!({"organization": "../", "email": "a", "password": "b"}))
            .at("/organization"),
        login("a login with more than is known", 422, "unknown_field", json!({"email": "a", "password": "b", "scope": "admin"}))
            .at("/scope"),
        login("a login of nobody", 401, "login_refused", json!({"email": "nobody@example.com", "password": "kereta api pagi"})),
        Row::new("a login by form", Method::POST, "/v1/auth/login", 415, "unsupported_media_type")
            .by(Caller::Nobody)
            .header("content-type", "application/x-www-form-urlencoded")
            .bytes_only(json!("email=a&password=b")),
        Row::new("a login without a body", Method::POST, "/v1/auth/login", 415, "unsupported_media_type").by(Caller::Nobody),
        login("a login that is no JSON", 400, "malformed_json", json!({})).bytes("{"),
        Row::new("a logout of nobody", Method::POST, "/v1/auth/logout", 401, "unauthenticated").by(Caller::Nobody),
        Row::get("/v1/audit?actor=siti", 400, "invalid_parameter"),
        Row::get("/v1/audit?from=yesterday", 400, "invalid_parameter"),
        Row::get("/v1/audit?subject_id=x", 400, "invalid_parameter"),
        Row::get("/v1/audit?cursor=x", 400, "invalid_cursor"),
        Row::new("notices without a sender", Method::PUT, "/v1/notice_settings", 422, "required")
            .json(json!({"enabled": true}))
            .at("/sender_email"),
        Row::new("a sender of two lines", Method::PUT, "/v1/notice_settings", 422, "invalid_email")
            .json(json!({"enabled": true, "sender_email": "a@example.com\r\nBcc: b@example.com"}))
            .at("/sender_email"),
        Row::new("a language that nobody writes", Method::PUT, "/v1/notice_settings", 422, "unknown_value")
            .json(json!({"enabled": false, "language": "tlh"}))
            .at("/language"),
        Row::new("a kind that is none", Method::PUT, "/v1/notice_settings", 422, "unknown_field")
            .json(json!({"enabled": false, "kinds": {"birthday": true}}))
            .at("/kinds/birthday"),
        Row::new("settings by sales", Method::PUT, "/v1/notice_settings", 403, "insufficient_scope").by(Caller::Sales).json(json!({})),
        Row::new("a placeholder that there is not", Method::PUT, "/v1/notice_templates/invoice/en", 422, "unknown_placeholder")
            .json(json!({"subject": "Invoice {tracking_number}", "text": "x"}))
            .at("/subject"),
        Row::new("a brace that leads nowhere", Method::PUT, "/v1/notice_templates/invoice/en", 422, "invalid_placeholder")
            .json(json!({"subject": "Invoice", "text": "due {on"}))
            .at("/text"),
        Row::get("/v1/audit?action=order.captuerd", 400, "invalid_parameter"),
        Row::get("/v1/audit?action=order.cancelled,auth.logged", 400, "invalid_parameter"),
        Row::new("a subject of two lines", Method::PUT, "/v1/notice_templates/invoice/en", 422, "invalid_characters")
            .json(json!({"subject": "Invoice\r\nBcc: b@example.com", "text": "x"}))
            .at("/subject"),
        Row::new("a template of no kind", Method::PUT, "/v1/notice_templates/birthday/en", 400, "invalid_path")
            .json(json!({"subject": "x", "text": "x"})),
        Row::new("a template in Klingon", Method::PUT, "/v1/notice_templates/invoice/tlh", 400, "invalid_path")
            .json(json!({"subject": "x", "text": "x"})),
        Row::new("a template by sales", Method::PUT, "/v1/notice_templates/invoice/en", 403, "insufficient_scope")
            .by(Caller::Sales)
            .json(json!({"subject": "x", "text": "x"})),
        Row::get("/v1/notice_templates/invoice/en", 404, "not_found"),
        Row::get("/v1/notice_templates?cursor=x", 400, "invalid_cursor"),
        Row::new("no template to delete", Method::DELETE, "/v1/notice_templates/invoice/en", 404, "not_found"),
        Row::new("half a preview", Method::POST, "/v1/notice_templates/invoice/en/preview", 422, "required")
            .json(json!({"subject": "x"}))
            .at("/text"),
        Row::get("/v1/notices?status=lost", 400, "invalid_parameter"),
        Row::get("/v1/notices?kind=birthday", 400, "invalid_parameter"),
        Row::get("/v1/notices?order_id=x", 400, "invalid_parameter"),
        Row::get(format!("/v1/notices/{NOTHING}"), 404, "not_found"),
        Row::new("the notice of nothing", Method::POST, format!("/v1/notices/{NOTHING}/resend"), 404, "not_found"),
        Row::get("/v1/audit", 403, "insufficient_scope").by(Caller::Viewer),
    ]
}
