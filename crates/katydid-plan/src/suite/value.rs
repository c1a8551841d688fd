//! Does a value have the form that its key asks for?

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Form, Key};
use super::{Context, Error};
use crate::nearest::nearest;
use crate::rule::Rule;
use crate::{span, stages, threshold};

/// The whole text, to which places belong, and what is known beside it.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) context: Context<'a>,
}

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl Source<'_> {
    pub(super) fn wrong(&self, place: Range<usize>, key: &str, message: impl Into<String>) -> Error {
        Error::new(self.text, place.start, key, message)
    }

    /// Checks a table against the keys that it may have.
    pub(super) fn check_table(&self, table: &DeTable<'_>, keys: &[Key], path: &str) -> Result<(), Error> {
        for (name, value) in table {
            let path = joined(path, name.get_ref());
            let known = keys.iter().find(|key| key.name == name.get_ref());
            let key = known.ok_or_else(|| self.wrong(name.span(), &path, unknown(name.get_ref(), keys)))?;
            self.check(value, &key.form, &path)?;
        }
        Ok(())
    }

    fn check(&self, value: &Value<'_>, form: &Form, path: &str) -> Result<(), Error> {
        match form {
            Form::Table(keys) => self.check_table(self.table(value, path)?, keys, path),
            Form::Tables(keys) => {
                self.each(value, path, |item, path| self.check_table(self.table(item, path)?, keys, path))
            }
            Form::Named(keys) => self.named(value, path, keys),
            Form::Many(form) => self.each(value, path, |item, path| self.check(item, form, path)),
            Form::Options => self.options(value, path),
            leaf => self.leaf(value, leaf, path),
        }
    }

    fn table<'v, 'a>(&self, value: &'v Value<'a>, path: &str) -> Result<&'v DeTable<'a>, Error> {
        value.get_ref().as_table().ok_or_else(|| {
            let message = format!("{} is no table: write it as [{path}]", story(value));
            self.wrong(value.span(), path, message)
        })
    }

    fn each(
        &self,
        value: &Value<'_>,
        path: &str,
        check: impl Fn(&Value<'_>, &str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let items = value.get_ref().as_array().ok_or_else(|| {
            self.wrong(value.span(), path, format!("{} is no list: put it in brackets", story(value)))
        })?;
        items.iter().enumerate().try_for_each(|(index, item)| check(item, &format!("{path}[{index}]")))
    }

    fn named(&self, value: &Value<'_>, path: &str, keys: &[Key]) -> Result<(), Error> {
        for (name, value) in self.table(value, path)? {
            let path = joined(path, name.get_ref());
            if !is_name(name.get_ref()) {
                return Err(self.wrong(name.span(), &path, NO_NAME));
            }
            self.check_table(self.table(value, &path)?, keys, &path)?;
        }
        Ok(())
    }

    /// Options are checked by the command's parser later; here only what is a slip of the hand for sure.
    fn options(&self, value: &Value<'_>, path: &str) -> Result<(), Error> {
        for (name, value) in self.table(value, path)? {
            let path = joined(path, name.get_ref());
            let known = self.context.options;
            let is_known = known.is_empty() || known.contains(&&**name.get_ref());
            let similar = nearest(name.get_ref(), known.iter().copied()).filter(|_| !is_known);
            if let Some(similar) = similar {
                let message = format!("there is no such option: did you mean \"{similar}\"?");
                return Err(self.wrong(name.span(), &path, message));
            }
            if setting(value).is_none() {
                let message = format!(
                    "{} is no value of an option: write text, a number, true, or a list",
                    story(value)
                );
                return Err(self.wrong(value.span(), &path, message));
            }
        }
        Ok(())
    }

    fn leaf(&self, value: &Value<'_>, form: &Form, path: &str) -> Result<(), Error> {
        let problem = match form {
            Form::Whole => whole(value).is_none().then(|| needs(value, "a whole number such as 10")),
            Form::Rate => rate(value).is_none().then(|| needs(value, "a number above zero such as 5 or 0.5")),
            Form::Share => share(value).is_none().then(|| needs(value, "a share such as \"50%\" or 0.5")),
            Form::Span => length(value).is_none().then(|| needs(value, "a time such as \"30s\" or \"5m\"")),
            _ => return self.text_leaf(value, form, path),
        };
        problem.map_or(Ok(()), |problem| Err(self.wrong(value.span(), path, problem)))
    }

    fn text_leaf(&self, value: &Value<'_>, form: &Form, path: &str) -> Result<(), Error> {
        let Some(text) = value.get_ref().as_str() else {
            let wanted = match form {
                Form::Stages => "text such as \"10@1 for 5m\", or tables called [[levels]]",
                _ => "text in quotation marks",
            };
            return Err(self.wrong(value.span(), path, needs(value, wanted)));
        };
        let misread = match form {
            Form::Stages => stages::parse(text).err(),
            // Where a level or scenario is around it, one may not be named in it, and a degradation needs none.
            Form::Threshold => threshold::parse_within(text, around(path)).err(),
            Form::Rule => Rule::parse(text).err(),
            Form::Name if !is_name(text) => return Err(self.wrong(value.span(), path, NO_NAME)),
            _ => None,
        };
        misread.map_or(Ok(()), |misread| {
            // One character for the quotation mark; escapes before the place would move it.
            let mut place = value.span();
            place.start += misread.column().min(place.len());
            Err(self.wrong(place, path, misread.line()))
        })
    }
}

