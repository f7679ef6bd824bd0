//! Which samples a mixture takes, and in which order.
//!
//! Works on light keys, so that a population of millions fits in memory while its texts do not. Every
//! choice follows the seeded order `hash(seed, id)`; neither threads nor the order of input matter.

use super::{Condition, Mixture, MixtureError, Take};
use crate::model::{Sample, hash_parts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The fields that conditions and caps may name.
pub const FIELDS: &str =
    "fields begin with /metadata/, /origin/, /licence, /repository, /tokens, /kind, /domain or /id";

/// Slack for products of a share and a count: 0.29 × 100 must give 29.
const EPSILON: f64 = 1e-9;

/// Whether a JSON pointer names a field that samples have.
pub fn is_field(pointer: &str) -> bool {
    let plain = ["/licence", "/repository", "/tokens", "/kind", "/domain", "/id"];
    let origin = ["/origin/source", "/origin/version", "/origin/sha256", "/origin/path"];
    plain.contains(&pointer)
        || origin.contains(&pointer)
        || pointer.strip_prefix("/metadata/").is_some_and(|r| !r.is_empty())
}

/// A sample with what the mixture may ask about it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub sample: &'a Sample,
    /// SPDX.
    pub licence: &'a str,
    /// The source that it came from.
    pub repository: &'a str,
    /// Tokens of its text.
    pub tokens: u64,
}

impl<'a> Facts<'a> {
    fn get(&self, pointer: &str) -> Option<Cow<'a, Value>> {
        let text = |s: &str| Some(Cow::Owned(Value::String(s.into())));
        let origin = &self.sample.origin;
        match pointer {
            "/id" => text(&self.sample.id),
            "/kind" => text(&self.sample.kind.to_string()),
            "/domain" => text(&self.sample.domain.to_string()),
            "/licence" => text(self.licence),
            "/repository" => text(self.repository),
            "/tokens" => Some(Cow::Owned(self.tokens.into())),
            "/origin/source" => text(&origin.source),
            "/origin/version" => text(&origin.version),
            "/origin/sha256" => text(&origin.sha256),
            "/origin/path" => text(&origin.path),
            _ => {
                let rest = pointer.strip_prefix("/metadata/")?;
                let (first, deeper) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
                let first = first.replace("~1", "/").replace("~0", "~");
                self.sample.metadata.get(&first)?.pointer(deeper).map(Cow::Borrowed)
            }
        }
        .filter(|v| !v.is_null())
    }

    /// A hash of the values of some fields together; `None` where the sample has none of them.
    fn cap_value(&self, fields: &[String]) -> Option<u64> {
        let values: Vec<_> = fields.iter().map(|f| self.get(f)).collect();
        if values.iter().all(Option::is_none) {
            return None;
        }
        Some(xxh3_64(&serde_json::to_vec(&values).unwrap_or_default()))
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => x == y,
        _ => a == b,
    }
}

fn holds(c: &Condition, facts: &Facts) -> bool {
    let value = facts.get(&c.field);
    if c.present.is_some_and(|wanted| wanted != value.is_some()) {
        return false;
    }
    let number = value.as_deref().and_then(Value::as_f64);
    let is = |wanted: &Value| value.as_deref().is_some_and(|v| same(v, wanted));
    c.equals.as_ref().is_none_or(is)
        && c.one_of.as_ref().is_none_or(|any| any.iter().any(is))
        && c.min.is_none_or(|min| number.is_some_and(|n| n >= min))
        && c.max.is_none_or(|max| number.is_some_and(|n| n <= max))
}

fn matches(take: &Take, facts: &Facts) -> bool {
    take.kind.as_slice().contains(&facts.sample.kind)
        && take
            .domain
            .as_ref()
            .is_none_or(|d| d.as_slice().contains(&facts.sample.domain))
        && take.conditions.iter().all(|c| holds(c, facts))
}

