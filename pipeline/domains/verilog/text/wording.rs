//! Seeded choice between ways to say one thing, and the small grammar that templates need.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A source of choices: the same seed gives the same choices.
pub struct Pick(ChaCha8Rng);

impl Pick {
    pub fn new(seed: u64) -> Pick {
        Pick(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `n` (0 where `n` is 0).
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 {
            0
        } else {
            self.0.random_range(0..n as u32) as usize
        }
    }

    /// One of several.
    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.get(self.below(of.len())).copied().unwrap_or("")
    }

    /// One of several texts already composed.
    pub fn of(&mut self, mut texts: Vec<String>) -> String {
        if texts.is_empty() {
            String::new()
        } else {
            texts.swap_remove(self.below(texts.len()))
        }
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Shuffles in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// "a" or "an", by the sound the word starts with.
pub fn article(word: &str) -> &'static str {
    let bare = word.trim_start_matches('`').to_ascii_lowercase();
    let an = bare.starts_with(['a', 'e', 'i', 'o'])
        || bare.starts_with("8")
        || bare.starts_with("11-")
        || bare.starts_with("18-");
    if an { "an" } else { "a" }
}

/// "1 bit", "3 bits".
pub fn count(n: usize, noun: &str) -> String {
    let s = if n == 1 {
        noun.to_string()
    } else if let Some(stem) = noun.strip_suffix('y') {
        format!("{stem}ies")
    } else if noun.ends_with('s') || noun.ends_with('x') {
        format!("{noun}es")
    } else {
        format!("{noun}s")
    };
    match n {
        1 => format!("one {s}"),
        2 => format!("two {s}"),
        3 => format!("three {s}"),
        4 => format!("four {s}"),
        n => format!("{n} {s}"),
    }
}

/// The first letter large, unless the text starts with code.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(c) => c.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The first letter small, unless the word is an abbreviation or a name (`FIFO`, `D-type`), or the text has more large
/// letters at the start of words (a title).
pub fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let title = text
        .split([' ', '-'])
        .skip(1)
        .any(|w| w.starts_with(|c: char| c.is_uppercase()));
    match (chars.next(), text.chars().nth(1)) {
        (Some(c), Some(second)) if c.is_uppercase() && second.is_lowercase() && !title => {
            c.to_lowercase().chain(chars).collect()
        }
        _ => text.to_string(),
    }
}

/// Ends a sentence: a full stop unless there is one.
pub fn stop(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '?', '!', ':']) {
        text.to_string()
    } else {
        format!("{text}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_grammar() {
        assert_eq!(
            (
                article("`input`"),
                article("FIFO"),
                article("8-bit"),
                article("unsigned")
            ),
            ("an", "a", "an", "a")
        );
        assert_eq!(
            count(1, "state") + &count(2, "entry") + &count(12, "mux"),
            "one statetwo entries12 muxes"
        );
        assert_eq!(
            (lower("Positive edge"), lower("FIFO depth")),
            ("positive edge".into(), "FIFO depth".into())
        );
        let picks = |seed| (0..20).map(|_| Pick::new(seed).below(9)).collect::<Vec<_>>();
        assert_eq!(picks(7), picks(7));
    }
}
