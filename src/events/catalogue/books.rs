//! Bank, accounts, series, rates and terms.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "bank_statement.imported",
        what: "the entries of a bank statement are stored and matched",
        data: "entry_count integer, duplicate_count integer, skipped_count integer, replaced_count integer, sections [reference text?, currency text, \
            entry_count integer]",
        example: r#"{"duplicate_count":0,"entry_count":5,"replaced_count":0,"sections":[{"currency":"IDR","entry_count":5,"reference":null}],"skipped_count":0}"#,
    },
    EventType {
        name: "bank_entry.matched",
        what: "a payment or a refund stands for a bank entry",
        data: "statement_id id, direction text, amount decimal, currency text, booked_on date, status text, reason text?, payment_id \
            id?, refund_id id?",
        example: r#"{"amount":"60000.00","booked_on":"2026-03-02","currency":"IDR","direction":"credit","payment_id":"01a229a1-e3eb-719f-83c7-bb47872af805",
"reason":null,"refund_id":null,"statement_id":"01a229a1-e3c2-7633-86be-9001c7d10173","status":"matched"}"#,
    },
    EventType {
        name: "bank_entry.ignored",
        what: "a person said that a bank entry is none of ours",
        data: "statement_id id, direction text, amount decimal, currency text, booked_on date, status text, reason text?, payment_id \
            id?, refund_id id?",
        example: r#"{"amount":"9.00","booked_on":"2026-03-02","currency":"IDR","direction":"debit","payment_id":null,"reason":"Fee","refund_id":null,
"statement_id":"01a229a1-e3c2-7633-86be-9001c7d10173","status":"ignored"}"#,
    },
    EventType {
        name: "bank_entry.unmatched",
        what: "that decision was taken back",
        data: "statement_id id, direction text, amount decimal, currency text, booked_on date, status text, reason text?, payment_id \
            id?, refund_id id?",
        example: r#"{"amount":"20000.00","booked_on":"2026-03-02","currency":"IDR","direction":"credit","payment_id":null,"reason":null,"refund_id":null,
"statement_id":"01a229a1-e3c2-7633-86be-9001c7d10173","status":"unmatched"}"#,
    },
    EventType {
        name: "bank_matching_tolerance.created",
        what: "small differences in a currency are taken for bank fees",
        data: "currency text, amount decimal, version integer, created_at instant, updated_at instant",
        example: r#"{"amount":"500.00","created_at":"2026-03-02T02:02:00Z","currency":"IDR","updated_at":"2026-03-02T02:02:00Z","version":1}"#,
    },
    EventType {
        name: "bank_matching_tolerance.updated",
        what: "up to another amount",
        data: "currency text, amount decimal, version integer, created_at instant, updated_at instant",
        example: r#"{"amount":"500.00","created_at":"2026-03-02T02:02:00Z","currency":"IDR","updated_at":"2026-03-02T02:02:00Z","version":1}"#,
    },
    EventType {
        name: "payment_term.created",
        what: "payment terms are there",
        data: "code text, name text, net_days integer, end_of_month boolean, prepayment boolean, cash_on_delivery boolean, \
            discount_percent decimal?, discount_days integer?, external_ids object, metadata object, version integer, created_at \
            instant, updated_at instant",
        example: r#"{"cash_on_delivery":false,"code":"net_7","created_at":"2026-03-02T02:00:00Z","discount_days":3,"discount_percent":"2.5","end_of_month":false,
"external_ids":{},"metadata":{},"name":"7 days","net_days":7,"prepayment":false,"updated_at":"2026-03-02T02:00:00Z","version":1}"#,
    },
    EventType {
        name: "payment_term.updated",
        what: "they changed",
        data: "code text, name text, net_days integer, end_of_month boolean, prepayment boolean, cash_on_delivery boolean, \
            discount_percent decimal?, discount_days integer?, external_ids object, metadata object, version integer, created_at \
            instant, updated_at instant",
        example: r#"{"cash_on_delivery":false,"code":"net_7","created_at":"2026-03-02T02:00:00Z","discount_days":null,"discount_percent":null,
"end_of_month":false,"external_ids":{"erp":"ZB07"},"metadata":{},"name":"7 days net","net_days":7,"prepayment":false,"updated_at":"2026-03-02T02:00:00Z","version":2}"#,
    },
    EventType {
        name: "exchange_rate.created",
        what: "an exchange rate is there",
        data: "from_currency text, rate decimal, to_currency text, updated_at instant, valid_from_on date, version integer",
        example: r#"{"from_currency":"USD","rate":"16250.5","to_currency":"IDR","updated_at":"2026-11-14T00:00:00Z","valid_from_on":"2025-01-01",
"version":1}"#,
    },
    EventType {
        name: "exchange_rate.updated",
        what: "it changed",
        data: "from_currency text, rate decimal, to_currency text, updated_at instant, valid_from_on date, version integer",
        example: r#"{"from_currency":"USD","rate":"1.31","to_currency":"SGD","updated_at":"2026-03-02T02:00:00Z","valid_from_on":"2026-03-01",
"version":2}"#,
    },
    EventType {
        name: "invoice_series.created",
        what: "a series of invoices or credit notes is there",
        data: "code text, kind text, prefix text, year_reset boolean, next_number integer, version integer",
        example: r#"{"code":"JKT","kind":"invoice","next_number":41,"prefix":"JKT-","version":1,"year_reset":true}"#,
    },
    EventType {
        name: "invoice_series.updated",
        what: "its prefix, yearly reset or next number was set; numbering a document has the document's own event",
        data: "code text, kind text, prefix text, year_reset boolean, next_number integer, version integer",
        example: r#"{"code":"EXP","kind":"invoice","next_number":1,"prefix":"X-","version":2,"year_reset":false}"#,
    },
    EventType {
        name: "ledger_account.created",
        what: "a role, tax category or payment method got an account of its own",
        data: "role text, tax_category text?, payment_method text?, code text, name text?, version integer, created_at instant, \
            updated_at instant",
        example: r#"{"code":"1-1100","created_at":"2026-03-02T02:00:00Z","name":"Kas","payment_method":"cash","role":"bank","tax_category":null,
"updated_at":"2026-03-02T02:00:00Z","version":1}"#,
    },
    EventType {
        name: "ledger_account.updated",
        what: "it posts to another account, or that one is called otherwise",
        data: "role text, tax_category text?, payment_method text?, code text, name text?, version integer, created_at instant, \
            updated_at instant",
        example: r#"{"code":"1-1100","created_at":"2026-03-02T02:00:00Z","name":"Kas","payment_method":"cash","role":"bank","tax_category":null,
"updated_at":"2026-03-02T02:00:00Z","version":1}"#,
    },
];
