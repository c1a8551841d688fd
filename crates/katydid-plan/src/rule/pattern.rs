//! Does a text look like `/servers/*`? Only `*` is special, and stands for any characters, slashes and none included:
//! names of requests contain brackets and question marks of their own.

/// A text with stars in it; it has to match from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// The pattern that matches everything.
    pub fn anything() -> Self {
        Self("*".into())
    }

    /// A pattern as it is written.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Does the text match?
    ///
    /// Takes a number of steps that is bounded by the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        // Behind the last star, and how much of the text it has taken.
        let mut retry: Option<(usize, usize)> = None;
        while t < text.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    p += 1;
                    retry = Some((p, t));
                }
                Some(byte) if *byte == text[t] => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((after, taken)) = retry else { return false };
                    retry = Some((after, taken + 1));
                    p = after;
                    t = taken + 1;
                }
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let table = [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a", "x/a", false),
            ("/*/state", "/servers/[id]/state", true),
            ("/*/state", "/a/b/c/state", true),
            ("/*/state", "/state", false),
            ("*a*b*", "xaxbx", true),
            ("*a*b", "abab", true),
            ("*a*b", "aba", false),
            ("a**", "a", true),
            ("é*", "éa", true),
            ("[id]?", "[id]?", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} and {text}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        assert!(!Pattern::new(&("*a".repeat(100) + "c")).matches(&"a".repeat(5000)));
    }

    proptest! {
        #[test]
        fn a_text_with_some_of_it_replaced_by_stars_matches_itself(parts in proptest::collection::vec("[a-c]{0,3}", 1..8)) {
            let text = parts.concat();
            let pattern: String =
                parts.iter().enumerate().map(|(i, part)| if i % 2 == 0 { part.as_str() } else { "*" }).collect();
            prop_assert!(Pattern::new(&pattern).matches(&text));
        }
    }
}
