//! What did a worker measure since it last told? The statistics of a report, in Locust's form and, between nodes of
//! katydid's, whole.
//!
//! Locust's form has rounded response times. Under the key `katydid`, which stock nodes do not read, an entry also has
//! its histogram cell by cell, its status codes and its phases; the report has the distributions of lag and phases, what
//! rules reclassified, and the mark by which a master merges it once.
//!
//! What a maintainer must not break: where the whole histogram is there, the rounded one is not read, so that nothing is
//! counted twice; and an entry that cannot be read is skipped whole, and counted, and takes no other with it.

use std::borrow::Cow;

use katydid_stats::entry::PhaseSum;
use katydid_stats::histogram::us_of_ms;
use katydid_stats::locust::{error_key, response_times};
use katydid_stats::per_second::PerSecond;
use katydid_stats::reclassified::Kind;
use katydid_stats::run::SECONDS_PER_ENTRY;
use katydid_stats::{Entry, Histogram, Phase, RunStats};

use crate::cells;
use crate::message::{MasterId, OURS, UserCounts, read_users, write_users};
use crate::pack::{Malformed, Packed, Reader, Token, Writer};

/// The statistics of one worker since its last report.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was measured.
    pub stats: RunStats,
    /// The users that run; Locust's masters insist on it.
    pub users: UserCounts,
    /// What the suite's listeners added: key and value.
    pub others: Vec<(String, Packed)>,
    /// Between nodes of katydid's: which report this is.
    pub mark: Option<Mark>,
    /// Entries and failures that could not be read, and are in no statistics.
    pub skipped: u64,
    /// The report as it was received.
    pub raw: Option<Packed>,
}

/// Which report is it?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The master that it is for.
    pub master: MasterId,
    /// The master's run that it belongs to.
    pub run: u64,
    /// Its place among the worker's reports, counted from one.
    pub number: u64,
    /// The first of them since the worker has obeyed this master; those before went to others.
    pub first: u64,
}

/// Reports are told apart by what identifies them; two with the same mark are the same.
impl PartialEq for Report {
    fn eq(&self, other: &Self) -> bool {
        (self.mark, &self.users, &self.others) == (other.mark, &other.users, &other.others)
            && is_same(&self.stats, &other.stats)
    }
}

fn is_same(one: &RunStats, other: &RunStats) -> bool {
    one.entries() == other.entries()
        && one.total() == other.total()
        && one.errors().as_slice() == other.errors().as_slice()
        && one.reclassified().as_slice() == other.reclassified().as_slice()
        && (one.lag(), one.start_lag()) == (other.lag(), other.start_lag())
        && Phase::ALL.iter().all(|phase| one.phase(*phase) == other.phase(*phase))
}

impl Report {
    pub(crate) fn write(&self, writer: &mut Writer) {
        let is_whole = self.mark.is_some();
        writer.map(5 + self.others.len() + usize::from(is_whole));
        for (key, value) in &self.others {
            writer.text(key).packed(value);
        }
        let told = self.stats.entries().iter().filter(|entry| entry.requests + entry.failures > 0);
        writer.text("stats").array(told.clone().count());
        told.for_each(|entry| write_entry(writer, entry, is_whole));
        write_entry(writer.text("stats_total"), self.stats.total(), is_whole);
        write_errors(writer.text("errors"), &self.stats);
        write_users(writer.text("user_classes_count"), &self.users);
        writer.text("user_count").uint(self.users.values().sum());
        if let Some(mark) = self.mark {
            self.write_ours(writer.text(OURS), mark);
        }
    }

    fn write_ours(&self, writer: &mut Writer, mark: Mark) {
        writer.map(8).text("master").uint(mark.master).text("run").uint(mark.run);
        writer.text("number").uint(mark.number).text("first").uint(mark.first);
        writer.text("lag").bytes(&cells::to_bytes(self.stats.lag()));
        writer.text("start_lag").bytes(&cells::to_bytes(self.stats.start_lag()));
        writer.text("phases").array(Phase::ALL.len());
        for phase in Phase::ALL {
            writer.bytes(&cells::to_bytes(self.stats.phase(phase)));
        }
        write_reclassified(writer.text("reclassified"), &self.stats);
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut stats = RunStats::new(0.0);
        stats.total_mut().started_at = f64::INFINITY;
        let (mut users, mut others, mut mark, mut skipped) = (None, Vec::new(), None, 0);
        for _ in 0..reader.map()? {
            match reader.key()? {
                "stats" => skipped += read_entries(&mut reader, &mut stats)?,
                "stats_total" => EntryFields::read(&mut reader)?.add_to(stats.total_mut())?,
                "errors" => skipped += read_errors(&mut reader, &mut stats)?,
                "user_classes_count" => users = Some(read_users(&mut reader)?),
                "user_count" => drop(reader.value()?),
                OURS => mark = Some(read_ours(&mut reader, &mut stats)?),
                key => others.push((key.to_owned(), Packed::of_value(reader.value()?))),
            }
        }
        let users = users.ok_or(Malformed("a report does not say how many users run"))?;
        Ok(Self { stats, users, others, mark, skipped, raw: Some(Packed::of_value(bytes)) })
    }
}

