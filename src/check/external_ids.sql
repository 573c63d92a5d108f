-- An external id makes one order of its channel: each order that has one holds the claim on it, and each claim has its order.
SELECT organization_id, key, o.order_id, c.subject_id
FROM (
  SELECT organization_id, channel || '/' || external_id AS key, id AS order_id FROM sales_order WHERE external_id IS NOT NULL
) o
FULL JOIN (SELECT organization_id, key, subject_id FROM claim WHERE kind = 'x') c USING (organization_id, key)
WHERE o.order_id IS DISTINCT FROM c.subject_id
