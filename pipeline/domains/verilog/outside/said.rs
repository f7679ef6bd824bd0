//! What a simulation's log says of the candidate.
//!
//! A testbench says how it went in its log, and every house says it otherwise. So the patterns are the user's to
//! give; the defaults know the usual ways, and are strict: **failure wins** over success where both are found, and a
//! log that says neither is no pass. What the defaults read:
//! - failure: a line with the word `FAIL`, `FAILED`, `FAILURE`, `ERROR`, `FATAL`, `MISMATCH`, `INCORRECT`, `WRONG` or
//!   `TIMEOUT` (any case), unless a zero count says there were none (`0 errors`, `no mismatch`, `Mismatches: 0 in 439
//!   samples`); fewer passed than there were (`7/10 tests passed`, `passed: 0`); `not passed`;
//! - success: a line with the word `PASS`, `PASSED`, `SUCCESS` (any case), or a count of zero errors, failures or
//!   mismatches.
//!
//! Where only the testbench's own time-out speaks against a candidate, the reason is `timeout`: its watchdog barked.

use super::check::Patterns;
use crate::model::FailReason;
use regex::{Captures, Regex};
use sandboxes::Status;
use std::sync::LazyLock;

/// Words of failure.
const FAIL: &str = r"(?i)\b(fail(ed|ure|ures|s|ing)?|errors?|fatal|mismatch(es|ed)?|incorrect|wrong|unsuccessful)\b|\b(not|never|no|0)\s+((all|any|tests?|cases?)\s+){0,2}pass(ed)?\b|\bpass(ed)?\s*[:=]\s*0+(\D|$)";
/// Words of a testbench's watchdog.
const LATE: &str = r"(?i)\b(time(d)?[ _-]?out|watchdog)\b";
/// Words that a count of zero makes harmless: `0 errors`, `no mismatches`, `errors: 0`, `mismatched samples is 0 out of 439`.
const NONE: &str = r"(?ix)
    \b(0|no|zero|without)(\s+\w+)?\s+(fail(ed|ure|ures|s)?|errors?|mismatch(es|ed)?|incorrect|wrong|time(d)?[\ _-]?outs?)\b
  | \b(fail(ed|ure|ures|s)?|errors?|mismatch(es|ed)?|incorrect|wrong|time(d)?[\ _-]?outs?)(\s+\w+)?\s*([:=]+|\bis\b|\bare\b)\s*0+([.,;)\]]*(\s|$)|/\d)";
/// Words of success.
const PASS: &str = r"(?i)\b(pass(ed|es)?|success(ful|fully)?)\b";
/// `7/10 tests passed`, `passed: 7 of 10`; but `test 7/10 passed` tells of one test.
const COUNT: &str = r"(?i)(?P<before>[a-z#]+\s*)?\b(?P<a>\d+)\s*(?:/|of|out of)\s*(?P<b>\d+)(?:\s+(?:tests?|test\s*cases?|cases?|checks?|vectors?))?\s+pass(?:ed)?\b|\bpass(?:ed)?\s*[:=]?\s*(?P<c>\d+)\s*(?:/|of|out of)\s*(?P<d>\d+)";
/// Characters of a line that are kept.
const LINE: usize = 300;

struct Defaults {
    fail: Regex,
    late: Regex,
    none: Regex,
    pass: Regex,
    count: Regex,
}

/// `None` cannot be (a test compiles them); without them nothing passes.
static DEFAULTS: LazyLock<Option<Defaults>> = LazyLock::new(|| {
    Some(Defaults {
        fail: Regex::new(FAIL).ok()?,
        late: Regex::new(LATE).ok()?,
        none: Regex::new(NONE).ok()?,
        pass: Regex::new(PASS).ok()?,
        count: Regex::new(COUNT).ok()?,
    })
});

/// What a log comes to, with the line that says so.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Passed(String),
    Failed(FailReason, Option<String>),
}

/// Reads a simulation's log. `text` is without the simulator's own words (see [`own_words`]).
pub fn said(patterns: &Patterns, text: &str, status: &Status) -> Said {
    let Some(d) = DEFAULTS.as_ref() else {
        return Said::Failed(FailReason::NoVerdict, None);
    };
    let failed: Vec<String> = match &patterns.fail {
        Some(own) => own.find_iter(text).map(|m| whole_line(text, m.start())).collect(),
        None => text
            .lines()
            .filter(|l| d.fails(l) || d.is_late(l))
            .map(shorten)
            .collect(),
    };
    // What was computed wrongly says more than that the run was too long.
    let late = |l: &&String| d.is_late(l) && !d.fails(l);
    if let Some(line) = failed.iter().find(|l| !late(l)) {
        return Said::Failed(FailReason::WrongAnswer, Some(line.clone()));
    }
    if let Some(line) = failed.first() {
        return Said::Failed(FailReason::Timeout, Some(line.clone()));
    }
    if let Status::Signal(_) = status {
        return Said::Failed(FailReason::Crash, None);
    }
    let passed = match &patterns.pass {
        Some(own) => own.find(text).map(|m| shorten(m.as_str())),
        None => text.lines().find(|l| d.passes(l)).map(shorten),
    };
    match (passed, status) {
        (Some(line), Status::Exit(0)) => Said::Passed(line),
        _ => Said::Failed(FailReason::NoVerdict, None),
    }
}

