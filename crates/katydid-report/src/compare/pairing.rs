//! Which level of a baseline belongs to a level of a run?
//!
//! The one of the same scenario with the same number of users; a scenario that has one level in the baseline, such as a
//! run with one user, lends it to all levels of that scenario. Where one side knows no scenarios, they are not told apart.

/// What levels are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load<'a> {
    /// The scenario's name; empty where there are none.
    pub scenario: &'a str,
    /// Users that the level aims at.
    pub users: u64,
}

/// The level of the baseline that a level is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its index among the levels of the baseline.
    pub at: usize,
    /// Do both aim at the same number of users?
    pub is_alike: bool,
    /// Which level of its scenario the later one is, counted from zero.
    pub place: usize,
}

/// For each level of `after` the one of `before` that it is held against.
pub fn partners(before: &[Load<'_>], after: &[Load<'_>]) -> Vec<Option<Partner>> {
    let has_scenarios = |loads: &[Load<'_>]| loads.iter().any(|load| !load.scenario.is_empty());
    let tells_apart = has_scenarios(before) && has_scenarios(after);
    let is_of = |one: &Load<'_>, other: &Load<'_>| !tells_apart || one.scenario == other.scenario;
    let mut taken = vec![false; before.len()];
    let mut found = Vec::with_capacity(after.len());
    for (index, load) in after.iter().enumerate() {
        let place = after[..index].iter().filter(|earlier| earlier.scenario == load.scenario).count();
        let mut own = (0..before.len()).filter(|at| is_of(&before[*at], load));
        let equal = own.clone().find(|at| !taken[*at] && before[*at].users == load.users);
        let only = own.next().filter(|_| own.next().is_none());
        if let Some(at) = equal {
            taken[at] = true;
        }
        let partner = equal.map(|at| (at, true)).or(only.map(|at| (at, before[at].users == load.users)));
        found.push(partner.map(|(at, is_alike)| Partner { at, is_alike, place }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loads<'a>(list: &[(&'a str, u64)]) -> Vec<Load<'a>> {
        list.iter().map(|(scenario, users)| Load { scenario, users: *users }).collect()
    }

    fn found(before: &[(&str, u64)], after: &[(&str, u64)]) -> Vec<Option<(usize, bool, usize)>> {
        let partners = partners(&loads(before), &loads(after));
        partners.into_iter().map(|one| one.map(|one| (one.at, one.is_alike, one.place))).collect()
    }

    const SERVICES: [(&str, u64); 5] = [("api", 10), ("api", 50), ("rag", 10), ("rag", 50), ("tools", 10)];

    #[test]
    fn the_same_plan_is_held_against_itself_level_by_level() {
        let expected = [(0, true, 0), (1, true, 1), (2, true, 0), (3, true, 1), (4, true, 0)].map(Some);
        assert_eq!(found(&SERVICES, &SERVICES), expected);
    }

    #[test]
    fn one_user_for_each_service_is_the_baseline_of_all_its_levels() {
        let single = [("rag", 1), ("api", 1)];
        let expected =
            [Some((1, false, 0)), Some((1, false, 1)), Some((0, false, 0)), Some((0, false, 1)), None];
        assert_eq!(found(&single, &SERVICES), expected);
    }

    #[test]
    fn a_run_without_scenarios_belongs_to_all() {
        assert_eq!(found(&[("", 1)], &SERVICES[..2]), [Some((0, false, 0)), Some((0, false, 1))]);
        assert_eq!(found(&[("api", 5)], &[("", 5)]), [Some((0, true, 0))]);
        assert_eq!(found(&[("", 5), ("", 7)], &[("", 7), ("", 9)]), [Some((1, true, 0)), None]);
    }
}
