//! A file of SQLite as a database.

use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::database::{Database, Dialect, Row, Value};
use crate::error::{Error, Result};

/// How long to wait for another process that writes.
const PATIENT: &str = "PRAGMA busy_timeout = 10000";

#[derive(Debug)]
pub(crate) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the file, made with its folder if it does not exist.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let failed =
            |problem: &dyn std::fmt::Display| Error::database(format!("{}: {problem}", path.display()));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let connection = Connection::open(path).map_err(|error| failed(&error))?;
        let set_up = || -> rusqlite::Result<()> {
            connection.execute_batch(PATIENT)?;
            // It works before the first page is written, and later it would only wait for whoever writes.
            if connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))? == 0 {
                connection.pragma_update(None, "auto_vacuum", "incremental")?;
            }
            // With a write-ahead log readers and a writer do not wait for each other, and a killed process leaves the
            // last whole transaction.
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.pragma_update(None, "foreign_keys", true)
        };
        set_up().map_err(|error| failed(&error))?;
        Ok(Self { connection })
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

fn failed(error: rusqlite::Error) -> Error {
    Error::database(error.to_string())
}

impl Database for Sqlite {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        let mut prepared = self.connection.prepare_cached(statement).map_err(failed)?;
        prepared.execute(params_from_iter(values)).map(|rows| rows as u64).map_err(failed)
    }

    fn query(
        &mut self,
        statement: &str,
        values: &[Value],
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let mut prepared = self.connection.prepare_cached(statement).map_err(failed)?;
        let columns = prepared.column_count();
        let mut rows = prepared.query(params_from_iter(values)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let values: rusqlite::Result<Vec<Value>> =
                (0..columns).map(|column| row.get_ref(column).map(value)).collect();
            each(Row::new(values.map_err(failed)?))?;
        }
        Ok(())
    }

    fn script(&mut self, statements: &str) -> Result<()> {
        self.connection.execute_batch(statements).map_err(failed)
    }

    fn dialect(&self) -> Dialect {
        // A transaction that is to write says so at its beginning, or it could fail half-way for another's sake.
        Dialect {
            identity: "INTEGER PRIMARY KEY AUTOINCREMENT",
            bytes: "BLOB",
            has_figures: false,
            begin: "BEGIN IMMEDIATE",
            patience: ["PRAGMA busy_timeout = 200", PATIENT],
        }
    }

    fn size_bytes(&mut self) -> Result<Option<u64>> {
        let pragma = |name: &str| {
            self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed)
        };
        let used = pragma("page_count")? - pragma("freelist_count")?;
        Ok(u64::try_from(used * pragma("page_size")?).ok())
    }

    fn compact(&mut self) -> Result<()> {
        self.script("PRAGMA incremental_vacuum")
    }
}
