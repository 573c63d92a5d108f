-- Orders of which all goods came back before they were invoiced could not charge their shipping until now. What was settled that way
-- stays settled.
UPDATE sales_order o SET detail = o.detail || '{"shipping_waived": true}'
FROM (
  SELECT organization_id, order_id FROM order_line
  GROUP BY 1, 2 HAVING bool_and(quantity - cancelled - coalesce((detail ->> 'waived')::numeric, 0) = 0) AND bool_or(shipped > 0) AND bool_and(invoiced = 0)
) l
WHERE l.organization_id = o.organization_id AND l.order_id = o.id AND o.uninvoiced_total = 0;
