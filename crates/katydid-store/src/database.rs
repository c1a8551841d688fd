//! What do we need of a database? Four operations, so that everything else is written once.
//!
//! Statements number their parameters `$1`, `$2`, … in the order in which they first occur: both databases know that
//! form, and SQLite counts by occurrence.

use crate::error::{Error, Result};

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        // PostgreSQL has no character of value zero.
        Self::Text(value.replace('\0', "\u{fffd}"))
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer, read from left to right.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    pub(crate) fn int(&mut self) -> Result<u64> {
        match self.next() {
            Value::Int(value) => Ok(u64::try_from(value).unwrap_or(0)),
            Value::Null => Ok(0),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) fn optional_int(&mut self) -> Result<Option<i64>> {
        match self.next() {
            Value::Int(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) fn real(&mut self) -> Result<Option<f64>> {
        match self.next() {
            Value::Real(value) => Ok(Some(value)),
            Value::Int(value) => Ok(Some(value as f64)),
            Value::Null => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        match self.next() {
            Value::Text(value) => Ok(value),
            Value::Null => Ok(String::new()),
            other => Err(unexpected(&other)),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.next() {
            Value::Bytes(value) => Ok(value),
            other => Err(unexpected(&other)),
        }
    }
}

fn unexpected(value: &Value) -> Error {
    let kind = match value {
        Value::Null => "nothing",
        Value::Int(_) => "a whole number",
        Value::Real(_) => "a number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    };
    Error::broken(format!("a column of the store holds {kind} where something else belongs"))
}

/// A connection to a database.
pub(crate) trait Database: Send {
    /// Changes something; returns how many rows.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64>;

    /// Asks something; `each` is called with every row, in order.
    fn query(
        &mut self,
        statement: &str,
        values: &[Value],
        each: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()>;

    /// Carries out statements without parameters.
    fn script(&mut self, statements: &str) -> Result<()>;

    /// The tables' text for this database.
    fn dialect(&self) -> Dialect;

    /// Bytes on disk; `None` where that is somebody else's business.
    fn size_bytes(&mut self) -> Result<Option<u64>>;

    /// Gives space back.
    fn compact(&mut self) -> Result<()>;
}

/// In what the two databases differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) identity: &'static str,
    pub(crate) bytes: &'static str,
    /// Does it also get figures that people query?
    pub(crate) has_figures: bool,
    pub(crate) begin: &'static str,
    /// Scripts after which it hardly waits for other writers, and after which it waits as ever.
    pub(crate) patience: [&'static str; 2],
}
