//! Similarity of texts: shingles, MinHash signatures cut into bands, exact Jaccard.
//!
//! Signatures only propose pairs; whether two texts are alike is decided by the exact measure, so a collision costs
//! time and never a sample.

use std::sync::LazyLock;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Bands of a signature; two texts are candidates if any band agrees.
pub const BANDS: usize = 14;
/// Rows of a band. 14 × 8 finds pairs of Jaccard 0.7 with probability 0.56, 0.8 with 0.92 and 0.9 with 0.9996.
pub const ROWS: usize = 8;
/// Tokens of a shingle.
pub const SHINGLE: usize = 5;

/// What dedup remembers about a text: 144 bytes, whatever the text's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// xxh3-128 of the bytes.
    pub exact: u128,
    /// A hash per band; `None` for a text without tokens, which is like no other.
    pub bands: Option<[u64; BANDS]>,
}

/// Sketches one text.
pub fn sketch(text: &str) -> Sketch {
    let shingles = shingles(text);
    Sketch {
        exact: xxh3_128(text.as_bytes()),
        bands: (!shingles.is_empty()).then(|| bands(&shingles)),
    }
}

/// Sketches many texts, on all processors; the result is in the order of the texts.
pub fn sketches(texts: &[&str]) -> Vec<Sketch> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let share = texts.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = texts
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(|t| sketch(t)).collect::<Vec<_>>()))
            .collect();
        // A worker that panicked is a bug here: it is passed on, not swallowed.
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
            .collect()
    })
}

/// Hashes of all runs of five tokens, sorted, distinct. Tokens are words and single symbols; comments do not count, or
/// a shared licence header would make small files alike. A text of nothing but comments counts with them.
pub fn shingles(text: &str) -> Vec<u64> {
    let mut tokens = tokens(text, true);
    if tokens.is_empty() {
        tokens = self::tokens(text, false);
    }
    let mix = |run: &[u64]| {
        run.iter()
            .fold(0u64, |h, t| (h.rotate_left(23) ^ t).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    };
    let mut out: Vec<u64> = match tokens.len() {
        0 => Vec::new(),
        n if n < SHINGLE => vec![mix(&tokens)],
        _ => tokens.windows(SHINGLE).map(mix).collect(),
    };
    out.sort_unstable();
    out.dedup();
    out
}

/// A hash per token.
fn tokens(text: &str, skip_comments: bool) -> Vec<u64> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 4);
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let rest = &bytes[at..];
        let len = if is_word(b) {
            rest.iter().take_while(|b| is_word(**b)).count()
        } else if skip_comments && rest.starts_with(b"//") {
            at += rest.iter().take_while(|b| **b != b'\n').count();
            continue;
        } else if skip_comments && rest.starts_with(b"/*") {
            at += rest[2..]
                .windows(2)
                .position(|w| w == b"*/")
                .map_or(rest.len(), |i| i + 4);
            continue;
        } else if b == b'"' {
            // A string is one token: comment marks inside it are none.
            1 + rest[1..].iter().take_while(|b| **b != b'"' && **b != b'\n').count()
        } else {
            1
        };
        if !b.is_ascii_whitespace() {
            out.push(xxh3_64(&rest[..len]));
        }
        at += len;
    }
    out
}

/// Bytes of words; those above ASCII belong to letters of other scripts.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'`') || b >= 0x80
}

/// Odd multipliers and offsets of the 112 permutations (multiply-shift), drawn once from splitmix64 with seed 0.
static PERMUTATIONS: LazyLock<[(u64, u64); BANDS * ROWS]> = LazyLock::new(|| {
    let mut state = 0u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    std::array::from_fn(|_| (next() | 1, next()))
});

/// Permutations worked on together: their minima stay in registers while the shingles stream by.
const LANES: usize = 8;

fn bands(shingles: &[u64]) -> [u64; BANDS] {
    let mut signature = [0u64; BANDS * ROWS];
    for (minima, permutations) in signature.chunks_exact_mut(LANES).zip(PERMUTATIONS.chunks_exact(LANES)) {
        let mut low = [u64::MAX; LANES];
        for &x in shingles {
            for (low, (a, b)) in low.iter_mut().zip(permutations) {
                *low = (*low).min(a.wrapping_mul(x).wrapping_add(*b));
            }
        }
        minima.copy_from_slice(&low);
    }
    std::array::from_fn(|band| {
        let mut key = [0u8; 8 * ROWS];
        for (bytes, minimum) in key.chunks_exact_mut(8).zip(&signature[band * ROWS..]) {
            bytes.copy_from_slice(&minimum.to_le_bytes());
        }
        xxh3_64(&key)
    })
}

/// Jaccard similarity of two sorted, distinct lists, 0 to 1; 0 if either is empty.
pub fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut both) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        let order = a[i].cmp(&b[j]);
        both += usize::from(order.is_eq());
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    both as f64 / (a.len() + b.len() - both) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_spacing_do_not_count() {
        let a = "module a(input x); // one\n assign y = x; endmodule";
        let b = "/* licence\n * text */ module a(input x);\nassign y=x;\n\nendmodule";
        assert_eq!(shingles(a), shingles(b));
        assert_ne!(shingles("x = \"//a\"; b c d"), shingles("x = \"//b\"; b c d"));
        assert!(!shingles("// only words of a comment here").is_empty());
        assert!(shingles(" \n").is_empty());
        assert_eq!(shingles("a b").len(), 1);
    }

    #[test]
    fn jaccard_by_hand() {
        assert_eq!(jaccard(&[1, 2, 3], &[2, 3, 4]), 0.5);
        assert_eq!(jaccard(&[1], &[1]), 1.0);
        assert_eq!(jaccard(&[], &[]), 0.0);
    }

    /// Frozen: stored sketches and golden dedup results rest on it.
    #[test]
    fn golden_sketch() {
        let s = sketch("module a(input x, output y); assign y = ~x; endmodule");
        let bands = s.bands.unwrap();
        insta::assert_snapshot!(format!("{:032x} {:016x} {:016x}", s.exact, bands[0], bands[13]), @"25cb8f9213446439239c99a84a2f8f68 fbd3096c64100a47 793a16385ec7fbbc");
    }

    #[test]
    fn threads_do_not_change_the_order() {
        let texts: Vec<String> = (0..37).map(|i| format!("module m{i}; wire w{i}; endmodule")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(sketches(&texts), texts.iter().map(|t| sketch(t)).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn any_text_is_sketched(text in "(//|/\\*|\\*/|\"|\n|é|[a-c ]{0,9}|\\PC){0,20}") {
            let s = shingles(&text);
            prop_assert!(s.windows(2).all(|w| w[0] < w[1]));
            prop_assert_eq!(jaccard(&s, &s), f64::from(u8::from(!s.is_empty())));
            prop_assert_eq!(sketch(&text), sketch(&text));
        }

        #[test]
        fn jaccard_matches_sets(a in prop::collection::btree_set(0u64..40, 0..30), b in prop::collection::btree_set(0u64..40, 0..30)) {
            let (va, vb): (Vec<_>, Vec<_>) = (a.iter().copied().collect(), b.iter().copied().collect());
            let expected = if a.is_empty() || b.is_empty() { 0.0 } else { a.intersection(&b).count() as f64 / a.union(&b).count() as f64 };
            prop_assert_eq!(jaccard(&va, &vb), expected);
        }
    }
}
