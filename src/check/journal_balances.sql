-- Each journal entry balances in its own currency and in base currency, has lines, and has amounts in base currency on all of them or on none.
SELECT e.organization_id, e.sequence, e.kind, e.source_number, l.lines, l.amount, l.base_amount, l.with_base
FROM journal_entry e
LEFT JOIN (
  SELECT organization_id, sequence, count(*) AS lines, sum(amount) AS amount, sum(base_amount) AS base_amount, count(base_amount) AS with_base
  FROM journal_line GROUP BY 1, 2
) l ON l.organization_id = e.organization_id AND l.sequence = e.sequence
WHERE l.lines IS NULL OR l.amount <> 0 OR l.base_amount <> 0 OR l.with_base NOT IN (0, l.lines)
  OR (l.with_base = 0) <> (e.exchange_rate IS NULL)
  OR (e.currency = e.base_currency AND e.exchange_rate IS DISTINCT FROM 1)
