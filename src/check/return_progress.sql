-- Goods are here exactly where the status says so, and nothing is settled of a return that is not completed.
SELECT r.organization_id, r.id AS return_id, r.number, r.status, l.received, l.missing, l.credited, r.amount_credited, r.amount_refunded
FROM sales_return r
LEFT JOIN (
  SELECT organization_id, return_id, sum(resellable + damaged + scrap) AS received,
    sum(greatest(quantity - resellable - damaged - scrap, 0)) AS missing, sum(credited) AS credited
  FROM sales_return_line GROUP BY 1, 2
) l ON l.organization_id = r.organization_id AND l.return_id = r.id
WHERE l.received IS NULL
  OR (l.received > 0) <> (r.status IN ('partially_received', 'received', 'completed'))
  OR (r.status = 'received' AND l.missing > 0)
  OR (r.status = 'partially_received' AND l.missing = 0)
  OR (r.status <> 'completed' AND (l.credited > 0 OR r.amount_credited > 0 OR r.amount_refunded > 0))
