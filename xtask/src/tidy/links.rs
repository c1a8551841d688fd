//! Does every link between our own pages lead somewhere?

use super::markdown::{anchor, heading, link_targets, prose};
use super::{Complaint, Tree};

/// Links to files or headings that are not there. Links to other sites are not followed.
pub(crate) fn complaints(tree: &Tree) -> Vec<Complaint> {
    let mut found = Vec::new();
    for (page, text) in tree.ending_in(&[".md"]) {
        for (number, line) in prose(text) {
            for target in link_targets(line).into_iter().filter(|target| !is_foreign(target)) {
                if !leads_somewhere(tree, page, target) {
                    found.push(Complaint::of_line(
                        page,
                        number,
                        format!("the link to '{target}' leads nowhere"),
                    ));
                }
            }
        }
    }
    found
}

fn is_foreign(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

fn leads_somewhere(tree: &Tree, page: &str, target: &str) -> bool {
    let (path, fragment) = target.split_once('#').map_or((target, None), |(path, part)| (path, Some(part)));
    let Some(file) = (if path.is_empty() { Some(page.to_owned()) } else { resolve(page, path) }) else {
        return false;
    };
    match fragment {
        None => tree.has(&file),
        Some(fragment) => tree.text(&file).is_some_and(|text| {
            prose(text).filter_map(|(_, line)| heading(line)).any(|title| anchor(title) == fragment)
        }),
    }
}

/// `path` as seen from the folder of `page`, from the root of the tree; `None` outside of it.
fn resolve(page: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/a.md", text), ("docs/b.md", "## The end\n"), ("README.md", "")]);
        complaints(&tree).into_iter().map(|complaint| complaint.message).collect()
    }

    #[test]
    fn links_to_files_folders_headings_and_other_sites_are_fine() {
        assert_eq!(
            messages("[x](b.md) [y](../README.md) [z](b.md#the-end) [w](https://locust.io) [v](../docs/)"),
            [""; 0]
        );
    }

    #[test]
    fn links_to_lost_files_lost_headings_and_outside_are_found() {
        assert_eq!(messages("[x](c.md)\n[y](b.md#gone)\n[z](../../up.md)").len(), 3);
    }
}
