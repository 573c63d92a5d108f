CREATE INDEX crm_standing_waiting ON crm_standing (next_attempt_at) WHERE status = 'waiting';
DROP INDEX crm_standing_by_channel;
CREATE INDEX shop_task_waiting ON shop_task (next_attempt_at) WHERE status = 'waiting';
DROP INDEX shop_task_by_channel;
CREATE INDEX inbound_message_waiting ON inbound_message (next_attempt_at) WHERE status = 'received';
DROP INDEX inbound_message_by_channel;
DROP TABLE channel_turn;
