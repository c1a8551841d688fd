//! A PostgreSQL server as a database.

use std::time::Duration;

use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config};

use crate::address::Address;
use crate::database::{Database, Dialect, Row, Value};
use crate::encryption::Encryption;
use crate::error::{Error, Result};

/// How long a server may take to answer a first connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a connection may be silent before the system asks whether the other end is there, and for how long it asks.
const SILENCE: Duration = Duration::from_secs(30);

/// What the server gives up by itself: to wait for another's lock, and a statement that takes for ever.
const LIMITS: &str = "SET lock_timeout = '5s'; SET statement_timeout = '60s'";

pub(crate) struct Postgres {
    client: Client,
}

impl Postgres {
    /// Connects.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let shown = Address::Postgres(url.to_owned());
        let encryption = Encryption::of(url)?;
        let mut config: Config =
            encryption.url.parse().map_err(|error| Error::usage(format!("{shown}: {}", reason(&error))))?;
        config.ssl_mode(encryption.mode);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.application_name("katydid").tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        let refused = |error| Error::database(format!("{shown}: {}", reason(&error)));
        let mut client = config.connect(encryption.connector).map_err(refused)?;
        client.batch_execute(LIMITS).map_err(refused)?;
        Ok(Self { client })
    }
}

/// The error's own words are few: what it stems from says more.
fn reason(error: &postgres::Error) -> String {
    if let Some(complaint) = katydid_net::tls::complaint(error) {
        return format!("no encrypted connection: {complaint}");
    }
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(said), _) => said.message().to_owned(),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

fn failed(error: postgres::Error) -> Error {
    Error::database(reason(&error))
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(kind, out),
            Self::Real(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Bytes(value) => value.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::FLOAT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

fn value(row: &postgres::Row, column: usize) -> Result<Value> {
    let kind = row.columns().get(column).map(|column| column.type_().clone());
    let value = match kind {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(column).map(Value::from),
        Some(Type::FLOAT8) => row.try_get::<_, Option<f64>>(column).map(Value::from),
        Some(Type::BYTEA) => row.try_get::<_, Option<Vec<u8>>>(column).map(Value::from),
        _ => row.try_get::<_, Option<&str>>(column).map(Value::from),
    };
    value.map_err(failed)
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Database for Postgres {
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        self.client.execute(statement, &parameters(values)).map_err(failed)
    }

    fn query(
        &mut self,
        statement: &str,
        values: &[Value],
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        for row in self.client.query(statement, &parameters(values)).map_err(failed)? {
            let values: Result<Vec<Value>> = (0..row.len()).map(|column| value(&row, column)).collect();
            each(Row::new(values?))?;
        }
        Ok(())
    }

    fn script(&mut self, statements: &str) -> Result<()> {
        self.client.batch_execute(statements).map_err(failed)
    }

    fn dialect(&self) -> Dialect {
        Dialect {
            identity: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            bytes: "BYTEA",
            has_figures: true,
            begin: "BEGIN",
            // Writers of different rows do not wait for each other.
            patience: ["", ""],
        }
    }

    fn size_bytes(&mut self) -> Result<Option<u64>> {
        Ok(None)
    }

    fn compact(&mut self) -> Result<()> {
        Ok(())
    }
}
