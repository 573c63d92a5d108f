//! Migrations go both ways.

use crate::support::database::TestDatabase;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::MigrationHarness;
use pesanan::platform::migrate::MIGRATIONS;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Tables with their columns, constraints, indexes and functions, as text.
fn schema(connection: &mut PgConnection) -> Vec<String> {
    let text = "SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line FROM information_schema.columns \
         WHERE table_schema = 'public' \
         UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
         UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'capture%' \
         UNION ALL SELECT relname::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace ORDER BY 1";
    diesel::sql_query(text).load::<Line>(connection).unwrap().into_iter().map(|row| row.line).collect()
}

#[test]
fn every_migration_goes_down_and_up_again() {
    let database = TestDatabase::create();
    let mut connection = database.connect();
    let before = schema(&mut connection);
    assert!(before.len() > 300, "{}", before.len());
    connection.revert_all_migrations(MIGRATIONS).unwrap();
    let bookkeeping: Vec<String> =
        schema(&mut connection).into_iter().filter(|line| !line.contains("__diesel_schema_migrations")).collect();
    assert_eq!(bookkeeping, Vec::<String>::new(), "a migration left something behind");
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(schema(&mut connection), before);
}
