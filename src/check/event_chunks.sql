-- A chunk of events knows all actors, types and times that are in it, and no event that is older than the last chunk is in none.
SELECT e.organization_id, e.id AS event_id, e.actor, e.type, e.occurred_at, c.first_id, c.last_id
FROM event e
JOIN (SELECT organization_id, max(last_id) AS last_id FROM event_chunk GROUP BY 1) m ON m.organization_id = e.organization_id AND e.id <= m.last_id
LEFT JOIN LATERAL (
  SELECT * FROM event_chunk c WHERE c.organization_id = e.organization_id AND c.last_id >= e.id ORDER BY c.last_id LIMIT 1
) c ON true
WHERE c.last_id IS NULL OR e.id < c.first_id OR NOT e.actor = ANY(c.actors) OR NOT e.type = ANY(c.types) OR NOT e.subject_type = ANY(c.subject_types)
  OR e.occurred_at NOT BETWEEN c.first_at AND c.last_at
