//! Which keys may a suite file have, and what are their values?

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub form: Form,
    /// What it means, for who writes one.
    pub about: &'static str,
}

/// What a value is.
#[derive(Debug)]
pub enum Form {
    /// Text.
    Text,
    /// A name: text that is not empty and has no `*`, by which thresholds select.
    Name,
    /// A whole number.
    Whole,
    /// A number above zero.
    Rate,
    /// A time such as `5m`.
    Span,
    /// A share such as `50%`, or a number such as 0.5.
    Share,
    /// Levels in one line.
    Stages,
    /// A threshold.
    Threshold,
    /// A rule about what was to be expected.
    Rule,
    /// Several of the same form.
    Many(&'static Form),
    /// A table with these keys.
    Table(&'static [Key]),
    /// Several tables with these keys.
    Tables(&'static [Key]),
    /// Tables with these keys, each with a name of the user's.
    Named(&'static [Key]),
    /// Options of the command.
    Options,
}

/// What a file may say.
pub const SUITE: &[Key] = &[
    LOCUSTFILE,
    OPTIONS,
    STAGES,
    LEVELS,
    SCENARIOS,
    THRESHOLDS,
    EXPECT,
    BASELINE,
    OUTPUTS,
    Key {
        name: "profile",
        form: Form::Name,
        about: "The profile that applies unless --profile names another.",
    },
    Key {
        name: "profiles",
        form: Form::Named(PROFILE),
        about: "Variants of the suite by name: what one says about the load or the baseline replaces what the file says, \
                options and outputs replace those of the same name, thresholds and expectations are added.",
    },
];

/// What a profile may say.
pub const PROFILE: &[Key] =
    &[LOCUSTFILE, OPTIONS, STAGES, LEVELS, SCENARIOS, THRESHOLDS, EXPECT, BASELINE, OUTPUTS];

const LOCUSTFILE: Key = Key {
    name: "locustfile",
    form: Form::Text,
    about: "The Python file that holds the test, as for --locustfile.",
};

const OPTIONS: Key = Key {
    name: "options",
    form: Form::Options,
    about: "Options as on the command line, without the dashes; the command line and variables take precedence.",
};

const STAGES: Key = Key {
    name: "stages",
    form: Form::Stages,
    about: "Levels of load in one line: \"10@1 for 5m, 50@5 for 5m\" is 10 users, started 1 per second, for 5 minutes, \
            and so on.",
};

const LEVELS: Key =
    Key { name: "levels", form: Form::Tables(LEVEL), about: "Levels of load as tables, in place of stages." };

const THRESHOLDS: Key = Key {
    name: "thresholds",
    form: Form::Many(&Form::Threshold),
    about: "What is asked of the run, or of this part of it: \"p95<2s\", \"fail_ratio<1% on GET /items/*\". What the \
            command line asks is added.",
};

const EXPECT: Key = Key {
    name: "expect",
    form: Form::Many(&Form::Rule),
    about: "Failures that were to be expected, as for --expect: \"409 on POST /*/state\".",
};

const BASELINE: Key =
    Key { name: "baseline", form: Form::Text, about: "The run to compare with, as for --baseline." };

const OUTPUTS: Key = Key { name: "outputs", form: Form::Table(OUTPUT), about: "Files that the run leaves." };

const SCENARIOS: Key = Key {
    name: "scenarios",
    form: Form::Tables(SCENARIO),
    about: "What runs one after another, each with levels of its own, in place of stages and levels.",
};

const SCENARIO: &[Key] = &[
    Key { name: "name", form: Form::Name, about: "What it is called, also in thresholds: on scenario:NAME." },
    Key { name: "classes", form: Form::Many(&Form::Text), about: "The user classes that run. Default: all." },
    Key { name: "host", form: Form::Text, about: "What to test. Default: the host of the run or the class." },
    STAGES,
    LEVELS,
    THRESHOLDS,
];

const LEVEL: &[Key] = &[
    Key { name: "name", form: Form::Name, about: "What it is called, also in thresholds: on level:NAME." },
    Key { name: "users", form: Form::Whole, about: "How many users run." },
    Key {
        name: "rate",
        form: Form::Rate,
        about: "How many users per second are started or stopped to get there.",
    },
    Key { name: "for", form: Form::Span, about: "How long it lasts: 30s, 5m, 1h30m." },
    Key {
        name: "allow",
        form: Form::Share,
        about: "By how much its 95th percentile may be above that of the first level or the baseline: \"50%\".",
    },
    THRESHOLDS,
];

const OUTPUT: &[Key] = &[
    Key { name: "html", form: Form::Text, about: "A report, as for --html." },
    Key { name: "junit", form: Form::Text, about: "The verdict as JUnit XML, as for --junit." },
    Key { name: "markdown", form: Form::Text, about: "The verdict as Markdown, as for --markdown." },
    Key { name: "csv", form: Form::Text, about: "What the names of CSV files begin with, as for --csv." },
    Key {
        name: "json",
        form: Form::Text,
        about: "The name of a JSON file without its ending, as for --json-file.",
    },
];

/// The option of the command that a key stands for.
pub fn option_of(key: &str) -> &str {
    if key == "json" { "json-file" } else { key }
}
