//! How are numbers written for collectors? In the wire format of Protocol Buffers, as far as their messages need it.
//!
//! What a maintainer must not break: fields of value zero are written, too, since one of the two formats has fields
//! whose presence means something.

/// A message under construction.
#[derive(Debug, Default)]
pub struct Message(Vec<u8>);

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;

impl Message {
    /// The bytes of the message.
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// The bytes with their number before them, as in a stream of messages.
    pub fn delimited(self, out: &mut Vec<u8>) {
        varint(out, self.0.len() as u64);
        out.extend(self.0);
    }

    fn tag(&mut self, field: u64, kind: u64) {
        varint(&mut self.0, field << 3 | kind);
    }

    /// A number without sign, an enum or a truth value.
    pub fn uint(&mut self, field: u64, value: u64) {
        self.tag(field, VARINT);
        varint(&mut self.0, value);
    }

    /// A number that is as short when it is negative.
    pub fn sint(&mut self, field: u64, value: i64) {
        self.uint(field, zigzag(value));
    }

    /// Eight bytes.
    pub fn fixed(&mut self, field: u64, value: u64) {
        self.tag(field, FIXED64);
        self.0.extend(value.to_le_bytes());
    }

    /// A floating-point number.
    pub fn double(&mut self, field: u64, value: f64) {
        self.fixed(field, value.to_bits());
    }

    /// A text.
    pub fn text(&mut self, field: u64, text: &str) {
        self.run(field, text.as_bytes());
    }

    /// A message inside of this one.
    pub fn message(&mut self, field: u64, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.run(field, &inner.0);
    }

    /// Numbers without sign, one after the other.
    pub fn packed(&mut self, field: u64, values: impl IntoIterator<Item = u64>) {
        let mut run = Vec::new();
        values.into_iter().for_each(|value| varint(&mut run, value));
        self.run(field, &run);
    }

    fn run(&mut self, field: u64, bytes: &[u8]) {
        self.tag(field, BYTES);
        varint(&mut self.0, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

fn zigzag(value: i64) -> u64 {
    (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_format_says() {
        // The examples of the format's own description.
        let mut message = Message::default();
        message.uint(1, 150);
        message.text(2, "testing");
        message.message(3, |inner| inner.uint(1, 150));
        message.packed(6, [3, 270, 86_942]);
        let expected = [
            &[0x08, 0x96, 0x01][..],
            b"\x12\x07testing",
            &[0x1a, 0x03, 0x08, 0x96, 0x01],
            &[0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05],
        ];
        assert_eq!(message.bytes(), expected.concat());
        for (value, expected) in [(0, 0), (-1, 1), (1, 2), (i64::MIN, u64::MAX)] {
            assert_eq!(zigzag(value), expected);
        }
    }
}
