//! Is each source file still one thing? A file over the limit has to be listed here with the reason.

use super::{Complaint, Tree};

const LINES: usize = 700;

/// Files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] =
    &[("python/katydid/_core.pyi", "the declarations of one module, which has one stub")];

/// Source files over the limit that are not listed, and listed ones that no longer need it.
pub(crate) fn complaints(tree: &Tree) -> Vec<Complaint> {
    judge(tree, LONG_FILES)
}

fn judge(tree: &Tree, listed: &[(&str, &str)]) -> Vec<Complaint> {
    let is_listed = |name: &str| listed.iter().any(|(long, _)| *long == name);
    let sources = tree.ending_in(&[".rs", ".py", ".pyi", ".ts", ".tsx"]);
    let long = sources.map(|(name, text)| (name, text.lines().count())).filter(|(_, lines)| *lines > LINES);
    let unlisted = long.filter(|(name, _)| !is_listed(name)).map(|(name, lines)| {
        Complaint::of_file(
            name,
            format!("{lines} lines: split it by a noun, or list it in xtask with the reason"),
        )
    });
    let needless = listed
        .iter()
        .filter(|(name, _)| tree.text(name).is_none_or(|text| text.lines().count() <= LINES))
        .map(|(name, _)| {
            Complaint::of_file(name, "is listed as a long file and is none: take it off the list")
        });
    unlisted.chain(needless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_an_entry_and_an_entry_needs_a_long_file() {
        let long = "x\n".repeat(LINES + 1);
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", "x\n"), ("c.lock", &long)]);
        let found = |listed| judge(&tree, listed).into_iter().map(|found| found.file).collect::<Vec<_>>();
        assert_eq!(found(&[]), ["a.rs"]);
        assert_eq!(found(&[("a.rs", "a table")]), [""; 0]);
        assert_eq!(found(&[("a.rs", "a table"), ("b.rs", "no reason")]), ["b.rs"]);
    }
}
