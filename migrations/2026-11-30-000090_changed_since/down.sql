DROP INDEX webhook_delivery_by_updated;
DROP INDEX bank_entry_by_updated;