/// Statistics of a part of the requests, whole, for what a suite's listeners add to a report.
pub fn stats_to_bytes(stats: RunStats) -> Vec<u8> {
    let mut writer = Writer::new();
    let (users, others) = (UserCounts::default(), Vec::new());
    Report { stats, users, others, mark: Some(Mark::default()), raw: None, skipped: 0 }.write(&mut writer);
    writer.into_bytes()
}

/// The inverse of [`stats_to_bytes`].
///
/// # Errors
/// Bytes of something else.
pub fn stats_of_bytes(bytes: &[u8]) -> Result<RunStats, Malformed> {
    Report::read(bytes).map(|report| report.stats)
}

fn write_entry(writer: &mut Writer, entry: &Entry, is_whole: bool) {
    writer.map(14 + usize::from(is_whole));
    writer.text("name").text(&entry.name).text("method").text(&entry.method);
    writer.text("last_request_timestamp");
    write_optional(writer, entry.last_request_at);
    writer.text("start_time").float(entry.started_at);
    writer.text("num_requests").uint(entry.requests);
    writer.text("num_none_requests").uint(entry.requests_without_time);
    writer.text("num_failures").uint(entry.failures);
    writer.text("total_response_time").float(entry.total_ms);
    writer.text("max_response_time").float(entry.max_ms);
    writer.text("min_response_time");
    write_optional(writer, entry.min_ms);
    writer.text("total_content_length").uint(entry.bytes);
    let times = response_times(entry);
    writer.text("response_times").map(times.len());
    for (bucket, count) in times {
        writer.int(bucket).uint(count);
    }
    write_seconds(writer.text("num_reqs_per_sec"), &entry.requests_by_second);
    write_seconds(writer.text("num_fail_per_sec"), &entry.failures_by_second);
    if is_whole {
        write_whole(writer.text(OURS), entry);
    }
}

fn write_optional(writer: &mut Writer, number: Option<f64>) {
    match number {
        Some(number) => writer.float(number),
        None => writer.nil(),
    };
}

fn write_seconds(writer: &mut Writer, seconds: &PerSecond) {
    writer.map(seconds.iter().count());
    for (second, count) in seconds.iter() {
        writer.int(second).uint(count.into());
    }
}

fn write_whole(writer: &mut Writer, entry: &Entry) {
    writer.map(3).text("times").bytes(&cells::to_bytes(&entry.times));
    writer.text("statuses").map(entry.statuses.len());
    for (status, count) in &entry.statuses {
        writer.uint((*status).into()).uint(*count);
    }
    writer.text("phases").array(2 * Phase::ALL.len());
    for sum in Phase::ALL.map(|phase| entry.phase_sum(phase)) {
        writer.uint(sum.ns).uint(sum.count);
    }
}

fn write_errors(writer: &mut Writer, stats: &RunStats) {
    let errors = stats.errors().as_slice();
    writer.map(errors.len());
    for error in errors {
        writer.text(&error_key(error)).map(6);
        writer.text("name").text(&error.name).text("method").text(&error.method);
        writer.text("error").text(&error.text).text("occurrences").uint(error.occurrences);
        writer.text("first_seen").float(error.first_seen).text("last_seen").float(error.last_seen);
    }
}

fn write_reclassified(writer: &mut Writer, stats: &RunStats) {
    let rows = stats.reclassified().as_slice();
    writer.array(rows.len());
    for row in rows {
        writer.array(8).text(&row.rule).text(&row.verdict).text(&row.method).text(&row.name).text(&row.from);
        writer.uint(row.occurrences).float(row.first_seen).float(row.last_seen);
    }
}

/// How many were skipped?
fn read_entries(reader: &mut Reader<'_>, stats: &mut RunStats) -> Result<u64, Malformed> {
    let mut skipped = 0;
    for _ in 0..reader.array()? {
        let read = EntryFields::read(&mut Reader::new(reader.value()?)).and_then(|fields| fields.entry());
        match read {
            Ok(entry) => add_entry(stats, entry),
            Err(_) => skipped += 1,
        }
    }
    Ok(skipped)
}

fn add_entry(stats: &mut RunStats, entry: Entry) {
    let id = stats.entry_at(&entry.method, &entry.name, entry.started_at);
    let Some(place) = stats.entry_mut(id) else { return };
    let is_empty = place.requests == 0 && place.failures == 0;
    if is_empty && (&place.method, &place.name) == (&entry.method, &entry.name) {
        *place = entry;
    } else {
        place.merge(&entry);
    }
}

