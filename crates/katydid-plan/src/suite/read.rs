//! From the checked tables of a file to the values that they stand for.

use toml::de::{DeTable, DeValue};

use super::keys::{self, SUITE};
use super::value::{self, Source, Value};
use super::{Context, Error, Scenario, Setting, Suite};
use crate::threshold::{self, Around};
use crate::{Level, Threshold, stages};

pub(super) fn suite(text: &str, context: Context<'_>) -> Result<Suite, Error> {
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Error::new(text, at, "", format!("this is not TOML: {}", one_line(error.message())))
    })?;
    let source = Source { text, context };
    let table = document.get_ref();
    source.check_table(table, SUITE, "")?;
    let profiles = table.get("profiles").and_then(|value| value.get_ref().as_table());
    let wanted = context.profile.or_else(|| text_of(table, "profile"));
    let chosen = wanted.and_then(|name| Some((name, profiles?.get(name)?.get_ref().as_table()?)));
    if let (Some(name), Some(profiles), None) = (wanted, profiles, chosen) {
        return Err(no_profile(source, table, name, profiles));
    }
    let mut suite = Suite {
        profile: chosen.map(|(name, _)| name.into()),
        profiles: profiles.into_iter().flatten().map(|(name, _)| name.get_ref().to_string()).collect(),
        ..Suite::default()
    };
    part(source, table, "", &mut suite)?;
    if let Some((name, profile)) = chosen {
        part(source, profile, &format!("profiles.{name}"), &mut suite)?;
    }
    Ok(suite)
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn no_profile(source: Source<'_>, table: &DeTable<'_>, name: &str, profiles: &DeTable<'_>) -> Error {
    let known: Vec<&str> = profiles.iter().map(|(name, _)| &**name.get_ref()).collect();
    let place = match table.get("profile").filter(|_| source.context.profile.is_none()) {
        Some(value) => value.span(),
        None => table.get("profiles").map_or(0..0, Value::span),
    };
    let key = if source.context.profile.is_none() { "profile" } else { "profiles" };
    source.wrong(place, key, format!("there is no profile \"{name}\": there are {}", known.join(", ")))
}

/// Takes over what the file, or a profile, says.
fn part(source: Source<'_>, table: &DeTable<'_>, path: &str, suite: &mut Suite) -> Result<(), Error> {
    options(table, suite);
    if let Some(scenarios) = load(source, table, path)? {
        let is_replaced = |threshold: &Threshold| threshold.scope.is_of_levels();
        suite.thresholds.retain(|threshold| !is_replaced(threshold));
        suite.scenarios = scenarios;
    }
    thresholds(table, suite);
    Ok(())
}

/// Options, and the keys that stand for one.
fn options(table: &DeTable<'_>, suite: &mut Suite) {
    let tables = ["options", "outputs"].into_iter().filter_map(|key| table.get(key)?.get_ref().as_table());
    let direct =
        ["locustfile", "baseline", "expect"].into_iter().filter_map(|key| Some((key, table.get(key)?)));
    let all = tables.flatten().map(|(name, value)| (&**name.get_ref(), value)).chain(direct);
    for (name, value) in all {
        let Some(setting) = value::setting(value) else { continue };
        let name = keys::option_of(name);
        match suite.options.iter_mut().find(|(known, _)| known == name) {
            Some((_, Setting::Many(known))) if name == "expect" => {
                if let Setting::Many(more) = setting {
                    known.extend(more);
                }
            }
            Some((_, known)) => *known = setting,
            None => suite.options.push((name.into(), setting)),
        }
    }
}

/// The load, if the table says any.
fn load(source: Source<'_>, table: &DeTable<'_>, path: &str) -> Result<Option<Vec<Scenario>>, Error> {
    let said: Vec<&str> =
        ["stages", "levels", "scenarios"].into_iter().filter(|key| table.contains_key(*key)).collect();
    if let [first, second, ..] = said[..] {
        let place = table.get(second).map_or(0..0, Value::span);
        let message = format!("\"{first}\" says already how the load is: leave one of them out");
        return Err(source.wrong(place, &key_path(path, second), message));
    }
    match said.first() {
        None => Ok(None),
        Some(&"scenarios") => scenarios(source, table, path).map(Some),
        Some(_) => {
            let levels = levels(source, table, path)?;
            Ok(Some(vec![Scenario { levels, ..Scenario::default() }]))
        }
    }
}

