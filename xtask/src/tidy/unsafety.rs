//! Does every `unsafe` block, impl and extern stand under a SAFETY comment?
//!
//! Clippy asks the same of what it compiles; this also covers code behind a `cfg` of another system.

use super::{Complaint, Tree};

/// Lines up that may lie between the comment and the keyword: attributes and a statement broken over lines.
const REACH: usize = 5;

/// Uses of `unsafe` without the comment that proves them sound. `unsafe fn` declarations document theirs for callers.
pub(crate) fn complaints(tree: &Tree) -> Vec<Complaint> {
    tree.ending_in(&[".rs"])
        .filter(|(name, _)| *name != "xtask/src/tidy/unsafety.rs")
        .flat_map(|(name, text)| {
            let lines: Vec<&str> = text.lines().collect();
            (0..lines.len())
                .filter(|&index| needs_proof(lines[index]) && !has_proof(&lines, index))
                .map(|index| Complaint::of_line(name, index + 1, "`unsafe` without a SAFETY comment"))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn needs_proof(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["unsafe {", "unsafe impl"].iter().any(|form| code.contains(form))
}

/// A SAFETY comment on the line, or above it with nothing between but comment lines or `REACH` lines.
fn has_proof(lines: &[&str], index: usize) -> bool {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    let above = lines[..=index].iter().rev();
    let mut code_lines = 0;
    for line in above {
        if line.contains("SAFETY:") {
            return true;
        }
        code_lines += usize::from(!is_comment(line));
        if code_lines > REACH {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        complaints(&Tree::of(&[("a.rs", text)])).len()
    }

    #[test]
    fn a_proven_block_is_fine_and_a_bare_one_is_found() {
        assert_eq!(
            count("// SAFETY: the pointer is valid,\n// as the caller holds it.\nlet x = unsafe { *p };"),
            0
        );
        assert_eq!(count("let x = unsafe { *p };"), 1);
        assert_eq!(count("unsafe impl Send for X {}"), 1);
        assert_eq!(count("// an unsafe { block } in a comment"), 0);
    }
}
