-- What a line counts as returned was received by returns of its order. What of it is withheld from invoices belongs to returns that
-- are not settled, and what never is invoiced to those that are.
SELECT l.organization_id, l.order_id, l.line_number, l.shipped, l.returned, r.received AS received_by_returns,
  l.withheld, r.withheld AS withheld_by_returns, l.waived, r.waived AS waived_by_returns
FROM (
  SELECT organization_id, order_id, line_number, shipped, returned, coalesce((detail ->> 'withheld')::numeric, 0) AS withheld,
    coalesce((detail ->> 'waived')::numeric, 0) AS waived
  FROM order_line
) l
FULL JOIN (
  SELECT r.organization_id, r.order_id, l.line_number, sum(l.resellable + l.damaged + l.scrap) AS received,
    coalesce(sum(l.uninvoiced) FILTER (WHERE r.status <> 'completed'), 0) AS withheld,
    coalesce(sum(l.uninvoiced) FILTER (WHERE r.status = 'completed'), 0) AS waived
  FROM sales_return r
  JOIN sales_return_line l ON l.organization_id = r.organization_id AND l.return_id = r.id
  GROUP BY 1, 2, 3
) r USING (organization_id, order_id, line_number)
WHERE l.returned IS DISTINCT FROM coalesce(r.received, 0)
  OR l.withheld IS DISTINCT FROM coalesce(r.withheld, 0)
  OR l.waived IS DISTINCT FROM coalesce(r.waived, 0)
