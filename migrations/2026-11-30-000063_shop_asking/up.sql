-- Which shops are asked for the orders that their hooks have not brought, and since when: whether they are told anything or not.
CREATE TABLE shop_asking (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  asked_through timestamptz NOT NULL, -- orders that the shop changed up to here have been asked for
  ask_again_at timestamptz NOT NULL,
  leased_until timestamptz,
  CONSTRAINT shop_asking_pkey PRIMARY KEY (organization_id, channel_id),
  CONSTRAINT shop_asking_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id)
);
INSERT INTO shop_asking (organization_id, channel_id, asked_through, ask_again_at, leased_until)
  SELECT organization_id, channel_id, asked_through, ask_again_at, leased_until FROM shop_follow;
ALTER TABLE shop_follow DROP COLUMN asked_through, DROP COLUMN ask_again_at, DROP COLUMN leased_until;
