//! How long does answer number `n` take? A law is a value that says so, without a clock: the server sleeps, the law
//! only decides.

use crate::{Error, chance, quantity};
use std::f64::consts::TAU;
use std::str::FromStr;
use std::time::Duration;

/// The distribution of a delay.
///
/// # Accuracy
///
/// The law is exact; the sleep that realises it is rounded up to whole milliseconds by the timer of the runtime, and what
/// the answer costs to make and send comes on top.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// `fixed:20ms`: always the same.
    Fixed(Duration),
    /// `uniform:10ms..30ms`: anything from the first to the second, equally likely.
    Uniform(Duration, Duration),
    /// `lognormal:40ms,0.5`: half of the answers are faster than the median; a larger sigma makes a longer tail.
    Lognormal {
        /// The middle value.
        median: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// `spikes:20ms,every 10,80ms`: the base, but every tenth answer takes the height instead.
    Spikes {
        /// The usual delay.
        base: Duration,
        /// Which one is slow: every how manyth.
        every: u64,
        /// The delay of the slow one.
        height: Duration,
    },
}

impl Law {
    /// The delay of answer number `n` (from zero) under a seed; the same arguments give the same delay.
    pub fn delay(&self, seed: u64, n: u64) -> Duration {
        match *self {
            Self::Fixed(delay) => delay,
            Self::Uniform(low, high) => low + (high - low).mul_f64(chance::unit(seed, n)),
            Self::Lognormal { median, sigma } => stretched(median, (sigma * normal(seed, n)).exp()),
            Self::Spikes { every, height, .. } if (n + 1).is_multiple_of(every) => height,
            Self::Spikes { base, .. } => base,
        }
    }
}

impl FromStr for Law {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        match name.trim() {
            "fixed" => quantity::duration(rest).map(Self::Fixed),
            "uniform" => uniform(rest),
            "lognormal" => lognormal(rest),
            "spikes" => spikes(rest),
            _ => Err(Error::usage(format!(
                "'{text}' is no latency law; there are fixed, uniform, lognormal and spikes"
            ))),
        }
    }
}

fn uniform(text: &str) -> Result<Law, Error> {
    let form = || Error::usage(format!("'uniform:{text}' should read like uniform:10ms..30ms"));
    let (low, high) = text.split_once("..").ok_or_else(form)?;
    let (low, high) = (quantity::duration(low)?, quantity::duration(high)?);
    if low > high {
        return Err(Error::usage(format!("'uniform:{text}' ends before it begins")));
    }
    Ok(Law::Uniform(low, high))
}

fn lognormal(text: &str) -> Result<Law, Error> {
    let form = || {
        Error::usage(format!(
            "'lognormal:{text}' should read like lognormal:40ms,0.5 with a sigma from 0 to 5"
        ))
    };
    let (median, sigma) = text.split_once(',').ok_or_else(form)?;
    let sigma = sigma.trim().parse().ok().filter(|sigma| (0.0..=5.0).contains(sigma)).ok_or_else(form)?;
    Ok(Law::Lognormal { median: quantity::duration(median)?, sigma })
}

fn spikes(text: &str) -> Result<Law, Error> {
    let form = || Error::usage(format!("'spikes:{text}' should read like spikes:20ms,every 10,80ms"));
    let parts: Vec<_> = text.split(',').map(str::trim).collect();
    let [base, every, height] = parts[..] else { return Err(form()) };
    let every = every.strip_prefix("every").unwrap_or(every).trim();
    let every = every.parse().ok().filter(|every| *every > 0).ok_or_else(form)?;
    Ok(Law::Spikes { base: quantity::duration(base)?, every, height: quantity::duration(height)? })
}

/// A standard normal number for position `n`, by Box and Muller's method.
fn normal(seed: u64, n: u64) -> f64 {
    let radius = (-2.0 * (1.0 - chance::unit(seed, n)).ln()).sqrt();
    radius * (TAU * chance::unit(chance::fork(seed, 1), n)).cos()
}

