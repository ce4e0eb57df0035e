//! The few types that statements carry: integers and text.

use moim_wire::{MessageId, RoomId, UserId};

use crate::error::Error;

/// A bound value or a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    /// Ids and times stay below 2^53; what lies above the column's range cannot match a row, nor does its maximum.
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

macro_rules! integer_value {
    ($($type:ty => |$value:ident| $number:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::Int(i64::from($number))
            }
        })*
    };
}

integer_value! {
    u8 => |value| value;
    u32 => |value| value;
    bool => |value| value;
    RoomId => |value| value.0;
    UserId => |value| value.0;
}

impl From<MessageId> for Value {
    fn from(value: MessageId) -> Self {
        Self::from(value.0)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}

/// The values of a statement, in the order of its question marks.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::sql::Value::from($value)),*]
    };
}
pub(crate) use values;

/// A row of an answer; columns are taken by their place in the statement.
#[derive(Clone, Debug)]
pub(crate) struct Row(pub(super) Vec<Value>);

impl Row {
    /// An integer of any of our types.
    pub(crate) fn int<T: TryFrom<i64>>(&self, column: usize) -> Result<T, Error> {
        match self.0.get(column) {
            Some(&Value::Int(value)) => T::try_from(value).map_err(|_| self.unexpected(column, "an integer in range")),
            _ => Err(self.unexpected(column, "an integer")),
        }
    }

    pub(crate) fn int_or_null<T: TryFrom<i64>>(&self, column: usize) -> Result<Option<T>, Error> {
        if self.is_null(column) { Ok(None) } else { self.int(column).map(Some) }
    }

    pub(crate) fn flag(&self, column: usize) -> Result<bool, Error> {
        Ok(self.int::<i64>(column)? != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, Error> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value.clone()),
            _ => Err(self.unexpected(column, "text")),
        }
    }

    pub(crate) fn text_or_null(&self, column: usize) -> Result<Option<String>, Error> {
        if self.is_null(column) { Ok(None) } else { self.text(column).map(Some) }
    }

    pub(crate) fn is_null(&self, column: usize) -> bool {
        matches!(self.0.get(column), Some(Value::Null))
    }

    fn unexpected(&self, column: usize, expected: &str) -> Error {
        Error::Internal(format!("column {column} of a row of {} is not {expected}", self.0.len()))
    }
}
