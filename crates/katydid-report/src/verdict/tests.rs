use katydid_plan::suite::{self, Context};
use katydid_plan::{stages, threshold};
use katydid_stats::Sample;

use super::*;

const START: f64 = 1000.0;

/// A run whose time is told: requests come in at a second, and the judge looks once a second.
struct Run {
    stats: RunStats,
    judge: Judge,
    now: f64,
}

impl Run {
    fn new(thresholds: &[&str], levels: &str) -> Self {
        let thresholds = thresholds.iter().map(|text| threshold::parse(text).expect("a threshold")).collect();
        let levels = if levels.is_empty() { Vec::new() } else { stages::parse(levels).expect("levels") };
        let scenarios = [Scenario { levels, ..Scenario::default() }];
        Self::of(Judge::try_new(thresholds, &scenarios).expect("the levels exist"))
    }

    fn of(mut judge: Judge) -> Self {
        let stats = RunStats::new(START);
        judge.begin(&[&stats], START);
        Self { stats, judge, now: START }
    }

    fn request(&mut self, name: &str, ms: f64) -> &mut Self {
        let id = self.stats.entry("GET", name);
        self.stats.record(id, &Sample::new(self.now, Some(ms), 1));
        self
    }

    fn requests(&mut self, times_ms: &[f64]) -> &mut Self {
        times_ms.iter().for_each(|ms| {
            self.request("/", *ms);
        });
        self
    }

    fn failure(&mut self, name: &str) -> &mut Self {
        self.request(name, 1.0);
        let id = self.stats.entry("GET", name);
        self.stats.record_failure(id, "no", self.now);
        self
    }

    /// A second passes.
    fn second(&mut self) -> Option<String> {
        self.now += 1.0;
        self.judge.tick(&[&self.stats], self.now)
    }

    fn level(&mut self, index: usize) -> &mut Self {
        self.judge.begin_level(index, &[&self.stats], self.now);
        self
    }

    fn end_level(&mut self) -> &mut Self {
        self.judge.end_level(&[&self.stats], self.now, true);
        self
    }

    fn end(&mut self) -> Verdict {
        self.judge.finish(&[&self.stats], self.now).clone()
    }
}

fn told(outcome: &Outcome) -> (bool, &str, &str) {
    (outcome.passed, &outcome.shown, &outcome.place)
}

#[test]
fn a_run_is_judged_as_a_whole() {
    let mut run = Run::new(&["p95<2s", "max<1s", "fail_ratio<=25%", "rps>3", "p50<1s on /a"], "");
    run.requests(&[10.0, 20.0, 1500.0]).failure("/");
    run.second();
    let verdict = run.end();
    let all: Vec<_> = verdict.thresholds.iter().map(told).collect();
    assert_eq!(
        all,
        [
            (true, "1.500 s", ""),
            (false, "1.500 s", ""),
            (true, "25.00 %", ""),
            (true, "4.00/s", ""),
            (false, "nothing was measured", ""),
        ]
    );
    assert!(!verdict.passed && verdict.judges_failures && verdict.is_asked);
    assert_eq!(verdict.line(), "failed (2 of 5 thresholds broken)");
}

#[test]
fn nothing_asked_is_nothing_failed() {
    let verdict = Run::new(&[], "").failure("/").end();
    assert!(verdict.passed && !verdict.is_asked && !verdict.judges_failures);
}

#[test]
fn the_worst_name_is_told_where_each_is_judged() {
    let mut run = Run::new(&["max<50ms on each /*"], "");
    run.request("/a", 10.0).request("/b", 70.0).request("/c", 60.0).request("d", 900.0);
    let verdict = run.end();
    assert_eq!(told(&verdict.thresholds[0]), (false, "70.00 ms", "GET /b"));
}

#[test]
fn a_broken_threshold_ends_the_run_if_it_says_so() {
    let mut run = Run::new(&["max<1s", "fail_ratio<50% abort"], "");
    run.requests(&[5000.0]);
    assert_eq!(run.second(), None, "what does not say so ends nothing");
    run.failure("/");
    assert_eq!(run.second().as_deref(), Some("fail_ratio<50% abort is broken: 50.00 %"));
    run.requests(&[1.0, 1.0]);
    let verdict = run.end();
    assert_eq!(
        told(&verdict.thresholds[1]),
        (false, "50.00 %", ""),
        "what comes in while it ends changes nothing"
    );
    assert!(verdict.line().contains("ended early"));
}

