// SPDX-License-Identifier: Apache-2.0

//! What of one kind is offered right now, in pages and with a revision.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// How many definitions a page holds.
const PAGE_SIZE: usize = 500;

/// Locks what no panic can leave half changed: no author's code runs within.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes all who watch for changes.
#[derive(Clone)]
pub(crate) struct Changes(watch::Sender<u64>);

impl Changes {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    pub(crate) fn raise(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// Definitions `D` by their unique key, each with what answers for it, `H`.
pub(crate) struct Catalogue<D, H> {
    changes: Changes,
    state: Mutex<State<D, H>>,
}

struct State<D, H> {
    entries: BTreeMap<String, Entry<D, H>>,
    /// How many there have ever been.
    added: u64,
    /// `None` when the entries have changed since.
    current: Option<Arc<Snapshot<D>>>,
}

struct Entry<D, H> {
    definition: D,
    handler: H,
    /// Grows with each that is added.
    order: u64,
}

/// A catalogue at one moment: the definitions by key.
pub(crate) struct Snapshot<D> {
    list: BTreeMap<String, D>,
    pub(crate) revision: String,
}

/// A part of a list.
pub(crate) struct Page<D> {
    pub(crate) list: Vec<D>,
    pub(crate) next: String,
    pub(crate) revision: String,
}

impl<D: prost::Message + Clone, H: Clone> Catalogue<D, H> {
    pub(crate) fn new(changes: &Changes) -> Self {
        let state = State {
            entries: BTreeMap::new(),
            added: 0,
            current: None,
        };
        Self {
            changes: changes.clone(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn add(&self, key: String, definition: D, handler: H) -> Result<(), String> {
        let mut state = locked(&self.state);
        if state.entries.contains_key(&key) {
            return Err("added twice; remove the first one or rename one of them".to_owned());
        }
        state.added += 1;
        let order = state.added;
        state.entries.insert(
            key,
            Entry {
                definition,
                handler,
                order,
            },
        );
        state.current = None;
        drop(state);
        self.changes.raise();
        Ok(())
    }

    pub(crate) fn remove(&self, key: &str) {
        let mut state = locked(&self.state);
        if state.entries.remove(key).is_none() {
            return;
        }
        state.current = None;
        drop(state);
        self.changes.raise();
    }

    pub(crate) fn get(&self, key: &str) -> Option<H> {
        locked(&self.state)
            .entries
            .get(key)
            .map(|entry| entry.handler.clone())
    }

    /// Those of all entries, the one that was added first first.
    pub(crate) fn handlers(&self) -> Vec<H> {
        let state = locked(&self.state);
        let mut entries: Vec<_> = state.entries.values().collect();
        entries.sort_by_key(|entry| entry.order);
        entries
            .into_iter()
            .map(|entry| entry.handler.clone())
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        locked(&self.state).entries.is_empty()
    }

    /// Made at the first reading after a change, so that adding many costs no
    /// more than adding one.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot<D>> {
        let mut state = locked(&self.state);
        if let Some(current) = &state.current {
            return current.clone();
        }
        let entries = state.entries.iter();
        let list = entries
            .map(|(key, e)| (key.clone(), e.definition.clone()))
            .collect();
        let revision = revision_of(&list);
        let snapshot = Arc::new(Snapshot { list, revision });
        state.current = Some(snapshot.clone());
        snapshot
    }
}

/// Names the content of a list, so that a restarted process that offers the
/// same is known to be unchanged.
fn revision_of<D: prost::Message>(list: &BTreeMap<String, D>) -> String {
    let mut hasher = DefaultHasher::new();
    for definition in list.values() {
        hasher.write(&definition.encode_length_delimited_to_vec());
    }
    format!("{:016x}", hasher.finish())
}

/// The one revision of two lists.
pub(crate) fn joint_revision(a: &str, b: &str) -> String {
    format!("{a}{b}")
}

impl<D: Clone> Snapshot<D> {
    /// The definitions after those that `token` stands for. A token is the
    /// revision of the first page and the last key of the page before: all pages
    /// carry the first one's revision, so that a change between two pages is
    /// seen by whoever compares it with the current one.
    pub(crate) fn page(&self, token: &str, revision: String) -> Page<D> {
        let (revision, start) = match token.split_once(' ') {
            Some((first, last)) => (first.to_owned(), Bound::Excluded(last)),
            None => (revision, Bound::Unbounded),
        };
        let mut rest = self.list.range::<str, _>((start, Bound::Unbounded));
        let page: Vec<_> = rest.by_ref().take(PAGE_SIZE).collect();
        let next = match (page.last(), rest.next()) {
            (Some((key, _)), Some(_)) => format!("{revision} {key}"),
            _ => String::new(),
        };
        Page {
            list: page.into_iter().map(|(_, d)| d.clone()).collect(),
            next,
            revision,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::proto::v1::Tool;

    use super::*;

    fn tools(names: impl IntoIterator<Item = String>) -> Catalogue<Tool, ()> {
        let catalogue = Catalogue::new(&Changes::new());
        for name in names {
            catalogue
                .add(
                    name.clone(),
                    Tool {
                        name,
                        ..Default::default()
                    },
                    (),
                )
                .unwrap();
        }
        catalogue
    }

    #[test]
    fn pages_hold_all_once_under_one_revision() {
        let catalogue = tools((0..1001).map(|i| format!("t{i:04}")));
        let snapshot = catalogue.snapshot();
        let (mut names, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = snapshot.page(&token, snapshot.revision.clone());
            assert_eq!(page.revision, snapshot.revision);
            names.extend(page.list.into_iter().map(|t| t.name));
            token = page.next;
            pages += 1;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!((names.len(), pages), (1001, 3));
        assert!(names.is_sorted());
    }

    #[test]
    fn the_same_content_has_the_same_revision() {
        let (a, b) = (
            tools(["a".into(), "b".into()]),
            tools(["b".into(), "a".into()]),
        );
        assert_eq!(a.snapshot().revision, b.snapshot().revision);
        b.remove("a");
        assert_ne!(a.snapshot().revision, b.snapshot().revision);
    }

    #[test]
    fn what_is_there_is_not_added_again() {
        let catalogue = tools(["a".into()]);
        assert!(catalogue.add("a".into(), Tool::default(), ()).is_err());
    }
}