/// `length * factor`, at most the longest delay that an option may ask for.
fn stretched(length: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(length.as_secs_f64() * factor)
        .unwrap_or(quantity::LONGEST)
        .min(quantity::LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn law(text: &str) -> Law {
        text.parse().expect(text)
    }

    #[test]
    fn each_law_is_written_as_documented() {
        assert_eq!(law("fixed:20ms"), Law::Fixed(20 * MS));
        assert_eq!(law("uniform:10ms..30ms"), Law::Uniform(10 * MS, 30 * MS));
        assert_eq!(law("lognormal:40ms,0.5"), Law::Lognormal { median: 40 * MS, sigma: 0.5 });
        let spikes = Law::Spikes { base: 20 * MS, every: 10, height: 80 * MS };
        assert_eq!(law("spikes:20ms,every 10,80ms"), spikes);
        assert_eq!(law("spikes:20ms, 10, 80ms"), spikes);
    }

    #[test]
    fn a_mistake_is_answered_with_its_text() {
        for text in [
            "",
            "fixed",
            "fixed:",
            "fixed:20",
            "uniform:10ms",
            "uniform:30ms..10ms",
            "lognormal:40ms",
            "lognormal:40ms,-1",
            "lognormal:40ms,NaN",
            "spikes:20ms,every 0,80ms",
            "spikes:20ms,80ms",
            "sometimes:3ms",
        ] {
            let error = text.parse::<Law>().expect_err(text);
            assert!(!error.to_string().contains('\n') && error.is_usage(), "{text}: {error}");
        }
    }

    #[test]
    fn half_of_a_lognormal_is_below_its_median() {
        let law = law("lognormal:40ms,0.8");
        let below = (0..20_000).filter(|&n| law.delay(3, n) < 40 * MS).count();
        assert!((9_600..10_400).contains(&below), "{below} of 20,000 below the median"); // five standard deviations
    }

    #[test]
    fn sigma_is_the_spread_of_the_logarithm() {
        let law = law("lognormal:40ms,0.8");
        // One standard deviation above the median: 84.13 % of a normal law lie below.
        let limit = (40 * MS).mul_f64(0.8_f64.exp());
        let below = (0..20_000).filter(|&n| law.delay(3, n) < limit).count();
        assert!((16_570..17_090).contains(&below), "{below} of 20,000 below one sigma");
    }

    #[test]
    fn the_mean_of_a_uniform_law_is_its_middle() {
        let law = law("uniform:10ms..30ms");
        let sum: Duration = (0..10_000).map(|n| law.delay(3, n)).sum();
        assert!((sum / 10_000).abs_diff(20 * MS) < MS / 3);
    }

    #[test]
    fn an_extreme_tail_is_cut_at_an_hour() {
        let law = law("lognormal:60m,5");
        assert!((0..1000).all(|n| law.delay(1, n) <= quantity::LONGEST));
    }

    fn any_law() -> impl Strategy<Value = Law> {
        let span = || (0_u64..10_000_000).prop_map(Duration::from_micros);
        prop_oneof![
            span().prop_map(Law::Fixed),
            (span(), span()).prop_map(|(a, b)| Law::Uniform(a.min(b), a.max(b))),
            (span(), 0.0..3.0).prop_map(|(median, sigma)| Law::Lognormal { median, sigma }),
            (span(), 1_u64..100, span()).prop_map(|(base, every, height)| Law::Spikes {
                base,
                every,
                height
            }),
        ]
    }

    proptest! {
        #[test]
        fn the_same_seed_gives_the_same_sequence(law in any_law(), seed: u64) {
            let run = || (0..50).map(|n| law.delay(seed, n)).collect::<Vec<_>>();
            prop_assert_eq!(run(), run());
        }

        #[test]
        fn uniform_stays_within_its_ends(low in 0_u64..1_000_000, width in 0_u64..1_000_000, seed: u64, n: u64) {
            let (low, high) = (Duration::from_micros(low), Duration::from_micros(low + width));
            let delay = Law::Uniform(low, high).delay(seed, n);
            prop_assert!(low <= delay && delay <= high);
        }

        #[test]
        fn spikes_come_exactly_every_nth_time(every in 1_u64..50, seed: u64) {
            let law = Law::Spikes { base: MS, every, height: 2 * MS };
            let slow = (0..every * 7).filter(|&n| law.delay(seed, n) == 2 * MS).count() as u64;
            prop_assert_eq!(slow, 7);
        }

        #[test]
        fn another_seed_gives_another_sequence(seed: u64) {
            let law = Law::Uniform(Duration::ZERO, Duration::from_secs(1));
            let run = |seed| (0..8).map(|n| law.delay(seed, n)).collect::<Vec<_>>();
            prop_assert_ne!(run(seed), run(seed.wrapping_add(1)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = text.parse::<Law>();
        }
    }
}