#[test]
fn without_requests_nothing_is_aborted() {
    let mut run = Run::new(&["p95<1s abort", "fail_ratio<1% abort"], "");
    assert_eq!(run.second(), None);
}

#[test]
fn the_beginning_can_be_left_out() {
    let mut run = Run::new(&["max<1s after 2s abort", "requests==1 after 2s"], "");
    run.requests(&[9000.0]);
    assert_eq!((run.second(), run.second()), (None, None));
    run.requests(&[10.0]);
    assert_eq!(run.second(), None);
    let verdict = run.end();
    assert_eq!(
        verdict.thresholds.iter().map(told).collect::<Vec<_>>(),
        [(true, "10.00 ms", ""), (true, "1", "")]
    );
}

#[test]
fn a_run_that_ends_before_it_is_judged_is_not_met() {
    let mut run = Run::new(&["max<1s after 10s"], "");
    run.requests(&[1.0]).second();
    assert_eq!(told(&run.end().thresholds[0]), (false, "nothing was measured", ""));
}

#[test]
fn windows_slide_and_the_worst_one_counts() {
    let mut run = Run::new(&["max<100ms over 3s", "rps>=1 over 3s"], "");
    for ms in [10.0, 10.0, 500.0, 10.0, 10.0, 10.0, 10.0] {
        run.requests(&[ms]).second();
    }
    let verdict = run.end();
    assert_eq!(told(&verdict.thresholds[0]), (false, "500.0 ms", ""));
    assert_eq!(verdict.thresholds[0].at_s, Some(3.0), "the first full window that had it");
    assert_eq!(told(&verdict.thresholds[1]), (true, "1.00/s", ""));
}

#[test]
fn a_window_forgets_what_is_older_than_it() {
    let mut run = Run::new(&["max<100ms over 3s after 3s abort"], "");
    for ms in [900.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0] {
        assert_eq!(run.requests(&[ms]).second(), None);
    }
    run.requests(&[200.0]);
    assert!(run.second().is_some_and(|reason| reason.ends_with("200.0 ms")));
}

#[test]
fn a_run_shorter_than_the_window_is_judged_as_a_whole() {
    let mut run = Run::new(&["max<100ms over 30s"], "");
    run.requests(&[900.0]).second();
    assert_eq!(told(&run.end().thresholds[0]), (false, "900.0 ms", ""));
}

#[test]
fn a_reset_begins_anew() {
    let mut run = Run::new(&["max<1s", "requests==1"], "");
    run.requests(&[5000.0, 1.0]).second();
    run.stats.reset(run.now);
    run.requests(&[10.0]).second();
    assert!(run.end().passed);
}

#[test]
fn a_level_lasts_since_the_statistics_were_reset_in_it() {
    let mut run = Run::new(&["rps>=2 on level:1"], "1@1 for 4s");
    run.level(0).requests(&[5000.0]).second();
    run.second();
    run.stats.reset(run.now);
    run.requests(&[10.0; 4]).second();
    run.second();
    let verdict = run.end_level().end();
    assert_eq!((verdict.levels[0].requests, verdict.levels[0].rps), (4, 2.0));
    assert_eq!(told(&verdict.thresholds[0]), (true, "2.00/s", "level 1"));
}

