//! What a candidate may not do: reach the testbench's files, memory or verdict.
//!
//! A candidate is compiled into the same simulation as the testbench that judges it. Four ways lead from it to
//! the expected outputs or to a forged verdict, and each is refused by looking at its tokens before it is run:
//! system tasks that read files or arguments or end the run, names that reach up into the testbench, included
//! files, and pasted macro tokens that would hide any of these. What the reference itself does is allowed.
//! The judge does not rest on this alone: a pass must repeat a token and the right counts.

use std::collections::BTreeSet;

/// System tasks and functions that cannot reach outside the simulation or end it.
pub(crate) const HARMLESS: &[&str] = &[
    "$bits",
    "$bitstoreal",
    "$ceil",
    "$clog2",
    "$countones",
    "$display",
    "$error",
    "$floor",
    "$high",
    "$info",
    "$isunknown",
    "$itor",
    "$left",
    "$low",
    "$monitor",
    "$onehot",
    "$onehot0",
    "$pow",
    "$random",
    "$realtime",
    "$realtobits",
    "$right",
    "$rtoi",
    "$signed",
    "$size",
    "$sqrt",
    "$stime",
    "$strobe",
    "$time",
    "$unsigned",
    "$urandom",
    "$urandom_range",
    "$warning",
    "$write",
];

/// Why a candidate is refused, one line each, sorted; empty where nothing speaks against it.
pub fn refusals(reference: &[&str], candidate: &[&str]) -> Vec<String> {
    let own = |texts: &[&str]| texts.iter().flat_map(|t| suspects(t)).collect::<BTreeSet<String>>();
    let known = own(reference);
    own(candidate)
        .into_iter()
        .filter(|s| !known.contains(s))
        .map(|s| format!("uses {s}, which the reference does not"))
        .collect()
}

/// Everything in a text that a reference must have had for a candidate to have it.
fn suspects(text: &str) -> Vec<String> {
    let code = blank_comments(text);
    let mut found = Vec::new();
    for token in tokens(&code) {
        let word = token.trim_start_matches('\\');
        if token.starts_with('$') && HARMLESS.binary_search(&token).is_err() && token.len() > 1 {
            found.push(format!("`{token}{}`", first_argument(token, &code)));
        } else if matches!(word, "assay_tb" | "assay_init") || token == "$root" {
            found.push(format!("the name `{word}`"));
        } else if matches!(token, "``" | "`include" | "`line") {
            found.push(match token {
                "``" => "pasted macro tokens".into(),
                other => included(&code, other),
            });
        }
    }
    found
}

/// What a system task is given first, where that is all in one place: opening another file than the reference
/// opens is another thing. `token` is a slice of `code`.
fn first_argument<'a>(token: &str, code: &'a str) -> &'a str {
    let end = token.as_ptr() as usize - code.as_ptr() as usize + token.len();
    let rest = code.get(end..).unwrap_or("");
    if !rest.trim_start().starts_with('(') {
        return "";
    }
    &rest[..rest.find([',', ')', ';']).unwrap_or(rest.len())]
}

/// All the included names at once: which directive it was does not matter.
fn included(code: &str, directive: &str) -> String {
    let names = code.split(directive).skip(1).filter_map(|rest| rest.split('"').nth(1));
    let names: BTreeSet<&str> = names.collect();
    format!("`{directive}` of {names:?}")
}

/// Words (with a leading `$`, `` ` `` or backslash) and doubled back quotes.
fn tokens(code: &str) -> impl Iterator<Item = &str> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
    let bytes = code.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at += 1;
            if bytes[start..].starts_with(b"``") {
                at += 1;
                return Some(&code[start..at]);
            }
            if word(bytes[start]) || matches!(bytes[start], b'`' | b'\\') {
                while at < bytes.len() && word(bytes[at]) {
                    at += 1;
                }
                return Some(&code[start..at]);
            }
        }
        None
    })
}

/// The text with comments turned into blanks. Strings stay: a task name inside one does nothing, and refusing
/// it is the safe side.
fn blank_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let end = if tail.starts_with("//") {
            tail.find('\n').unwrap_or(tail.len())
        } else if let Some(body) = tail.strip_prefix("/*") {
            body.find("*/").map_or(tail.len(), |e| e + 4)
        } else {
            let end = if tail.starts_with('"') { string_end(tail) } else { 1 };
            out.push_str(&tail[..end]);
            rest = &tail[end..];
            continue;
        };
        out.push(' ');
        rest = &tail[end..];
    }
    out + rest
}

/// Where a string literal ends: at its closing quote, or at the end of its line.
fn string_end(tail: &str) -> usize {
    let mut escaped = false;
    for (i, b) in tail.bytes().enumerate().skip(1) {
        match b {
            b'\n' => return i,
            b'"' if !escaped => return i + 1,
            _ => escaped = b == b'\\' && !escaped,
        }
    }
    tail.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(HARMLESS.is_sorted());
    }

    #[test]
    fn every_way_to_the_testbench_is_refused() {
        for hostile in [
            "initial $readmemh(\"/job/in/bench/golden.hex\", m);",
            "initial begin $display(\"PASS\"); $finish; end",
            "initial f = $fopen(\"/job/in/bench/tb.v\");",
            "assign y = assay_tb.expected[0];",
            "assign y = \\assay_tb .expected[0];",
            "`define J(a, b) a``b\nassign y = `J(assay_, tb).expected;",
            "localparam G = `include \"/job/in/bench/golden.hex\"\n;",
            "initial x = $value$plusargs(\"token=%s\", t);",
            "initial /* \" */ $finish; // \"",
            "initial $display(\"\\\\\"); initial $stop;",
        ] {
            assert!(!refusals(&["module m; endmodule"], &[hostile]).is_empty(), "{hostile}");
        }
    }

    #[test]
    fn what_the_reference_does_is_allowed_and_comments_do_not_count() {
        let reference = "initial $readmemh(\"rom.hex\", rom); `include \"a.vh\"\n";
        assert_eq!(refusals(&[reference], &[reference]), Vec::<String>::new());
        let clean = "// $finish\n/* assay_tb `` */ assign y = $signed(a) / b; initial $display(\"ok\");";
        assert_eq!(refusals(&["module m; endmodule"], &[clean]), Vec::<String>::new());
        let other = "initial $readmemh(\"/job/in/bench/golden.hex\", rom); `include \"a.vh\"\n";
        assert_eq!(refusals(&[reference], &[other]).len(), 1);
        let moved = "initial $readmemh(\"rom.hex\", rom); `include \"/job/in/bench/golden.hex\"\n";
        assert_eq!(refusals(&[reference], &[moved]).len(), 1);
    }
}
