//! What the reference did: expected outputs with their care masks, and how lively they are.

use super::bits::Bits;
use super::{Bench, HarnessError};
use serde::{Deserialize, Serialize};

/// The share of output bits that must take both values before a testbench is worth judging with. Low on
/// purpose: the kill rate is the real gate, this one only spares its cost for outputs that stand still.
pub const MIN_TOGGLED_SHARE: f64 = 0.1;

/// Expected outputs of a whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Golden {
    /// One line per sample: {care without seeded state, care, expected}, hexadecimal.
    pub hex: String,
    pub coverage: Coverage,
}

/// How much of the outputs the stimulus moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub samples: u32,
    pub output_bits: u32,
    /// Output bits seen both 0 and 1.
    pub toggled_bits: u32,
    /// Changes of single bits between samples, per sample.
    pub activity: f64,
    /// Share of bits that were X or Z with seeded state, so that they are not compared, 0..=1.
    pub x_share: f64,
    /// The same for a run without seeded state, and for what differs from the seeded run.
    pub plain_x_share: f64,
}

impl Golden {
    /// Reads the logs of two recordings of the reference, with seeded state and without.
    pub fn new(bench: &Bench, seeded: &[u8], plain: &[u8]) -> Result<Golden, HarnessError> {
        let seeded = samples(seeded, bench)?;
        let plain = samples(plain, bench)?;
        let width = bench.output_bits() as usize;
        let mut hex = String::with_capacity(seeded.len() * (width * 3 / 4 + 2));
        let mut seen = vec![(false, false); width];
        let (mut unknown, mut plain_unknown, mut changes) = (0usize, 0usize, 0usize);
        for (i, (with, without)) in seeded.iter().zip(&plain).enumerate() {
            let care: Vec<bool> = with.iter().map(|b| matches!(b, b'0' | b'1')).collect();
            let plain_care: Vec<bool> = with
                .iter()
                .zip(without.iter())
                .zip(&care)
                .map(|((a, b), &c)| c && a == b)
                .collect();
            unknown += care.iter().filter(|c| !**c).count();
            plain_unknown += plain_care.iter().filter(|c| !**c).count();
            if i > 0 {
                changes += with.iter().zip(seeded[i - 1]).filter(|(a, b)| a != b).count();
            }
            for (bit, &b) in seen.iter_mut().zip(with.iter()) {
                bit.0 |= b == b'0';
                bit.1 |= b == b'1';
            }
            // Lines are most significant first, vectors least significant first.
            let expected = with.iter().rev().map(|&b| b == b'1');
            let word = expected
                .chain(care.iter().rev().copied())
                .chain(plain_care.iter().rev().copied());
            hex.push_str(&Bits(word.collect()).hex());
            hex.push('\n');
        }
        let all = (seeded.len() * width).max(1) as f64;
        let coverage = Coverage {
            samples: seeded.len() as u32,
            output_bits: width as u32,
            toggled_bits: seen.iter().filter(|s| s.0 && s.1).count() as u32,
            activity: changes as f64 / seeded.len().max(1) as f64,
            x_share: unknown as f64 / all,
            plain_x_share: plain_unknown as f64 / all,
        };
        Ok(Golden { hex, coverage })
    }

    /// See [`Coverage::lively`].
    pub fn lively(&self) -> bool {
        self.coverage.lively()
    }

    /// Whether this recording, made with the resets the other way round, is to be preferred. Names and edges
    /// are usually right, and a design held in reset still passes inputs through: so it takes a clear lead.
    pub fn much_livelier_than(&self, expected: &Golden) -> bool {
        let (own, other) = (&self.coverage, &expected.coverage);
        let lead = f64::from(own.toggled_bits) >= 1.25 * f64::from(other.toggled_bits) + 1.0;
        lead && own.activity > other.activity
    }
}

impl Coverage {
    /// Whether outputs move enough for a comparison to mean anything ([`MIN_TOGGLED_SHARE`]).
    pub fn lively(&self) -> bool {
        self.toggled_bits > 0 && f64::from(self.toggled_bits) >= MIN_TOGGLED_SHARE * f64::from(self.output_bits)
    }
}

/// The recorded words of a log. What the design prints itself is skipped, unless it looks like a sample.
fn samples<'a>(log: &'a [u8], bench: &Bench) -> Result<Vec<&'a [u8]>, HarnessError> {
    let width = bench.output_bits() as usize;
    let want = bench.samples() as usize;
    let word = |line: &'a [u8]| line.strip_prefix(b"S ").filter(|w| w.len() == width);
    let lines = || log.split(|&b| b == b'\n');
    let samples: Vec<&[u8]> = lines().filter_map(word).collect();
    let ended = lines().any(|l| l == format!("END samples={want}").as_bytes());
    if samples.len() != want || !ended {
        return Err(HarnessError::EndsEarly {
            got: samples.len(),
            want,
        });
    }
    Ok(samples)
}