#[test]
fn levels_are_told_apart_and_compared_with_the_first() {
    let mut run = Run::new(
        &["p95<150ms on level:*", "max<5s", "degradation<60% on level:*"],
        "10@1 for 5s, 50@5 for 5s, 100@10 for 5s",
    );
    run.level(0).requests(&[100.0; 20]);
    run.now += 5.0;
    run.level(1).requests(&[140.0; 40]).failure("/");
    run.now += 5.0;
    run.level(2).requests(&[200.0; 10]);
    run.now += 5.0;
    let verdict = run.end_level().end();
    let rows: Vec<_> = verdict
        .levels
        .iter()
        .map(|row| (row.title.as_str(), row.requests, row.failures, row.rps, row.p95_ms, row.passed))
        .collect();
    assert_eq!(
        rows,
        [
            ("level 1", 20, 0, 4.0, Some(100.0), true),
            ("level 2", 41, 1, 8.2, Some(140.0), true),
            ("level 3", 10, 0, 2.0, Some(200.0), false),
        ]
    );
    let degradations: Vec<_> =
        verdict.levels.iter().map(|row| row.degradation.map(|share| (share * 100.0).round())).collect();
    assert_eq!(degradations, [None, Some(40.0), Some(100.0)]);
    let all: Vec<_> = verdict.thresholds.iter().map(told).collect();
    assert_eq!(all, [(false, "200.0 ms", "level 3"), (true, "200.0 ms", ""), (false, "100.00 %", "level 3")]);
    assert_eq!(verdict.levels[2].broken, ["p95<150ms on level:*", "degradation<60% on level:*"]);
}

#[test]
fn a_level_that_was_not_reached_does_not_pass() {
    let mut run = Run::new(&["p95<1s on level:2", "p95<1s on level:1"], "1@1 for 5s, 2@1 for 5s");
    run.level(0).requests(&[10.0]).second();
    let verdict = run.end();
    assert_eq!(
        verdict.thresholds.iter().map(told).collect::<Vec<_>>(),
        [(false, "the level was not reached", "level 2"), (true, "10.00 ms", "level 1")]
    );
    assert_eq!((verdict.levels.len(), verdict.levels[0].is_complete), (1, false));
}

#[test]
fn a_level_in_which_nothing_happens_does_not_pass() {
    let mut run = Run::new(&["degradation<50% on level:2"], "1@1 for 5s, 2@1 for 5s");
    run.level(0).requests(&[10.0]).second();
    run.level(1).second();
    let verdict = run.end_level().end();
    assert_eq!(told(&verdict.thresholds[0]), (false, "nothing was measured", "level 2"));
}

const SCENARIOS: &str = r#"
[[scenarios]]
name = "api"
levels = [{ users = 1, rate = 1, for = 5 }, { users = 9, rate = 1, for = 5, allow = "50%", name = "peak" }]
[[scenarios]]
name = "tools"
stages = "1@1 for 5s"
thresholds = ["max<30ms"]
"#;

fn scenarios() -> Run {
    let suite = suite::read(SCENARIOS, Context::default()).expect("a suite");
    Run::of(Judge::try_new(suite.thresholds, &suite.scenarios).expect("levels exist"))
}

#[test]
fn each_name_of_a_level_is_one_that_the_level_has_a_request_of() {
    let mut run = Run::new(
        &["requests>1 on level:2 each *", "rps>5 on level:2 each *", "rps>1 on level:2 each * over 1s"],
        "1@1 for 5s, 1@1 for 5s",
    );
    run.level(0).request("/only-before", 10.0).second();
    run.level(1);
    for ms in [10.0, 20.0, 30.0, 40.0] {
        run.request("/both", ms).request("/both", ms).request("/once", 1.0);
    }
    run.second();
    let standing = run.judge.standing(&[&run.stats], run.now);
    assert_eq!(told(&standing.thresholds[0]), (true, "4", "level 2, GET /once"));
    run.request("/both", 10.0).request("/both", 10.0).second();
    let verdict = run.end_level().end();
    let all: Vec<_> = verdict.thresholds.iter().map(told).collect();
    assert_eq!(
        all,
        [
            (true, "4", "level 2, GET /once"),
            (false, "2.00/s", "level 2, GET /once"),
            (false, "0.00/s", "level 2, GET /once"), // a window without requests is one of no rate
        ]
    );
}

#[test]
fn a_level_without_requests_has_no_name_to_judge() {
    let mut run = Run::new(&["failures<9 on level:2 each *"], "1@1 for 5s, 1@1 for 5s");
    run.level(0).request("/only-before", 10.0).second();
    run.level(1).second();
    let verdict = run.end_level().end();
    assert_eq!(told(&verdict.thresholds[0]), (false, "nothing was measured", "level 2"));
}

