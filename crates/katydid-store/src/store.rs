//! What can be asked of a store? Runs are begun, kept, found, read and forgotten.

use katydid_stats::part::whole;
use katydid_stats::{EntryPart, ErrorStat, Names, Part, Reclassified, RunStats};

use crate::address::Address;
use crate::database::{Database, Row, Value};
use crate::error::{Error, Result};
use crate::postgres::Postgres;
use crate::run::{About, End, Level, Run, RunId};
use crate::sqlite::Sqlite;
use crate::{schema, wire};

/// An open store.
pub struct Store {
    database: Box<dyn Database>,
    address: Address,
}

/// A run with a name, to hold others against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// The run.
    pub run: RunId,
}

const RUN_COLUMNS: &str =
    "id, state, started_at, seen_at, ended_at, about, users, requests, failures, exit_code, verdict";

impl Store {
    /// Opens a store and makes its tables if there are none.
    ///
    /// # Errors
    /// The address is no store, the database cannot be reached, or its tables are those of a newer katydid.
    pub fn open(address: &Address) -> Result<Self> {
        let mut database: Box<dyn Database> = match address {
            Address::None => return Err(Error::usage("runs are not kept: the store is none")),
            Address::File(path) => Box::new(Sqlite::open(path)?),
            Address::Postgres(url) => Box::new(Postgres::open(url)?),
        };
        let prepared = schema::prepare(&mut *database);
        prepared.map_err(|error| Error::database(format!("{address}: {error}")))?;
        Ok(Self { database, address: address.clone() })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Connects anew, after an error.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn reopen(&mut self) -> Result<()> {
        *self = Self::open(&self.address)?;
        Ok(())
    }

    /// Begins a run.
    ///
    /// # Errors
    /// The database's.
    pub fn begin(&mut self, about: &About) -> Result<RunId> {
        let text = serde_json::to_string(about).map_err(|error| Error::broken(error.to_string()))?;
        let mut id = None;
        self.database.query(
            "INSERT INTO run (state, started_at, seen_at, locustfile, host, profile, about)
             VALUES ('running', $1, $2, $3, $4, $5, $6) RETURNING id",
            &[
                about.started_at.into(),
                about.started_at.into(),
                about.locustfile.as_str().into(),
                about.host.as_str().into(),
                about.profile.as_str().into(),
                text.as_str().into(),
            ],
            &mut |mut row| {
                id = Some(RunId(row.int()?));
                Ok(())
            },
        )?;
        id.ok_or_else(|| Error::database("the database gave the run no number"))
    }

    /// Runs `change` as a whole or not at all.
    fn at_once(&mut self, change: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let begin = self.database.dialect().begin;
        self.database.script(begin)?;
        let done = change(self).and_then(|()| self.database.script("COMMIT"));
        if done.is_err() {
            let _ = self.database.script("ROLLBACK");
        }
        done
    }

    /// Keeps a stretch of a run: its measurements and, in place of the former ones, its failures so far. `new_names` are
    /// those that no stretch before it had; `number` counts from zero. A stretch that is kept already is not kept twice:
    /// where the answer to a commit was lost, it is tried again.
    ///
    /// # Errors
    /// The database's; then nothing of the stretch is kept.
    pub fn append(&mut self, run: RunId, stretch: &Stretch) -> Result<()> {
        self.at_once(|store| {
            for (key, method, name) in &stretch.new_names {
                store.database.execute(
                    "INSERT INTO name (run, key, method, name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                    &[run.0.into(), u64::from(*key).into(), (&**method).into(), (&**name).into()],
                )?;
            }
            let is_new = store.append_part(run, stretch)?;
            store.replace_failures(run, stretch)?;
            store.replace_reclassified(run, stretch)?;
            if is_new && store.database.dialect().has_figures {
                store.append_figures(run, stretch)?;
            }
            store.database.execute(
                "UPDATE run SET seen_at = $1, requests = $2, failures = $3,
                 users = CASE WHEN users > $4 THEN users ELSE $4 END WHERE id = $5",
                &[
                    stretch.part.until.into(),
                    stretch.requests.into(),
                    stretch.failures.into(),
                    stretch.part.users.into(),
                    run.0.into(),
                ],
            )?;
            Ok(())
        })
    }

    /// Was the part not there yet?
    fn append_part(&mut self, run: RunId, stretch: &Stretch) -> Result<bool> {
        let part = &stretch.part;
        let rows = self.database.execute(
            "INSERT INTO part (run, number, from_at, until_at, users, requests, failures, is_reset, content)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
            &[
                run.0.into(),
                stretch.number.into(),
                part.from.into(),
                part.until.into(),
                part.users.into(),
                part.total.requests.into(),
                part.total.failures.into(),
                u64::from(part.is_reset).into(),
                wire::encode(part).into(),
            ],
        )?;
        Ok(rows > 0)
    }

    fn replace_failures(&mut self, run: RunId, stretch: &Stretch) -> Result<()> {
        let Some(errors) = &stretch.errors else { return Ok(()) };
        self.database.execute("DELETE FROM failure WHERE run = $1", &[run.0.into()])?;
        for error in errors {
            self.database.execute(
                "INSERT INTO failure (run, method, name, error, occurrences, first_seen_at, last_seen_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[
                    run.0.into(),
                    (&*error.method).into(),
                    (&*error.name).into(),
                    (&*error.text).into(),
                    error.occurrences.into(),
                    error.first_seen.into(),
                    error.last_seen.into(),
                ],
            )?;
        }
        Ok(())
    }

