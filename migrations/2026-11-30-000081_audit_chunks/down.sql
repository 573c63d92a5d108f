DROP INDEX audit_entry_by_time;
DROP INDEX audit_entry_by_actor;
DROP TABLE event_chunk;
