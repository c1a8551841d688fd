//! Which bytes arrived, and when did the kernel receive them?
//!
//! One door to the system: `recvmsg` with `SO_TIMESTAMPNS` on Linux, plain `recv` elsewhere (no stamp).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What one read brought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// Bytes written to the start of the buffer; 0 is the end of the stream.
    pub(crate) len: usize,
    /// The kernel's receive time of the last of these bytes: wall clock, nanoseconds.
    pub(crate) stamp: Option<u64>,
}

/// Asks the kernel to stamp what `socket` receives. Failure only means that there will be no stamps.
#[cfg(target_os = "linux")]
pub(crate) fn request_stamps(socket: BorrowedFd<'_>) {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open for the borrow's lifetime and `on` is a c_int of the length that is given.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        );
    }
}

/// Other systems have no stamps on TCP.
#[cfg(not(target_os = "linux"))]
pub(crate) fn request_stamps(_socket: BorrowedFd<'_>) {}

/// Room for one `SCM_TIMESTAMPNS` control message, aligned as `cmsghdr` demands.
#[cfg(target_os = "linux")]
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Keeps the kernel stamping for as long as the value lives.
///
/// The kernel stamps packets only while some socket wants it, and switches on and off with a delay: without this, the
/// first answers after every quiet time would have no stamp.
#[derive(Debug)]
pub(crate) struct Stamping {
    _socket: Option<socket2::Socket>,
}

impl Stamping {
    pub(crate) fn start() -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).ok();
        if let Some(socket) = &socket {
            request_stamps(std::os::fd::AsFd::as_fd(socket));
        }
        Self { _socket: socket }
    }
}

/// Reads what is there without waiting.
#[cfg(target_os = "linux")]
#[inline]
pub(crate) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Received> {
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all-zero is a valid msghdr (null pointers with zero lengths).
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    // SAFETY: the descriptor is open; `part` and `control` outlive the call and their lengths are those given.
    let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    if len < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Received { len: len.cast_unsigned(), stamp: stamp(&message) })
}

/// The receive time among the control messages of `message`.
#[cfg(target_os = "linux")]
#[inline]
fn stamp(message: &libc::msghdr) -> Option<u64> {
    // SAFETY: the kernel filled the control buffer that `message` points to, and set its length; the CMSG functions
    // stay inside it and return null at its end.
    let first = unsafe { libc::CMSG_FIRSTHDR(message) };
    if first.is_null() {
        return None;
    }
    // SAFETY: `first` points to a complete header in the control buffer. It is the only one: no other control
    // message was asked for. Its data is a timespec if the type says so, perhaps unaligned.
    unsafe {
        if (*first).cmsg_level != libc::SOL_SOCKET || (*first).cmsg_type != libc::SCM_TIMESTAMPNS {
            return None;
        }
        let time: libc::timespec = std::ptr::read_unaligned(libc::CMSG_DATA(first).cast());
        Some(
            time.tv_sec
                .cast_unsigned()
                .wrapping_mul(1_000_000_000)
                .wrapping_add(time.tv_nsec.cast_unsigned()),
        )
    }
}

/// Reads what is there without waiting.
#[cfg(not(target_os = "linux"))]
pub(crate) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Received> {
    // SAFETY: the descriptor is open and the buffer is writable for its length.
    let len = unsafe {
        libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), libc::MSG_DONTWAIT)
    };
    if len < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Received { len: len.cast_unsigned(), stamp: None })
}

/// Whether `socket`, on which nothing is expected, is still open and silent.
pub(crate) fn is_quiet(socket: BorrowedFd<'_>) -> bool {
    let mut byte = 0_u8;
    // SAFETY: the descriptor is open and one byte may be written to `byte`.
    let len = unsafe {
        libc::recv(socket.as_raw_fd(), (&raw mut byte).cast(), 1, libc::MSG_PEEK | libc::MSG_DONTWAIT)
    };
    len < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
}

/// Writes without waiting and without raising `SIGPIPE`.
#[inline]
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(target_os = "linux")]
    const FLAGS: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    #[cfg(not(target_os = "linux"))]
    const FLAGS: libc::c_int = libc::MSG_DONTWAIT;
    // SAFETY: the descriptor is open and `bytes` is readable for its length.
    let len = unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), FLAGS) };
    if len < 0 { Err(io::Error::last_os_error()) } else { Ok(len.cast_unsigned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
        let (server, _) = listener.accept().expect("accepts");
        (client, server)
    }

    fn wait_readable(socket: &TcpStream) {
        let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        assert_eq!(unsafe { libc::poll(&raw mut poll, 1, 5_000) }, 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_stamp_lies_between_the_write_and_the_read() {
        use std::time::{SystemTime, UNIX_EPOCH};
        let wall = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        let (client, mut server) = pair();
        request_stamps(client.as_fd());
        let mut buffer = [0; 16];
        // The kernel switches stamping on a little after the first socket asks for it: allow for some misses.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let stamped = std::iter::repeat(()).take_while(|()| std::time::Instant::now() < deadline).any(|()| {
            let before = wall();
            server.write_all(b"hello").expect("writes");
            wait_readable(&client);
            let received = receive(client.as_fd(), &mut buffer).expect("reads");
            assert_eq!(received.len, 5);
            received.stamp.is_some_and(|stamp| before <= stamp && stamp <= wall())
        });
        assert!(stamped);
    }

    #[test]
    fn quiet_ends_with_a_byte_or_the_end() {
        let (client, mut server) = pair();
        assert!(is_quiet(client.as_fd()));
        server.write_all(b"x").expect("writes");
        wait_readable(&client);
        assert!(!is_quiet(client.as_fd()));
        let (client, server) = pair();
        drop(server);
        wait_readable(&client);
        assert!(!is_quiet(client.as_fd()));
    }
}
