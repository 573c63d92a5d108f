-- Where the journal has come to the end of the feed, receivables and deposits are what documents say: by invoice what is due on it, by payment
-- what is on no invoice; so a customer's receivables are his open invoices less his unapplied money. What is settled stands at nothing in base currency.
WITH caught_up AS (
  SELECT c.organization_id FROM journal_cursor c
  WHERE c.event_id >= (SELECT coalesce(max(e.id), 0) FROM event e WHERE e.organization_id = c.organization_id)
), item AS (
  SELECT organization_id, role, invoice_id, payment_id, sum(amount) AS amount, sum(base_amount) AS base_amount,
    count(*) = count(base_amount) AS is_rated
  FROM journal_line JOIN caught_up USING (organization_id) WHERE role IN ('receivable', 'deposit') GROUP BY 1, 2, 3, 4
), deposit AS (
  SELECT organization_id, payment_id, sum(amount + adjusted) AS amount FROM payment_allocation WHERE invoice_id IS NULL GROUP BY 1, 2
)
SELECT 'invoice' AS kind, i.organization_id, i.id, i.number, i.total - i.amount_credited - i.amount_paid AS expected, j.amount AS booked, j.base_amount
FROM invoice i JOIN caught_up USING (organization_id)
LEFT JOIN item j ON j.organization_id = i.organization_id AND j.invoice_id = i.id
WHERE i.total - i.amount_credited - i.amount_paid <> coalesce(j.amount, 0)
UNION ALL
SELECT 'unapplied', p.organization_id, p.id, p.number, p.amount_applied + p.amount_refunded - p.amount_captured, j.amount, j.base_amount
FROM payment p JOIN caught_up USING (organization_id)
LEFT JOIN item j ON j.organization_id = p.organization_id AND j.payment_id = p.id AND j.role = 'receivable'
WHERE p.amount_applied + p.amount_refunded - p.amount_captured <> coalesce(j.amount, 0)
UNION ALL
SELECT 'deposit', p.organization_id, p.id, p.number, -coalesce(d.amount, 0), j.amount, j.base_amount
FROM payment p JOIN caught_up USING (organization_id)
LEFT JOIN item j ON j.organization_id = p.organization_id AND j.payment_id = p.id AND j.role = 'deposit'
LEFT JOIN deposit d ON d.organization_id = p.organization_id AND d.payment_id = p.id
WHERE -coalesce(d.amount, 0) <> coalesce(j.amount, 0)
UNION ALL
SELECT 'settled', organization_id, coalesce(invoice_id, payment_id), role, 0, amount, base_amount
FROM item WHERE amount = 0 AND base_amount <> 0 AND is_rated
UNION ALL
SELECT 'no_item', organization_id, NULL, role, 0, amount, base_amount FROM item
WHERE role = 'receivable' AND invoice_id IS NULL AND payment_id IS NULL
