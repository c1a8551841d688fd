//! What must hold of the tree and no compiler checks? Each rule is a module with one function from the tree to complaints.
//!
//! A rule reads what git knows of (committed or about to be), so that build output never matters.

mod architecture;
mod differences;
mod edges;
mod links;
mod markdown;
mod paths;
mod size;
mod tree;
mod unsafety;

use std::fmt;
use std::path::Path;

use tree::Tree;

/// One thing to mend: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    file: String,
    line: Option<usize>,
    message: String,
}

impl Complaint {
    fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, message: message.into() }
    }

    fn of_line(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), message: message.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Everything there is to mend in the tree at `root`, in the order of the rules.
///
/// # Errors
/// When git or cargo cannot be asked, or a file that git lists cannot be read.
pub(crate) fn complaints(root: &Path) -> anyhow::Result<Vec<Complaint>> {
    let tree = Tree::read(root)?;
    let used = edges::used(root)?;
    Ok([
        edges::complaints(&tree, &used),
        architecture::complaints(&tree),
        differences::complaints(&tree),
        links::complaints(&tree),
        paths::complaints(&tree),
        size::complaints(&tree),
        unsafety::complaints(&tree),
    ]
    .concat())
}
