-- How many live reservations a client has is counted before it gets another.
CREATE INDEX reservation_live_by_actor ON reservation (organization_id, actor) WHERE status = 'live';
