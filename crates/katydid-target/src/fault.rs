//! What goes wrong, and when? A fault is a value: which damage, on which share of the requests, or above which rate.

use crate::{Error, chance, quantity};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const DEFAULT_SLOWNESS: Duration = Duration::from_secs(1);

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// `status:503@1%`: this status instead of the answer.
    Status(u16, Share),
    /// `reset@0.5%`, `garbage@1%`, `slow-body:2s@1%`: the answer is made and then spoiled.
    Damage(Damage, Share),
    /// `limit:100/s`: what comes beyond it within one second is answered with 429 and `Retry-After: 1`.
    Limit(u32),
}

/// How a finished answer is spoiled on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The connection is reset in place of the answer.
    Reset,
    /// Bytes that are no HTTP are sent, and the connection is closed.
    Garbage,
    /// The body takes this long to arrive, in small pieces.
    SlowBody(Duration),
}

/// The part of the requests that a fault strikes, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// All requests.
    pub const ALL: Self = Self(1.0);

    /// Does the fault strike request number `n` (from zero)? The same arguments give the same answer.
    pub fn strikes(self, seed: u64, n: u64) -> bool {
        chance::unit(seed, n) < self.0
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (what, share) = match text.split_once('@') {
            Some((what, share)) => (what, Share(quantity::percent(share)?)),
            None => (text, Share::ALL),
        };
        let (name, value) = what.split_once(':').map_or((what, None), |(name, value)| (name, Some(value)));
        match (name.trim(), value) {
            ("status", Some(code)) => Ok(Self::Status(status(code)?, share)),
            ("reset", None) => Ok(Self::Damage(Damage::Reset, share)),
            ("garbage", None) => Ok(Self::Damage(Damage::Garbage, share)),
            ("slow-body", None) => Ok(Self::Damage(Damage::SlowBody(DEFAULT_SLOWNESS), share)),
            ("slow-body", Some(length)) => {
                Ok(Self::Damage(Damage::SlowBody(quantity::duration(length)?), share))
            }
            ("limit", Some(rate)) if share == Share::ALL => quantity::per_second(rate).map(Self::Limit),
            _ => Err(Error::usage(format!(
                "'{text}' is no fault; write it like status:503@1%, reset@0.5%, garbage@1%, slow-body:2s@1% or limit:100/s"
            ))),
        }
    }
}

fn status(text: &str) -> Result<u16, Error> {
    let code = text.trim().parse().ok().filter(|code| (200..=599).contains(code));
    code.ok_or_else(|| Error::usage(format!("'{text}' is no status that an answer can have; use 200 to 599")))
}

/// Counts requests within whole seconds and admits the first so many of each.
///
/// The second and its count share one word, so that admission is a single atomic step.
#[derive(Debug, Default)]
pub(crate) struct Window(AtomicU64);

impl Window {
    /// Is the request that arrives `now` (since the server's start) among the first `limit` of its second?
    pub(crate) fn admits(&self, limit: u32, now: Duration) -> bool {
        let second = now.as_secs() & u64::from(u32::MAX);
        let counted = |word: u64| if word >> 32 == second { word as u32 } else { 0 };
        let step = |word: u64| (counted(word) < limit).then(|| (second << 32) | u64::from(counted(word) + 1));
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_fault_is_written_as_documented() {
        for (text, fault) in [
            ("status:503@1%", Fault::Status(503, Share(0.01))),
            ("status:500", Fault::Status(500, Share::ALL)),
            ("reset@0.5%", Fault::Damage(Damage::Reset, Share(0.005))),
            ("garbage", Fault::Damage(Damage::Garbage, Share::ALL)),
            ("slow-body", Fault::Damage(Damage::SlowBody(DEFAULT_SLOWNESS), Share::ALL)),
            ("slow-body:200ms@10%", Fault::Damage(Damage::SlowBody(Duration::from_millis(200)), Share(0.1))),
            ("limit:100/s", Fault::Limit(100)),
        ] {
            assert_eq!(text.parse::<Fault>().expect(text), fault);
        }
    }

    #[test]
    fn a_mistake_is_answered_in_one_line() {
        for text in [
            "",
            "status",
            "status:99",
            "status:abc",
            "reset:1",
            "reset@2",
            "limit:100",
            "limit:5/s@1%",
            "fire",
        ] {
            let error = text.parse::<Fault>().expect_err(text);
            assert!(error.is_usage() && !error.to_string().contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn a_share_strikes_about_as_often_as_it_says() {
        let struck = (0..100_000).filter(|&n| Share(0.01).strikes(5, n)).count();
        assert!((840..1160).contains(&struck), "{struck} of 100,000 at 1 %"); // five standard deviations
    }

    #[test]
    fn a_window_admits_its_limit_in_every_second() {
        let window = Window::default();
        for second in [0, 1, 2, 7] {
            let admitted =
                (0..500).filter(|i| window.admits(100, Duration::from_millis(second * 1000 + i))).count();
            assert_eq!(admitted, 100, "in second {second}");
        }
    }

    proptest! {
        #[test]
        fn nothing_strikes_at_zero_and_everything_at_all(seed: u64, n: u64) {
            prop_assert!(!Share(0.0).strikes(seed, n));
            prop_assert!(Share::ALL.strikes(seed, n));
        }

        #[test]
        fn a_larger_share_strikes_wherever_a_smaller_one_does(a in 0.0..1.0, b in 0.0..1.0, seed: u64, n: u64) {
            let (small, large) = (f64::min(a, b), f64::max(a, b));
            prop_assert!(!Share(small).strikes(seed, n) || Share(large).strikes(seed, n));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = text.parse::<Fault>();
        }
    }
}
