//! Which tables are there? Made when a store is opened that has none.

use crate::database::{Database, Dialect};
use crate::error::{Error, Result};

/// The version of the tables. A newer one is refused, an older one would be brought up here.
const VERSION: u64 = 2;

fn tables(dialect: Dialect) -> String {
    let Dialect { identity, bytes, .. } = dialect;
    let figures = if dialect.has_figures { FIGURES } else { "" };
    format!(
        "CREATE TABLE katydid_schema (version BIGINT NOT NULL);
         INSERT INTO katydid_schema VALUES ({VERSION});
         CREATE TABLE run (
             id {identity},
             state TEXT NOT NULL,
             started_at DOUBLE PRECISION NOT NULL,
             seen_at DOUBLE PRECISION NOT NULL,
             ended_at DOUBLE PRECISION,
             locustfile TEXT NOT NULL,
             host TEXT NOT NULL,
             profile TEXT NOT NULL,
             about TEXT NOT NULL,
             users BIGINT NOT NULL DEFAULT 0,
             requests BIGINT NOT NULL DEFAULT 0,
             failures BIGINT NOT NULL DEFAULT 0,
             exit_code BIGINT,
             verdict TEXT
         );
         CREATE TABLE name (
             run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
             key BIGINT NOT NULL,
             method TEXT NOT NULL,
             name TEXT NOT NULL,
             PRIMARY KEY (run, key)
         );
         CREATE TABLE part (
             run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
             number BIGINT NOT NULL,
             from_at DOUBLE PRECISION NOT NULL,
             until_at DOUBLE PRECISION NOT NULL,
             users BIGINT NOT NULL,
             requests BIGINT NOT NULL,
             failures BIGINT NOT NULL,
             is_reset BIGINT NOT NULL,
             content {bytes} NOT NULL,
             PRIMARY KEY (run, number)
         );
         CREATE TABLE failure (
             run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
             method TEXT NOT NULL,
             name TEXT NOT NULL,
             error TEXT NOT NULL,
             occurrences BIGINT NOT NULL,
             first_seen_at DOUBLE PRECISION NOT NULL,
             last_seen_at DOUBLE PRECISION NOT NULL
         );
         CREATE INDEX failure_of_run ON failure (run);
         CREATE TABLE level (
             run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
             number BIGINT NOT NULL,
             scenario TEXT NOT NULL DEFAULT '',
             label TEXT NOT NULL,
             users BIGINT NOT NULL,
             from_at DOUBLE PRECISION NOT NULL,
             until_at DOUBLE PRECISION,
             PRIMARY KEY (run, number)
         );
         CREATE TABLE document (
             run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
             name TEXT NOT NULL,
             content {bytes} NOT NULL,
             PRIMARY KEY (run, name)
         );
         CREATE TABLE baseline (
             name TEXT PRIMARY KEY,
             run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE
         );
         {RECLASSIFIED}
         {figures}"
    )
}

/// What rules reclassified: new in version 2.
const RECLASSIFIED: &str = "
    CREATE TABLE reclassified (
        run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        rule TEXT NOT NULL,
        verdict TEXT NOT NULL,
        method TEXT NOT NULL,
        name TEXT NOT NULL,
        was TEXT NOT NULL,
        occurrences BIGINT NOT NULL,
        first_seen_at DOUBLE PRECISION NOT NULL,
        last_seen_at DOUBLE PRECISION NOT NULL
    );
    CREATE INDEX reclassified_of_run ON reclassified (run);";

/// Brings tables of version 1 up to 2.
fn upgrade(dialect: Dialect) -> String {
    format!(
        "{};
         ALTER TABLE level ADD COLUMN scenario TEXT NOT NULL DEFAULT '';
         {RECLASSIFIED}
         UPDATE katydid_schema SET version = {VERSION};
         COMMIT;",
        dialect.begin
    )
}

/// Numbers for people and dashboards, one row for each name and stretch. `time` is what TimescaleDB partitions by:
/// `SELECT create_hypertable('measure', 'time', migrate_data => true)`.
const FIGURES: &str = "
    CREATE TABLE measure (
        time TIMESTAMPTZ NOT NULL,
        run BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        method TEXT NOT NULL,
        name TEXT NOT NULL,
        seconds DOUBLE PRECISION NOT NULL,
        users BIGINT NOT NULL,
        requests BIGINT NOT NULL,
        failures BIGINT NOT NULL,
        average_ms DOUBLE PRECISION,
        p50_ms DOUBLE PRECISION,
        p95_ms DOUBLE PRECISION,
        p99_ms DOUBLE PRECISION,
        max_ms DOUBLE PRECISION
    );
    CREATE INDEX measure_of_run ON measure (run, time);";

/// Makes the tables if there are none, and looks whether we know those that are there.
pub(crate) fn prepare(database: &mut dyn Database) -> Result<()> {
    let version = |database: &mut dyn Database| -> Result<u64> {
        let mut found = 0;
        database.query("SELECT version FROM katydid_schema", &[], &mut |mut row| {
            found = row.int()?;
            Ok(())
        })?;
        Ok(found)
    };
    let found = match version(database) {
        Ok(1) => {
            if let Err(error) = database.script(&upgrade(database.dialect())) {
                let _ = database.script("ROLLBACK");
                // Another process may have done it at the same time.
                version(database).ok().filter(|found| *found == VERSION).ok_or(error)?;
            }
            VERSION
        }
        Ok(found) => found,
        Err(_) => {
            let dialect = database.dialect();
            let made = database.script(&format!("{};\n{};\nCOMMIT;", dialect.begin, tables(dialect)));
            if let Err(error) = made {
                let _ = database.script("ROLLBACK");
                // Another process may have made them at the same time.
                return version(database).map_err(|_| error).map(drop);
            }
            VERSION
        }
    };
    if found == VERSION {
        return Ok(());
    }
    Err(Error::broken(format!(
        "the store's tables have version {found}, this katydid knows {VERSION}: use the katydid that wrote them, or another --store"
    )))
}
