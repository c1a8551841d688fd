//! What does the system say? `getaddrinfo`, called through libc because the standard library hides its code.

use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

/// The addresses of `host` as Python's `socket.create_connection` would try them, each once.
pub(super) fn resolve(host: &str) -> Result<Vec<IpAddr>, i32> {
    let list = List::ask(host)?;
    let mut addresses = Vec::new();
    for address in list.iter().filter_map(address_of) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(libc::EAI_NONAME) } else { Ok(addresses) }
}

/// The linked list that the system allocated.
struct List {
    first: *mut libc::addrinfo,
}

impl List {
    fn ask(host: &str) -> Result<Self, i32> {
        let host = CString::new(host).map_err(|_| libc::EAI_NONAME)?;
        // SAFETY: an addrinfo of zeros is the documented empty hint: unspecified family, null pointers.
        let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut first = ptr::null_mut();
        // SAFETY: `host` is NUL-terminated, `hints` and `first` outlive the call, a null service is allowed with a host.
        let code = unsafe { libc::getaddrinfo(host.as_ptr(), ptr::null(), &raw const hints, &raw mut first) };
        if code == 0 { Ok(Self { first }) } else { Err(code) }
    }

    fn iter(&self) -> impl Iterator<Item = &libc::addrinfo> {
        // SAFETY: `first` is null or heads a valid list that lives until `self` is dropped.
        let first = unsafe { self.first.as_ref() };
        // SAFETY: `ai_next` is null or the next element of that list.
        std::iter::successors(first, |info| unsafe { info.ai_next.as_ref() })
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.first.is_null() {
            // SAFETY: getaddrinfo gave us this list and nobody freed it.
            unsafe { libc::freeaddrinfo(self.first) };
        }
    }
}

fn address_of(info: &libc::addrinfo) -> Option<IpAddr> {
    if info.ai_addr.is_null() {
        return None;
    }
    match info.ai_family {
        libc::AF_INET => {
            // SAFETY: for AF_INET `ai_addr` points to a sockaddr_in; read_unaligned asks nothing of its alignment.
            let address: libc::sockaddr_in = unsafe { ptr::read_unaligned(info.ai_addr.cast()) };
            Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr))))
        }
        libc::AF_INET6 => {
            // SAFETY: for AF_INET6 `ai_addr` points to a sockaddr_in6; read_unaligned asks nothing of its alignment.
            let address: libc::sockaddr_in6 = unsafe { ptr::read_unaligned(info.ai_addr.cast()) };
            Some(IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both need no network: the first reads the hosts file, the second never leaves the process.

    #[test]
    fn localhost_is_the_loopback() {
        let addresses = resolve("localhost").expect("localhost is in every hosts file");
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
    }

    #[test]
    fn a_name_that_cannot_be_one_has_no_address() {
        assert_eq!(resolve("nul\0byte"), Err(libc::EAI_NONAME));
    }
}