/// How many were skipped?
fn read_errors(reader: &mut Reader<'_>, stats: &mut RunStats) -> Result<u64, Malformed> {
    let mut skipped = 0;
    for _ in 0..reader.map()? {
        reader.value()?;
        skipped += u64::from(read_error(&mut Reader::new(reader.value()?), stats).is_err());
    }
    Ok(skipped)
}

fn read_error(reader: &mut Reader<'_>, stats: &mut RunStats) -> Result<(), Malformed> {
    let (mut name, mut method, mut text) = (Cow::default(), Cow::default(), Cow::default());
    let (mut count, mut first, mut last) = (0, f64::INFINITY, 0.0);
    for _ in 0..reader.map()? {
        match reader.key()? {
            "name" => name = any_text(reader)?,
            "method" => method = any_text(reader)?,
            "error" => text = any_text(reader)?,
            "occurrences" => count = reader.count()?,
            "first_seen" => first = moment(reader)?.unwrap_or(first),
            "last_seen" => last = moment(reader)?.unwrap_or(last),
            _ => drop(reader.value()?),
        }
    }
    stats.errors_mut().add(&method, &name, &text, count, (first, last));
    Ok(())
}

fn read_reclassified(reader: &mut Reader<'_>, stats: &mut RunStats) -> Result<(), Malformed> {
    for _ in 0..reader.array()? {
        if reader.array()? != 8 {
            return Err(Malformed("a reclassified request has eight parts"));
        }
        let (rule, verdict) = (reader.text()?, reader.text()?);
        let (method, name, from) = (reader.text()?, reader.text()?, reader.text()?);
        let count = reader.count()?;
        let seen = (moment(reader)?.unwrap_or(f64::INFINITY), moment(reader)?.unwrap_or(0.0));
        stats.reclassified_mut().add(Kind { rule, verdict, method, name, from }, count, seen);
    }
    Ok(())
}

fn read_ours(reader: &mut Reader<'_>, stats: &mut RunStats) -> Result<Mark, Malformed> {
    let mut mark = Mark::default();
    for _ in 0..reader.map()? {
        match reader.key()? {
            "master" => mark.master = reader.count()?,
            "run" => mark.run = reader.count()?,
            "number" => mark.number = reader.count()?,
            "first" => mark.first = reader.count()?,
            "lag" => cells::add_to(stats.lag_mut(), reader.binary()?)?,
            "start_lag" => cells::add_to(stats.start_lag_mut(), reader.binary()?)?,
            "phases" => {
                let phases = reader.array()?;
                for index in 0..phases {
                    let bytes = reader.binary()?;
                    if let Some(phase) = Phase::ALL.get(index) {
                        cells::add_to(stats.phase_mut(*phase), bytes)?;
                    }
                }
            }
            "reclassified" => read_reclassified(reader, stats)?,
            _ => drop(reader.value()?),
        }
    }
    Ok(mark)
}

/// An entry as it stands in a message; what is costly to read is still packed.
#[derive(Default)]
struct EntryFields<'a> {
    name: Cow<'a, str>,
    method: Cow<'a, str>,
    requests: u64,
    requests_without_time: u64,
    failures: u64,
    total_ms: f64,
    min_ms: Option<f64>,
    max_ms: f64,
    bytes: u64,
    started_at: f64,
    last_request_at: Option<f64>,
    response_times: &'a [u8],
    requests_by_second: &'a [u8],
    failures_by_second: &'a [u8],
    whole: &'a [u8],
}

