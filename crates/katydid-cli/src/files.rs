//! What does a run leave behind? Locust's four CSV files, written while it goes on and once more at its end.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use katydid_engine::Fault;
use katydid_report::csv::{self, ExceptionRow, History, Row};
use katydid_stats::Snapshot;

use crate::panics;

/// The files of `--csv PREFIX`.
pub(crate) struct CsvFiles {
    prefix: String,
    history: BufWriter<File>,
    form: History,
}

impl CsvFiles {
    /// Creates the files, and the folders above them.
    pub(crate) fn try_new(prefix: &str, form: History, quantiles: &[f64]) -> Result<Self> {
        let path = named(prefix, "stats_history");
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        }
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut files = Self { prefix: prefix.to_owned(), history: BufWriter::new(file), form };
        files.append(&[csv::history_head(quantiles)])?;
        files.write_exceptions(&[])?;
        Ok(files)
    }

    /// Brings all files up to date.
    pub(crate) fn write(&mut self, snapshot: &Snapshot, users: u64, faults: &[Fault]) -> Result<()> {
        self.append(&csv::history_rows(snapshot, users, self.form))?;
        self.write_one("stats", &csv::requests(snapshot))?;
        self.write_one("failures", &csv::failures(&snapshot.errors))?;
        self.write_exceptions(faults)
    }

    fn append(&mut self, rows: &[Row]) -> Result<()> {
        self.history.write_all(csv::text(rows).as_bytes())?;
        Ok(self.history.flush()?)
    }

    fn write_exceptions(&self, faults: &[Fault]) -> Result<()> {
        let rows: Vec<ExceptionRow> = faults.iter().map(panics::row).collect();
        self.write_one("exceptions", &csv::exceptions(&rows))
    }

    fn write_one(&self, what: &str, rows: &[Row]) -> Result<()> {
        write(&named(&self.prefix, what), &csv::text(rows))
    }
}

/// Writes a whole file.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn named(prefix: &str, what: &str) -> PathBuf {
    PathBuf::from(format!("{prefix}_{what}.csv"))
}
