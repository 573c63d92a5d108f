-- Every event belongs to an organization, and its order is one of that organization's.
SELECT e.organization_id, e.id, e.type, e.order_id
FROM event e
WHERE NOT EXISTS (SELECT 1 FROM organization o WHERE o.id = e.organization_id)
  OR (e.order_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM sales_order o WHERE o.organization_id = e.organization_id AND o.id = e.order_id))
