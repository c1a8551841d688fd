//! How is msgpack from a stranger read, and how is it written the way Locust writes it?
//!
//! A [`Reader`] goes from token to token over borrowed bytes and allocates nothing. What a maintainer must not break: a
//! token never announces more than the bytes behind it could hold, so who reserves memory for what is announced is
//! bounded by the message; and nothing here recurses.

use std::sync::Arc;

use rmp::Marker;

/// How deep values of a message may be nested.
pub const MAX_DEPTH: usize = 64;

/// How many values a message may hold, at any depth.
pub const MAX_VALUES: usize = 4_000_000;

/// These bytes are no message: what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub(crate) &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// A value, or the beginning of one that has others inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// Nothing.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that no `i64` can hold.
    Uint(u64),
    /// A real number.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// So many values follow.
    Array(usize),
    /// So many pairs of values follow.
    Map(usize),
    /// A value of a kind that Locust does not use.
    Extension(i8, &'a [u8]),
}

impl Token<'_> {
    /// The number as a real one.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Int(number) => Some(number as f64),
            Self::Uint(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The number as a whole one that is not below zero; a real one loses its fraction.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Int(number) => u64::try_from(number).ok(),
            Self::Uint(number) => Some(number),
            // A cast of a float saturates, and not-a-number becomes zero.
            Self::Float(number) if number >= 0.0 => Some(number as u64),
            _ => None,
        }
    }

    /// How many values follow that belong to this one.
    fn inside(&self) -> usize {
        match *self {
            Self::Array(values) => values,
            Self::Map(pairs) => pairs.saturating_mul(2),
            _ => 0,
        }
    }
}

