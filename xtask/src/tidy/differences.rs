//! Does every row of docs/differences.md name a test that exists?

use super::markdown::{cells, code_spans, prose};
use super::{Complaint, Tree};

const FILE: &str = "docs/differences.md";

/// Rows of the page's tables (below their heads) without a test, or with one that is not there.
pub(crate) fn complaints(tree: &Tree) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut in_table = false;
    for (number, line) in prose(tree.text(FILE).unwrap_or_default()) {
        if !line.trim_start().starts_with('|') {
            in_table = false;
            continue;
        }
        let Some(cells) = cells(line) else {
            in_table = true; // the rule under the head: rows follow
            continue;
        };
        if in_table && let Some(message) = fault(tree, &cells) {
            found.push(Complaint::of_line(FILE, number, message));
        }
    }
    found
}

fn fault(tree: &Tree, cells: &[&str]) -> Option<String> {
    let mut tests = cells.iter().flat_map(|cell| code_spans(cell)).filter(|span| is_test(span)).peekable();
    if tests.peek().is_none() {
        return Some("this row names no test: add `tests/….py::test_name`".to_owned());
    }
    tests.find(|test| !exists(tree, test)).map(|test| format!("there is no test `{test}`"))
}

/// `tests/python/test_x.py::test_y`, or a Rust file under `crates/` with the function after `::`.
fn is_test(span: &str) -> bool {
    (span.starts_with("tests/") || span.starts_with("crates/"))
        && (span.contains(".py") || span.contains(".rs"))
}

fn exists(tree: &Tree, test: &str) -> bool {
    let mut parts = test.split("::");
    let Some(text) = parts.next().and_then(|path| tree.text(path)) else { return false };
    parts.map(|name| name.split('[').next().unwrap_or(name)).all(|name| {
        [format!("def {name}("), format!("class {name}"), format!("fn {name}("), format!("mod {name} ")]
            .iter()
            .any(|definition| text.contains(definition))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(row: &str) -> Vec<String> {
        let page = format!("| Locust | katydid | test |\n|---|---|---|\n{row}\n");
        let tree = Tree::of(&[(FILE, &page), ("tests/e2e/test_csv.py", "def test_last_rows():\n    ...\n")]);
        complaints(&tree).into_iter().map(|complaint| complaint.message).collect()
    }

    #[test]
    fn a_row_with_an_existing_test_is_fine() {
        assert_eq!(messages("| a | b | `tests/e2e/test_csv.py::test_last_rows` |"), [""; 0]);
        assert_eq!(messages("| a | b | `tests/e2e/test_csv.py` |"), [""; 0]);
    }

    #[test]
    fn a_row_without_a_test_or_with_a_lost_one_is_found() {
        assert_eq!(messages("| a | b | later |").len(), 1);
        assert_eq!(
            messages("| a | b | `tests/e2e/test_csv.py::test_gone` |"),
            ["there is no test `tests/e2e/test_csv.py::test_gone`"]
        );
    }
}
