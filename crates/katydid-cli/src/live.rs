//! What is seen while a run goes on? An onlooker on the users' thread that copies, and a thread of its own that prints.
//!
//! What a maintainer must not break: the onlooker never waits. A console or disk that is stuck costs tables, not load.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use katydid_engine::{Command, Fault, Progress, State, Watch};
use katydid_report::console::{Columns, Rates, stats_table};
use katydid_stats::Snapshot;
use katydid_stats::snapshot::SnapshotRequest;

use crate::console::tell;
use crate::files::CsvFiles;
use crate::{panics, signals};

/// The quantiles of every table and file, as Locust reports them.
pub(crate) const QUANTILES: [f64; 11] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0];

const TABLE_INTERVAL: Duration = Duration::from_secs(2);
const FILE_INTERVAL: Duration = Duration::from_secs(1);
/// Pages that may wait for a slow console or disk.
const PAGES_WAITING: usize = 16;

/// Something for the printing thread.
enum Page {
    Line(String),
    Table(Snapshot),
    Rows(Snapshot, u64, Vec<Fault>),
}

/// Watches a run for the console, the files and signals.
pub(crate) struct Onlooker {
    names: Vec<String>,
    shows_tables: bool,
    shows_lines: bool,
    writes_files: bool,
    next_table: Duration,
    next_rows: Duration,
    faults: Vec<Fault>,
    pages: SyncSender<Page>,
}

/// The thread that prints; joined for the files that it wrote to.
pub(crate) type Printer = JoinHandle<Option<CsvFiles>>;

impl Onlooker {
    /// An onlooker and the thread that prints for it.
    pub(crate) fn start(names: Vec<String>, shows: Shows, files: Option<CsvFiles>) -> (Self, Printer) {
        let (pages, inbox) = sync_channel(PAGES_WAITING);
        let onlooker = Self {
            names,
            shows_tables: shows == Shows::Everything,
            shows_lines: shows != Shows::Nothing,
            writes_files: files.is_some(),
            next_table: Duration::ZERO,
            next_rows: Duration::ZERO,
            faults: Vec::new(),
            pages,
        };
        (onlooker, thread::spawn(move || print_pages(&inbox, files)))
    }

    /// Hands a page over, or lets it go if too many wait.
    fn show(&self, page: Page) {
        let _ = self.pages.try_send(page);
    }

    fn tell(&self, line: impl FnOnce() -> String) {
        if self.shows_lines {
            self.show(Page::Line(line()));
        }
    }

    /// What scenarios panicked with, all of it once the run is over.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Tells of each new kind of panic.
    fn keep(&mut self, faults: &[Fault]) {
        for fault in faults.iter().skip(self.faults.len()) {
            self.tell(|| panics::line(fault));
        }
        if self.faults != faults {
            self.faults = faults.to_vec();
        }
    }

    fn tell_of_users(&self, progress: &Progress<'_>) {
        self.tell(|| {
            let shares =
                self.names.iter().zip(progress.counts).map(|(name, count)| format!("{name}: {count}"));
            format!(
                "All users spawned: {} ({} in total)",
                shares.collect::<Vec<_>>().join(", "),
                progress.users
            )
        });
    }
}

impl Watch for Onlooker {
    fn watch(&mut self, progress: &Progress<'_>) -> Command {
        if progress.spawning_complete {
            self.tell_of_users(progress);
        }
        self.keep(progress.faults);
        let is_live = matches!(progress.state, State::Spawning | State::Running);
        if self.shows_tables && is_live && progress.run_time >= self.next_table {
            self.next_table = progress.run_time + TABLE_INTERVAL;
            self.show(Page::Table(snapshot(progress)));
        }
        if self.writes_files && progress.run_time >= self.next_rows {
            self.next_rows = progress.run_time + FILE_INTERVAL;
            self.show(Page::Rows(snapshot(progress), progress.users, self.faults.clone()));
        }
        if is_live && signals::asked_to_end() {
            self.tell(|| "Interrupted: users finish. Interrupt again to end at once.".into());
            return Command::Stop;
        }
        Command::Continue
    }
}

/// How much a run shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    Everything,
    /// No tables before the end.
    Summary,
    Nothing,
}

fn snapshot(progress: &Progress<'_>) -> Snapshot {
    progress.stats.snapshot(&SnapshotRequest { now: progress.now, quantiles: &QUANTILES, with_window: true })
}

/// Prints until the onlooker is gone; a file that cannot be written is given up after one complaint.
fn print_pages(inbox: &Receiver<Page>, mut files: Option<CsvFiles>) -> Option<CsvFiles> {
    for page in inbox {
        match page {
            Page::Line(line) => tell(line),
            Page::Table(snapshot) => print_table(stats_table(&snapshot, Rates::Current, Columns::default())),
            Page::Rows(snapshot, users, faults) => {
                let outcome = files.as_mut().map_or(Ok(()), |files| files.write(&snapshot, users, &faults));
                if let Err(error) = outcome {
                    tell(format_args!("the CSV files end here: {error:#}"));
                    files = None;
                }
            }
        }
    }
    files
}

/// Prints a table and the empty line below it.
pub(crate) fn print_table(lines: Vec<String>) {
    print_lines(lines);
    tell("");
}

/// Prints lines to where Locust prints its tables: the error stream, so that `--json` has the other one to itself.
pub(crate) fn print_lines(lines: Vec<String>) {
    for line in lines {
        tell(line);
    }
}