/// What selection remembers of a sample.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    /// Whole repositories go to one side of the split.
    pub repository: Arc<str>,
    pub tokens: u64,
    /// Index of the entry that takes it.
    pub take: usize,
    /// Place in the seeded order; ties (none are known) fall to the id.
    order: u128,
    /// A value for each of the entry's `max_per`, then for each of its `max_share`.
    per: Box<[Option<u64>]>,
    share: Box<[Option<u64>]>,
}

impl Key {
    /// The key of a sample; `None` where no entry takes it. `repository` is shared between keys.
    pub fn new(mixture: &Mixture, facts: &Facts, repository: Arc<str>) -> Option<Key> {
        let take = mixture.take.iter().position(|t| matches(t, facts))?;
        let entry = &mixture.take[take];
        let id = facts.sample.id.clone();
        let order = hash_parts([&mixture.seed.to_le_bytes()[..], b"order", id.as_bytes()]);
        Some(Key {
            order: u128::from_str_radix(&order, 16).unwrap_or(0),
            per: entry
                .max_per
                .as_slice()
                .iter()
                .map(|c| facts.cap_value(c.field.as_slice()))
                .collect(),
            share: entry
                .max_share
                .as_slice()
                .iter()
                .map(|c| facts.cap_value(std::slice::from_ref(&c.field)))
                .collect(),
            id,
            repository,
            tokens: facts.tokens,
            take,
        })
    }

    #[cfg(test)]
    pub(super) fn plain(id: &str, repository: &str, tokens: u64) -> Key {
        let order = u128::from_str_radix(id, 16).unwrap();
        Key {
            id: id.into(),
            repository: repository.into(),
            tokens,
            take: 0,
            order,
            per: [].into(),
            share: [].into(),
        }
    }
}

/// What became of one entry's samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TakeReport {
    /// Samples that matched the entry.
    pub matched: usize,
    /// Left after `max_per`.
    pub after_max_per: usize,
    /// Left after share caps and budgets: what is exported.
    pub taken: usize,
    /// Their tokens.
    pub tokens: u64,
}

/// Decides which keys are taken, and returns them in seeded order, with a report per entry.
///
/// `max_per` comes first. Then share caps, ceilings and proportions are applied in turn until none of them
/// removes anything: each only removes, so this ends, and in the end all of them hold at once.
pub fn select(mixture: &Mixture, mut keys: Vec<Key>) -> Result<(Vec<Key>, Vec<TakeReport>), MixtureError> {
    keys.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    let mut by_take: Vec<Vec<Key>> = mixture.take.iter().map(|_| Vec::new()).collect();
    keys.into_iter().for_each(|k| by_take[k.take].push(k));
    let mut reports: Vec<TakeReport> = Vec::new();
    for (take, keys) in mixture.take.iter().zip(&mut by_take) {
        let matched = keys.len();
        (0..take.max_per.as_slice().len()).for_each(|cap| cap_per_value(take, cap, keys));
        reports.push(TakeReport {
            matched,
            after_max_per: keys.len(),
            ..TakeReport::default()
        });
    }
    loop {
        let before: usize = by_take.iter().map(Vec::len).sum();
        for (i, (take, keys)) in mixture.take.iter().zip(&mut by_take).enumerate() {
            (0..take.max_share.as_slice().len()).try_for_each(|cap| cap_share(i, take, cap, keys))?;
            keys.truncate(take.max_samples.unwrap_or(u64::MAX).try_into().unwrap_or(usize::MAX));
            keys.truncate(fitting(keys, take.max_tokens.unwrap_or(u64::MAX)));
        }
        keep_proportions(&mixture.take, &mut by_take);
        if by_take.iter().map(Vec::len).sum::<usize>() == before {
            break;
        }
    }
    for (report, keys) in reports.iter_mut().zip(&by_take) {
        (report.taken, report.tokens) = (keys.len(), sum_tokens(keys));
    }
    let mut taken: Vec<Key> = by_take.into_iter().flatten().collect();
    taken.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    Ok((taken, reports))
}

fn sum_tokens(keys: &[Key]) -> u64 {
    keys.iter().map(|k| k.tokens).sum()
}

