-- What the pgbench scripts need: UUIDs that grow with time as ours do, numbers, and ids to read by.
CREATE SCHEMA IF NOT EXISTS bench;
CREATE OR REPLACE FUNCTION bench.uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;
CREATE SEQUENCE IF NOT EXISTS bench.number CACHE 64;
CREATE TABLE IF NOT EXISTS bench.order_id (n int PRIMARY KEY, id uuid NOT NULL);