fn key_path(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

fn tables<'v, 'a>(table: &'v DeTable<'a>, key: &str) -> Vec<(&'v Value<'a>, &'v DeTable<'a>)> {
    let items = table.get(key).and_then(|value| value.get_ref().as_array());
    let items = items.into_iter().flat_map(|items| items.iter());
    items.filter_map(|item| Some((item, item.get_ref().as_table()?))).collect()
}

fn scenarios(source: Source<'_>, table: &DeTable<'_>, path: &str) -> Result<Vec<Scenario>, Error> {
    let mut found: Vec<Scenario> = Vec::new();
    for (index, (value, table)) in tables(table, "scenarios").into_iter().enumerate() {
        let path = key_path(path, &format!("scenarios[{index}]"));
        let name = required(source, value, table, "name", &path, |value| {
            value.get_ref().as_str().map(str::to_owned)
        })?;
        if found.iter().any(|other| other.name.as_ref() == Some(&name)) {
            let message = format!("two scenarios are called \"{name}\": give them different names");
            return Err(source.wrong(value.span(), &path, message));
        }
        let levels = match load(source, table, &path)? {
            Some(parts) => parts.into_iter().flat_map(|part| part.levels).collect(),
            None => return Err(source.wrong(value.span(), &path, "it has no load: add stages or levels")),
        };
        let classes = texts(table, "classes");
        let host = text_of(table, "host").map(str::to_owned);
        found.push(Scenario { name: Some(name), classes, host, levels });
    }
    Ok(found)
}

fn levels(source: Source<'_>, table: &DeTable<'_>, path: &str) -> Result<Vec<Level>, Error> {
    if let Some(text) = text_of(table, "stages") {
        return Ok(stages::parse(text).unwrap_or_default());
    }
    let rows = tables(table, "levels").into_iter().enumerate();
    rows.map(|(index, (value, table))| {
        let path = key_path(path, &format!("levels[{index}]"));
        Ok(Level {
            name: text_of(table, "name").map(str::to_owned),
            users: required(source, value, table, "users", &path, value::whole)?,
            rate: required(source, value, table, "rate", &path, value::rate)?,
            length: required(source, value, table, "for", &path, value::length)?,
            allowance: table.get("allow").and_then(value::share),
        })
    })
    .collect()
}

fn required<T>(
    source: Source<'_>,
    around: &Value<'_>,
    table: &DeTable<'_>,
    key: &str,
    path: &str,
    read: impl Fn(&Value<'_>) -> Option<T>,
) -> Result<T, Error> {
    table.get(key).and_then(read).ok_or_else(|| {
        source.wrong(around.span(), path, format!("\"{key}\" is missing: every table of this list needs it"))
    })
}

/// What is asked of the run, of a scenario, of a level.
fn thresholds(table: &DeTable<'_>, suite: &mut Suite) {
    add_thresholds(table, Around::default(), suite);
    for (index, (_, level)) in tables(table, "levels").into_iter().enumerate() {
        let number = (index + 1).to_string();
        add_thresholds(level, Around { scenario: None, level: Some(&number) }, suite);
    }
    for (_, scenario) in tables(table, "scenarios") {
        let name = text_of(scenario, "name");
        add_thresholds(scenario, Around { scenario: name, level: None }, suite);
        for (index, (_, level)) in tables(scenario, "levels").into_iter().enumerate() {
            let number = (index + 1).to_string();
            add_thresholds(level, Around { scenario: name, level: Some(&number) }, suite);
        }
    }
}

fn add_thresholds(table: &DeTable<'_>, around: Around<'_>, suite: &mut Suite) {
    let texts = texts(table, "thresholds");
    suite.thresholds.extend(texts.iter().filter_map(|text| threshold::parse_within(text, around).ok()));
}

fn text_of<'v>(table: &'v DeTable<'_>, key: &str) -> Option<&'v str> {
    table.get(key)?.get_ref().as_str()
}

fn texts(table: &DeTable<'_>, key: &str) -> Vec<String> {
    let items = table.get(key).map(|value| value.get_ref());
    let Some(DeValue::Array(items)) = items else { return Vec::new() };
    items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}
