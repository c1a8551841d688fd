//! How many users should there be now? A target that changes with the time since the start.

use std::time::Duration;

/// How many users, and how fast to get there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Users that should run.
    pub users: u64,
    /// Users started or stopped per second on the way there.
    pub rate: f64,
}

/// A target that holds until a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// The end of this stage, counted from the start of the run; it is the first moment of the next stage.
    pub until: Duration,
    /// What holds until then.
    pub target: Target,
}

/// A load shape made of stages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stages(Vec<Stage>);

impl Stages {
    /// The stages in any order; they are sorted by their end.
    pub fn new(stages: impl IntoIterator<Item = Stage>) -> Self {
        let mut stages: Vec<_> = stages.into_iter().collect();
        stages.sort_by_key(|stage| stage.until);
        Self(stages)
    }

    /// The target after `run_time`; `None` when the last stage is over and the run ends.
    pub fn target_at(&self, run_time: Duration) -> Option<Target> {
        let index = self.0.partition_point(|stage| stage.until <= run_time);
        self.0.get(index).map(|stage| stage.target)
    }

    /// When the last stage ends.
    pub fn duration(&self) -> Duration {
        self.0.last().map_or(Duration::ZERO, |stage| stage.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_each_stage_until_its_end() {
        let stage =
            |until, users| Stage { until: Duration::from_secs(until), target: Target { users, rate: 10.0 } };
        let stages = Stages::new([stage(60, 20), stage(30, 10), stage(90, 5)]);
        for (second, users) in [(0, Some(10)), (29, Some(10)), (30, Some(20)), (89, Some(5)), (90, None)] {
            let target = stages.target_at(Duration::from_secs(second));
            assert_eq!(target.map(|target| target.users), users, "after {second} s");
        }
        assert_eq!(stages.duration(), Duration::from_secs(90));
    }
}