const NO_NAME: &str = "not a name: write one or more characters without *";

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('*')
}

/// What a threshold at this path is in, for the checks of its text.
fn around(path: &str) -> threshold::Around<'static> {
    let scenario = path.contains("scenarios[").then_some("-");
    threshold::Around { scenario, level: path.contains("levels[").then_some("1") }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}.{name}") }
}

fn unknown(name: &str, keys: &[Key]) -> String {
    let names = || keys.iter().map(|key| key.name);
    match nearest(name, names()) {
        Some(similar) => format!("there is no such key: did you mean \"{similar}\"?"),
        None => format!("there is no such key: here may stand {}", names().collect::<Vec<_>>().join(", ")),
    }
}

fn needs(value: &Value<'_>, wanted: &str) -> String {
    format!("{} does not fit: write {wanted}", story(value))
}

/// A value as an error tells it.
fn story(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.as_str().into(),
        DeValue::Float(number) => number.as_str().into(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

pub(super) fn whole(value: &Value<'_>) -> Option<u64> {
    let DeValue::Integer(number) = value.get_ref() else { return None };
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

pub(super) fn rate(value: &Value<'_>) -> Option<f64> {
    number(value).filter(|rate| *rate > 0.0)
}

fn number(value: &Value<'_>) -> Option<f64> {
    let number = match value.get_ref() {
        DeValue::Integer(_) => whole(value).map(|number| number as f64),
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

pub(super) fn share(value: &Value<'_>) -> Option<f64> {
    let share = match value.get_ref().as_str() {
        Some(text) => {
            text.trim().strip_suffix('%')?.trim().parse::<f64>().ok().map(|percent| percent / 100.0)
        }
        None => number(value),
    };
    share.filter(|share| share.is_finite() && *share >= 0.0)
}

pub(super) fn length(value: &Value<'_>) -> Option<Duration> {
    let length = match value.get_ref().as_str() {
        Some(text) => span::parse(text).ok(),
        None => whole(value).map(Duration::from_secs),
    };
    length.filter(|length| !length.is_zero())
}

/// The value of an option as the command line would have it.
pub(super) fn setting(value: &Value<'_>) -> Option<super::Setting> {
    let one = |value: &Value<'_>| match value.get_ref() {
        DeValue::Array(_) | DeValue::Table(_) => None,
        DeValue::String(text) => Some(text.to_string()),
        _ => Some(story(value)),
    };
    match value.get_ref() {
        DeValue::Array(items) => items.iter().map(one).collect::<Option<_>>().map(super::Setting::Many),
        _ => one(value).map(super::Setting::One),
    }
}
