//! Is the tree free of paths that exist on one machine only?

use super::{Complaint, Tree};

/// Pieces of paths that belong to a machine, split so that this file does not complain about itself.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/wor", "k/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tmp/", "venv"),
];

/// The folder in which Locust's images, and so ours, have the suite. It is on no machine of ours.
const IN_IMAGES: &str = concat!("/ho", "me/locust");

/// Lines with a path of someone's machine. Recorded benchmark runs are exempt: they state where they ran.
pub(crate) fn complaints(tree: &Tree) -> Vec<Complaint> {
    let files = tree.all().filter(|(name, _)| !name.starts_with("benches/runs/"));
    files
        .flat_map(|(name, text)| {
            text.lines().enumerate().filter_map(move |(index, line)| {
                let path = MACHINE_PATHS.iter().find(|path| starts_a_path(line, path))?;
                Some(Complaint::of_line(name, index + 1, format!("'{path}…' is a path of one machine")))
            })
        })
        .collect()
}

/// Whether `path` stands in `line` as the beginning of an absolute path, not inside a URL or a relative one.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let is_elsewhere = line[at..].starts_with(IN_IMAGES);
        !is_elsewhere
            && line[..at]
                .chars()
                .next_back()
                .is_none_or(|before| !before.is_alphanumeric() && !"/.-_}~".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_found_and_urls_and_relative_paths_are_not() {
        let machine = concat!("cd /wor", "k/main");
        let elsewhere = concat!("https://x.org/wor", "k/y and docs/wor", "k/z");
        let tree = Tree::of(&[("a.sh", machine), ("b.md", elsewhere), ("Dockerfile", IN_IMAGES)]);
        let found: Vec<_> = complaints(&tree).into_iter().map(|complaint| complaint.file).collect();
        assert_eq!(found, ["a.sh"]);
    }
}
