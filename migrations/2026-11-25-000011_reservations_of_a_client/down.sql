DROP INDEX reservation_live_by_actor;