impl<'a> EntryFields<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut fields = Self { started_at: f64::INFINITY, ..Self::default() };
        for _ in 0..reader.map()? {
            match reader.key()? {
                "name" => fields.name = any_text(reader)?,
                "method" => fields.method = any_text(reader)?,
                "last_request_timestamp" => fields.last_request_at = moment(reader)?,
                "start_time" => fields.started_at = moment(reader)?.unwrap_or(f64::INFINITY),
                "num_requests" => fields.requests = reader.count()?,
                "num_none_requests" => fields.requests_without_time = reader.count()?,
                "num_failures" => fields.failures = reader.count()?,
                "total_response_time" => fields.total_ms = finite(reader)?.unwrap_or(0.0),
                "max_response_time" => fields.max_ms = finite(reader)?.unwrap_or(0.0),
                "min_response_time" => fields.min_ms = finite(reader)?,
                "total_content_length" => fields.bytes = reader.token()?.as_u64().unwrap_or(0),
                "response_times" => fields.response_times = reader.value()?,
                "num_reqs_per_sec" => fields.requests_by_second = reader.value()?,
                "num_fail_per_sec" => fields.failures_by_second = reader.value()?,
                OURS => fields.whole = reader.value()?,
                _ => drop(reader.value()?),
            }
        }
        Ok(fields)
    }

    fn entry(&self) -> Result<Entry, Malformed> {
        let mut entry = Entry::new(&self.method, &self.name, self.started_at, SECONDS_PER_ENTRY);
        self.add_to(&mut entry)?;
        Ok(entry)
    }

    /// Adds everything to an entry, as if it had been recorded there.
    fn add_to(&self, entry: &mut Entry) -> Result<(), Malformed> {
        entry.requests = entry.requests.saturating_add(self.requests);
        entry.requests_without_time = entry.requests_without_time.saturating_add(self.requests_without_time);
        entry.failures = entry.failures.saturating_add(self.failures);
        entry.total_ms += self.total_ms;
        entry.min_ms = entry.min_ms.into_iter().chain(self.min_ms).reduce(f64::min);
        entry.max_ms = entry.max_ms.max(self.max_ms);
        entry.bytes = entry.bytes.saturating_add(self.bytes);
        entry.started_at = entry.started_at.min(self.started_at);
        entry.last_request_at =
            entry.last_request_at.into_iter().chain(self.last_request_at).reduce(f64::max);
        add_seconds(&mut entry.requests_by_second, self.requests_by_second)?;
        add_seconds(&mut entry.failures_by_second, self.failures_by_second)?;
        if self.whole.is_empty() {
            let mut counts = Vec::new();
            each_count(self.response_times, |ms, count| counts.push((us_of_ms(ms), count)))?;
            cells::add(&mut entry.times, Histogram::of_counts(counts));
            return Ok(());
        }
        add_whole(entry, self.whole)
    }
}

/// A text; for what else a suite may call a request, the text that Python would make of it.
fn any_text<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, Malformed> {
    Ok(match reader.token()? {
        Token::Text(text) => text.into(),
        Token::Nil => "".into(),
        Token::Bool(truth) => if truth { "True" } else { "False" }.into(),
        Token::Int(number) => number.to_string().into(),
        Token::Uint(number) => number.to_string().into(),
        Token::Float(number) => format!("{number:?}").into(),
        _ => return Err(Malformed("a text was expected")),
    })
}

/// Unix seconds that a clock can show.
const MOMENTS: std::ops::Range<f64> = 0.0..1e11;

fn moment(reader: &mut Reader<'_>) -> Result<Option<f64>, Malformed> {
    Ok(reader.token()?.as_f64().filter(|moment| MOMENTS.contains(moment)))
}

fn finite(reader: &mut Reader<'_>) -> Result<Option<f64>, Malformed> {
    Ok(reader.token()?.as_f64().filter(|number| number.is_finite()))
}

/// The pairs of a map from numbers to counts; none where there is no map.
fn each_count(map: &[u8], mut take: impl FnMut(f64, u64)) -> Result<(), Malformed> {
    if map.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(map);
    for _ in 0..reader.map()? {
        let key = reader.real()?;
        take(key, reader.count()?);
    }
    Ok(())
}

/// Seconds from the first to the last that a series of one second may have, and how many more for each further one.
/// Within, counters are kept for the seconds between, too: a short message could make us hold a day of them.
const SPAN_S: (f64, f64) = (60.0, 16.0);

fn add_seconds(seconds: &mut PerSecond, map: &[u8]) -> Result<(), Malformed> {
    let (mut newest, mut span) = (f64::NEG_INFINITY, SPAN_S.0);
    each_count(map, |second, _| {
        if MOMENTS.contains(&second) {
            newest = newest.max(second);
            span += SPAN_S.1;
        }
    })?;
    each_count(map, |second, count| {
        if MOMENTS.contains(&second) && second > newest - span {
            seconds.add(second as i64, u32::try_from(count).unwrap_or(u32::MAX));
        }
    })
}

fn add_whole(entry: &mut Entry, whole: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(whole);
    for _ in 0..reader.map()? {
        match reader.key()? {
            "times" => cells::add_to(&mut entry.times, reader.binary()?)?,
            "statuses" => {
                for _ in 0..reader.map()? {
                    let status = u16::try_from(reader.count()?).map_err(|_| Malformed("no status code"))?;
                    entry.add_status(status, reader.count()?);
                }
            }
            "phases" => {
                for index in 0..reader.array()? / 2 {
                    let sum = PhaseSum { ns: reader.count()?, count: reader.count()? };
                    if let Some(phase) = Phase::ALL.get(index) {
                        entry.add_phase_sum(*phase, sum);
                    }
                }
            }
            _ => drop(reader.value()?),
        }
    }
    Ok(())
}
