//! Does each crate use only the crates that ARCHITECTURE.md's table gives it, and does the table say no more than is true?
//!
//! Dev-dependencies are free (tests may use `katydid-testkit` and the practice servers); shipped code is held to the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::markdown::{cells, code_spans, section};
use super::{Complaint, Tree};

const FILE: &str = "ARCHITECTURE.md";
const SECTION: &str = "Code map";

/// For each crate of ours, the crates of ours that it uses.
pub(crate) type Edges = BTreeMap<String, BTreeSet<String>>;

/// The edges that the manifests declare, without dev-dependencies.
pub(crate) fn used(root: &Path) -> anyhow::Result<Edges> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("cargo is needed to read the crates' edges")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
    Ok(of_metadata(&metadata))
}

fn of_metadata(metadata: &Value) -> Edges {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter_map(|package| Some((package["name"].as_str()?.to_owned(), dependencies(package))))
        .filter(|(name, _)| is_ours(name))
        .collect()
}

fn dependencies(package: &Value) -> BTreeSet<String> {
    let declared = package["dependencies"].as_array().into_iter().flatten();
    declared
        .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
        .filter_map(|dependency| dependency["name"].as_str())
        .filter(|name| is_ours(name))
        .map(str::to_owned)
        .collect()
}

fn is_ours(name: &str) -> bool {
    name.starts_with("katydid-")
}

/// The table's rows: first cell the crate, second the crates that it may use.
fn table(text: &str) -> BTreeMap<String, (usize, BTreeSet<String>)> {
    let rows = section(text, SECTION).into_iter().filter_map(|(line, text)| Some((line, cells(text)?)));
    rows.filter_map(|(line, cells)| {
        let name = code_spans(cells.first()?).next().filter(|name| is_ours(name))?;
        let uses = code_spans(cells.get(1)?).map(str::to_owned).collect();
        Some((name.to_owned(), (line, uses)))
    })
    .collect()
}

/// Differences between the table and the manifests' edges, both ways.
pub(crate) fn complaints(tree: &Tree, used: &Edges) -> Vec<Complaint> {
    let table = table(tree.text(FILE).unwrap_or_default());
    let rooms: BTreeSet<&String> = table.keys().chain(used.keys()).collect();
    rooms
        .into_iter()
        .flat_map(|room| match (table.get(room), used.get(room)) {
            (Some((line, allowed)), Some(used)) => differing(*line, room, allowed, used),
            (Some((line, _)), None) => {
                vec![Complaint::of_line(FILE, *line, format!("{room} is not a crate of the workspace"))]
            }
            (None, _) => {
                vec![Complaint::of_file(FILE, format!("the table of '{SECTION}' has no row for {room}"))]
            }
        })
        .collect()
}

fn differing(line: usize, room: &str, allowed: &BTreeSet<String>, used: &BTreeSet<String>) -> Vec<Complaint> {
    let new = used.difference(allowed).map(|other| {
        format!("{room} uses {other}, which the table does not give it: argue the edge in an ADR, then add it here")
    });
    let stale =
        allowed.difference(used).map(|other| format!("{room} no longer uses {other}: take it off this row"));
    new.chain(stale).map(|message| Complaint::of_line(FILE, line, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "## Code map\n| crate | uses |\n|---|---|\n| `katydid-net` | `katydid-stats` |\n";

    fn edges(rows: &[(&str, &[&str])]) -> Edges {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        rows.iter().map(|(name, uses)| ((*name).to_owned(), own(uses))).collect()
    }

    fn messages(used: &Edges) -> Vec<String> {
        complaints(&Tree::of(&[(FILE, TABLE)]), used).into_iter().map(|complaint| complaint.message).collect()
    }

    #[test]
    fn equal_edges_are_fine() {
        assert_eq!(messages(&edges(&[("katydid-net", &["katydid-stats"])])), [""; 0]);
    }

    #[test]
    fn a_new_edge_a_stale_one_and_a_missing_row_are_found() {
        let found = messages(&edges(&[("katydid-net", &["katydid-plan"]), ("katydid-plan", &[])]));
        assert_eq!(found.len(), 3);
        assert!(found[0].starts_with("katydid-net uses katydid-plan"), "{found:?}");
        assert!(found[1].starts_with("katydid-net no longer uses katydid-stats"), "{found:?}");
        assert!(found[2].ends_with("no row for katydid-plan"), "{found:?}");
    }

    #[test]
    fn dev_dependencies_and_foreign_crates_are_not_edges() {
        let metadata = serde_json::json!({"packages": [{"name": "katydid-net", "dependencies": [
            {"name": "katydid-stats", "kind": null},
            {"name": "katydid-testkit", "kind": "dev"},
            {"name": "httparse", "kind": null},
        ]}, {"name": "xtask", "dependencies": []}]});
        assert_eq!(of_metadata(&metadata), edges(&[("katydid-net", &["katydid-stats"])]));
    }
}
