//! Values by name.

/// A map of texts for what a configuration lists: a sorted list. Putting in takes linear time, and the code is a tenth of a
/// `BTreeMap`'s, which the module would have once for each type of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByName<V>(Vec<(String, V)>);

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> ByName<V> {
    /// Puts a value in, in place of another of this name.
    pub fn insert(&mut self, name: String, value: V) {
        match self.find(&name) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    *old = value;
                }
            }
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.get_key_value(name).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let at = self.find(name).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// The value of this name, and the name as it is kept.
    pub fn get_key_value(&self, name: &str) -> Option<(&str, &V)> {
        let (name, value) = self.0.get(self.find(name).ok()?)?;
        Some((name, value))
    }

    /// Whether there is a value of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

impl<V> FromIterator<(String, V)> for ByName<V> {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (name, value) in entries {
            map.insert(name, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::ByName;

    proptest! {
        #[test]
        fn is_a_map(entries in proptest::collection::vec(("[ab]{0,3}", 0..9u8), 0..20), name in "[ab]{0,3}") {
            let mut ours: ByName<u8> = entries.iter().cloned().collect();
            let mut theirs: BTreeMap<String, u8> = entries.iter().cloned().collect();
            prop_assert!(ours.iter().eq(theirs.iter().map(|(name, value)| (name.as_str(), value))));
            prop_assert_eq!(ours.is_empty(), theirs.is_empty());
            prop_assert_eq!(ours.get(&name), theirs.get(&name));
            prop_assert_eq!(ours.get_mut(&name), theirs.get_mut(&name));
            prop_assert_eq!(ours.contains_key(&name), theirs.contains_key(&name));
            let kept = theirs.get_key_value(&name).map(|(name, value)| (name.as_str(), value));
            prop_assert_eq!(ours.get_key_value(&name), kept);
        }
    }
}
