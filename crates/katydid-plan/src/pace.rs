//! How many users start at once, and how long until the next ones?
//!
//! Whole users only: a rate of 2.4 per second is two users every 0.833 s, a rate of 0.5 is one user every 2 s.

use std::time::Duration;

use crate::Error;

/// A spawn rate, as batches of whole users with a pause between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpawnPace {
    /// Users in one batch, at least one.
    pub batch: u64,
    /// From the start of one batch to the start of the next.
    pub pause: Duration,
}

impl SpawnPace {
    /// The pace that reaches `rate` users per second.
    ///
    /// # Errors
    /// A rate that is zero, negative or not a number, or so small that a pause would not fit the type.
    pub fn try_new(rate: f64) -> Result<Self, Error> {
        if rate.is_nan() || rate <= 0.0 {
            return Err(Error::bad_rate(rate));
        }
        let batch = (rate.floor() as u64).max(1);
        let pause = if rate.is_finite() { batch as f64 / rate } else { 0.0 };
        let pause = Duration::try_from_secs_f64(pause).map_err(|_| Error::bad_rate(rate))?;
        Ok(Self { batch, pause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_fractional_rates_with_whole_users() {
        let table = [
            (1.0, 1, 1000),
            (2.4, 2, 833),
            (0.5, 1, 2000),
            (100.0, 100, 1000),
            (1.9, 1, 526),
            (0.01, 1, 100_000),
        ];
        for (rate, batch, pause_ms) in table {
            let pace = SpawnPace::try_new(rate).expect("a rate above zero");
            assert_eq!((pace.batch, pace.pause.as_millis()), (batch, pause_ms), "{rate}");
        }
    }

    #[test]
    fn refuses_rates_that_never_get_there() {
        for rate in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
            assert!(SpawnPace::try_new(rate).is_err_and(|error| error.is_rate()), "{rate}");
        }
    }
}