/// How many of the first keys fit into a budget of tokens.
fn fitting(keys: &[Key], budget: u64) -> usize {
    let mut sum = 0u64;
    keys.iter()
        .take_while(|k| {
            sum = sum.saturating_add(k.tokens);
            sum <= budget
        })
        .count()
}

/// Keeps at most `n` keys of each value, dealing the places round-robin over the values of the share caps.
fn cap_per_value(take: &Take, cap: usize, keys: &mut Vec<Key>) {
    let limit = take.max_per.as_slice()[cap].n;
    let mut ranks: BTreeMap<(u64, &[Option<u64>]), u64> = BTreeMap::new();
    let mut dealt: BTreeMap<u64, Vec<(u64, usize)>> = BTreeMap::new();
    for (i, key) in keys.iter().enumerate() {
        let Some(value) = key.per[cap] else { continue };
        let rank = ranks.entry((value, &key.share)).or_default();
        dealt.entry(value).or_default().push((*rank, i));
        *rank += 1;
    }
    let mut removed = BTreeSet::new();
    for places in dealt.values_mut() {
        places.sort();
        removed.extend(
            places
                .iter()
                .skip(usize::try_from(limit).unwrap_or(usize::MAX))
                .map(|(_, i)| *i),
        );
    }
    remove(keys, &removed);
}

fn remove(keys: &mut Vec<Key>, removed: &BTreeSet<usize>) {
    let mut at = 0;
    keys.retain(|_| {
        at += 1;
        !removed.contains(&(at - 1))
    });
}

/// Keeps as many keys as can be kept such that no value has more than its share of what is kept.
///
/// With `f(N) = free + Σ min(n_g, ⌊share × N⌋)` growing in N, going down from all keys reaches the greatest
/// N = f(N). Fails where that is 0 although there were keys.
fn cap_share(index: usize, take: &Take, cap: usize, keys: &mut Vec<Key>) -> Result<(), MixtureError> {
    let config = &take.max_share.as_slice()[cap];
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    keys.iter()
        .filter_map(|k| k.share[cap])
        .for_each(|v| *sizes.entry(v).or_default() += 1);
    let free = keys.len() - sizes.values().sum::<usize>();
    let limit = |total: usize| (config.share * total as f64 + EPSILON) as usize;
    let mut total = keys.len();
    loop {
        let next = free + sizes.values().map(|n| (*n).min(limit(total))).sum::<usize>();
        if next == total {
            break;
        }
        total = next;
    }
    if total == 0 && !keys.is_empty() {
        let (samples, values) = (keys.len(), sizes.len());
        return Err(MixtureError::CapCannotHold {
            take: index + 1,
            field: config.field.clone(),
            share: config.share,
            samples,
            values,
        });
    }
    let (most, mut seen) = (limit(total), BTreeMap::<u64, usize>::new());
    keys.retain(|k| {
        let Some(value) = k.share[cap] else { return true };
        let n = seen.entry(value).or_default();
        *n += 1;
        *n <= most
    });
    Ok(())
}

/// Cuts entries that have a share to the scarcest of them. Each keeps keys until its part is reached, so the
/// last one may reach over; that makes a second pass remove nothing.
fn keep_proportions(takes: &[Take], by_take: &mut [Vec<Key>]) {
    let unit = |take: &Take, keys: &[Key]| take.share.map(|s| sum_tokens(keys) as f64 / s);
    let shared = takes.iter().zip(by_take.iter());
    let Some(scarcest) = shared.filter_map(|(t, k)| unit(t, k)).min_by(f64::total_cmp) else {
        return;
    };
    for (take, keys) in takes.iter().zip(by_take) {
        let Some(share) = take.share else { continue };
        let (part, mut sum) = (share * scarcest - EPSILON * scarcest, 0u64);
        let kept = keys
            .iter()
            .take_while(|k| {
                let more = (sum as f64) < part;
                sum += k.tokens;
                more
            })
            .count();
        keys.truncate(kept);
    }
}

#[cfg(test)]
#[path = "select_tests.rs"]
mod tests;
