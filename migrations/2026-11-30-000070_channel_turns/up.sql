-- Whose turn it is: what may wait for a platform is done channel by channel, by one worker at a time.
CREATE TABLE channel_turn (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  work text NOT NULL, -- what is done in turns: 'inbox', 'tell_shops' and so on
  number bigint NOT NULL DEFAULT 0, -- of the turn: whoever has an older one has lost it
  leased_until timestamptz, -- null while nobody has it
  waits_until timestamptz, -- its platform is away until then
  failures integer NOT NULL DEFAULT 0, -- turns in a row that ended because it was away
  served_at timestamptz NOT NULL, -- who waits longest is next
  CONSTRAINT channel_turn_pkey PRIMARY KEY (organization_id, channel_id, work),
  CONSTRAINT channel_turn_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id)
);

-- Which channels have something to do, and what of it comes first.
CREATE INDEX inbound_message_by_channel ON inbound_message (organization_id, channel_id, next_attempt_at, id) WHERE status = 'received';
DROP INDEX inbound_message_waiting;
CREATE INDEX shop_task_by_channel ON shop_task (organization_id, channel_id, next_attempt_at) WHERE status = 'waiting';
DROP INDEX shop_task_waiting;
CREATE INDEX crm_standing_by_channel ON crm_standing (organization_id, channel_id, next_attempt_at, order_id) WHERE status = 'waiting';
DROP INDEX crm_standing_waiting;
