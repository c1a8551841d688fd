//! How long does a user wait between two tasks?
//!
//! A wait is a value with one question. The random number and the time come from outside; what a user must remember
//! between two questions is its [`WaitState`].

use std::time::Duration;

/// A rule for the pause after a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// Uniformly distributed between two durations.
    Between(Duration, Duration),
    /// Always the same.
    Constant(Duration),
    /// So long that tasks start this far apart. A task that took longer is not caught up for.
    Pacing(Duration),
}

/// What pacing remembers about one user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaitState {
    asked_at: Duration,
    answered: Duration,
}

impl WaitState {
    /// The state of a user that begins at `now`, counted from any fixed origin.
    pub fn new(now: Duration) -> Self {
        Self { asked_at: now, answered: Duration::ZERO }
    }
}

impl Wait {
    /// Tasks start `per_second` times a second, if they are quick enough; never with a rate of zero or below.
    pub fn throughput(per_second: f64) -> Self {
        Self::Pacing(Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX))
    }

    /// The pause that starts at `now`; `random` is in `[0, 1)`.
    pub fn pause(self, state: &mut WaitState, now: Duration, random: f64) -> Duration {
        match self {
            Self::Between(low, high) => low + high.saturating_sub(low).mul_f64(random.clamp(0.0, 1.0)),
            Self::Constant(pause) => pause,
            Self::Pacing(distance) => {
                let task_took = now.saturating_sub(state.asked_at).saturating_sub(state.answered);
                let pause = distance.saturating_sub(task_took);
                *state = WaitState { asked_at: now, answered: pause };
                pause
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn between_spans_its_range() {
        let mut state = WaitState::new(ms(0));
        let wait = Wait::Between(ms(100), ms(300));
        for (random, expected) in [(0.0, 100), (0.5, 200), (0.75, 250)] {
            assert_eq!(wait.pause(&mut state, ms(0), random), ms(expected));
        }
    }

    #[test]
    fn pacing_subtracts_the_task_and_forgives_a_slow_one() {
        let mut state = WaitState::new(ms(0));
        let wait = Wait::Pacing(ms(1000));
        // (asked at, expected pause): tasks of 300 ms, 100 ms, 1700 ms and 200 ms, each begun when the pause was over.
        for (now, expected) in [(300, 700), (1100, 900), (3700, 0), (3900, 800)] {
            assert_eq!(wait.pause(&mut state, ms(now), 0.0), ms(expected), "asked at {now} ms");
        }
    }

    #[test]
    fn throughput_is_pacing_by_another_name() {
        assert_eq!(Wait::throughput(4.0), Wait::Pacing(ms(250)));
        assert_eq!(Wait::throughput(0.0), Wait::Pacing(Duration::MAX));
    }
}
