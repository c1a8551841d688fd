//! What does the gateway know? Six shelves of entities, each with a version that every change raises by one.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A full shelf drops its oldest entity that was not there from the start.
const CAPACITY: usize = 1000;

/// Entities of each kind that are there from the start.
const STOCK: u64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Servers,
    Tools,
    Resources,
    Prompts,
    Gateways,
    Teams,
}

impl Kind {
    pub(super) fn of_path(word: &str) -> Option<Self> {
        match word {
            "servers" => Some(Self::Servers),
            "tools" => Some(Self::Tools),
            "resources" => Some(Self::Resources),
            "prompts" => Some(Self::Prompts),
            "gateways" => Some(Self::Gateways),
            "teams" => Some(Self::Teams),
            _ => None,
        }
    }

    pub(super) fn singular(self) -> &'static str {
        match self {
            Self::Servers => "server",
            Self::Tools => "tool",
            Self::Resources => "resource",
            Self::Prompts => "prompt",
            Self::Gateways => "gateway",
            Self::Teams => "team",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Entity {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) enabled: bool,
    pub(super) version: u64,
    /// Whatever else the client sent.
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Missing,
    /// Somebody else was faster: the version is this one now.
    Conflict(u64),
}

pub(super) struct Store([RwLock<Shelf>; 6]);

#[derive(Default)]
struct Shelf {
    last: u64,
    entities: BTreeMap<u64, Entity>,
}

impl Store {
    /// A store with a few entities of each kind, so that a reader finds something.
    pub(super) fn stocked() -> Self {
        let store = Self(Default::default());
        let kinds = [Kind::Servers, Kind::Tools, Kind::Resources, Kind::Prompts, Kind::Gateways, Kind::Teams];
        for kind in kinds {
            for number in 1..=STOCK {
                store.create(
                    kind,
                    format!("{}-{number}", kind.singular()),
                    "there from the start".into(),
                    Map::new(),
                );
            }
        }
        store
    }

    pub(super) fn create(
        &self,
        kind: Kind,
        name: String,
        description: String,
        other: Map<String, Value>,
    ) -> Entity {
        let mut shelf = self.write(kind);
        shelf.last += 1;
        let number = shelf.last;
        let entity = Entity { id: number.to_string(), name, description, enabled: true, version: 1, other };
        shelf.entities.insert(number, entity.clone());
        if shelf.entities.len() > CAPACITY {
            let oldest = shelf.entities.range(STOCK + 1..).next().map(|(number, _)| *number);
            oldest.and_then(|number| shelf.entities.remove(&number));
        }
        entity
    }

    pub(super) fn find(&self, kind: Kind, id: &str) -> Option<Entity> {
        self.read(kind).entities.get(&id.parse().ok()?).cloned()
    }

    /// Is there an entity of this name that is switched on?
    pub(super) fn offers(&self, kind: Kind, name: &str) -> bool {
        self.read(kind).entities.values().any(|entity| entity.enabled && entity.name == name)
    }

    /// A part of the shelf in the order of creation, and how many there are in all.
    pub(super) fn list(&self, kind: Kind, skip: usize, limit: usize) -> (Vec<Entity>, usize) {
        let shelf = self.read(kind);
        (shelf.entities.values().skip(skip).take(limit).cloned().collect(), shelf.entities.len())
    }

    /// Makes a change if the entity still has the version that the change was based on.
    pub(super) fn change(
        &self,
        kind: Kind,
        id: &str,
        seen: u64,
        change: impl FnOnce(&mut Entity),
    ) -> Result<Entity, Refusal> {
        let mut shelf = self.write(kind);
        let entity =
            id.parse().ok().and_then(|number| shelf.entities.get_mut(&number)).ok_or(Refusal::Missing)?;
        if entity.version != seen {
            return Err(Refusal::Conflict(entity.version));
        }
        change(entity);
        entity.version += 1;
        Ok(entity.clone())
    }

    pub(super) fn remove(&self, kind: Kind, id: &str) -> bool {
        let number = id.parse::<u64>().ok();
        number.is_some_and(|number| self.write(kind).entities.remove(&number).is_some())
    }

    fn read(&self, kind: Kind) -> RwLockReadGuard<'_, Shelf> {
        self.0[kind as usize].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, kind: Kind) -> RwLockWriteGuard<'_, Shelf> {
        self.0[kind as usize].write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toggle(entity: &mut Entity) {
        entity.enabled = !entity.enabled;
    }

    #[test]
    fn of_two_changes_from_one_version_the_second_conflicts() {
        let store = Store::stocked();
        let seen = store.find(Kind::Tools, "1").expect("stocked").version;
        let changed = store.change(Kind::Tools, "1", seen, toggle).expect("the first change");
        assert_eq!((changed.version, changed.enabled), (seen + 1, false));
        assert_eq!(store.change(Kind::Tools, "1", seen, toggle), Err(Refusal::Conflict(seen + 1)));
        assert_eq!(store.find(Kind::Tools, "1").expect("still there"), changed, "a conflict changes nothing");
    }

    #[test]
    fn shelves_are_separate() {
        let store = Store::stocked();
        assert!(store.remove(Kind::Teams, "1"));
        assert!(!store.remove(Kind::Teams, "1"));
        assert!(store.find(Kind::Teams, "1").is_none() && store.find(Kind::Tools, "1").is_some());
    }

    #[test]
    fn a_full_shelf_drops_its_oldest_but_keeps_the_stock() {
        let store = Store::stocked();
        for number in 0..CAPACITY {
            store.create(Kind::Tools, format!("new {number}"), String::new(), Map::new());
        }
        let (entities, total) = store.list(Kind::Tools, 0, usize::MAX);
        assert_eq!(total, CAPACITY);
        assert_eq!(entities[0].id, "1");
        assert_eq!(entities[STOCK as usize].name, "new 5");
    }

    #[test]
    fn odd_ids_are_missing() {
        let store = Store::stocked();
        for id in ["", "0", "-1", "1x", "99999999999999999999"] {
            assert!(store.find(Kind::Tools, id).is_none(), "{id}");
            assert_eq!(store.change(Kind::Tools, id, 1, toggle), Err(Refusal::Missing), "{id}");
        }
    }
}