#[test]
fn the_same_threshold_of_two_scenarios_is_told_apart() {
    let text = SCENARIOS.replacen("levels =", "thresholds = [\"max<30ms\"]\nlevels =", 1);
    let suite = suite::read(&text, Context::default()).expect("a suite");
    let mut run = Run::of(Judge::try_new(suite.thresholds, &suite.scenarios).expect("levels exist"));
    for (index, ms) in [(0, 10.0), (1, 16.0), (2, 40.0)] {
        run.level(index).requests(&[ms]).second();
    }
    let verdict = run.end_level().end();
    let xml = junit::text(&verdict, "suite");
    for scenario in ["api", "tools"] {
        let name = format!("classname=\"katydid.threshold\" name=\"max&lt;30ms in scenario {scenario}\"");
        assert_eq!(xml.matches(&name).count(), 1, "{xml}");
    }
    assert!(
        markdown::text(&verdict, "suite").contains("| **FAIL** | max&lt;30ms in scenario tools | 40.00 ms |")
    );
    assert!(console::lines(&verdict).iter().any(|line| line.starts_with("pass  max<30ms in scenario api ")));
}

#[test]
fn a_level_that_was_cut_short_is_told_so_in_markdown() {
    let mut run = Run::new(&["max<1s on level:*"], "1@1 for 5s, 2@1 for 5s");
    run.level(0).requests(&[10.0]).second();
    run.level(1).requests(&[10.0]).second();
    let text = markdown::text(&run.end(), "suite");
    assert!(text.contains("| pass | level 1 |") && text.contains("| pass (cut short) | level 2 |"), "{text}");
}

#[test]
fn allowances_are_of_the_scenarios_own_first_level() {
    let mut run = scenarios();
    for (index, ms) in [(0, 10.0), (1, 16.0), (2, 40.0)] {
        run.level(index).requests(&[ms]).second();
    }
    let verdict = run.end_level().end();
    let titles: Vec<_> = verdict.levels.iter().map(|row| (row.title.as_str(), row.passed)).collect();
    assert_eq!(titles, [("api: level 1", true), ("api: peak", false), ("tools: level 1", false)]);
    assert_eq!(verdict.levels[1].reasons(), ["95th percentile +60 % against api: level 1, 50 % allowed"]);
    assert_eq!(verdict.levels[2].degradation, None, "it is the first of its scenario");
    assert_eq!(verdict.line(), "failed (1 of 1 thresholds broken, 1 of 3 levels slower than allowed)");
}

