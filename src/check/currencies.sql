-- Currencies never mix: a document, a payment's share and a refund are in the currency of what they settle.
SELECT 'invoice' AS kind, i.organization_id, i.id, i.number, i.currency, o.currency AS expected
FROM invoice i JOIN sales_order o ON o.organization_id = i.organization_id AND o.id = i.order_id
WHERE i.currency <> o.currency
UNION ALL
SELECT 'credit_note', n.organization_id, n.id, n.number, n.currency, i.currency
FROM credit_note n JOIN invoice i ON i.organization_id = n.organization_id AND i.id = n.invoice_id
WHERE n.currency <> i.currency
UNION ALL
SELECT 'payment', p.organization_id, p.id, p.number, p.currency, o.currency
FROM payment_allocation a
JOIN payment p ON p.organization_id = a.organization_id AND p.id = a.payment_id
JOIN sales_order o ON o.organization_id = a.organization_id AND o.id = a.order_id
WHERE p.currency <> o.currency
UNION ALL
SELECT 'refund', r.organization_id, r.id, r.number, r.currency, p.currency
FROM refund r JOIN payment p ON p.organization_id = r.organization_id AND p.id = r.payment_id
WHERE r.currency <> p.currency
