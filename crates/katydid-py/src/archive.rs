//! Stored runs for the pages about them: what the server asks for, answered from a store.

use katydid_cli::history::{archive, place, reclassified_json, retell, run_json};
use katydid_control::archive::{Answer, Comparison, Fault};
use katydid_control::{Archive, Control, Settings};
use katydid_report::overlay;
use katydid_store::{Error, Level, Run, Store};
use serde_json::{Map, Value, json};

/// What is kept of a run beside its measurements.
const DOCUMENTS: [&str; 7] = ["run", "config", "tasks", "exceptions", "triage", "expectations", "samples"];

/// The answers of `/api/v1` that a report is made of.
const PARTS: [&str; 7] = ["run", "errors", "triage", "expectations", "exceptions", "history", "config"];

/// A store, opened anew for each question: what is asked comes seldom, from several threads.
#[derive(Debug)]
pub(crate) struct StoredRuns {
    /// As the user named it; the standard one if he did not.
    store: Option<String>,
}

impl StoredRuns {
    pub(crate) fn new(store: Option<String>) -> Self {
        Self { store }
    }

    fn with(&self, read: impl FnOnce(&mut Store) -> Result<Value, Error>) -> Answer {
        let open = || Store::open(&place::address(self.store.as_deref())?);
        open().and_then(|mut store| read(&mut store)).map_err(|error| fault(&error))
    }
}

fn fault(error: &Error) -> Fault {
    let text = error.to_string();
    match () {
        () if error.is_missing() => Fault::Missing(text),
        () if error.is_usage() => Fault::Wrong(text),
        () => Fault::Broken(text),
    }
}

fn done() -> Value {
    json!({ "success": true })
}

impl Archive for StoredRuns {
    fn runs(&self, limit: u64) -> Answer {
        self.with(|store| archive::list(store, limit))
    }

    fn run(&self, run: &str) -> Answer {
        report(self.store.as_deref(), run)
    }

    fn comparison(&self, asked: &Comparison) -> Answer {
        let allowances = archive::allowances(asked.allow.as_deref(), asked.allow_errors.as_deref());
        let allowances = allowances.map_err(Fault::Wrong)?;
        self.with(|store| archive::comparison(store, &asked.before, &asked.after, &allowances))
    }

    fn set_baseline(&self, name: &str, run: &str) -> Answer {
        self.with(|store| {
            let run = store.find(run)?;
            store.set_baseline(name, run.id).map(|()| done())
        })
    }

    fn remove_baseline(&self, name: &str) -> Answer {
        self.with(|store| store.remove_baseline(name).map(|()| done()))
    }

    fn remove(&self, run: &str) -> Answer {
        self.with(|store| {
            let run = store.find(run)?;
            store.remove(run.id).map(|()| done())
        })
    }
}

/// Everything that the report of a stored run tells, by name.
pub(crate) fn report(store: Option<&str>, run: &str) -> Answer {
    let broken = |error: Error| fault(&error);
    let mut open = place::address(store).and_then(|address| Store::open(&address)).map_err(broken)?;
    let run = open.find(run).map_err(broken)?;
    let documents = documents_of(&mut open, &run).map_err(broken)?;
    let levels = open.levels(run.id).map_err(broken)?;
    let board =
        Control::without_server(Settings::default()).map_err(|error| Fault::Broken(error.to_string()))?;
    put_up(&board, &run, &documents, &levels);
    retell(store, &run.id.to_string(), |stats, at| board.publish_stats(stats, at)).map_err(broken)?;
    publish(&board, "run", &run_document(&run, &documents, "stopped"));
    let comparison = archive::kept_comparison(&mut open, &run).map_err(broken)?;
    let distributions = overlay::distributions(&open.stats(run.id).map_err(broken)?);
    let about = run_json(&run, "");
    let stored = json!({
        "run": about["run"], "state": about["state"], "git": about["git"], "levels": levels,
        "verdict": about["verdict"],
    });
    let mut told: Map<String, Value> =
        PARTS.iter().map(|name| ((*name).into(), answer(&board, name))).collect();
    let document = |name: &str| documents.get(name).cloned().unwrap_or_else(|| json!({}));
    told.extend([
        ("stats".into(), answer(&board, "stats?rates=run")),
        ("tasks".into(), document("tasks")),
        ("samples".into(), document("samples")),
        ("verdict".into(), run.verdict.as_ref().map(|all| all["thresholds"].clone()).unwrap_or_default()),
        ("distributions".into(), distributions),
        ("comparison".into(), comparison.unwrap_or_default()),
        ("started_at".into(), about["started_at"].clone()),
        ("ended_at".into(), about["ended_at"].clone()),
        ("show_download_link".into(), false.into()),
        ("stored".into(), stored),
    ]);
    Ok(Value::Object(told))
}

/// What is kept beside the measurements. A run that was killed left no documents; what its rules made of failures is in
/// the store all the same.
fn documents_of(store: &mut Store, run: &Run) -> Result<Map<String, Value>, Error> {
    let reclassified = reclassified_json(store, run.id)?;
    let expectations = json!({ "rules": [], "reclassified": reclassified });
    let mut documents: Map<String, Value> = [("expectations".to_owned(), expectations)].into_iter().collect();
    for name in DOCUMENTS {
        let known = store.document(run.id, name)?.map(|text| serde_json::from_slice(&text));
        if let Some(Ok(document)) = known {
            documents.insert(name.into(), document);
        }
    }
    Ok(documents)
}

/// Makes a board as it was while the run went on.
fn put_up(board: &Control, run: &Run, documents: &Map<String, Value>, levels: &[Level]) {
    for (name, document) in documents.iter().filter(|(name, _)| *name != "run" && *name != "samples") {
        publish(board, name, document);
    }
    publish(board, "run", &run_document(run, documents, "running"));
    board.mark(run.about.started_at, "start", "");
    levels.iter().for_each(|level| board.mark(level.from, "stage", &level.label));
}

fn publish(board: &Control, name: &str, document: &Value) {
    let published = board.publish(name, document.to_string().as_bytes());
    assert!(published.is_ok(), "what was JSON a moment ago is JSON");
}

fn answer(board: &Control, name: &str) -> Value {
    let (status, _, body) = board.answer("GET", &format!("/api/v1/{name}"));
    if status == 200 { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null }
}

/// The document about the run, as it was published last; one that was killed left none.
fn run_document(run: &Run, documents: &Map<String, Value>, state: &str) -> Value {
    let mut document = json!({
        "user_count": run.users,
        "target_user_count": run.users,
        "elapsed_s": run.seconds(),
        "users_by_class": {},
        "workers": [],
        "version": run.about.versions.get("katydid"),
        "locust_version": run.about.versions.get("locust_api"),
    });
    if let Some(known) = documents.get("run").and_then(Value::as_object) {
        known.iter().for_each(|(name, value)| document[name] = value.clone());
    }
    document["started_at"] = run.about.started_at.into();
    document["ended_at"] = run.ended_at.into();
    document["locustfile"] = run.about.locustfile.as_str().into();
    document["host"] = run.about.host.as_str().into();
    document["profile"] = run.about.profile.as_str().into();
    document["state"] = state.into();
    document
}
