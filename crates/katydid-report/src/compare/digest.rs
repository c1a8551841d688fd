//! What of a run does a comparison need? For each level and name the figures of the whole and of batches of it.
//!
//! A digest is a hundredth of what it was made of ([`super::digester`]) and can be kept beside it. What a maintainer must
//! not break: the batches and figures of a kept digest are those of one made anew. So [`VERSION`] changes with whatever
//! the digester does differently, and a digest of another version is none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::overlay::Buckets;

/// Which rules a digest was made by: those of [`super::digester`], and what they rely on: the spans of a run
/// (`katydid-cli`), the cells of a histogram, [`crate::overlay`] and the limit of [`crate::truth`]. A golden document in
/// the tests tells when one of them has changed.
const VERSION: u32 = 1;

/// Method and name.
pub type Key = (Box<str>, Box<str>);

/// A load that was held for a while, or a whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Counted from one.
    pub number: u64,
    /// The scenario that it belongs to; empty where the run has none.
    pub scenario: String,
    /// For a reader; empty for a whole run.
    pub label: String,
    /// Users that it aimed at.
    pub users: u64,
    /// Its beginning, in Unix seconds.
    pub from: f64,
    /// Its end.
    pub until: f64,
}

/// One name in one batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Median in microseconds.
    pub p50_us: Option<u64>,
    /// 95th percentile in microseconds.
    pub p95_us: Option<u64>,
}

/// One name in one level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NameDigest {
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Those of known response time.
    pub timed: u64,
    /// Sum of the response times.
    pub total_ms: f64,
    /// Median in microseconds.
    pub p50_us: Option<u64>,
    /// 95th percentile in microseconds.
    pub p95_us: Option<u64>,
    /// 99th percentile in microseconds.
    pub p99_us: Option<u64>,
    /// Distribution of the response times, for pictures.
    pub times: Buckets,
    /// The figures batch by batch.
    pub batches: Vec<Batch>,
}

/// One level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelDigest {
    /// Which.
    pub span: Span,
    /// How much of it counts.
    pub seconds: f64,
    /// Its names.
    #[serde(with = "as_pairs")]
    pub names: BTreeMap<Key, NameDigest>,
}

/// What a comparison needs of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// In order; one for a run without levels.
    pub levels: Vec<LevelDigest>,
    /// Was the generator too busy for its load?
    pub is_generator_limited: bool,
}

impl Digest {
    /// As a document that [`Self::of_document`] reads.
    pub fn document(&self) -> Vec<u8> {
        serde_json::to_vec(&(VERSION, self)).unwrap_or_default()
    }

    /// The digest of a document; `None` if it was made by other rules or is damaged.
    pub fn of_document(document: &[u8]) -> Option<Self> {
        let (version, digest): (u32, Self) = serde_json::from_slice(document).ok()?;
        (version == VERSION).then_some(digest)
    }
}

/// A map whose keys are no texts, for formats that know no others.
mod as_pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Key, NameDigest};

    pub(super) fn serialize<S: Serializer>(
        names: &BTreeMap<Key, NameDigest>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(names)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Key, NameDigest>, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}