#[test]
fn a_baseline_takes_the_place_of_the_first_level() {
    let mut run = scenarios();
    let reference =
        |scenario: &str, p95_ms| Reference { scenario: scenario.into(), users: 3, p95_ms: Some(p95_ms) };
    run.judge.compare_with(&[reference("tools", 4.0), reference("api", 10.0)]);
    for (index, ms) in [(0, 14.0), (1, 16.0), (2, 8.0)] {
        run.level(index).requests(&[ms]).second();
    }
    let verdict = run.end_level().end();
    let rows: Vec<_> = verdict
        .levels
        .iter()
        .map(|row| (row.degradation, row.reference.as_str(), row.allowance, row.passed))
        .collect();
    let held = "the baseline";
    // The first level has the allowance of the guide, the others what the suite file says.
    let expected = [
        (Some(0.4), held, Some(0.5), true),
        (Some(0.6), held, Some(0.5), false),
        (Some(1.0), held, Some(0.5), false),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_level_that_the_baseline_does_not_have_is_not_met_where_something_is_asked_of_it() {
    let mut run = scenarios();
    let other = Reference { scenario: "other".into(), users: 1, p95_ms: Some(1.0) };
    run.judge.compare_with(&[other]);
    for index in [0, 1] {
        run.level(index).requests(&[5.0]).second();
    }
    let verdict = run.end_level().end();
    assert_eq!(verdict.levels[0].reasons(), [""; 0], "nothing was asked of it");
    assert_eq!(verdict.levels[1].reasons(), ["nothing to compare with the baseline"]);
}

#[test]
fn levels_that_there_are_not_are_refused() {
    let threshold = threshold::parse("p95<1s on level:3").expect("a threshold");
    let told = Judge::try_new(vec![threshold.clone()], &[]).map(drop);
    assert_eq!(
        told,
        Err("the threshold p95<1s on level:3 is of a level that there is not: give --stages".into())
    );
    let levels = stages::parse("1@1 for 1s, 2@1 for 1s").expect("levels");
    let told = Judge::try_new(vec![threshold], &[Scenario { levels, ..Scenario::default() }]).map(drop);
    assert!(told.is_err_and(|line| line.ends_with("there are level 1, level 2")));
}

#[test]
fn users_have_statistics_of_their_own() {
    let thresholds = ["max<1s on user:Buyer", "max<1s on user:Visitor", "max<1s on user:Buyer /"];
    let thresholds = thresholds.map(|text| threshold::parse(text).expect("a threshold"));
    let mut judge = Judge::try_new(thresholds.into(), &[]).expect("no levels");
    assert_eq!(judge.users(), ["Buyer", "Visitor"]);
    let nothing = RunStats::new(START);
    let of = |ms: f64| {
        let mut stats = RunStats::new(START);
        let id = stats.entry("GET", "/");
        stats.record(id, &Sample::new(START, Some(ms), 1));
        stats
    };
    judge.begin(&[&nothing, &nothing, &nothing], START);
    let verdict = judge.finish(&[&nothing, &of(10.0), &of(3000.0)], START + 1.0);
    let all: Vec<_> = verdict.thresholds.iter().map(told).collect();
    assert_eq!(all, [(true, "10.00 ms", ""), (false, "3.000 s", ""), (true, "10.00 ms", "")]);
}

#[test]
fn a_run_can_follow_another() {
    let mut run = Run::new(&["max<1s"], "1@1 for 5s");
    run.level(0).requests(&[5000.0]).second();
    assert!(!run.end().passed);
    run.stats.clear(run.now);
    run.judge.begin(&[&run.stats], run.now);
    run.level(0).requests(&[50.0]).second();
    let verdict = run.end();
    assert!(verdict.passed && verdict.levels.len() == 1);
}

#[test]
fn console_tells_levels_thresholds_and_verdict() {
    let mut run = Run::new(&["p95<150ms", "fail_ratio<1% on level:2"], "10@1 for 5m, 50@5 for 90s");
    run.level(0).requests(&[100.0; 20]);
    run.now += 300.0;
    run.level(1).requests(&[140.5; 3]).failure("/");
    run.now += 90.0;
    let lines = console::lines(&run.end_level().end());
    assert_eq!(
        lines,
        [
            "Level     Users    Time |   # reqs        # fails |     Avg     50%     95%     99%     Max |     req/s | Degradation | Result",
            &"-".repeat(lines[1].len()),
            "level 1      10      5m |       20       0(0.00%) |     100     100     100     100     100 |      0.07 |           - | -",
            "level 2      50   1m30s |        4      1(25.00%) |     106     140     140     140     140 |      0.04 |        +40% | FAIL",
            "Times in ms. Degradation: 95th percentile against that of level 1.",
            "level 2: fail_ratio<1% on level:2 is broken",
            "",
            "pass  p95<150ms                 140.5 ms",
            "FAIL  fail_ratio<1% on level:2  25.00 % (level 2)",
            "Verdict: failed (1 of 2 thresholds broken)",
        ]
    );
}

#[test]
fn markdown_and_junit_escape_what_they_tell() {
    let mut run = Run::new(&["p95<150ms on \"a<b>|c\"", "failures<=1"], "1@1 for 5s");
    run.level(0).request("a<b>|c", 90.0).failure("x");
    run.now += 5.0;
    let verdict = run.end_level().end();
    let text = markdown::text(&verdict, "suite_1.py");
    assert!(text.starts_with("## suite\\_1.py: passed\n\n2 requests in 5s, 1 failed (50.00 %)\n"), "{text}");
    assert!(text.contains("| pass | p95&lt;150ms on \"a&lt;b>\\|c\" | 90.00 ms | the run |"), "{text}");
    let xml = junit::text(&verdict, "a & b");
    assert!(xml.contains("<testsuite name=\"a &amp; b\" tests=\"2\" failures=\"0\""), "{xml}");
    assert!(xml.contains("name=\"p95&lt;150ms on &quot;a&lt;b&gt;|c&quot;\""), "{xml}");
    assert!(!xml.contains("no request fails"), "a threshold judges failures");
}

#[test]
fn junit_has_a_test_for_failed_requests_unless_a_threshold_judges_them() {
    let mut run = Run::new(&["max<1ms"], "");
    run.failure("\u{1}").requests(&[70.0]);
    let xml = junit::text(&run.end(), "s");
    assert!(xml.contains("tests=\"2\" failures=\"2\""), "{xml}");
    assert!(xml.contains("<failure message=\"1 of 2 requests failed\">"), "{xml}");
    assert!(xml.contains("<failure message=\"max&lt;1ms: 70.00 ms\">"), "{xml}");
}

#[test]
fn json_has_every_number() {
    let mut run = Run::new(&["p95<1s"], "1@1 for 5s");
    run.level(0).requests(&[10.0]).second();
    let told: serde_json::Value = serde_json::from_str(&run.end().json()).expect("JSON");
    assert_eq!(told["thresholds"][0]["value"], 10.0);
    assert_eq!(
        (&told["levels"][0]["p95_ms"], &told["levels"][0]["is_complete"]),
        (&10.0.into(), &false.into())
    );
}

#[test]
fn how_things_stand_is_told_while_the_run_goes_on() {
    let mut run = Run::new(&["p95<1s", "max<50ms", "p95<1s on /later", "rps>1 after 5s"], "");
    let standing = |run: &Run| run.judge.standing(&[&run.stats], run.now);
    assert!(standing(&run).thresholds.iter().take(3).all(|outcome| outcome.state == State::Waiting));
    run.requests(&[20.0, 40.0]).second();
    let states =
        |verdict: &Verdict| verdict.thresholds.iter().map(|outcome| outcome.state).collect::<Vec<_>>();
    let verdict = standing(&run);
    assert_eq!(states(&verdict), [State::Met, State::Met, State::Waiting, State::Waiting]);
    assert!(verdict.passed && !verdict.is_over);
    assert_eq!(verdict.thresholds[1].now_shown.as_deref(), Some("40.00 ms"));
    assert_eq!(verdict.thresholds[1].limit_shown, "50.00 ms");
    run.requests(&[60.0]).second();
    let verdict = standing(&run);
    assert_eq!(states(&verdict), [State::Met, State::Broken, State::Waiting, State::Waiting]);
    assert!(!verdict.passed);
    let end = run.end();
    assert!(end.is_over && end.thresholds.iter().all(|outcome| outcome.now.is_none()));
    assert_eq!(standing(&run), end, "after the end it is the verdict");
}

#[test]
fn a_broken_window_stays_broken_and_one_that_is_not_full_waits() {
    let mut run = Run::new(&["max<50ms over 2s"], "");
    let standing = |run: &Run| run.judge.standing(&[&run.stats], run.now).thresholds[0].clone();
    run.requests(&[80.0]).second();
    assert_eq!(standing(&run).state, State::Waiting);
    run.second();
    assert_eq!(standing(&run).state, State::Broken);
    for _ in 0..3 {
        run.requests(&[10.0]).second();
    }
    let outcome = standing(&run);
    assert_eq!((outcome.state, outcome.shown.as_str()), (State::Broken, "80.00 ms"));
    assert_eq!(outcome.now_shown.as_deref(), Some("10.00 ms"));
}

#[test]
fn levels_are_over_run_or_come() {
    let mut run = Run::new(
        &["p95<100ms on level:*", "degradation<50% on level:2"],
        "1@1 for 1s, 2@1 for 1s, 3@1 for 1s",
    );
    let standing = |run: &Run| run.judge.standing(&[&run.stats], run.now);
    run.level(0).requests(&[10.0, 10.0]).second();
    run.level(1).requests(&[30.0]).second();
    let verdict = standing(&run);
    let told: Vec<_> =
        verdict.levels.iter().map(|level| (level.state, level.requests, level.degradation)).collect();
    assert_eq!(told, [("over", 2, None), ("running", 1, Some(2.0)), ("coming", 0, None)]);
    let states: Vec<_> = verdict.thresholds.iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Met, State::Broken]);
    assert_eq!(verdict.levels[1].p95_ms, Some(30.0));
    run.end_level();
    assert_eq!(standing(&run).levels[1].state, "over");
}

