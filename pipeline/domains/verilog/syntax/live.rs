//! Which parts of a text a compiler sees: `` `ifdef `` branches, decided by what the text itself defines.

use super::scan::{Piece, scan};
use std::collections::BTreeSet;
use std::ops::Range;

/// Macros that Icarus never defines by itself, whatever a file includes.
const NEVER: [&str; 6] = [
    "SYNTHESIS",
    "FORMAL",
    "RISCV_FORMAL",
    "VERILATOR",
    "YOSYS",
    "SIMULATION_FORMAL",
];

/// A text with its dead branches and conditional directives blanked; offsets and lines are those of the original.
#[derive(Clone, Debug)]
pub struct Live {
    pub text: String,
    /// Bytes that may or may not be compiled (their macro may come from an included file), or that tools are told to
    /// skip (`translate_off`).
    pub doubtful: Vec<Range<usize>>,
}

impl Live {
    /// Whether a byte lies in a doubtful part.
    pub fn in_doubt(&self, byte: usize) -> bool {
        self.doubtful.iter().any(|r| r.contains(&byte))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Live,
    /// Taken as live for parsing, because something must be.
    Doubtful,
    /// The other branches of a doubtful condition: not parsed.
    DoubtfulElse,
    Dead,
}

struct Frame {
    outer: State,
    /// A branch before this one was taken for certain, or in doubt.
    taken: bool,
    doubted: bool,
    state: State,
}

/// Decides what is live. Unbalanced directives are taken as they come.
pub fn live(text: &str) -> Live {
    let mut walk = Walk {
        text,
        defined: BTreeSet::from(["__ICARUS__".to_string()]),
        ..Walk::default()
    };
    for piece in scan(text) {
        match piece {
            Piece::Directive(r) => walk.directive(r),
            Piece::Comment(r) => walk.pragma(r),
            Piece::Text(_) => {}
        }
    }
    walk.finish()
}

#[derive(Default)]
struct Walk<'t> {
    text: &'t str,
    defined: BTreeSet<String>,
    includes: bool,
    frames: Vec<Frame>,
    /// Start of the current stretch that is not plainly live.
    since: usize,
    blank: Vec<Range<usize>>,
    doubtful: Vec<Range<usize>>,
    translate_off: Option<usize>,
}

