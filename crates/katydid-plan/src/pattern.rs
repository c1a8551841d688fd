//! Which names are meant? A text in which `*` stands for anything.

/// A pattern for names of requests, classes or levels: `*` is any number of any characters, all else is itself.
///
/// # Examples
/// ```
/// use katydid_plan::Pattern;
///
/// assert!(Pattern::new("/items/*").matches("/items/7/state"));
/// assert!(!Pattern::new("/items/*").matches("/items"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern of a text.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it a single name, without any `*`?
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// Is a name meant? Takes time in proportion to the name, whatever the pattern.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        let table = [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("", "", true),
            ("*", "", true),
            ("*", "/a b", true),
            ("/*/state", "/tools/7/state", true),
            ("/*/state", "/state", false),
            ("/*/state", "/tools/state/", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("*é*", "caféx", true),
            ("[id]", "[id]", true),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} on {name}");
        }
    }
}
