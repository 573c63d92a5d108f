DO $$ DECLARE t record; BEGIN
  FOR t IN SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger
    WHERE NOT tgisinternal AND tgfoid IN ('master_data_changed'::regproc, 'organization_changed'::regproc) LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.relation);
  END LOOP;
END $$;
DROP FUNCTION master_data_changed();
DROP FUNCTION organization_changed();
DROP TABLE master_data_epoch;
