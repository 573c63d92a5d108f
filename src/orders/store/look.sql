-- What only the database knows, for a whole batch: whether what is in memory still holds, what is on the shelves, who holds a claim of an order
-- that has several, and which orders look like these. No lock: a hint, which the capture statement proves.
-- Two of each purchase order number, since a draft that is confirmed is one of its own.
SELECT coalesce(e.company, 0) AS company_epoch, coalesce(e.products, 0) AS products_epoch, coalesce(e.prices, 0) AS prices_epoch, coalesce(e.customers, 0) AS customers_epoch,
  s.skus, s.locations, s.available,
  ARRAY(SELECT t.place::int4 FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS t(kind, key, place)
    CROSS JOIN LATERAL (SELECT 1 FROM claim c WHERE c.organization_id = $1 AND c.kind = t.kind AND c.key = t.key LIMIT 1) c) AS held,
  CASE WHEN cardinality($5::uuid[]) = 0 THEN '[]' ELSE (SELECT coalesce(json_agg(json_build_object('customer_id', o.customer_id,
      'purchase_order_number', o.purchase_order_number, 'number', o.number)), '[]')::text
    FROM unnest($5::uuid[], $6::text[]) AS p(customer, number) CROSS JOIN LATERAL (SELECT o.customer_id, o.purchase_order_number, o.number FROM sales_order o
      WHERE o.organization_id = $1 AND o.customer_id = p.customer AND o.purchase_order_number = p.number AND o.ordered_at >= $7 AND o.status <> 'cancelled' LIMIT 2) o) END
    AS same_purchase_orders,
  -- Of the customer, and of others with the same e-mail address; where one address is of very many, of some of them.
  CASE WHEN cardinality($8::uuid[]) = 0 THEN '[]' ELSE (SELECT coalesce(json_agg(json_build_object('customer_id', p.customer, 'channel', o.channel, 'number', o.number,
      'total', o.total::text, 'currency', o.currency, 'lines', (SELECT json_agg(json_build_array(l.sku, l.unit, l.quantity::text) ORDER BY l.sku, l.unit, l.quantity)
        FROM order_line l WHERE l.organization_id = $1 AND l.order_id = o.id))), '[]')::text
    FROM unnest($8::uuid[], $9::text[], $14::text[]) AS p(customer, channel, email)
    CROSS JOIN LATERAL (SELECT p.customer AS id UNION ALL
      (SELECT c.id FROM customer c WHERE c.organization_id = $1 AND lower(c.email) = p.email AND c.id <> p.customer LIMIT 20)) c
    CROSS JOIN LATERAL (SELECT o.id, o.channel, o.number, o.total, o.currency FROM sales_order o
      WHERE o.organization_id = $1 AND o.customer_id = c.id AND o.id >= $10 AND o.channel <> p.channel AND o.status <> 'cancelled' ORDER BY o.id DESC LIMIT 50) o) END
    AS recent_orders,
  -- Only of what is wanted beyond the stock. What is owed to lines that wait without a peg comes first.
  CASE WHEN cardinality($11::text[]) = 0 THEN '[]' ELSE (SELECT coalesce(json_agg(json_build_object('sku', w.sku,
      'owed', ((SELECT coalesce(round(sum(l.base_quantity), 3), 0) FROM waiting_line l WHERE l.organization_id = $1 AND l.sku = w.sku)
        - (SELECT coalesce(sum(i.pegged_quantity), 0) FROM incoming_supply i WHERE i.organization_id = $1 AND i.sku = w.sku AND i.status = 'open'))::text,
      'supplies', (SELECT coalesce(json_agg(json_build_object('id', i.id, 'location', i.location, 'expected_on', i.expected_on,
          'free', (i.quantity - i.received_quantity - i.pegged_quantity)::text)), '[]')
        FROM (SELECT * FROM incoming_supply i WHERE i.organization_id = $1 AND i.sku = w.sku AND i.status = 'open' AND i.expected_on >= $13
          AND i.quantity - i.received_quantity > i.pegged_quantity ORDER BY i.expected_on LIMIT 1000) i
        JOIN location k ON k.organization_id = $1 AND k.code = i.location AND k.active AND k.kind <> 'supplier'))), '[]')::text
    FROM unnest($11::text[], $12::numeric[]) AS w(sku, quantity)
    LEFT JOIN (SELECT a.sku, sum(greatest(a.available, 0)) AS available FROM unnest(s.skus, s.available) AS a(sku, available) GROUP BY 1) a ON a.sku = w.sku
    WHERE w.quantity > coalesce(a.available, 0)) END AS supply,
  -- What is on a shelf and owed to lines that wait: the job gives it to them in a moment, nobody overtakes them meanwhile.
  CASE WHEN NOT EXISTS (SELECT 1 FROM order_line l WHERE l.organization_id = $1 AND l.backordered > 0)
      AND NOT EXISTS (SELECT 1 FROM order_hold h WHERE h.organization_id = $1 AND h.code = 'insufficient_stock' AND h.released_at IS NULL) THEN '[]'
    ELSE (SELECT coalesce(json_agg(json_build_object('sku', w.sku, 'step', w.step::text, 'quantity', w.quantity::text) ORDER BY w.sku, w.step DESC), '[]')::text
      FROM unnest($2::text[]) AS n(sku) CROSS JOIN LATERAL (SELECT l.sku, l.step, round(sum(l.base_quantity), 3) AS quantity
        FROM waiting_line l WHERE l.organization_id = $1 AND l.sku = n.sku GROUP BY 1, 2) w) END
    AS waiting
FROM (SELECT coalesce(array_agg(s.sku), '{}') AS skus, coalesce(array_agg(s.location), '{}') AS locations, coalesce(array_agg(s.available), '{}') AS available
   FROM unnest($2::text[]) AS n(sku) CROSS JOIN LATERAL (SELECT s.sku, s.location, s.on_hand - s.reserved - s.safety_stock - s.quarantined AS available
     FROM stock_level s WHERE s.organization_id = $1 AND s.sku = n.sku LIMIT 10000) s) s
LEFT JOIN master_data_epoch e ON e.organization_id = $1