impl Walk<'_> {
    fn state(&self) -> State {
        self.frames.last().map_or(State::Live, |f| f.state)
    }

    fn directive(&mut self, r: Range<usize>) {
        let (name, arg, end) = (&self.text[r.start + 1..r.end], self.argument(r.end), r.end);
        match name {
            "ifdef" | "ifndef" => {
                self.close_stretch(r.start, arg.end);
                let outer = self.state();
                let state = self.branch(outer, self.test(&self.text[arg], name == "ifndef"));
                let (taken, doubted) = (state == State::Live, state == State::Doubtful);
                self.frames.push(Frame {
                    outer,
                    taken,
                    doubted,
                    state,
                });
            }
            "elsif" | "else" if !self.frames.is_empty() => {
                let end = if name == "else" { end } else { arg.end };
                self.close_stretch(r.start, end);
                let test = if name == "else" {
                    Some(true)
                } else {
                    self.test(&self.text[arg], false)
                };
                self.next_branch(test);
            }
            "endif" => {
                self.close_stretch(r.start, end);
                self.frames.pop();
            }
            "include" => self.includes |= self.state() != State::Dead,
            _ if matches!(self.state(), State::Dead | State::DoubtfulElse) => {}
            "undef" => drop(self.defined.remove(&self.text[arg])),
            _ if name.starts_with("define") => self.define(name),
            _ if self.continues_event(&r) => self.blank.push(r),
            _ => {}
        }
    }

    /// Whether a macro stands where only `or posedge reset` could, as in `@(posedge clk `ASYNC_RST)`: the grammar has no
    /// rule for it, so it is blanked.
    fn continues_event(&self, r: &Range<usize>) -> bool {
        let before = self.text[..r.start].trim_end();
        let event = before.rfind('@').map(|at| &before[at..]).unwrap_or("");
        let plain = event.len() < 80 && !event.contains([')', '`', ';', ',']) && event.contains("edge ");
        plain
            && !before.ends_with("edge")
            && !before.ends_with(" or")
            && self.text[r.end..].trim_start().starts_with(')')
    }

    fn define(&mut self, directive: &str) {
        let body = directive["define".len()..].trim_start();
        let name: String = body
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        if self.state() == State::Live {
            self.defined.insert(name);
        }
    }

    /// The word after a directive.
    fn argument(&self, from: usize) -> Range<usize> {
        let rest = &self.text[from..];
        let start = from + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let word = self.text[start..]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        start..start + word
    }

    /// Whether a macro is defined; `None` when only an included file could tell.
    fn test(&self, name: &str, negated: bool) -> Option<bool> {
        let known = self.defined.contains(name) || !self.includes || NEVER.contains(&name);
        known.then(|| self.defined.contains(name) != negated)
    }

    fn branch(&self, outer: State, test: Option<bool>) -> State {
        match (outer, test) {
            (State::Dead, _) | (_, Some(false)) => State::Dead,
            (State::DoubtfulElse, _) => State::DoubtfulElse,
            (State::Doubtful, _) | (_, None) => State::Doubtful,
            (State::Live, Some(true)) => State::Live,
        }
    }

    fn next_branch(&mut self, test: Option<bool>) {
        let Some(frame) = self.frames.last() else { return };
        let mut state = self.branch(frame.outer, test);
        if frame.taken {
            state = State::Dead;
        } else if frame.doubted && state != State::Dead {
            state = State::DoubtfulElse;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.taken |= state == State::Live || (state == State::Doubtful && test == Some(true));
            frame.doubted |= state == State::Doubtful;
            frame.state = state;
        }
    }

    /// Ends the stretch before a conditional directive, and blanks the directive itself.
    fn close_stretch(&mut self, start: usize, end: usize) {
        let stretch = self.since..start;
        match self.state() {
            State::Live => {}
            State::Doubtful => self.doubtful.push(stretch),
            State::Dead | State::DoubtfulElse => self.blank.push(stretch),
        }
        self.blank.push(start..end);
        self.since = end;
    }

    fn pragma(&mut self, r: Range<usize>) {
        let comment = &self.text[r.clone()];
        if comment.contains("translate_off") {
            self.translate_off.get_or_insert(r.end);
        } else if comment.contains("translate_on")
            && let Some(start) = self.translate_off.take()
        {
            self.doubtful.push(start..r.start);
        }
    }

    fn finish(mut self) -> Live {
        let end = self.text.len();
        self.close_stretch(end, end);
        if let Some(start) = self.translate_off {
            self.doubtful.push(start..end);
        }
        let mut bytes = self.text.as_bytes().to_vec();
        for range in self.blank {
            bytes[range]
                .iter_mut()
                .filter(|b| !matches!(b, b'\n' | b'\r'))
                .for_each(|b| *b = b' ');
        }
        // Ranges end at ASCII bytes, so whole characters were blanked; were that ever wrong, nothing is blanked.
        let text = String::from_utf8(bytes).unwrap_or_else(|_| self.text.to_string());
        Live {
            text,
            doubtful: self.doubtful,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn visible(text: &str) -> Vec<String> {
        live(text).text.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn branches_follow_definitions() {
        assert_eq!(visible("`ifdef A\na\n`else\nb\n`endif c"), ["b", "c"]);
        assert_eq!(
            visible("`ifndef G\n`define G\nx\n`endif\n`ifdef G y `endif"),
            ["`define", "G", "x", "y"]
        );
        assert_eq!(visible("`ifdef A a `elsif __ICARUS__ b `else c `endif"), ["b"]);
        assert_eq!(visible("`ifdef A `ifndef B a `else b `endif `endif z"), ["z"]);
        assert_eq!(
            visible("// `ifdef A\nx \"`endif\""),
            ["//", "`ifdef", "A", "x", "\"`endif\""]
        );
    }

    #[test]
    fn included_macros_leave_doubt() {
        let text = "`include \"x.vh\"\n`ifdef A\na\n`else\nb\n`endif\n`ifdef FORMAL\nf\n`endif\nc\n";
        let seen = live(text);
        let at = |needle: &str| text.find(needle).expect("there");
        assert!(seen.in_doubt(at("\na\n") + 1) && !seen.in_doubt(at("\nc\n") + 1));
        assert_eq!(visible(text), ["`include", "\"x.vh\"", "a", "c"]);
    }

    #[test]
    fn translate_off_is_doubtful() {
        let text = "a // synopsys translate_off\nb\n// synopsys translate_on\nc";
        assert!(live(text).in_doubt(text.find("\nb").expect("there") + 1));
        assert!(!live(text).in_doubt(text.len() - 1));
    }

    proptest! {
        #[test]
        fn length_and_lines_stay(text in "(`ifdef |`else|`endif|`elsif |A|\n|é| |`define A|\"|//){0,40}") {
            let seen = live(&text);
            prop_assert_eq!(seen.text.len(), text.len());
            prop_assert_eq!(seen.text.matches('\n').count(), text.matches('\n').count());
        }
    }
}
