DROP INDEX refund_by_updated;