/// Reads a message token by token.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
    values_left: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, rest: bytes, values_left: MAX_VALUES }
    }

    /// Are all bytes read?
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are read.
    pub fn position(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    /// The next token.
    ///
    /// # Errors
    /// The bytes end early, announce more than there is, hold text that is not UTF-8 or more than [`MAX_VALUES`].
    pub fn token(&mut self) -> Result<Token<'a>, Malformed> {
        self.values_left = self.values_left.checked_sub(1).ok_or(Malformed("it holds too many values"))?;
        let token = match Marker::from_u8(self.number::<1>().map(|[byte]| byte)?) {
            Marker::Null | Marker::Reserved => Token::Nil,
            Marker::False => Token::Bool(false),
            Marker::True => Token::Bool(true),
            Marker::FixPos(number) => Token::Int(number.into()),
            Marker::FixNeg(number) => Token::Int(number.into()),
            Marker::U8 => Token::Int(u8::from_be_bytes(self.number()?).into()),
            Marker::U16 => Token::Int(u16::from_be_bytes(self.number()?).into()),
            Marker::U32 => Token::Int(u32::from_be_bytes(self.number()?).into()),
            Marker::U64 => whole(u64::from_be_bytes(self.number()?)),
            Marker::I8 => Token::Int(i8::from_be_bytes(self.number()?).into()),
            Marker::I16 => Token::Int(i16::from_be_bytes(self.number()?).into()),
            Marker::I32 => Token::Int(i32::from_be_bytes(self.number()?).into()),
            Marker::I64 => Token::Int(i64::from_be_bytes(self.number()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.number()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.number()?)),
            marker => return self.sized(marker),
        };
        Ok(token)
    }

    /// The tokens with a length.
    fn sized(&mut self, marker: Marker) -> Result<Token<'a>, Malformed> {
        let length = self.length(marker)?;
        Ok(match marker {
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let text = std::str::from_utf8(self.bytes(length)?);
                Token::Text(text.map_err(|_| Malformed("a text is not UTF-8"))?)
            }
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => Token::Bytes(self.bytes(length)?),
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                Token::Array(self.announced(length, 1)?)
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => Token::Map(self.announced(length, 2)?),
            _ => {
                let kind = i8::from_be_bytes(self.number()?);
                Token::Extension(kind, self.bytes(length)?)
            }
        })
    }

    fn length(&mut self, marker: Marker) -> Result<usize, Malformed> {
        Ok(match marker {
            Marker::FixStr(length) | Marker::FixArray(length) | Marker::FixMap(length) => length.into(),
            Marker::Str8 | Marker::Bin8 | Marker::Ext8 => u8::from_be_bytes(self.number()?).into(),
            Marker::Str16 | Marker::Bin16 | Marker::Array16 | Marker::Map16 | Marker::Ext16 => {
                u16::from_be_bytes(self.number()?).into()
            }
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            _ => u32::from_be_bytes(self.number()?) as usize,
        })
    }

    /// A number of values, each of which takes a byte at least.
    fn announced(&self, count: usize, bytes_each: usize) -> Result<usize, Malformed> {
        let fits = count.checked_mul(bytes_each).is_some_and(|bytes| bytes <= self.rest.len());
        if fits { Ok(count) } else { Err(Malformed("it ends early")) }
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Malformed("it ends early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn number<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed("it ends early"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// Passes over one value with everything in it, and returns its bytes.
    ///
    /// # Errors
    /// As [`Self::token`], and where values are nested deeper than [`MAX_DEPTH`].
    pub fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let from = self.position();
        let mut open = [0; MAX_DEPTH];
        let mut depth = 0;
        loop {
            let inside = self.token()?.inside();
            if inside > 0 {
                let level = open.get_mut(depth).ok_or(Malformed("it is nested too deeply"))?;
                *level = inside;
                depth += 1;
                continue;
            }
            while depth > 0 {
                open[depth - 1] -= 1;
                if open[depth - 1] > 0 {
                    break;
                }
                depth -= 1;
            }
            if depth == 0 {
                return Ok(&self.bytes[from..self.position()]);
            }
        }
    }

    /// The number of pairs of a map, and zero for nothing.
    pub(crate) fn map(&mut self) -> Result<usize, Malformed> {
        match self.token()? {
            Token::Map(pairs) => Ok(pairs),
            Token::Nil => Ok(0),
            _ => Err(Malformed("a map was expected")),
        }
    }

    /// The number of values of an array.
    pub(crate) fn array(&mut self) -> Result<usize, Malformed> {
        match self.token()? {
            Token::Array(values) => Ok(values),
            _ => Err(Malformed("an array was expected")),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        match self.token()? {
            Token::Text(text) => Ok(text),
            _ => Err(Malformed("a text was expected")),
        }
    }

    /// Bytes.
    pub(crate) fn binary(&mut self) -> Result<&'a [u8], Malformed> {
        match self.token()? {
            Token::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed("bytes were expected")),
        }
    }

    /// A real number.
    pub(crate) fn real(&mut self) -> Result<f64, Malformed> {
        self.token()?.as_f64().ok_or(Malformed("a number was expected"))
    }

    /// A whole number that is not below zero.
    pub(crate) fn count(&mut self) -> Result<u64, Malformed> {
        self.token()?.as_u64().ok_or(Malformed("a count was expected"))
    }

    /// The key of a pair; empty if it is no text, which no name that we know is.
    pub(crate) fn key(&mut self) -> Result<&'a str, Malformed> {
        let mut ahead = self.clone();
        if let Token::Text(text) = ahead.token()? {
            *self = ahead;
            return Ok(text);
        }
        self.value().map(|_| "")
    }
}

fn whole(number: u64) -> Token<'static> {
    i64::try_from(number).map_or(Token::Uint(number), Token::Int)
}

/// One value in msgpack that is handed on unread: well formed, and within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed(Arc<[u8]>);

impl Packed {
    /// Nothing.
    pub fn nil() -> Self {
        Self(Arc::from([Marker::Null.to_u8()].as_slice()))
    }

    /// The value that `bytes` are.
    ///
    /// # Errors
    /// They are none, or more than one.
    pub fn try_new(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        reader.value()?;
        if reader.is_at_end() { Ok(Self(bytes.into())) } else { Err(Malformed("something follows its end")) }
    }

    pub(crate) fn of_value(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes: at least one.
    #[expect(clippy::len_without_is_empty, reason = "a value is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Its beginning.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.0)
    }
}

/// Writes msgpack as Python's `msgpack` does: each number in its shortest form, each real number in eight bytes.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

