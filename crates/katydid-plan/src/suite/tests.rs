use std::time::Duration;

use super::*;

const FULL: &str = r#"
locustfile = "suite.py"
thresholds = ["fail_ratio<1%"]
expect = ["409 on POST /*/state"]
profile = "quick"

[options]
headless = true
host = "http://127.0.0.1:8000"
tags = ["a", "b"]
stop-timeout = 5

[outputs]
junit = "junit.xml"
json = "numbers"

[[scenarios]]
name = "api"
classes = ["ApiUser"]
stages = "10@1 for 5m, 50@5 for 5m"
thresholds = ["p95<2s"]

[[scenarios]]
name = "tools"
host = "http://127.0.0.1:8020"

[[scenarios.levels]]
name = "calm"
users = 5
rate = 0.5
for = "5m"

[[scenarios.levels]]
users = 20
rate = 2
for = 90
allow = "100%"
thresholds = ["degradation<80%", "p95<3s on call"]

[profiles.quick]
expect = ["502 up to 1%"]
options = { host = "http://127.0.0.1:9000" }

[profiles.long]
stages = "1@1 for 1h"
thresholds = ["p99<9s"]
"#;

fn suite(profile: Option<&str>) -> Suite {
    read(FULL, Context { profile, options: &[] }).unwrap_or_else(|error| panic!("{error}"))
}

fn option<'s>(suite: &'s Suite, name: &str) -> Option<&'s Setting> {
    suite.options.iter().find(|(known, _)| known == name).map(|(_, setting)| setting)
}

fn one(text: &str) -> Setting {
    Setting::One(text.into())
}

#[test]
fn reads_everything() {
    let suite = suite(None);
    let [api, tools] = &suite.scenarios[..] else { panic!("two scenarios") };
    assert_eq!(
        (api.name.as_deref(), &api.classes[..], api.levels.len()),
        (Some("api"), &["ApiUser".into()][..], 2)
    );
    assert_eq!(tools.host.as_deref(), Some("http://127.0.0.1:8020"));
    let calm = Level {
        name: Some("calm".into()),
        users: 5,
        rate: 0.5,
        length: Duration::from_secs(300),
        allowance: None,
    };
    assert_eq!(tools.levels[0], calm);
    assert_eq!((tools.levels[1].length.as_secs(), tools.levels[1].allowance), (90, Some(1.0)));
    assert_eq!(
        (suite.profile.as_deref(), &suite.profiles[..]),
        (Some("quick"), &["long".into(), "quick".into()][..])
    );
}

#[test]
fn options_are_those_of_the_command() {
    let suite = suite(None);
    for (name, setting) in [
        ("locustfile", one("suite.py")),
        ("headless", one("true")),
        ("stop-timeout", one("5")),
        ("tags", Setting::Many(vec!["a".into(), "b".into()])),
        ("junit", one("junit.xml")),
        ("json-file", one("numbers")),
        ("host", one("http://127.0.0.1:9000")),
        ("expect", Setting::Many(vec!["409 on POST /*/state".into(), "502 up to 1%".into()])),
    ] {
        assert_eq!(option(&suite, name), Some(&setting), "{name}");
    }
}

