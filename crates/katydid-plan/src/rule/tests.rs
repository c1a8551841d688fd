use super::*;

const FAILED: Facts<'_> = Facts { is_failure: true, status: None, no_answer: None, texts: &[] };

fn judge(rules: &[&str], method: &str, name: &str, facts: &Facts<'_>) -> Option<(usize, &'static str)> {
    let rules = Rules::parse(rules).unwrap_or_else(|error| panic!("{error}"));
    Judge::new(rules).judge(method, name, facts).map(|judgement| (judgement.rule, judgement.word()))
}

fn status(status: u16) -> Facts<'static> {
    Facts { status: Some(status), ..FAILED }
}

#[test]
fn rules_match_where_and_what_they_say() {
    let expected = Some((0, "expected"));
    let tolerated = Some((0, "tolerated"));
    let table = [
        ("409 on POST /*/state", "POST", "/servers/[id]/state", 409, expected),
        ("409 on POST /*/state", "PUT", "/servers/[id]/state", 409, None),
        ("409 on POST /*/state", "POST", "/servers/[id]", 409, None),
        ("409 on POST /*/state", "POST", "/servers/[id]/state", 500, None),
        ("409", "POST", "/anything", 409, expected),
        ("409 or 412 on *", "PUT", "/x", 412, expected),
        ("409 OR 412 ON *", "PUT", "/x", 409, expected),
        ("4xx on /x", "GET", "/x", 404, expected),
        ("4xx on /x", "GET", "/x", 500, None),
        ("502 up to 1% on *", "GET", "/x", 502, tolerated),
        ("502 up to 0.5 % on *", "GET", "/x", 502, tolerated),
        ("502 on GET /x up to 1%", "GET", "/x", 502, tolerated),
        ("502 on /x UP  TO 1 %", "GET", "/x", 502, tolerated),
        ("502 on GET \"/x\" up to 1%", "GET", "/x", 502, tolerated),
        ("502 on \"sign up to news\" up to 1%", "GET", "sign up to news", 502, tolerated),
        ("502 on sign up for news", "GET", "sign up for news", 502, expected),
        ("409 on /resources/[id] [update]", "PUT", "/resources/[id] [update]", 409, expected),
        ("409 on PUT /resources/[id] [update]", "PUT", "/resources/[id] [update]", 409, expected),
        ("409 on Chat (Model B)", "GET", "Chat (Model B)", 409, expected),
        ("409 on \"SELECT 1\"", "SQL", "SELECT 1", 409, expected),
        ("409 on grpc \"a.B/c\"", "grpc", "a.B/c", 409, expected),
        ("409 on grpc \"a.B/c\"", "http", "a.B/c", 409, None),
        ("409 on post /x", "POST", "post /x", 409, expected),
        ("409 on * /x", "GET", "/x", 409, expected),
        ("fail 409 on *", "GET", "/x", 409, Some((0, "kept"))),
    ];
    for (rule, method, name, code, found) in table {
        assert_eq!(judge(&[rule], method, name, &status(code)), found, "{rule}: {method} {name} {code}");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = ["fail 409 on /strict", "409 on *", "5xx up to 1% on *"];
    assert_eq!(judge(&rules, "GET", "/strict", &status(409)), Some((0, "kept")), "a failure still");
    assert_eq!(judge(&rules, "GET", "/lax", &status(409)), Some((1, "expected")));
    assert_eq!(judge(&rules, "GET", "/lax", &status(503)), Some((2, "tolerated")));
}

#[test]
fn a_rule_that_is_there_twice_is_one() {
    let rules = Rules::parse(["409 on *", "5xx", " 409 on * "]).expect("rules");
    assert_eq!(rules.as_slice().iter().map(Rule::text).collect::<Vec<_>>(), ["409 on *", "5xx"]);
}

#[test]
fn a_success_changes_only_by_a_rule_that_fails_it() {
    let success = |code| Facts { is_failure: false, ..status(code) };
    assert_eq!(judge(&["fail 200 on GET /broken"], "GET", "/broken", &success(200)), Some((0, "failed")));
    assert_eq!(judge(&["200 on *"], "GET", "/broken", &success(200)), None);
    let rules = ["200 on /fine", "fail 2xx on *"];
    assert_eq!(judge(&rules, "GET", "/fine", &success(200)), None, "the first rule decides");
    assert_eq!(judge(&rules, "GET", "/other", &success(204)), Some((1, "failed")));
}

#[test]
fn only_some_rules_need_to_see_successes() {
    for (rule, expected) in
        [("fail 200 on *", true), ("fail timeout", false), ("409", false), ("fail \"x\"", false)]
    {
        assert_eq!(Rules::parse([rule]).map(|rules| rules.judge_successes()), Ok(expected), "{rule}");
    }
}

#[test]
fn failures_without_an_answer_have_their_kinds() {
    let timeout = Facts { no_answer: Some(NoAnswer::Timeout), ..FAILED };
    let connection = Facts { no_answer: Some(NoAnswer::Connection), ..FAILED };
    assert_eq!(judge(&["timeout up to 2%"], "GET", "/", &timeout), Some((0, "tolerated")));
    assert_eq!(judge(&["timeout"], "GET", "/", &connection), None);
    assert_eq!(judge(&["timeout or connection"], "GET", "/", &connection), Some((0, "expected")));
}

#[test]
fn texts_match_in_any_of_their_forms() {
    let texts = [
        "CatchResponseError('Expected [200, 404], got 409')",
        "CatchResponseError(Expected [200, 404], got 409)",
        "Expected [200, 404], got 409",
    ];
    let facts = Facts { texts: &texts, ..FAILED };
    let table = [
        ("\"CatchResponseError(*got 409)\"", true),
        ("\"Expected *, got 409\"", true),
        ("\"*got 409*\"", true),
        ("\"got 409\"", false),
        ("\"*got 40\"", false),
        ("/got 4\\d\\d/", true),
        ("/^Expected/ on *", true),
        ("/got 5/", false),
        ("500 or /got 409/ on POST *", true),
    ];
    for (rule, found) in table {
        assert_eq!(judge(&[rule], "POST", "/x", &facts).is_some(), found, "{rule}");
    }
}

#[test]
fn quotation_marks_and_slashes_can_be_written() {
    let facts = Facts { texts: &["say \"no\" to /x"], ..FAILED };
    assert!(judge(&["\"say \\\"no\\\"*\""], "GET", "/", &facts).is_some());
    assert!(judge(&["/to \\/x/"], "GET", "/", &facts).is_some());
}

#[test]
fn what_is_no_rule_is_shown_with_its_place() {
    let table = [
        ("", 1, "empty"),
        ("   ", 4, "empty"),
        ("409 onn POST /x", 5, "did you mean on?"),
        ("409 POST /x", 5, "write on POST /x"),
        ("409 /x", 5, "write on /x"),
        ("409 on", 7, "the requests are missing"),
        ("409 on POST", 8, "write on POST * for all"),
        ("4099 on *", 1, "three digits"),
        ("99 on *", 1, "three digits: write 9xx"),
        ("999 on *", 1, "from 100 to 599"),
        ("40x on *", 1, "write 4xx"),
        ("9xx on *", 1, "from 1xx to 5xx"),
        ("409,412 on *", 1, "joined by \"or\""),
        ("409 or on *", 8, "\"on\" is no cause"),
        ("409 or", 7, "what happened is missing"),
        ("timeuot on *", 1, "did you mean timeout?"),
        ("teapot on *", 1, "\"teapot\" is no cause: write a status"),
        ("fail", 5, "what happened is missing"),
        ("fial 200", 1, "did you mean fail?"),
        ("502 up 1%", 5, "write up to"),
        ("502 up to", 8, "the share is missing"),
        ("502 up to 1 on *", 11, "a percent sign"),
        ("502 up to 0% on *", 11, "above 0%"),
        ("502 up to 101%", 11, "at most 100%"),
        ("502 up to NaN%", 11, "above 0%"),
        ("fail 502 up to 1% on *", 10, "\"fail\" has no share"),
        ("502 on /x up to", 14, "the share is missing"),
        ("502 on up to 1%", 8, "the requests are missing"),
        ("502 on GET up to 1%", 8, "write on GET * for all"),
        ("502 up to 1% on /x up to 2%", 20, "\"up\" does not belong here"),
        ("502 on sign up to news", 19, "this is no share"),
        ("fail 502 on /x up to 1%", 16, "\"fail\" has no share"),
        ("\"half on *", 1, "does not end"),
        ("\"\" on *", 1, "empty pattern"),
        ("/half on *", 1, "end it with /"),
        ("/(/ on *", 1, "cannot be used"),
        ("409 on \"/x\" and more", 13, "\"and\" does not belong here"),
        ("é on *", 1, "is no cause"),
        ("409 é", 5, "does not belong here"),
    ];
    for (text, column, reason) in table {
        let error = Rule::parse(text).expect_err(text);
        assert!(error.line().contains(reason), "{text}: {error}");
        assert_eq!(error.column(), column, "{text}: {error}");
        assert!(!error.line().contains('\n'), "{text}: {error}");
    }
}

#[test]
fn a_share_is_exceeded_by_more_than_it() {
    let Verdict::Tolerated(share) = Rule::parse("502 up to 1%").expect("a rule").verdict() else {
        panic!("it tolerates")
    };
    let table = [(0, 0, false), (1, 100, false), (2, 100, true), (1, 99, true), (1, 0, true)];
    for (part, all, expected) in table {
        assert_eq!(share.is_exceeded_by(part, all), expected, "{part} of {all}");
    }
}

#[test]
fn names_beyond_the_memory_are_judged_all_the_same() {
    let mut judge = Judge::new(Rules::parse(["409 on /7*"]).expect("a rule"));
    for number in 0..10_050 {
        let found = judge.judge("GET", &format!("/{number}"), &status(409)).is_some();
        assert_eq!(found, number.to_string().starts_with('7'), "{number}");
    }
    assert!(judge.judge("GET", "/7", &status(409)).is_some());
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_rule_or_has_an_error_inside_of_it(text in "[a-z0-9 \"/%*éx\\\\(]{0,40}") {
        if let Err(error) = Rule::parse(&text) {
            proptest::prop_assert!(error.column() <= text.chars().count() + 1);
            proptest::prop_assert!(error.to_string().lines().count() == 1);
        }
    }
}
