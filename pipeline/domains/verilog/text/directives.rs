//! Compiler directives, settled before the syntax tree is built: inactive branches and directive lines become spaces,
//! so that every byte offset and line number stays what it was.

use std::collections::BTreeSet;

/// A text without directives.
pub struct Settled {
    /// Same length and line breaks as the original.
    pub text: String,
    /// Lines (1-based) whose fate hangs on a macro that may be defined elsewhere (the file includes others).
    pub doubtful: BTreeSet<u32>,
}

struct Branch {
    /// Whether the text around it is live.
    outer: bool,
    /// Whether this branch is live.
    live: bool,
    /// Whether some branch of this `ifdef` was live already.
    taken: bool,
    doubtful: bool,
}

fn word(line: &str) -> &str {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .next()
        .unwrap_or("")
}

fn blank(line: &str) -> String {
    line.chars()
        .map(|c| {
            if c == '\n' || c == '\r' {
                c.to_string()
            } else {
                " ".repeat(c.len_utf8())
            }
        })
        .collect()
}

/// Settles the directives as Icarus would see them with no `-D` given: what the file defines is defined, and
/// `__ICARUS__`.
pub fn settle(source: &str) -> Settled {
    let mut defined: BTreeSet<String> = BTreeSet::from(["__ICARUS__".to_string()]);
    let mut undefined: BTreeSet<String> = BTreeSet::new();
    let includes = source.lines().any(|l| l.trim_start().starts_with("`include"));
    let mut stack: Vec<Branch> = Vec::new();
    let mut out = Settled {
        text: String::with_capacity(source.len()),
        doubtful: BTreeSet::new(),
    };
    let mut continued = false;
    for (number, line) in (1u32..).zip(source.split_inclusive('\n')) {
        let directive = line.trim_start().strip_prefix('`').map(|rest| (word(rest), rest));
        let (name, rest) = directive.unwrap_or(("", ""));
        let argument = word(rest.get(name.len()..).unwrap_or("").trim_start());
        let live = stack.last().is_none_or(|b| b.live);
        let ends_open = line.trim_end().ends_with('\\');
        if stack.iter().any(|b| b.doubtful) {
            out.doubtful.insert(number);
        }
        let known = defined.contains(argument) || undefined.contains(argument) || !includes;
        let keep = match name {
            "ifdef" | "ifndef" => {
                let now = defined.contains(argument) == (name == "ifdef");
                stack.push(Branch {
                    outer: live,
                    live: live && now,
                    taken: now,
                    doubtful: !known,
                });
                false
            }
            "elsif" | "else" | "endif" => {
                branch(&mut stack, name, defined.contains(argument), known);
                false
            }
            "define" | "undef" => {
                if live {
                    let (add, remove) = if name == "define" {
                        (&mut defined, &mut undefined)
                    } else {
                        (&mut undefined, &mut defined)
                    };
                    add.insert(argument.to_string());
                    remove.remove(argument);
                }
                continued = ends_open;
                false
            }
            "include" | "timescale" | "default_nettype" | "resetall" | "celldefine" | "endcelldefine" | "line"
            | "pragma" => false,
            _ if continued => {
                continued = ends_open;
                false
            }
            _ => live,
        };
        // `ifdef A …` on one line with code is rare enough to be lost whole.
        if keep {
            out.text.push_str(line)
        } else {
            out.text.push_str(&blank(line))
        }
    }
    out
}

fn branch(stack: &mut Vec<Branch>, name: &str, defined: bool, known: bool) {
    if name == "endif" {
        stack.pop();
        return;
    }
    if let Some(b) = stack.last_mut() {
        let now = !b.taken && (name == "else" || defined);
        b.live = b.outer && now;
        b.taken |= now;
        b.doubtful |= name == "elsif" && !known;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_live_branch_in_place() {
        let src = "`define A\nx\n`ifdef A\n one\n`else\n two\n`endif\n`ifndef B\n three\n`endif\n";
        let s = settle(src);
        assert_eq!(s.text.len(), src.len());
        assert_eq!(s.text.split_whitespace().collect::<Vec<_>>(), ["x", "one", "three"]);
        assert!(s.doubtful.is_empty());
        let s = settle("`include \"d.v\"\n`ifdef Q\n one\n`endif\n`elsif\n`endif\n");
        assert_eq!(s.doubtful.into_iter().collect::<Vec<_>>(), [3, 4]);
    }
}
