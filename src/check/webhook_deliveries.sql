-- Webhooks: a delivery is of an event of its organization and says of it what the event says, one that is delivered was answered
-- with success, and no organization's events are followed further than there are any.
SELECT d.organization_id, d.id, d.event_sequence, d.status, 'event' AS what
FROM webhook_delivery d
WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.organization_id = d.organization_id AND e.id = d.event_sequence AND e.type = d.event_type
  AND e.order_id IS NOT DISTINCT FROM d.order_id AND e.occurred_at = d.occurred_at)
UNION ALL
SELECT d.organization_id, d.id, d.event_sequence, d.status, 'attempts'
FROM webhook_delivery d
WHERE (d.status = 'delivered' AND NOT EXISTS (SELECT 1 FROM webhook_attempt a
    WHERE a.organization_id = d.organization_id AND a.delivery_id = d.id AND a.response_status BETWEEN 200 AND 299))
  OR d.attempts < (SELECT coalesce(max(a.number), 0) FROM webhook_attempt a WHERE a.organization_id = d.organization_id AND a.delivery_id = d.id)
UNION ALL
SELECT c.organization_id, NULL, c.read_through, NULL, 'cursor'
FROM webhook_cursor c
WHERE c.read_through > (SELECT last_value FROM event_id)
