//! Invoices and payments.

use super::EventType;

pub const TYPES: &[EventType] = &[
    EventType {
        name: "invoice.issued",
        what: "an invoice got its number",
        data: "number text, order_id id, order_number text, customer_id id, currency text, total decimal, amount_due decimal, issued_on \
            date, due_on date?, replaces_invoice_id id?",
        example: r#"{"amount_due":"0.00","currency":"IDR","customer_id":"01a229a1-d7c4-703e-81c2-7ea5cacf58db","due_on":"2026-11-16","issued_on":"2026-11-16",
"number":"INV-000001","order_id":"01a229a1-d7c3-7164-828f-2c455eb162b0","order_number":"SO-000001","replaces_invoice_id":null,"total":"178710.00"}"#,
    },
    EventType {
        name: "invoice.overdue",
        what: "money was due and did not come; once an invoice",
        data: "amount_due decimal, currency text, customer_id id, days_overdue integer, due_on date, issued_on date, number text, \
            order_id id, order_number text, total decimal",
        example: r#"{"amount_due":"111000.00","currency":"IDR","customer_id":"01a229a5-f070-754c-8bee-d587b4456ce1","days_overdue":22,"due_on":"2026-04-01",
"issued_on":"2026-03-02","number":"INV-000001","order_id":"01a229a5-f07a-7325-9d84-863c493d8cc7","order_number":"SO-000001",
"total":"111000.00"}"#,
    },
    EventType {
        name: "invoice.reminder_due",
        what: "a reminder fell due by the organization's `reminder_days`; once a `level`",
        data: "amount_due decimal, currency text, customer_id id, days_overdue integer, due_on date, issued_on date, level integer, \
            levels integer, number text, order_id id, order_number text, total decimal",
        example: r#"{"amount_due":"111000.00","currency":"IDR","customer_id":"01a229a5-f070-754c-8bee-d587b4456ce1","days_overdue":22,"due_on":"2026-04-01",
"issued_on":"2026-03-02","level":1,"levels":3,"number":"INV-000001","order_id":"01a229a5-f07a-7325-9d84-863c493d8cc7","order_number":"SO-000001",
"total":"111000.00"}"#,
    },
    EventType {
        name: "invoice.paid",
        what: "nothing is due on it any more",
        data: "amount_credited decimal, amount_paid decimal, currency text, customer_id id, number text, order_id id, total decimal",
        example: r#"{"amount_credited":"0.00","amount_paid":"178710.00","currency":"IDR","customer_id":"01a229a1-d7c4-703e-81c2-7ea5cacf58db",
"number":"INV-000001","order_id":"01a229a1-d7c3-7164-828f-2c455eb162b0","total":"178710.00"}"#,
    },
    EventType {
        name: "invoice.updated",
        what: "its external ids or metadata changed",
        data: "external_ids <text>, number text",
        example: r#"{"external_ids":{"datev":"1"},"number":"INV-000002"}"#,
    },
    EventType {
        name: "credit_note.issued",
        what: "an invoice, or a part of it, was taken back",
        data: "number text, invoice_id id, invoice_number text, order_id id, customer_id id, currency text, total decimal, issued_on \
            date, reason text?, replaced_by_invoice_id id?",
        example: r#"{"currency":"IDR","customer_id":"01a229a1-d730-72ab-a5d9-9c6fd625fd9f","invoice_id":"01a229a1-f40f-72e6-9f76-7ac4071222f2",
"invoice_number":"INV-000090","issued_on":"2026-12-10","number":"CN-000001","order_id":"01a229a1-f0f3-7631-ab13-44b379100135",
"reason":"Two cups arrived broken","replaced_by_invoice_id":null,"total":"124320.00"}"#,
    },
    EventType {
        name: "credit_note.updated",
        what: "its external ids or metadata changed",
        data: "number text, external_ids <text>",
        example: r#"{"number":"CN-000001","external_ids":{"erp":"4711"}}"#,
    },
    EventType {
        name: "payment.pending",
        what: "money was announced",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"0.00","amount_refunded":"0.00","currency":"IDR","customer_id":"01a229a7-494f-712f-8a98-201a7b99e54b",
"expires_at":null,"method":"card","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,"status":"pending",
"unapplied_amount":"0.00"}"#,
    },
    EventType {
        name: "payment.authorized",
        what: "money was reserved on the payer's side",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"210900.00","amount_captured":"0.00","amount_refunded":"0.00","currency":"IDR","customer_id":"01a229a1-df9f-7466-8564-b207a886ae7c",
"expires_at":null,"method":"card","number":"RCP-000135","provider":null,"received_on":"2026-12-26","reference":"W-9903","status":"authorized",
"unapplied_amount":"0.00"}"#,
    },
    EventType {
        name: "payment.captured",
        what: "money was received",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[{"adjustments":[],"amount":"1.350","invoice_id":"01a229a5-8693-7405-9873-ded479cbccd1","order_id":"01a229a5-8643-77ab-a577-43111ffb920c"},
{"adjustments":[],"amount":"2.699","invoice_id":"01a229a5-86b0-74cd-9b0f-7e446d23b383","order_id":"01a229a5-8643-77ab-a577-43111ffb920c"}],
"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":null,"received_on":"2026-03-02","reference":null,
"status":"captured","unapplied_amount":"0.000"}"#,
    },
    EventType {
        name: "payment.applied",
        what: "unapplied money was put on orders or invoices",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[{"adjustments":[],"amount":"100000.00","invoice_id":"01a229a5-9fdf-7257-b23f-75afc33392a7","order_id":"01a229a5-9f40-7642-8aad-f8083412b07b"},
{"adjustments":[],"amount":"22200.00","invoice_id":"01a229a5-a073-77f3-a1bc-f04e13d6ebdd","order_id":"01a229a5-a03e-7292-81ef-1e7d2b70773b"}],
"amount":"130000.00","amount_captured":"130000.00","amount_refunded":"0.00","currency":"IDR","customer_id":"01a229a5-9f29-73f9-b10d-0c1a85a9543e",
"expires_at":null,"method":"bank_transfer","number":"RCP-000002","provider":null,"received_on":"2026-03-02","reference":null,
"status":"captured","unapplied_amount":"7800.00"}"#,
    },
    EventType {
        name: "payment.unapplied",
        what: "a credit note, a cancellation or a person took money off an invoice or order; it is the customer's",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], \
            released [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference text?]]!, \
            reason text!",
        example: r#"{"allocations":[{"adjustments":[],"amount":"5000.00","invoice_id":"01a229a7-066a-7443-bf92-4f41cd3e1959","order_id":"01a229a7-00ef-7220-93d1-11b382154210"},
{"adjustments":[],"amount":"6800.00","invoice_id":"01a229a7-1116-70fb-b744-b0861ac886aa","order_id":"01a229a7-00ef-7220-93d1-11b382154210"}],
"amount":"121000.00","amount_captured":"121000.00","amount_refunded":"15000.00","currency":"IDR","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0",
"expires_at":null,"method":"cash","number":"RCP-000018","provider":null,"received_on":"2026-03-02","reference":null,"status":"partially_refunded",
"unapplied_amount":"50500.00"}"#,
    },
    EventType {
        name: "payment.voided",
        what: "an authorization or announcement was given up",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":null,"received_on":"2026-03-02","reference":null,
"status":"voided","unapplied_amount":"0.000"}"#,
    },
    EventType {
        name: "payment.approval_timed_out",
        what: "the payer did not approve a payment at the provider within a day; it is given up there",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"0.000","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"card","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,
"status":"pending","unapplied_amount":"0.000"}"#,
    },
    EventType {
        name: "payment.expired",
        what: "an authorization was not captured in time",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"0.00","amount_refunded":"0.00","currency":"IDR","customer_id":"01a229a5-e16f-7430-9d70-6c8b6b0bb404",
"expires_at":"2026-03-09T02:00:00Z","method":"card","number":"RCP-000001","provider":null,"received_on":"2026-03-02","reference":null,
"status":"expired","unapplied_amount":"0.00"}"#,
    },
    EventType {
        name: "payment.authorization_excess",
        what: "money is reserved that its order does not need any more; whoever reserved it should give it up",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], excess_amount decimal",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"44400.00","amount_refunded":"0.00","currency":"IDR",
"customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","expires_at":"2026-03-09T02:00:00Z","method":"card","number":"RCP-000018","provider":"stripe",
"received_on":"2026-03-02","reference":null,"status":"captured","unapplied_amount":"44400.00","excess_amount":"66600.00"}"#,
    },
    EventType {
        name: "payment.reauthorization_needed",
        what: "the rest of an authorization is gone and its order still owes something that nothing else covers",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], uncovered_amount decimal",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"44400.00","amount_refunded":"0.00","currency":"IDR",
"customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","expires_at":"2026-03-09T02:00:00Z","method":"card","number":"RCP-000018","provider":"stripe",
"received_on":"2026-03-02","reference":null,"status":"captured","unapplied_amount":"44400.00","uncovered_amount":"66600.00"}"#,
    },
    EventType {
        name: "payment.failed",
        what: "the payer's side refused",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"0.00","amount_refunded":"0.00","currency":"IDR","customer_id":"01a229a7-55a1-72fa-8141-01e5fc967c76",
"expires_at":null,"method":"card","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,"status":"failed",
"unapplied_amount":"0.00"}"#,
    },
    EventType {
        name: "payment.operation_requested",
        what: "its provider is to be asked to capture it or to give it up",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,
"status":"authorized","unapplied_amount":"0.000"}"#,
    },
    EventType {
        name: "payment.operation_failed",
        what: "its provider refused what it was asked for",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], operation {id id, kind text, amount decimal}, failure {code text, detail text}",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,
