//! How much faster, and how sure: an interval for the median of paired ratios that needs no assumption about noise.
//!
//! Which of a pair runs first is decided by a coin. Were both the same program, each pair's ratio would be above 1 as
//! often as below, whatever else the machine does: so the number of pairs above 1 is binomial, and order statistics of
//! the ratios bound their median (the sign test, turned into an interval).

use serde::Serialize;

/// One in this many judgements of a candidate as fast as its baseline says faster, at most.
pub const ONE_IN: f64 = 10_000.0;
/// Moving code about, without another change, can gain up to one in a hundred: no less is called faster.
pub const LAYOUT: f64 = 1.01;
/// Work that takes less than this share of what an empty program takes cannot be told from it.
const LEAST_SHARE: f64 = 0.1;

/// CPU time of one run over all inputs of each program, microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub candidate: u64,
    pub baseline: u64,
    /// An empty program, as often as there are inputs.
    pub empty: u64,
}

/// What the pairs say. Ratios are baseline over candidate: above 1 the candidate is faster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speed {
    pub pairs: usize,
    pub lower: f64,
    pub speedup: f64,
    pub upper: f64,
    /// Medians, microseconds of CPU time, less that of an empty program.
    pub candidate_us: f64,
    pub baseline_us: f64,
    pub empty_us: f64,
}

/// Why there is no interval.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Unmeasured {
    #[error("{0} pairs are too few for an interval")]
    TooFew(usize),
    #[error("the baseline takes hardly longer than an empty program: give it more to do")]
    TooShort,
}

/// The interval; the same for the same pairs in any order.
pub fn speed(pairs: &[Pair]) -> Result<Speed, Unmeasured> {
    let rank = rank(pairs.len()).ok_or(Unmeasured::TooFew(pairs.len()))?;
    let empty = median(pairs.iter().map(|p| p.empty as f64));
    let net = |us: u64| us as f64 - empty;
    let baseline_us = median(pairs.iter().map(|p| net(p.baseline)));
    let candidate_us = median(pairs.iter().map(|p| net(p.candidate)));
    if baseline_us <= empty * LEAST_SHARE {
        return Err(Unmeasured::TooShort);
    }
    // A candidate that does nothing measurable is not infinitely fast.
    let least = (empty * LEAST_SHARE).max(1.0);
    let mut ratios: Vec<f64> = pairs
        .iter()
        .map(|p| net(p.baseline).max(least) / net(p.candidate).max(least))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |i: usize| ratios.get(i).copied().unwrap_or(0.0);
    Ok(Speed {
        pairs: pairs.len(),
        lower: at(rank - 1),
        speedup: median(ratios.iter().copied()),
        upper: at(ratios.len() - rank),
        candidate_us,
        baseline_us,
        empty_us: empty,
    })
}

impl Speed {
    /// Whether the lower end reaches what is wanted; wanting no less than equal speed means wanting more than [`LAYOUT`].
    pub fn reaches(&self, wanted: f64) -> bool {
        self.lower >= wanted && (wanted < 1.0 || self.lower > LAYOUT)
    }
}

/// The largest rank, from 1, whose order statistic lies above the median of so many with a chance of at most one in
/// [`ONE_IN`]: P(Binomial(n, 1/2) < rank).
fn rank(n: usize) -> Option<usize> {
    let mut term = 0.5_f64.powi(i32::try_from(n).ok()?);
    let (mut sum, mut rank) = (0.0, 0);
    while rank < n {
        sum += term;
        if sum > 1.0 / ONE_IN {
            break;
        }
        term *= (n - rank) as f64 / (rank + 1) as f64;
        rank += 1;
    }
    (rank > 0).then_some(rank)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    match (all.get(middle), all.len() % 2) {
        (Some(value), 1) => *value,
        (Some(value), _) => (value + all[middle - 1]) / 2.0,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(candidate: u64, baseline: u64) -> Pair {
        Pair {
            candidate,
            baseline,
            empty: 0,
        }
    }

    #[test]
    fn ranks_are_those_of_the_sign_test() {
        assert_eq!([rank(5), rank(13), rank(14), rank(40)], [None, None, Some(1), Some(9)]);
        // P(Binomial(40, 1/2) <= 8) = 0.000091, and <= 9 it is 0.00034.
    }

    #[test]
    fn what_is_steadily_faster_is_found_and_what_is_not_is_not() {
        let faster: Vec<Pair> = (0..20).map(|i| pair(1000 + i % 7, 1300 + i % 5)).collect();
        let found = speed(&faster).unwrap();
        assert!(found.reaches(1.2) && !found.reaches(1.31), "{found:?}");
        let same = vec![pair(1000, 1000); 20];
        assert!(!speed(&same).unwrap().reaches(1.0) && speed(&same).unwrap().reaches(0.99));
        assert_eq!(speed(&same[..8]), Err(Unmeasured::TooFew(8)));
    }

    #[test]
    fn the_start_of_a_process_is_nobodys_work() {
        let pairs = vec![
            Pair {
                candidate: 500 + 1000,
                baseline: 500 + 1300,
                empty: 500
            };
            20
        ];
        assert!((speed(&pairs).unwrap().speedup - 1.3).abs() < 1e-9);
        let nothing = vec![
            Pair {
                candidate: 500,
                baseline: 510,
                empty: 500
            };
            20
        ];
        assert_eq!(speed(&nothing), Err(Unmeasured::TooShort));
    }

    /// Noise of every size, the same for both sides of a fair coin: 200,000 judgements, at most 1 in 5,000 wrong.
    #[test]
    fn equal_programs_are_seldom_called_faster() {
        let mut state = 1_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut wrong = 0;
        for _ in 0..200_000 {
            let pairs: Vec<Pair> = (0..24)
                .map(|_| {
                    let noise = if next().is_multiple_of(4) { 900 } else { 9 };
                    pair(1000 + next() % noise, 1000 + next() % noise)
                })
                .collect();
            wrong += u32::from(speed(&pairs).is_ok_and(|s| s.reaches(1.0)));
        }
        assert!(wrong <= 40, "{wrong} of 200,000");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_median_and_scales(
            times in prop::collection::vec((1_u64..1 << 30, 1_u64..1 << 30), 14..80),
        ) {
            let pairs: Vec<Pair> = times.iter().map(|(c, b)| pair(*c, *b)).collect();
            let found = speed(&pairs).unwrap();
            prop_assert!(found.lower <= found.speedup && found.speedup <= found.upper);
            let swapped: Vec<Pair> = times.iter().map(|(c, b)| pair(*b, *c)).collect();
            let other = speed(&swapped).unwrap();
            // Never both faster than the other.
            prop_assert!(!(found.reaches(1.0) && other.reaches(1.0)));
            let mut turned = pairs.clone();
            turned.reverse();
            prop_assert_eq!(speed(&turned).unwrap(), found);
        }
    }
}