/// Writing into memory cannot fail.
const INTO_MEMORY: &str = "a vector takes any bytes";

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Nothing.
    pub fn nil(&mut self) -> &mut Self {
        self.0.push(Marker::Null.to_u8());
        self
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.0.push(if value { Marker::True } else { Marker::False }.to_u8());
        self
    }

    /// A whole number.
    pub fn int(&mut self, value: i64) -> &mut Self {
        rmp::encode::write_sint(&mut self.0, value).expect(INTO_MEMORY);
        self
    }

    /// A whole number that is not below zero.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        rmp::encode::write_uint(&mut self.0, value).expect(INTO_MEMORY);
        self
    }

    /// A real number.
    pub fn float(&mut self, value: f64) -> &mut Self {
        rmp::encode::write_f64(&mut self.0, value).expect(INTO_MEMORY);
        self
    }

    /// Text. What is longer than 4 GiB is cut.
    pub fn text(&mut self, value: &str) -> &mut Self {
        let end = value.floor_char_boundary(u32::MAX as usize);
        rmp::encode::write_str(&mut self.0, &value[..end]).expect(INTO_MEMORY);
        self
    }

    /// Bytes. What is longer than 4 GiB is cut.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let end = value.len().min(u32::MAX as usize);
        rmp::encode::write_bin(&mut self.0, &value[..end]).expect(INTO_MEMORY);
        self
    }

    /// The beginning of an array of so many values.
    pub fn array(&mut self, values: usize) -> &mut Self {
        rmp::encode::write_array_len(&mut self.0, values as u32).expect(INTO_MEMORY);
        self
    }

    /// The beginning of a map of so many pairs.
    pub fn map(&mut self, pairs: usize) -> &mut Self {
        rmp::encode::write_map_len(&mut self.0, pairs as u32).expect(INTO_MEMORY);
        self
    }

    /// A value that is packed already.
    pub fn packed(&mut self, value: &Packed) -> &mut Self {
        self.0.extend_from_slice(value.as_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_as_short_as_pythons() {
        // The right side was written by Python's msgpack: packb(number).
        let table: [(i64, &[u8]); 8] = [
            (5, &[5]),
            (-1, &[0xff]),
            (127, &[0x7f]),
            (128, &[0xcc, 0x80]),
            (-33, &[0xd0, 0xdf]),
            (256, &[0xcd, 1, 0]),
            (70_000, &[0xce, 0, 1, 0x11, 0x70]),
            (1 << 40, &[0xcf, 0, 0, 1, 0, 0, 0, 0, 0]),
        ];
        for (number, bytes) in table {
            let mut writer = Writer::new();
            writer.int(number);
            assert_eq!(writer.into_bytes(), bytes, "{number}");
            assert_eq!(Reader::new(bytes).token(), Ok(Token::Int(number)));
        }
    }

    #[test]
    fn lengths_beyond_the_message_are_not_believed() {
        for bytes in
            [&[0xdd, 0xff, 0xff, 0xff, 0xff][..], &[0xdf, 0x7f, 0xff, 0xff, 0xff], &[0xdb, 0, 0, 0, 9, 1]]
        {
            assert_eq!(Reader::new(bytes).token(), Err(Malformed("it ends early")), "{bytes:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
        assert!(Packed::try_new(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(Packed::try_new(&nested(MAX_DEPTH + 1)), Err(Malformed("it is nested too deeply")));
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let mut bytes = vec![0xdd];
        bytes.extend_from_slice(&(MAX_VALUES as u32 + 1).to_be_bytes());
        bytes.resize(bytes.len() + MAX_VALUES + 1, 0xc0);
        assert_eq!(Packed::try_new(&bytes), Err(Malformed("it holds too many values")));
    }

    #[test]
    fn a_value_is_exactly_one() {
        assert!(Packed::try_new(&[0x92, 0x80, 0x81, 0x01, 0x90]).is_ok(), "empty ones inside");
        assert!(Packed::try_new(&[0xc0, 0xc0]).is_err());
        assert!(Packed::try_new(&[]).is_err());
        assert!(Packed::try_new(&[0xa1, 0xff]).is_err(), "no UTF-8");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.value() {
                prop_assert!(!value.is_empty() && value.len() == reader.position());
                prop_assert!(Packed::try_new(value).is_ok());
            }
        }
    }
}
