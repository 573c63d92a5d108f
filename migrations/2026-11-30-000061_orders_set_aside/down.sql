UPDATE channel_order SET gone = NULL WHERE gone = 'set_aside';
ALTER TABLE channel_order
  DROP CONSTRAINT channel_order_gone,
  ADD CONSTRAINT channel_order_gone CHECK (gone IN ('cancelled', 'deleted'));
