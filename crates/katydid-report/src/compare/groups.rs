//! How are two groups of names inside one run told apart? By patterns, whose stars say which names belong together.

use super::digest::Key;

/// The name of a whole group.
pub const ALL: &str = "(all of the group)";

/// Is a name one of a group's, and what do the stars stand for?
///
/// # Examples
/// ```
/// use katydid_report::compare::groups::caught;
///
/// assert_eq!(caught("* (model a)", "chat (model a)").as_deref(), Some("chat"));
/// assert_eq!(caught("/a/*", "/a/x/y").as_deref(), Some("x/y"));
/// assert_eq!(caught("* (model a)", "chat (model b)"), None);
/// ```
pub fn caught(pattern: &str, name: &str) -> Option<String> {
    let Some((head, rest)) = pattern.split_once('*') else {
        return (pattern == name).then(String::new);
    };
    let name = name.strip_prefix(head)?;
    let Some((_, _)) = rest.split_once('*') else {
        return name.strip_suffix(rest).map(|middle| middle.trim().to_owned());
    };
    // The shortest text for a star that lets the rest match.
    let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    let mut found =
        ends.filter_map(|at| caught(rest, &name[at..]).map(|more| format!("{} {more}", name[..at].trim())));
    found.next().map(|caught| caught.trim().to_owned())
}

/// The key under which a name counts for a group: what the stars stand for, so that both groups have the same keys.
pub fn key_in_group(pattern: &str, method: &str, name: &str) -> Option<Key> {
    let rest = caught(pattern, name)?;
    Some((method.into(), if rest.is_empty() { ALL.into() } else { rest.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_say_what_belongs_together() {
        let table = [
            ("POST /chat?model=a", "POST /chat?model=a", Some("")),
            ("*", "/x", Some("/x")),
            ("*?model=a*", "/chat?model=a&x=1", Some("/chat &x=1")),
            ("a*b*c", "a1b2c", Some("1 2")),
            ("a*b*c", "a1c2b", None),
            ("x*", "y", None),
            ("*é*", "caféà", Some("caf à")),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(caught(pattern, name).as_deref(), expected, "{pattern} {name}");
        }
        assert_eq!(key_in_group("/a", "GET", "/a"), Some(("GET".into(), ALL.into())));
    }
}
