//! The little of Markdown that the rules read: lines outside fenced code, sections, table rows, code spans, links, anchors.

/// The lines outside fenced code blocks, with their numbers from 1.
pub(crate) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

/// The prose lines under the heading `title` (without its `#`s) up to the next heading of any level.
pub(crate) fn section<'a>(text: &'a str, title: &str) -> Vec<(usize, &'a str)> {
    prose(text)
        .skip_while(|(_, line)| heading(line) != Some(title))
        .skip(1)
        .take_while(|(_, line)| heading(line).is_none())
        .collect()
}

/// The title if `line` is a heading.
pub(crate) fn heading(line: &str) -> Option<&str> {
    line.starts_with('#').then(|| line.trim_start_matches('#').trim())
}

/// The cells if `line` is a row of a table; the rule under the head is none.
pub(crate) fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    let is_rule = cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| c == '-' || c == ':'));
    (!is_rule).then_some(cells)
}

/// The contents of the `code spans` of a line.
pub(crate) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The targets of the inline links of a line.
pub(crate) fn link_targets(line: &str) -> Vec<&str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target)).collect()
}

/// The anchor that a heading gets on the usual forges.
pub(crate) fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_leaves_fenced_code_out_and_keeps_line_numbers() {
        let lines: Vec<_> = prose("a\n```\n[x](gone)\n```\nb").collect();
        assert_eq!(lines, [(1, "a"), (5, "b")]);
    }

    #[test]
    fn a_section_ends_at_the_next_heading() {
        let text = "# T\n\n## One\nx\n### Two\ny\n";
        assert_eq!(section(text, "One"), [(4, "x")]);
        assert_eq!(section(text, "Two"), [(6, "y")]);
        assert_eq!(section(text, "Three"), []);
    }

    #[test]
    fn table_rows_give_cells_and_rules_give_none() {
        assert_eq!(cells("| a | `b` |"), Some(vec!["a", "`b`"]));
        assert_eq!(cells("|---|:-:|"), None);
        assert_eq!(cells("prose | with a bar"), None);
    }

    #[test]
    fn links_and_code_spans_are_found_in_order() {
        assert_eq!(link_targets("see [a](b.md) and [c](d.md#e)"), ["b.md", "d.md#e"]);
        assert_eq!(code_spans("`x` then `y`").collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn anchors_are_lower_case_without_punctuation() {
        assert_eq!(anchor("What `lag` means, exactly"), "what-lag-means-exactly");
    }
}
