//! Entries that a run has open, and which of them have changed.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    ops::{Deref, DerefMut},
};

/// Open entries by their keys, and which of them have changed since they were written aside. Reads as a map.
#[derive(Clone, Debug)]
pub struct Pending<K, V> {
    entries: BTreeMap<K, V>,
    /// `None`: nothing was written aside yet, or it is not known what has changed since.
    changed: Option<BTreeSet<K>>,
}

impl<K: Ord + Clone, V> Pending<K, V> {
    /// Adds or replaces an entry.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touch(&key);
        self.entries.insert(key, value)
    }

    /// Takes an entry out.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let removed = self.entries.remove(key);
        if removed.is_some() {
            self.touch(key);
        }
        removed
    }

    /// An entry, to be changed.
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if self.entries.contains_key(key) {
            self.touch(key);
        }
        self.entries.get_mut(key)
    }

    fn touch<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(changed) = &mut self.changed
            && !changed.contains(key)
        {
            changed.insert(key.to_owned());
        }
    }

    /// Leaves the entries that have changed, and returns the others.
    pub(super) fn set_aside(&mut self) -> BTreeMap<K, V> {
        let Some(changed) = &self.changed else {
            return BTreeMap::new();
        };
        let mut others = std::mem::take(&mut self.entries);
        let kept = changed.iter().filter_map(|key| others.remove_entry(key)).collect();
        self.entries = kept;
        others
    }

    pub(super) fn bring_back(&mut self, mut others: BTreeMap<K, V>) {
        others.extend(std::mem::take(&mut self.entries));
        self.entries = others;
    }

    /// The changed ones that are there no more.
    pub(super) fn gone(&self) -> impl Iterator<Item = &K> {
        let changed = self.changed.iter().flatten();
        changed.filter(|key| !self.entries.contains_key(key))
    }

    /// True when it is known what has changed.
    pub(super) fn knows_changes(&self) -> bool {
        self.changed.is_some()
    }

    /// All of it counts as changed.
    pub(super) fn forget_changes(&mut self) {
        self.changed = None;
    }

    /// From now on, it is noted what changes.
    pub(super) fn written_aside(&mut self) {
        self.changed = Some(BTreeSet::new());
    }
}

impl<K, V> Default for Pending<K, V> {
    fn default() -> Self {
        Pending {
            entries: BTreeMap::new(),
            changed: None,
        }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Pending<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<K, V> Deref for Pending<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.entries
    }
}

/// For changes to any of them: all are written anew.
impl<K, V> DerefMut for Pending<K, V> {
    fn deref_mut(&mut self) -> &mut BTreeMap<K, V> {
        self.changed = None;
        &mut self.entries
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Pending<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Pending {
            entries: entries.into_iter().collect(),
            changed: None,
        }
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Pending<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V> IntoIterator for Pending<K, V> {
    type Item = (K, V);
    type IntoIter = std::collections::btree_map::IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a Pending<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::collections::btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}