/// Whether a line of a candidate's could be taken for the testbench's word of success.
pub fn could_pass(patterns: &Patterns, line: &str) -> bool {
    match (&patterns.pass, DEFAULTS.as_ref()) {
        (Some(own), _) => own.is_match(line),
        (None, Some(d)) => d.passes(line),
        (None, None) => true,
    }
}

impl Defaults {
    fn passes(&self, line: &str) -> bool {
        self.pass.is_match(line) || self.none.is_match(line)
    }

    fn fails(&self, line: &str) -> bool {
        let rest = self.none.replace_all(line, " ");
        self.fail.is_match(&rest) || self.count.captures_iter(line).any(|c| fewer(&c))
    }

    fn is_late(&self, line: &str) -> bool {
        self.late.is_match(&self.none.replace_all(line, " "))
    }
}

/// Whether a count of those that passed is below the count of all.
fn fewer(found: &Captures) -> bool {
    let number = |name| found.name(name).and_then(|m| m.as_str().parse::<u64>().ok());
    let one_test = found.name("before").is_some_and(|m| {
        let word = m.as_str().trim().to_ascii_lowercase();
        ["test", "case", "testcase", "vector", "check", "step", "#"].contains(&word.as_str())
    });
    let pair = match number("a") {
        Some(a) if !one_test => Some((a, number("b"))),
        Some(_) => None,
        None => number("c").map(|c| (c, number("d"))),
    };
    matches!(pair, Some((some, Some(all))) if some < all)
}

fn shorten(line: &str) -> String {
    line.trim().chars().take(LINE).collect()
}

fn whole_line(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    shorten(text[start..].lines().next().unwrap_or(""))
}

/// A log of Verilator's without its own words on how the run ended, and whether `$stop` ended it: it aborts then, where
/// other simulators just end.
pub fn own_words(text: &str) -> (String, bool) {
    let mut stopped = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let stop = line.ends_with(": Verilog $stop") && line.starts_with("%Error");
        stopped |= stop;
        let own = stop || line == "Aborting..." || line.starts_with("- ") && line.ends_with(": Verilog $finish");
        if !own {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    (kept, stopped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::verilog::outside::check::ExternalCheck;

    fn says(text: &str) -> Result<String, FailReason> {
        match said(&ExternalCheck::default().patterns().unwrap(), text, &Status::Exit(0)) {
            Said::Passed(line) => Ok(line),
            Said::Failed(reason, _) => Err(reason),
        }
    }

    #[test]
    fn the_usual_ways_of_saying_so_are_read() {
        for pass in [
            "Hint: Output 'q' has no mismatches.\nHint: Total mismatched samples is 0 out of 439 samples\nMismatches: 0 in 439 samples",
            "===========Your Design Passed===========",
            "all tests passed, 0 failures",
            "5 passed, 0 failed",
            "Errors: 0.",
            "TEST SUCCESSFUL",
            "errors = 0, warnings = 3",
            "error_flag=1 q=0\nPASS",
            "10/10 tests passed",
            "test 3/10 passed\ntest 10/10 passed",
            "Passed 12 of 12",
            "Errors:          0",
            "no timeout\nPASSED",
        ] {
            assert!(says(pass).is_ok(), "{pass}: {:?}", says(pass));
        }
        for fail in [
            "Hint: Output 'q' has 12 mismatches. First mismatch occurred at time 20.\nMismatches: 12 in 439 samples",
            "===========Error===========",
            "===========Failed===========",
            "PASS\n1 test failed",
            "5 passed, 10 failed",
            "errors: 05",
            "FATAL: tb.v:3: oh",
            "Mismatches: 0 in 439 samples\nMismatches: 10 in 439 samples",
            "3/10 tests passed",
            "7 of 8 passed",
            "passed: 3/4",
            "Passed: 0",
            "test not passed",
            "TIMEOUT\nMismatches: 3 in 439 samples",
        ] {
            assert_eq!(says(fail), Err(FailReason::WrongAnswer), "{fail}");
        }
        for late in ["TIMEOUT\nMismatches: 0 in 439 samples", "Simulation timed out\nPASS"] {
            assert_eq!(says(late), Err(FailReason::Timeout), "{late}");
        }
        for silent in [
            "",
            "simulation finished",
            "bypass=1",
            "VCD info: dumpfile a.vcd opened for output.",
        ] {
            assert_eq!(says(silent), Err(FailReason::NoVerdict), "{silent}");
        }
    }

    #[test]
    fn own_patterns_replace_the_defaults_and_failure_wins() {
        let check = ExternalCheck {
            pass: Some("^OK$".into()),
            fail: Some("bad".into()),
            ..Default::default()
        };
        let patterns = check.patterns().unwrap();
        let reason = |text: &str, code| match said(&patterns, text, &Status::Exit(code)) {
            Said::Passed(_) => None,
            Said::Failed(reason, _) => Some(reason),
        };
        assert_eq!(reason("ERROR 3\nOK\n", 0), None);
        assert_eq!(reason("bad\nOK", 0), Some(FailReason::WrongAnswer));
        assert_eq!(reason("OK", 1), Some(FailReason::NoVerdict));
    }

    #[test]
    fn verilators_own_words_are_not_the_testbenchs() {
        let log = "PASS\n- tb.sv:7: Verilog $finish\n%Error: tb.sv:7: Verilog $stop\nAborting...\n";
        assert_eq!(own_words(log), ("PASS\n".to_string(), true));
    }
}
