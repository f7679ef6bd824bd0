//! Train and validation: whole repositories go to one side.

use super::SplitBy;
use super::select::Key;
use crate::model::hash_parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which side of the split a sample is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// What a trainer learns from.
    Train,
    /// What it never sees.
    Validation,
}

impl Side {
    /// The name in paths and manifests.
    pub fn name(self) -> &'static str {
        match self {
            Side::Train => "train",
            Side::Validation => "validation",
        }
    }
}

/// The side of each key, in order.
///
/// Groups are visited in seeded order, and each goes to validation where it still fits under the wanted
/// share; where none fits, the smallest goes if it is less than half of all. Train is never empty; validation
/// is empty where one repository is (nearly) everything, because then there is no honest hold-out.
pub fn split(config: &super::Split, seed: u64, keys: &[Key]) -> Vec<Side> {
    let group = |k: &Key| match config.by {
        SplitBy::Repository => k.repository.clone(),
        SplitBy::Sample => k.id.as_str().into(),
    };
    let mut sizes: BTreeMap<_, usize> = BTreeMap::new();
    for k in keys {
        *sizes.entry(group(k)).or_default() += 1;
    }
    let order = |name: &str| hash_parts([&seed.to_le_bytes()[..], b"split", name.as_bytes()]);
    let mut groups: Vec<_> = sizes.into_iter().map(|(name, n)| (order(&name), name, n)).collect();
    groups.sort();
    let want = (config.validation * keys.len() as f64).round() as usize;
    let (mut held, mut count) = (BTreeSet::new(), 0);
    for (_, name, n) in &groups {
        if count + n <= want {
            held.insert(name.clone());
            count += n;
        }
    }
    if held.is_empty() && config.validation > 0.0 {
        let smallest = groups.iter().min_by_key(|(order, _, n)| (*n, order));
        held.extend(
            smallest
                .filter(|(_, _, n)| n * 2 < keys.len())
                .map(|(_, name, _)| name.clone()),
        );
    }
    keys.iter()
        .map(|k| {
            if held.contains(&group(k)) {
                Side::Validation
            } else {
                Side::Train
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixtures::Split;
    use proptest::prelude::*;

    fn keys(repositories: &[u8]) -> Vec<Key> {
        let key = |(i, r): (usize, &u8)| Key::plain(&format!("{i:032x}"), &format!("repo{r}"), 1);
        repositories.iter().enumerate().map(key).collect()
    }

    fn by_repository(validation: f64) -> Split {
        Split {
            validation,
            by: SplitBy::Repository,
        }
    }

    #[test]
    fn one_repository_is_all_train_and_two_hold_the_smaller_out() {
        assert_eq!(split(&by_repository(0.05), 1, &keys(&[1, 1, 1])), [Side::Train; 3]);
        let sides = split(&by_repository(0.05), 1, &keys(&[1, 1, 1, 2]));
        assert_eq!(sides, [Side::Train, Side::Train, Side::Train, Side::Validation]);
    }

    #[test]
    fn no_validation_asked_none_given() {
        assert!(
            split(&by_repository(0.0), 1, &keys(&[1, 2, 3]))
                .iter()
                .all(|s| *s == Side::Train)
        );
    }

    proptest! {
        #[test]
        fn repositories_stay_whole_and_train_is_never_empty(
            repos in prop::collection::vec(0u8..12, 1..200), share in 0.0..0.5f64, seed: u64
        ) {
            let keys = keys(&repos);
            let sides = split(&by_repository(share), seed, &keys);
            let mut of: BTreeMap<_, Side> = BTreeMap::new();
            for (k, s) in keys.iter().zip(&sides) {
                prop_assert_eq!(*of.entry(k.repository.clone()).or_insert(*s), *s);
            }
            prop_assert!(sides.contains(&Side::Train));
        }
    }
}
