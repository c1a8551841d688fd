//! Does every step of ARCHITECTURE.md's "life of one request" name a file that exists?

use super::markdown::{code_spans, section};
use super::{Complaint, Tree};

const FILE: &str = "ARCHITECTURE.md";
const SECTION: &str = "The life of one request";

/// Steps that name no file, and files that are not there (anywhere in the page).
pub(crate) fn complaints(tree: &Tree) -> Vec<Complaint> {
    let text = tree.text(FILE).unwrap_or_default();
    let steps = steps(&section(text, SECTION));
    if steps.is_empty() {
        return vec![Complaint::of_file(FILE, format!("there are no numbered steps under '{SECTION}'"))];
    }
    let nameless = steps
        .iter()
        .filter(|(_, step)| named_paths(step).next().is_none())
        .map(|(line, _)| Complaint::of_line(FILE, *line, "this step names no file of the tree"));
    nameless.chain(gone(tree, text)).collect()
}

/// The numbered items with their continuation lines.
fn steps(lines: &[(usize, &str)]) -> Vec<(usize, String)> {
    let mut steps: Vec<(usize, String)> = Vec::new();
    for (number, line) in lines {
        if line.split_once(". ").is_some_and(|(digits, _)| digits.parse::<u32>().is_ok()) {
            steps.push((*number, (*line).to_owned()));
        } else if let Some((_, step)) = steps.last_mut() {
            step.push(' ');
            step.push_str(line.trim());
        }
    }
    steps
}

/// Code spans that look like a path of the tree: they contain a slash and nothing that a path here never has.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    code_spans(text).filter(|span| {
        span.contains('/')
            && !span.starts_with(['/', '.'])
            && span.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
    })
}

fn gone<'a>(tree: &'a Tree, text: &'a str) -> impl Iterator<Item = Complaint> + 'a {
    super::markdown::prose(text).flat_map(move |(number, line)| {
        named_paths(line)
            .filter(|path| !tree.has(path))
            .map(move |path| Complaint::of_line(FILE, number, format!("`{path}` is not in the tree")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(page: &str) -> Vec<String> {
        let tree = Tree::of(&[(FILE, page), ("crates/a/src/lib.rs", "")]);
        complaints(&tree).into_iter().map(|complaint| complaint.to_string()).collect()
    }

    #[test]
    fn steps_that_name_files_are_fine_even_on_their_second_line() {
        assert_eq!(
            messages("## The life of one request\n1. Parsed\n   in `crates/a/src/lib.rs`.\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_step_without_a_file_and_a_file_that_moved_are_found() {
        let found = messages("## The life of one request\n1. Nothing.\n2. In `crates/a/src/gone.rs`.\n");
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md:2: this step names no file of the tree",
                "ARCHITECTURE.md:3: `crates/a/src/gone.rs` is not in the tree",
            ]
        );
    }

    #[test]
    fn a_page_without_steps_is_found() {
        assert_eq!(messages("# Something else\n").len(), 1);
    }
}
