//! Where does a frame end? And how is one written?

use super::session::Refusal;

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// One frame, its body still in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) is_command: bool,
    pub(super) has_more: bool,
    /// Where its body is in the buffer.
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Frame {
    /// The frame at the beginning of `input`; `None` if it is not complete yet.
    pub(super) fn find(input: &[u8], limit: usize) -> Result<Option<Self>, Refusal> {
        let Some(flags) = input.first() else { return Ok(None) };
        if flags & !(MORE | LONG | COMMAND) != 0 || flags & (MORE | COMMAND) == MORE | COMMAND {
            return Err(Refusal::NotZeroMq);
        }
        let (from, length) = if flags & LONG == 0 {
            let Some(length) = input.get(1) else { return Ok(None) };
            (2, u64::from(*length))
        } else {
            let Some(length) = input.get(1..9).and_then(|bytes| bytes.first_chunk()) else { return Ok(None) };
            (9, u64::from_be_bytes(*length))
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= limit);
        let to = from + length.ok_or(Refusal::TooLong { limit })?;
        let frame = Self { is_command: flags & COMMAND != 0, has_more: flags & MORE != 0, from, to };
        Ok((to <= input.len()).then_some(frame))
    }
}

pub(super) fn write_message(output: &mut Vec<u8>, body: &[u8]) {
    write(output, 0, body);
}

/// A command: its name, and what comes with it.
pub(super) fn write_command(output: &mut Vec<u8>, name: &[u8], data: &[u8]) {
    let mut body = Vec::with_capacity(1 + name.len() + data.len());
    body.push(name.len() as u8);
    body.extend_from_slice(name);
    body.extend_from_slice(data);
    write(output, COMMAND, &body);
}

fn write(output: &mut Vec<u8>, flags: u8, body: &[u8]) {
    match u8::try_from(body.len()) {
        Ok(length) => output.extend_from_slice(&[flags, length]),
        Err(_) => {
            output.push(flags | LONG);
            output.extend_from_slice(&(body.len() as u64).to_be_bytes());
        }
    }
    output.extend_from_slice(body);
}

/// The name of a command and what comes with it.
pub(super) fn split_command(body: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let (length, rest) = body.split_first().ok_or(Refusal::NotZeroMq)?;
    rest.split_at_checked((*length).into()).ok_or(Refusal::NotZeroMq)
}

/// What nodes say of themselves: names and values.
pub(super) fn write_metadata(socket_type: &[u8], identity: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    for (name, value) in [(&b"Socket-Type"[..], socket_type), (b"Identity", identity)] {
        data.push(name.len() as u8);
        data.extend_from_slice(name);
        data.extend_from_slice(&(value.len() as u32).to_be_bytes());
        data.extend_from_slice(value);
    }
    data
}

/// The socket's type and the identity that a peer says it has.
pub(super) fn read_metadata(mut data: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let (mut socket_type, mut identity) = (Vec::new(), Vec::new());
    while !data.is_empty() {
        let (name, rest) = split_command(data)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(Refusal::NotZeroMq)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (value, rest) = rest.split_at_checked(length).ok_or(Refusal::NotZeroMq)?;
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            socket_type = value.to_vec();
        } else if name.eq_ignore_ascii_case(b"Identity") {
            identity = value.to_vec();
        }
        data = rest;
    }
    Ok((socket_type, identity))
}