"status":"authorized","unapplied_amount":"0.000","operation":{"id":"01a229a5-2dea-77b1-9a2d-6bfb53a7d3a1","kind":"capture",
"amount":"165000.00"},"failure":{"code":"card_declined","detail":"Your card was declined."}}"#,
    },
    EventType {
        name: "payment.operation_unresolved",
        what: "its provider gave no answer for a day; a person has to look there",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], operation {id id, kind text, amount decimal}, failure {code text, detail text}",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,
"status":"authorized","unapplied_amount":"0.000","operation":{"id":"01a229a5-2dea-77b1-9a2d-6bfb53a7d3a1","kind":"capture",
"amount":"165000.00"},"failure":{"code":"card_declined","detail":"Your card was declined."}}"#,
    },
    EventType {
        name: "payment.refund_failed",
        what: "a refund did not arrive; its money is here again",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], refund {id id, number text, amount decimal, reason text?, status text!}",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":null,"received_on":"2026-03-02","reference":null,
"status":"captured","unapplied_amount":"0.000","refund":{"id":"01a229a5-2dea-77b1-9a2d-6bfb53a7d3a1","number":"RF-000001",
"amount":"50000.00","reason":"damaged"}}"#,
    },
    EventType {
        name: "payment.refund_succeeded",
        what: "a refund that its provider was asked for has arrived",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], refund {id id, number text, amount decimal, reason text?, status text}",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"44400.00","amount_refunded":"0.00","currency":"IDR",
"customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","expires_at":"2026-03-09T02:00:00Z","method":"card","number":"RCP-000018","provider":"stripe",
"received_on":"2026-03-02","reference":null,"status":"captured","unapplied_amount":"44400.00","refund":{"amount":"5000.00","id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","number":"RFD-000101","reason":"by hand","status":"succeeded"}}"#,
    },
    EventType {
        name: "payment.disputed",
        what: "the payer contests it at his bank",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], dispute {id text, status text, reason text}",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,
"status":"captured","unapplied_amount":"0.000","dispute":{"id":"dp_1","status":"needs_response","reason":"fraudulent"}}"#,
    },
    EventType {
        name: "payment.reversed",
        what: "the payer's bank took money back that had been received; what it had paid is due again",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], reversal {id id, number text, amount decimal, reason text, booked_on date, provider_reference text?}",
        example: r#"{"allocations":[],"amount":"111000.00","amount_captured":"44400.00","amount_refunded":"0.00","currency":"IDR",
"customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0","expires_at":"2026-03-09T02:00:00Z","method":"card","number":"RCP-000018","provider":"stripe",
"received_on":"2026-03-02","reference":null,"status":"captured","unapplied_amount":"44400.00","reversal":{"amount":"44400.00","booked_on":"2026-03-12","id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","number":"RFD-000102","provider_reference":null,"reason":"chargeback"}}"#,
    },
    EventType {
        name: "payment.mismatch",
        what: "its provider has money that cannot be booked here; a person has to look",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], detail text",
        example: r#"{"allocations":[],"amount":"9.448","amount_captured":"9.448","amount_refunded":"0.000","currency":"KWD","customer_id":"01a229a5-8640-706a-813b-d1187bf9a1fe",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":"stripe","received_on":"2026-03-02","reference":null,
"status":"voided","unapplied_amount":"0.000","detail":"the provider has taken money of a payment that is over"}"#,
    },
    EventType {
        name: "payment_provider.created",
        what: "an account with a payment provider was set",
        data: "code text, kind text, name text, active boolean",
        example: r#"{"code":"stripe","kind":"stripe","name":"Stripe","active":true}"#,
    },
    EventType {
        name: "payment_provider.updated",
        what: "it was changed",
        data: "code text, kind text, name text, active boolean",
        example: r#"{"code":"stripe","kind":"stripe","name":"Stripe","active":true}"#,
    },
    EventType {
        name: "payment_provider.key_refused",
        what: "the provider does not accept the key; somebody must set another one",
        data: "code text, detail text",
        example: r#"{"code":"stripe","detail":"Invalid API Key provided"}"#,
    },
    EventType {
        name: "payment.refunded",
        what: "money went back",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]], refund {id id, number text, amount decimal, reason text?, status text}!",
        example: r#"{"allocations":[{"adjustments":[],"amount":"5000.00","invoice_id":"01a229a7-066a-7443-bf92-4f41cd3e1959","order_id":"01a229a7-00ef-7220-93d1-11b382154210"},
{"adjustments":[],"amount":"6800.00","invoice_id":"01a229a7-1116-70fb-b744-b0861ac886aa","order_id":"01a229a7-00ef-7220-93d1-11b382154210"}],
"amount":"121000.00","amount_captured":"121000.00","amount_refunded":"20000.00","currency":"IDR","customer_id":"01a229a7-004d-7714-86e6-3be5fe9b55a0",
"expires_at":null,"method":"cash","number":"RCP-000018","provider":null,"received_on":"2026-03-02","reference":null,"refund":{"amount":"5000.00",
"id":"01a229a7-1fd4-74ee-aac6-754f06b0e727","number":"RFD-000101","reason":"by hand","status":"succeeded"},"status":"partially_refunded",
"unapplied_amount":"45500.00"}"#,
    },
    EventType {
        name: "payment.updated",
        what: "its reference, external ids or metadata changed",
        data: "number text, status text, customer_id id?, currency text, method text, amount decimal, amount_captured decimal, \
            amount_refunded decimal, unapplied_amount decimal, received_on date, expires_at instant?, reference text?, provider \
            text?, allocations [order_id id?, invoice_id id?, amount decimal, adjustments [kind text, amount decimal, reference \
            text?]]",
        example: r#"{"allocations":[{"adjustments":[],"amount":"11000.00","invoice_id":"01a229a5-9fdf-7257-b23f-75afc33392a7","order_id":"01a229a5-9f40-7642-8aad-f8083412b07b"}],
"amount":"11000.00","amount_captured":"11000.00","amount_refunded":"0.00","currency":"IDR","customer_id":"01a229a5-9f29-73f9-b10d-0c1a85a9543e",
"expires_at":null,"method":"bank_transfer","number":"RCP-000001","provider":null,"received_on":"2026-03-02","reference":"T-2",
"status":"captured","unapplied_amount":"0.00"}"#,
    },
];