#[test]
fn an_allowance_of_a_level_that_was_not_reached_is_not_met() {
    let table = "[[levels]]\nusers = 1\nrate = 1\nfor = \"1s\"\n[[levels]]\nusers = 2\nrate = 1\nfor = \"1s\"\nallow = \"100%\"\n";
    let suite = suite::read(table, Context::default()).expect("a suite");
    let mut run = Run::of(Judge::try_new(suite.thresholds, &suite.scenarios).expect("its levels exist"));
    run.level(0).requests(&[10.0]);
    run.second();
    let verdict = run.end();
    assert!(!verdict.passed && !verdict.levels[1].passed);
    assert_eq!(verdict.levels[1].reasons(), ["the level was not reached"]);
    assert!(verdict.line().contains("1 of 2 levels not reached"), "{}", verdict.line());
    assert!(junit::text(&verdict, "suite").contains("<failure message=\"the level was not reached\">"));
}

#[test]
fn the_time_in_which_users_end_is_not_judged() {
    let mut run = Run::new(&["rps>=10 over 3s", "rps>=10", "requests==41", "max<2s"], "");
    for _ in 0..4 {
        run.requests(&[1.0; 10]);
        run.second();
    }
    run.judge.stop(run.now);
    (0..20).for_each(|_| assert_eq!(run.second(), None));
    run.requests(&[1900.0]);
    let standing = run.judge.standing(&[&run.stats], run.now);
    let verdict = run.end();
    assert!(verdict.passed, "{:?}", verdict.thresholds);
    assert_eq!((verdict.seconds, standing.seconds), (4.0, 4.0));
    assert_eq!(told(&verdict.thresholds[1]), (true, "10.25/s", ""), "what ends late still counts");
}