    fn replace_reclassified(&mut self, run: RunId, stretch: &Stretch) -> Result<()> {
        let Some(rows) = &stretch.reclassified else { return Ok(()) };
        self.database.execute("DELETE FROM reclassified WHERE run = $1", &[run.0.into()])?;
        for row in rows {
            self.database.execute(
                "INSERT INTO reclassified
                 (run, rule, verdict, method, name, was, occurrences, first_seen_at, last_seen_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &[
                    run.0.into(),
                    (&*row.rule).into(),
                    (&*row.verdict).into(),
                    (&*row.method).into(),
                    (&*row.name).into(),
                    (&*row.from).into(),
                    row.occurrences.into(),
                    row.first_seen.into(),
                    row.last_seen.into(),
                ],
            )?;
        }
        Ok(())
    }

    fn append_figures(&mut self, run: RunId, stretch: &Stretch) -> Result<()> {
        let part = &stretch.part;
        for (entry, (method, name)) in part.entries.iter().zip(&stretch.pairs) {
            let measured = entry.entry(method, name, part.from);
            let percentiles = measured.percentiles(&[0.5, 0.95, 0.99]);
            let at = |place: usize| Value::from(percentiles.as_ref().and_then(|all| all.get(place).copied()));
            let is_timed = measured.timed_requests() > 0;
            self.database.execute(
                "INSERT INTO measure (time, run, method, name, seconds, users, requests, failures,
                 average_ms, p50_ms, p95_ms, p99_ms, max_ms)
                 VALUES (to_timestamp($1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                &[
                    part.until.into(),
                    run.0.into(),
                    method.as_str().into(),
                    name.as_str().into(),
                    (part.until - part.from).into(),
                    part.users.into(),
                    entry.requests.into(),
                    entry.failures.into(),
                    is_timed.then(|| measured.average_ms()).into(),
                    at(0),
                    at(1),
                    at(2),
                    is_timed.then_some(entry.max_ms).into(),
                ],
            )?;
        }
        Ok(())
    }

    /// Keeps a level, or how it changed.
    ///
    /// # Errors
    /// The database's.
    pub fn keep_level(&mut self, run: RunId, level: &Level) -> Result<()> {
        self.database.execute(
            "INSERT INTO level (run, number, scenario, label, users, from_at, until_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (run, number) DO UPDATE SET scenario = excluded.scenario, label = excluded.label,
             users = excluded.users, from_at = excluded.from_at, until_at = excluded.until_at",
            &[
                run.0.into(),
                level.number.into(),
                level.scenario.as_str().into(),
                level.label.as_str().into(),
                level.users.into(),
                level.from.into(),
                level.until.into(),
            ],
        )?;
        Ok(())
    }

    /// Keeps a document under a name, in place of the one before.
    ///
    /// # Errors
    /// The database's.
    pub fn keep_document(&mut self, run: RunId, name: &str, text: &[u8]) -> Result<()> {
        self.database.execute(
            "INSERT INTO document (run, name, content) VALUES ($1, $2, $3)
             ON CONFLICT (run, name) DO UPDATE SET content = excluded.content",
            &[run.0.into(), name.into(), wire::encode_document(text).into()],
        )?;
        Ok(())
    }

    /// Keeps a document that can be made again, if nobody else is writing.
    ///
    /// # Errors
    /// The database's; another process writes.
    pub fn keep_if_free(&mut self, run: RunId, name: &str, text: &[u8]) -> Result<()> {
        let [impatient, patient] = self.database.dialect().patience;
        self.database.script(impatient)?;
        let kept = self.keep_document(run, name, text);
        self.database.script(patient)?;
        kept
    }

    /// Ends a run.
    ///
    /// # Errors
    /// The database's.
    pub fn finish(&mut self, run: RunId, end: &End) -> Result<()> {
        let verdict = end.verdict.as_ref().map(ToString::to_string);
        self.database.execute(
            "UPDATE run SET state = 'finished', ended_at = $1, seen_at = $2, exit_code = $3, verdict = $4 WHERE id = $5",
            &[end.at.into(), end.at.into(), end.exit_code.into(), verdict.as_deref().into(), run.0.into()],
        )?;
        self.database.execute(
            "UPDATE level SET until_at = $1 WHERE until_at IS NULL AND run = $2",
            &[end.at.into(), run.0.into()],
        )?;
        Ok(())
    }

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// The database's.
    pub fn runs(&mut self, limit: u64) -> Result<Vec<Run>> {
        self.select_runs(&format!("SELECT {RUN_COLUMNS} FROM run ORDER BY id DESC LIMIT $1"), &[limit.into()])
    }

    /// One run.
    ///
    /// # Errors
    /// There is none of that number; the database's.
    pub fn run(&mut self, id: RunId) -> Result<Run> {
        let mut found =
            self.select_runs(&format!("SELECT {RUN_COLUMNS} FROM run WHERE id = $1"), &[id.0.into()])?;
        found.pop().ok_or_else(|| Error::missing(format!("there is no run {id}: katydid runs lists them")))
    }

    fn select_runs(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Run>> {
        self.rows(statement, values, run_of)
    }

    fn rows<T>(
        &mut self,
        statement: &str,
        values: &[Value],
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.database.query(statement, values, &mut |mut row| {
            found.push(read(&mut row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The run that a user means: a number, `last`, or the name of a baseline.
    ///
    /// # Errors
    /// There is none; the database's.
    pub fn find(&mut self, text: &str) -> Result<Run> {
        if let Ok(number) = text.parse() {
            return self.run(RunId(number));
        }
        if let Some(baseline) = self.baselines()?.into_iter().find(|baseline| baseline.name == text) {
            return self.run(baseline.run);
        }
        match self.runs(1)?.pop() {
            Some(run) if text == "last" => Ok(run),
            None if text == "last" => Err(Error::missing("no run is stored yet")),
            _ => Err(Error::missing(format!(
                "there is no run or baseline {text:?}: give a number of katydid runs, last, or a baseline's name"
            ))),
        }
    }

    /// The names of a run's entries.
    ///
    /// # Errors
    /// The database's.
    pub fn names(&mut self, run: RunId) -> Result<Names> {
        let pairs =
            self.rows("SELECT method, name FROM name WHERE run = $1 ORDER BY key", &[run.0.into()], |row| {
                Ok((row.text()?, row.text()?))
            })?;
        let mut names = Names::default();
        for (method, name) in &pairs {
            names.key(method, name);
        }
        Ok(names)
    }

    /// Calls `each` with every stretch of a run, in order.
    ///
    /// # Errors
    /// The database's; measurements that cannot be read.
    pub fn parts(&mut self, run: RunId, mut each: impl FnMut(&Part)) -> Result<()> {
        let mut part = Part::default();
        self.database.query(
            "SELECT from_at, until_at, users, is_reset, content FROM part WHERE run = $1 ORDER BY number",
            &[run.0.into()],
            &mut |mut row| {
                part.from = row.real()?.unwrap_or(0.0);
                part.until = row.real()?.unwrap_or(0.0);
                part.users = row.int()?;
                part.is_reset = row.int()? != 0;
                wire::decode(&row.bytes()?, &mut part)?;
                each(&part);
                Ok(())
            },
        )
    }

    /// When each stretch of a run began and ended, and how many users there were at its end.
    ///
    /// # Errors
    /// The database's.
    pub fn marks(&mut self, run: RunId) -> Result<Vec<(f64, f64, u64)>> {
        self.rows(
            "SELECT from_at, until_at, users FROM part WHERE run = $1 ORDER BY number",
            &[run.0.into()],
            |row| Ok((row.real()?.unwrap_or(0.0), row.real()?.unwrap_or(0.0), row.int()?)),
        )
    }

    /// The failures of a run.
    ///
    /// # Errors
    /// The database's.
    pub fn failures(&mut self, run: RunId) -> Result<Vec<ErrorStat>> {
        self.rows(
            "SELECT method, name, error, occurrences, first_seen_at, last_seen_at FROM failure WHERE run = $1
             ORDER BY first_seen_at",
            &[run.0.into()],
            |row| {
                Ok(ErrorStat {
                    method: row.text()?.into(),
                    name: row.text()?.into(),
                    text: row.text()?.into(),
                    occurrences: row.int()?,
                    first_seen: row.real()?.unwrap_or(0.0),
                    last_seen: row.real()?.unwrap_or(0.0),
                })
            },
        )
    }

    /// What rules reclassified in a run.
    ///
    /// # Errors
    /// The database's.
    pub fn reclassified(&mut self, run: RunId) -> Result<Vec<Reclassified>> {
        self.rows(
            "SELECT rule, verdict, method, name, was, occurrences, first_seen_at, last_seen_at FROM reclassified
             WHERE run = $1 ORDER BY first_seen_at",
            &[run.0.into()],
            |row| {
                Ok(Reclassified {
                    rule: row.text()?.into(),
                    verdict: row.text()?.into(),
                    method: row.text()?.into(),
                    name: row.text()?.into(),
                    from: row.text()?.into(),
                    occurrences: row.int()?,
                    first_seen: row.real()?.unwrap_or(0.0),
                    last_seen: row.real()?.unwrap_or(0.0),
                })
            },
        )
    }

    /// The statistics of a whole run, as they were at its end.
    ///
    /// # Errors
    /// The database's; measurements that cannot be read.
    pub fn stats(&mut self, run: RunId) -> Result<RunStats> {
        let started_at = self.run(run)?.about.started_at;
        let names = self.names(run)?;
        let mut parts = Vec::new();
        self.parts(run, |part| parts.push(part.clone()))?;
        let mut stats = whole(&parts, &names, started_at);
        for error in self.failures(run)? {
            let seen = (error.first_seen, error.last_seen);
            stats.errors_mut().add(&error.method, &error.name, &error.text, error.occurrences, seen);
        }
        for row in self.reclassified(run)? {
            stats.reclassified_mut().add(row.kind(), row.occurrences, (row.first_seen, row.last_seen));
        }
        Ok(stats)
    }

    /// The levels of a run, in order; none if it had none.
    ///
    /// # Errors
    /// The database's.
    pub fn levels(&mut self, run: RunId) -> Result<Vec<Level>> {
        self.rows(
            "SELECT number, scenario, label, users, from_at, until_at FROM level WHERE run = $1 ORDER BY number",
            &[run.0.into()],
            |row| {
                Ok(Level {
                    number: row.int()?,
                    scenario: row.text()?,
                    label: row.text()?,
                    users: row.int()?,
                    from: row.real()?.unwrap_or(0.0),
                    until: row.real()?,
                })
            },
        )
    }

    /// A document of a run.
    ///
    /// # Errors
    /// The database's; a document that cannot be read.
    pub fn document(&mut self, run: RunId, name: &str) -> Result<Option<Vec<u8>>> {
        let statement = "SELECT content FROM document WHERE run = $1 AND name = $2";
        let found = self.rows(statement, &[run.0.into(), name.into()], Row::bytes)?;
        found.first().map(|bytes| wire::decode_document(bytes)).transpose()
    }

    /// The documents of a name, of all runs that have one.
    ///
    /// # Errors
    /// The database's; a document that cannot be read.
    pub fn documents(&mut self, name: &str) -> Result<Vec<(RunId, Vec<u8>)>> {
        let statement = "SELECT run, content FROM document WHERE name = $1";
        let found = self.rows(statement, &[name.into()], |row| Ok((RunId(row.int()?), row.bytes()?)))?;
        found.into_iter().map(|(run, bytes)| Ok((run, wire::decode_document(&bytes)?))).collect()
    }

    /// All baselines by name.
    ///
    /// # Errors
    /// The database's.
    pub fn baselines(&mut self) -> Result<Vec<Baseline>> {
        self.rows("SELECT name, run FROM baseline ORDER BY name", &[], |row| {
            Ok(Baseline { name: row.text()?, run: RunId(row.int()?) })
        })
    }

    /// Gives a run a name, which it takes from another.
    ///
    /// # Errors
    /// The name could be taken for a number or for `last`; the database's.
    pub fn set_baseline(&mut self, name: &str, run: RunId) -> Result<()> {
        if name.is_empty() || name == "last" || name.parse::<u64>().is_ok() {
            return Err(Error::usage(format!(
                "{name:?} cannot name a baseline: a number or \"last\" means a run"
            )));
        }
        self.database.execute(
            "INSERT INTO baseline (name, run) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET run = excluded.run",
            &[name.into(), run.0.into()],
        )?;
        Ok(())
    }

    /// Takes a name from its run.
    ///
    /// # Errors
    /// No run has it; the database's.
    pub fn remove_baseline(&mut self, name: &str) -> Result<()> {
        match self.database.execute("DELETE FROM baseline WHERE name = $1", &[name.into()])? {
            0 => Err(Error::missing(format!("there is no baseline {name:?}"))),
            _ => Ok(()),
        }
    }

    /// Forgets a run and everything about it.
    ///
    /// # Errors
    /// There is none of that number; the database's.
    pub fn remove(&mut self, run: RunId) -> Result<()> {
        match self.database.execute("DELETE FROM run WHERE id = $1", &[run.0.into()])? {
            0 => Err(Error::missing(format!("there is no run {run}"))),
            _ => Ok(()),
        }
    }

    /// Bytes that the runs take on disk; `None` where the store is a server.
    ///
    /// # Errors
    /// The database's.
    pub fn size_bytes(&mut self) -> Result<Option<u64>> {
        self.database.size_bytes()
    }

    /// Gives the space of what was forgotten back.
    ///
    /// # Errors
    /// The database's.
    pub fn compact(&mut self) -> Result<()> {
        self.database.compact()
    }
}

fn run_of(row: &mut Row) -> Result<Run> {
    let id = RunId(row.int()?);
    let is_finished = row.text()? == "finished";
    let started_at = row.real()?.unwrap_or(0.0);
    let seen_at = row.real()?.unwrap_or(started_at);
    let ended_at = row.real()?;
    let about: About = serde_json::from_str(&row.text()?)
        .map_err(|error| Error::broken(format!("what is known of run {id} cannot be read: {error}")))?;
    Ok(Run {
        id,
        is_finished,
        seen_at,
        ended_at,
        about: About { started_at, ..about },
        users: row.int()?,
        requests: row.int()?,
        failures: row.int()?,
        exit_code: row.optional_int()?,
        verdict: serde_json::from_str(&row.text()?).ok(),
    })
}

/// A part of a run with what its store has to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// Counted from zero.
    pub number: u64,
    /// The measurements.
    pub part: Part,
    /// Keys, methods and names that are new.
    pub new_names: Vec<(u32, Box<str>, Box<str>)>,
    /// Method and name of each entry of the part, in their order.
    pub pairs: Vec<(String, String)>,
    /// All failures of the run so far; `None` if they are what they were.
    pub errors: Option<Vec<ErrorStat>>,
    /// All that rules reclassified so far; `None` if it is what it was.
    pub reclassified: Option<Vec<Reclassified>>,
    /// Requests of the run so far.
    pub requests: u64,
    /// Failed ones.
    pub failures: u64,
}

impl Stretch {
    /// The entries with their names.
    pub fn entries(&self) -> impl Iterator<Item = (&EntryPart, &(String, String))> {
        self.part.entries.iter().zip(&self.pairs)
    }
}