#[test]
fn thresholds_know_what_they_stand_in() {
    let suite = suite(None);
    let scope = |index: usize| {
        let scope = &suite.thresholds[index].scope;
        [&scope.scenario, &scope.level, &scope.name]
            .map(|part| part.as_ref().map(|part| part.as_str().to_owned()))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(suite.thresholds.len(), 4);
    assert_eq!(scope(0), [None, None, None]);
    assert_eq!(scope(1), [text("api"), None, None]);
    assert_eq!(scope(2), [text("tools"), text("2"), None]);
    assert_eq!(scope(3), [text("tools"), text("2"), text("call")]);
}

#[test]
fn a_profile_replaces_the_load_and_adds_thresholds() {
    let suite = suite(Some("long"));
    assert_eq!((suite.scenarios.len(), suite.scenarios[0].levels[0].users), (1, 1));
    let texts: Vec<_> = suite.thresholds.iter().map(|threshold| threshold.text.as_str()).collect();
    assert_eq!(
        texts,
        ["fail_ratio<1%", "p99<9s"],
        "what was asked of the other load is not asked of this one"
    );
    assert_eq!(option(&suite, "host"), Some(&one("http://127.0.0.1:8000")));
}

#[test]
fn a_name_is_no_profile_where_the_file_has_none() {
    let context = Context { profile: Some("nightly"), options: &[] };
    assert_eq!(read("stages = '1@1 for 1s'", context).map(|suite| suite.profile), Ok(None));
}

#[test]
fn refuses_with_line_column_key_and_fix() {
    let table = [
        ("stages = ", "1:10: this is not TOML: "),
        ("a = 1\na = 2", "2:1: this is not TOML: "),
        ("tresholds = []", "1:1: tresholds: there is no such key: did you mean \"thresholds\"?"),
        ("\nzzz = 1", "2:1: zzz: there is no such key: here may stand locustfile, options, "),
        ("thresholds = 'p95<2s'", "1:14: thresholds: \"p95<2s\" is no list: put it in brackets"),
        ("thresholds = ['p95<2s',\n  'p95<2x']", "2:9: thresholds[1]: \"x\" is no unit: write a time"),
        ("expect = ['409 on POST /*/state', '409 onn /x']", "1:40: expect[1]: \"onn\" does not belong here"),
        ("thresholds = [1]", "1:15: thresholds[0]: 1 does not fit: write text in quotation marks"),
        ("stages = '10@1 of 5m'", "1:16: stages: after the rate there is no \"for\""),
        (
            "[[stages]]\nusers = 3",
            "1:1: stages: a list does not fit: write text such as \"10@1 for 5m\", or tables",
        ),
        ("levels = 3", "1:10: levels: 3 is no list"),
        ("levels = [3]", "1:11: levels[0]: 3 is no table"),
        ("[[levels]]\nuser = 3", "2:1: levels[0].user: there is no such key: did you mean \"users\"?"),
        ("[[levels]]\nusers = 3", "levels[0]: \"rate\" is missing"),
        ("[[levels]]\nusers = -3", "2:9: levels[0].users: -3 does not fit: write a whole number"),
        ("[[levels]]\nusers = 3.5", "levels[0].users: 3.5 does not fit"),
        ("[[levels]]\nrate = 0", "2:8: levels[0].rate: 0 does not fit: write a number above zero"),
        ("[[levels]]\nrate = nan", "levels[0].rate: nan does not fit"),
        ("[[levels]]\nfor = 'ever'", "2:7: levels[0].for: \"ever\" does not fit: write a time"),
        ("[[levels]]\nallow = 'much'", "2:9: levels[0].allow: \"much\" does not fit: write a share"),
        ("[[levels]]\nname = 'a*'", "2:8: levels[0].name: not a name"),
        (
            "[[levels]]\nthresholds = ['p95<1s on level:2']",
            "levels[0].thresholds[0]: it stands in a level already",
        ),
        ("[[scenarios]]\nstages = '1@1 for 1s'", "scenarios[0]: \"name\" is missing"),
        ("[[scenarios]]\nname = 'a'", "scenarios[0]: it has no load"),
        (
            "[[scenarios]]\nname='a'\nstages='1@1 for 1s'\n[[scenarios]]\nname='a'\nstages='1@1 for 1s'",
            "scenarios[1]: two scenarios are called \"a\"",
        ),
        ("stages = '1@1 for 1s'\n[[levels]]\nusers=1\nrate=1\nfor=1", "levels: \"stages\" says already"),
        ("profile = 'x'\n[profiles.y]", "1:11: profile: there is no profile \"x\": there are y"),
        ("[profiles.'*']", "profiles.*: not a name"),
        (
            "[profiles.y]\nlevles = 1",
            "2:1: profiles.y.levles: there is no such key: did you mean \"levels\"?",
        ),
        ("options = 3", "1:11: options: 3 is no table: write it as [options]"),
        ("[options]\nhots = 'x'", "2:1: options.hots: there is no such option: did you mean \"host\"?"),
        ("[options]\ntags = [[1]]", "2:8: options.tags: a list is no value of an option"),
        ("[outputs]\njunti = 'x'", "2:1: outputs.junti: there is no such key: did you mean \"junit\"?"),
    ];
    for (text, said) in table {
        let context = Context { profile: None, options: &["host", "tags", "run-time"] };
        let told = read(text, context).expect_err(text).to_string();
        assert!(told.contains(said), "{text}\n{told}");
        assert!(!told.contains('\n'), "{told}");
        assert!(told.starts_with(|character: char| character.is_ascii_digit()), "{told}");
    }
}

#[test]
fn options_of_the_locustfiles_own_are_left_to_the_parser() {
    let context = Context { profile: None, options: &["host"] };
    let suite = read("[options]\ntoken = 'x'", context).expect("a locustfile may have it");
    assert_eq!(option(&suite, "token"), Some(&one("x")));
}
