-- Idempotency: a claim, its effect and its stored answer are one transaction, so no claim of a key is left without an answer
-- (status 0), and what a claim says was made is there.
SELECT c.organization_id, c.kind, c.key, c.subject_id, c.status
FROM claim c
WHERE (c.kind = 'k' AND c.status = 0)
  OR (c.kind = 'o' AND NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = c.organization_id AND o.id = c.subject_id))
  OR (c.kind = 'u' AND NOT EXISTS (SELECT 1 FROM customer u WHERE u.organization_id = c.organization_id AND u.id = c.subject_id))