#[test]
fn what_else_decides_is_told_everywhere() {
    let mut run = Run::new(&["max<1s"], "");
    run.requests(&[10.0]);
    run.end();
    let finding = |name: &str, passed| Finding {
        kind: "rule".into(),
        name: name.into(),
        said: "57 of 57 tolerated, 1.00% at most".into(),
        passed,
    };
    run.judge.add(finding("409 on *", true));
    assert!(run.judge.verdict().is_some_and(|verdict| verdict.passed));
    run.judge.add(finding("404 up to 1% on GET /bad", false));
    let verdict = run.judge.verdict().expect("the run is over").clone();
    assert_eq!(verdict.line(), "failed (404 up to 1% on GET /bad: 57 of 57 tolerated, 1.00% at most)");
    let junit = junit::text(&verdict, "suite");
    assert!(junit.contains("tests=\"4\" failures=\"1\"") && junit.contains("classname=\"katydid.rule\""));
    let markdown = markdown::text(&verdict, "suite");
    assert!(markdown.starts_with("## suite: failed") && markdown.contains("| **FAIL** | 404 up to 1%"));
}

#[test]
fn a_finding_names_what_it_is_about_line_by_line() {
    let mut run = Run::new(&["max<1s"], "");
    run.requests(&[10.0]);
    run.end();
    let said = "Regression: 2 of 4 worse\nGET /a: p95 +40%\nGET /b: p95 <b>".into();
    run.judge.add(Finding {
        kind: "baseline".into(),
        name: "no slower than main".into(),
        said,
        passed: false,
    });
    let verdict = run.judge.verdict().expect("the run is over");
    assert_eq!(verdict.line(), "failed (no slower than main: Regression: 2 of 4 worse)");
    let row = "| **FAIL** | no slower than main | Regression: 2 of 4 worse<br>GET /a: p95 +40%<br>GET /b: p95 &lt;b> |";
    assert!(markdown::text(verdict, "suite").contains(row));
    let failure = "<failure message=\"Regression: 2 of 4 worse\">Regression: 2 of 4 worse\nGET /a: p95 +40%\nGET /b: p95 &lt;b&gt;</failure>";
    assert!(junit::text(verdict, "suite").contains(failure));
}
