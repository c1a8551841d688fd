//! Where does a law or a fault apply? Everywhere, on routes that match a pattern, or inside a server under a name.

use crate::Error;
use axum::http::Method;
use std::str::FromStr;

/// Where a rule applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On every request.
    Everywhere,
    /// On requests whose path matches; `*` stands for any characters, slashes included.
    Route {
        /// Only on requests with this method.
        method: Option<Method>,
        /// The pattern of the path, without the query.
        path: String,
    },
    /// In place of the law that the server itself has under this name, such as `model-a`.
    Named(String),
}

impl Place {
    /// Does a request with this method and path belong here?
    pub fn covers(&self, method: &Method, path: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Route { method: wanted, path: pattern } => {
                wanted.as_ref().is_none_or(|wanted| wanted == method)
                    && matches(pattern.as_bytes(), path.as_bytes())
            }
            Self::Named(_) => false,
        }
    }

    /// The name, if the place is one inside a server.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method.trim()), path.trim()),
            None => (None, text),
        };
        match method.map(|method| method.to_ascii_uppercase().parse::<Method>()) {
            None if path.starts_with('/') => Ok(Self::Route { method: None, path: path.into() }),
            Some(Ok(method)) if path.starts_with('/') => {
                Ok(Self::Route { method: Some(method), path: path.into() })
            }
            None if !path.is_empty() => Ok(Self::Named(path.into())),
            _ => Err(Error::usage(format!(
                "'{text}' is no place; write it like /orders, POST /orders or /api/*"
            ))),
        }
    }
}

/// A law or a fault, and where it applies: `fixed:20ms`, `/orders=fixed:20ms`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule<T> {
    /// Where.
    pub place: Place,
    /// What.
    pub what: T,
}

impl<T: FromStr<Err = Error>> FromStr for Rule<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (place, what) = match text.rsplit_once('=') {
            Some((place, what)) => (place.parse()?, what),
            None => (Place::Everywhere, text),
        };
        Ok(Self { place, what: what.trim().parse()? })
    }
}

/// Glob matching with one backtracking point: linear in practice, and never more than pattern times text.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            star = Some((star_p, star_t + 1));
            p = star_p + 1;
            t = star_t + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Law;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_covers_what_it_reads_like() {
        for (place, request, covered) in [
            ("/orders", "GET /orders", true),
            ("/orders", "GET /orders/1", false),
            ("/orders*", "POST /orders/1", true),
            ("/api/*/state", "POST /api/tools/7/state", true),
            ("/api/*/state", "POST /api/tools/7/stats", false),
            ("POST /orders", "GET /orders", false),
            ("post /orders", "POST /orders", true),
            ("/*", "GET /", true),
            ("model-a", "GET /model-a", false),
        ] {
            let (method, path) = request.split_once(' ').expect("a request line");
            let place: Place = place.parse().expect(place);
            assert_eq!(
                place.covers(&method.parse().expect("a method"), path),
                covered,
                "{place:?} on {request}"
            );
        }
    }

    #[test]
    fn a_rule_is_a_place_and_a_value() {
        let rule: Rule<Law> = "POST /orders=fixed:20ms".parse().expect("a rule");
        assert_eq!(rule.place, "POST /orders".parse().expect("a place"));
        assert_eq!("fixed:20ms".parse::<Rule<Law>>().expect("a rule").place, Place::Everywhere);
        assert_eq!("model-a=fixed:1s".parse::<Rule<Law>>().expect("a rule").place.name(), Some("model-a"));
        for text in ["=fixed:1s", "/a=", "GET orders=fixed:1s", "G(T /orders=fixed:1s"] {
            assert!(text.parse::<Rule<Law>>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_star_in_the_middle_means_prefix_and_suffix(a in "[ab/]{0,4}", b in "[ab/]{0,4}", text in "[ab/]{0,10}") {
            let fits = text.len() >= a.len() + b.len() && text.starts_with(&a) && text.ends_with(&b);
            prop_assert_eq!(matches(format!("{a}*{b}").as_bytes(), text.as_bytes()), fits);
        }
    }
}
