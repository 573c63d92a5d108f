-- How far the mailbox of a channel has been read, and how the last look into it went.
CREATE TABLE mailbox (
  organization_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  uid_validity bigint, -- RFC 3501 §2.3.1.1: UIDs mean something as long as this stays
  last_uid bigint NOT NULL DEFAULT 0, -- messages up to this one are stored, and marked or moved
  next_look_at timestamptz NOT NULL,
  leased_until timestamptz,
  last_looked_at timestamptz,
  last_error text,
  failures integer NOT NULL DEFAULT 0, -- since it went well
  CONSTRAINT mailbox_pkey PRIMARY KEY (organization_id, channel_id),
  CONSTRAINT mailbox_channel FOREIGN KEY (organization_id, channel_id) REFERENCES channel (organization_id, id)
);
CREATE INDEX mailbox_due ON mailbox (next_look_at);
