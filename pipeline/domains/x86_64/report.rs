//! Reads what `measure` prints (see sandboxes/x86_64/measure.c).

use super::stats::Pair;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Exit(i32),
    Signal(i32),
    Timeout,
    /// It printed more than it may.
    Output,
}

/// One run of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Run<'a> {
    pub who: &'a str,
    pub case: usize,
    pub how: How,
    pub cpu_us: u64,
    pub stdout: &'a [u8],
    /// Its beginning.
    pub stderr: &'a [u8],
}

/// What a wrapped function was seen to break, over one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abi {
    pub case: usize,
    /// Whether the checking code came to run at all.
    pub began: bool,
    pub calls: u64,
    pub steps: u64,
    pub broken: u64,
}

/// Everything that was printed, up to where it was cut.
#[derive(Debug, Default, PartialEq)]
pub struct Report<'a> {
    pub runs: Vec<Run<'a>>,
    pub abi: Vec<Abi>,
    pub pairs: Vec<Pair>,
    /// Medians have no use for these; they are recorded.
    pub walls: Vec<(u64, u64)>,
    /// The last run that was begun: who, and over which input.
    pub begun: Option<(&'a str, usize)>,
    /// A program whose output was another one when it was run again.
    pub unstable: Option<(&'a str, usize)>,
    /// The measuring program said what it could not do.
    pub broken: Option<&'a str>,
    pub done: bool,
}

impl<'a> Report<'a> {
    /// Reads a log; what comes after its end, or does not belong in it, is ignored.
    pub fn read(log: &'a [u8]) -> Report<'a> {
        let mut report = Report::default();
        let mut rest = log;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let line = std::str::from_utf8(&rest[..end]).unwrap_or_default();
            rest = &rest[end + 1..];
            let Some(after) = report.line(line, rest) else { break };
            rest = after;
        }
        report
    }

    /// Takes one line in, with the blobs that follow it; what is left, or nothing where the log ends within.
    fn line(&mut self, line: &'a str, rest: &'a [u8]) -> Option<&'a [u8]> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words.get(i).and_then(|w| w.parse::<u64>().ok()).unwrap_or(0);
        let case = number(2) as usize;
        match words.as_slice() {
            ["begin", who, _] => self.begun = Some((who, case)),
            ["run", who, _, how, ..] => {
                let (stdout, rest) = blob(rest, number(7))?;
                let (stderr, rest) = blob(rest, number(8))?;
                let code = number(4) as i32;
                let how = match *how {
                    "exit" => How::Exit(code),
                    "signal" => How::Signal(code),
                    "timeout" => How::Timeout,
                    _ => How::Output,
                };
                self.runs.push(Run {
                    who,
                    case,
                    how,
                    cpu_us: number(5),
                    stdout,
                    stderr,
                });
                return Some(rest);
            }
            ["abi", case, magic, ..] => self.abi.push(Abi {
                case: case.parse().unwrap_or(0),
                began: *magic == "616269",
                calls: number(3),
                steps: number(4),
                broken: number(5),
            }),
            ["pair", ..] => {
                self.pairs.push(Pair {
                    candidate: number(2),
                    baseline: number(3),
                    empty: number(4),
                });
                self.walls.push((number(5), number(6)));
            }
            ["unstable", who, _] => self.unstable = Some((who, case)),
            ["broken", ..] => self.broken = line.strip_prefix("broken "),
            ["done"] => self.done = true,
            _ => {}
        }
        Some(rest)
    }

    /// The first run of a program over an input.
    pub fn run(&self, who: &str, case: usize) -> Option<&Run<'a>> {
        self.runs.iter().find(|r| r.who == who && r.case == case)
    }
}

/// So many bytes, and the newline after them.
fn blob(rest: &[u8], bytes: u64) -> Option<(&[u8], &[u8])> {
    let bytes = usize::try_from(bytes).ok()?;
    let after = rest.get(bytes..)?.strip_prefix(b"\n")?;
    Some((&rest[..bytes], after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_output_cannot_pose_as_a_line_of_the_report() {
        let log = b"begin candidate 0\nrun candidate 0 exit 0 120 130 19 0\npair 0 1 9 0 1 9\nd\n\n\ndone\n";
        let report = Report::read(log);
        assert_eq!(report.runs.len(), 1);
        assert_eq!(report.runs[0].stdout, b"pair 0 1 9 0 1 9\nd\n");
        assert!(report.pairs.is_empty() && report.done);
        let cut = Report::read(&log[..40]);
        assert!(!cut.done && cut.begun == Some(("candidate", 0)) && cut.runs.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(log in prop::collection::vec(any::<u8>(), 0..400)) {
            Report::read(&log);
        }
    }
}
