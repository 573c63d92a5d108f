-- Whether a row was written by a transaction that had not ended when another one looked: `oldest` is what pg_snapshot_xmin told then.
-- A row has the lower half of its transaction's number; the upper one is that of now, or one less where that would lie ahead.
CREATE FUNCTION written_since(written_by xid, oldest bigint, next bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN (next >> 32 << 32) + written_by::text::bigint < next THEN (next >> 32 << 32) + written_by::text::bigint
    ELSE (next >> 32 << 32) + written_by::text::bigint - 4294967296 END >= oldest $$;
