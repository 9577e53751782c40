// SPDX-License-Identifier: Apache-2.0

//! The resources that have changed and that the host has not been told of.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use crate::catalogue::locked;

/// How many resources wait to be reported as changed; of more, the oldest are
/// forgotten.
const MAX_PENDING: usize = 256;

#[derive(Default)]
pub(crate) struct Updates(Mutex<State>);

#[derive(Default)]
struct State {
    watched: HashSet<String>,
    /// Each once, oldest first.
    pending: VecDeque<String>,
}

impl Updates {
    /// Replaces the set of URIs that are watched.
    pub(crate) fn watch(&self, uris: impl IntoIterator<Item = String>) {
        locked(&self.0).watched = uris.into_iter().collect();
    }

    /// Notes a change and reports whether there is something new to tell.
    pub(crate) fn add(&self, uri: &str) -> bool {
        let mut state = locked(&self.0);
        if !is_watched(&state.watched, uri) || state.pending.iter().any(|p| p == uri) {
            return false;
        }
        if state.pending.len() == MAX_PENDING {
            state.pending.pop_front();
        }
        state.pending.push_back(uri.to_owned());
        true
    }

    /// Returns what is pending and forgets it.
    pub(crate) fn take(&self) -> VecDeque<String> {
        std::mem::take(&mut locked(&self.0).pending)
    }
}

/// Whether `uri`, or what it is a part of by its path, query or fragment, is
/// watched.
fn is_watched(watched: &HashSet<String>, uri: &str) -> bool {
    if watched.is_empty() {
        return false;
    }
    let part_of = |(i, c): (usize, char)| match c {
        '/' => watched.contains(&uri[..i]) || watched.contains(&uri[..=i]),
        '?' | '#' => watched.contains(&uri[..i]),
        _ => false,
    };
    watched.contains(uri) || uri.char_indices().any(part_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updates(watched: &[&str]) -> Updates {
        let updates = Updates::default();
        updates.watch(watched.iter().map(|uri| uri.to_string()));
        updates
    }

    #[test]
    fn changes_of_what_is_watched_are_told_once() {
        let updates = updates(&["a://x"]);
        assert!(updates.add("a://x") && !updates.add("a://x"));
        assert!(updates.add("a://x/part") && updates.add("a://x?q") && !updates.add("a://xy"));
        assert_eq!(updates.take(), ["a://x", "a://x/part", "a://x?q"]);
        assert!(updates.take().is_empty());
    }

    #[test]
    fn the_oldest_of_too_many_are_forgotten() {
        let updates = updates(&["a://"]);
        for i in 0..MAX_PENDING + 1 {
            assert!(updates.add(&format!("a:///{i}")));
        }
        let pending = updates.take();
        assert_eq!((pending.len(), &*pending[0]), (MAX_PENDING, "a:///1"));
    }
}
