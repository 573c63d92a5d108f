ALTER TABLE shop_follow
  ADD COLUMN asked_through timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN ask_again_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN leased_until timestamptz;
UPDATE shop_follow f SET asked_through = a.asked_through, ask_again_at = a.ask_again_at, leased_until = a.leased_until
  FROM shop_asking a WHERE a.organization_id = f.organization_id AND a.channel_id = f.channel_id;
ALTER TABLE shop_follow ALTER COLUMN asked_through DROP DEFAULT, ALTER COLUMN ask_again_at DROP DEFAULT;
DROP TABLE shop_asking;
