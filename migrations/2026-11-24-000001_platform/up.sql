-- Claims settle both kinds of repetition in one place: kind k = a caller's idempotency key, x = a channel's external id,
-- o = an order of its own, u = a new inline customer. An effect, its claim and its stored answer are one transaction.
CREATE TABLE claim (
  organization_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  subject_id uuid NOT NULL,
  hash bytea NOT NULL,
  status smallint NOT NULL,
  answer bytea,
  headers text,
  created_at timestamptz NOT NULL,
  CONSTRAINT claim_pkey PRIMARY KEY (organization_id, kind, key),
  CONSTRAINT claim_kind CHECK (kind IN ('k', 'x', 'o', 'u'))
);
CREATE INDEX claim_by_age ON claim (created_at) WHERE kind IN ('k', 'o', 'u');

-- People's numbers (orders, receipts, returns) come from blocks taken in a short transaction of their own: unique, gaps allowed.
CREATE TABLE number_block (
  organization_id uuid NOT NULL,
  series text NOT NULL,
  next bigint NOT NULL,
  CONSTRAINT number_block_pkey PRIMARY KEY (organization_id, series)
);

-- Raised inside the capture statement: rolls it back with a reason that the caller can tell apart from an error.
CREATE FUNCTION capture_refused(why text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', why USING ERRCODE = 'P0S01'; END $$;

-- The event feed. The first value of a fresh sequence equals its last_value, so one is burnt or the fence is off by one.
CREATE SEQUENCE event_id CACHE 1;
SELECT nextval('event_id');
CREATE TABLE event (
  id bigint NOT NULL DEFAULT nextval('event_id'),
  organization_id uuid NOT NULL,
  type text NOT NULL,
  order_id uuid,
  subject_type text NOT NULL,
  subject_id uuid NOT NULL,
  actor text NOT NULL,
  data text NOT NULL, -- immutable JSON, served verbatim: text is cheaper to write than jsonb
  occurred_at timestamptz NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (id)
);
CREATE INDEX event_by_organization ON event (organization_id, id);
CREATE INDEX event_by_order ON event (organization_id, order_id, id) WHERE order_id IS NOT NULL;
