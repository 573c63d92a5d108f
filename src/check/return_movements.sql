-- The ledger tells of every returned unit: what came in, and what of it was written off at once.
SELECT organization_id, return_id, sku, r.received, m.received AS received_by_movements, r.scrapped, m.scrapped AS scrapped_by_movements
FROM (
  SELECT organization_id, return_id, sku, sum((resellable + damaged + scrap) * unit_factor) AS received, sum(scrap * unit_factor) AS scrapped
  FROM sales_return_line GROUP BY 1, 2, 3
) r
FULL JOIN (
  SELECT m.organization_id, m.subject_id AS return_id, m.sku, coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'return'), 0) AS received,
    coalesce(-sum(m.quantity) FILTER (WHERE m.kind = 'scrap'), 0) AS scrapped
  FROM stock_movement m
  WHERE m.kind = 'return' OR (m.kind = 'scrap'
    AND EXISTS (SELECT 1 FROM sales_return r WHERE r.organization_id = m.organization_id AND r.id = m.subject_id))
  GROUP BY 1, 2, 3
) m USING (organization_id, return_id, sku)
WHERE coalesce(r.received, 0) <> coalesce(m.received, 0) OR coalesce(r.scrapped, 0) <> coalesce(m.scrapped, 0)
