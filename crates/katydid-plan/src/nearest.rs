//! Which of the known words did somebody mean?

/// The known word that takes the fewest changes, if it takes no more than a third of the letters.
///
/// # Examples
/// ```
/// use katydid_plan::nearest::nearest;
///
/// assert_eq!(nearest("treshold", ["levels", "threshold"]), Some("threshold"));
/// assert_eq!(nearest("colour", ["levels", "threshold"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let measured = known.into_iter().map(|known| (changes(word, known), known));
    let (fewest, known) = measured.min_by_key(|(changes, _)| *changes)?;
    let longest = word.chars().count().max(known.chars().count());
    (fewest <= (longest / 3).max(1) && fewest < longest).then_some(known)
}

/// Letters to insert, delete, replace, or to swap with their neighbour.
fn changes(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(64).collect();
    let to: Vec<char> = to.chars().take(64).collect();
    let mut before_last = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1; to.len() + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != other);
            current[column + 1] = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let is_swapped = row > 0 && column > 0 && from[row - 1] == *other && to[column - 1] == *letter;
            if is_swapped {
                current[column + 1] = current[column + 1].min(before_last[column - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_changes() {
        for (from, to, count) in
            [("", "", 0), ("a", "", 1), ("levle", "level", 1), ("rate", "rates", 1), ("abc", "xyz", 3)]
        {
            assert_eq!(changes(from, to), count, "{from} to {to}");
        }
    }

    #[test]
    fn offers_only_what_resembles() {
        for (word, found) in
            [("p59", Some("p95")), ("fail_rate", Some("fail_ratio")), ("zzz", None), ("", None)]
        {
            assert_eq!(nearest(word, ["p95", "fail_ratio", "rps"]), found, "{word}");
        }
    }
}
