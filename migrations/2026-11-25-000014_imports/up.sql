-- Imports: what was sent is stored row by row before it is acknowledged; a leased job works it off.
CREATE TABLE import (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  mode text NOT NULL,
  status text NOT NULL,
  row_count bigint NOT NULL DEFAULT 0,
  imported_count bigint NOT NULL DEFAULT 0,
  unchanged_count bigint NOT NULL DEFAULT 0,
  rejected_count bigint NOT NULL DEFAULT 0,
  actor text NOT NULL,
  role text NOT NULL,
  may_price boolean NOT NULL, -- what the caller's token permitted when it was sent
  may_book_payments boolean NOT NULL,
  leased_until timestamptz, -- by the database's clock: an upload or a worker that is silent for so long is dead
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  started_at timestamptz,
  completed_at timestamptz,
  CONSTRAINT import_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT import_kind CHECK (kind IN ('orders')),
  CONSTRAINT import_mode CHECK (mode IN ('live')),
  CONSTRAINT import_status CHECK (status IN ('receiving', 'queued', 'running', 'completed')),
  CONSTRAINT import_counts CHECK (imported_count >= 0 AND unchanged_count >= 0 AND rejected_count >= 0
    AND imported_count + unchanged_count + rejected_count <= row_count),
  CONSTRAINT import_completed CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
CREATE INDEX import_unfinished ON import (created_at) WHERE status <> 'completed';

-- One line of what was sent. Its order's id is given before the first try, so that a repeated try makes the same order.
CREATE TABLE import_row (
  organization_id uuid NOT NULL,
  import_id uuid NOT NULL,
  row_number bigint NOT NULL, -- the line of the file, from 1
  status text NOT NULL DEFAULT 'pending',
  order_id uuid NOT NULL,
  order_number text,
  raw bytea, -- as it was sent; kept until it has become an order
  problem text, -- immutable JSON, served verbatim
  CONSTRAINT import_row_pkey PRIMARY KEY (organization_id, import_id, row_number),
  CONSTRAINT import_row_import FOREIGN KEY (organization_id, import_id) REFERENCES import,
  CONSTRAINT import_row_status CHECK (status IN ('pending', 'imported', 'unchanged', 'rejected')),
  CONSTRAINT import_row_raw CHECK (raw IS NOT NULL OR status IN ('imported', 'unchanged')),
  CONSTRAINT import_row_problem CHECK ((problem IS NOT NULL) = (status = 'rejected'))
);
CREATE INDEX import_row_rejected ON import_row (organization_id, import_id, row_number) WHERE status = 'rejected';
CREATE INDEX import_row_pending ON import_row (organization_id, import_id, row_number) WHERE status = 'pending';
