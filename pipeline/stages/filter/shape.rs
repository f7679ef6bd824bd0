//! What a text looks like without being parsed: lines, characters, numbers, empty shells.

/// Sizes of a text and its lines, in characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    pub chars: usize,
    pub lines: usize,
    /// Lines that are not blank.
    pub filled: usize,
    pub longest: usize,
    /// Average length of lines that are not blank.
    pub mean: f64,
}

/// Measures a text.
pub fn lines(text: &str) -> Lines {
    let mut out = Lines {
        chars: text.chars().count(),
        ..Lines::default()
    };
    let mut total = 0;
    for line in text.lines() {
        out.lines += 1;
        let chars = line.trim_end().chars().count();
        out.longest = out.longest.max(chars);
        out.filled += usize::from(chars > 0);
        total += chars;
    }
    out.mean = total as f64 / out.filled.max(1) as f64;
    out
}

/// The text with `//` and `/* */` comments blanked: line ends stay, and comment marks inside strings are no comments.
pub fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |i| i + 4)
        } else {
            let len = if rest.starts_with('"') { string_len(rest) } else { 1 };
            out.push_str(&rest[..len]);
            rest = &rest[len..];
            continue;
        };
        out.push(' ');
        out.extend(rest[..end].chars().filter(|c| *c == '\n'));
        rest = &rest[end..];
    }
    out + rest
}

/// The length in bytes of the string literal that a text begins with. Literals end at the line's end at the latest.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (i, b) in text.bytes().enumerate().skip(1) {
        match b {
            b'\n' => return i,
            b'"' if !escaped => return i + 1,
            _ => escaped = b == b'\\' && !escaped,
        }
    }
    text.len()
}

/// The share of non-blank lines that hold hardly more than numbers, 0 to 1.
pub fn data_share(code: &str) -> f64 {
    let (mut lines, mut data) = (0u32, 0u32);
    for line in code.lines().filter(|l| !l.trim().is_empty()) {
        lines += 1;
        data += u32::from(is_data(line));
    }
    f64::from(data) / f64::from(lines.max(1))
}

/// At least two words, four fifths of them numbers: decimal, hexadecimal, or the digits of a sized literal (`8'h5c`).
fn is_data(line: &str) -> bool {
    let (mut words, mut numbers) = (0, 0);
    for word in line
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
    {
        let digits = word.trim_start_matches(['h', 'H', 'd', 'b', 'o', 's', 'x']);
        let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_');
        words += 1;
        numbers += u32::from(hex && (word.bytes().any(|b| b.is_ascii_digit()) || word.len() == 2));
    }
    words >= 2 && numbers * 5 >= words * 4
}

/// The share of letters, digits and underscores among characters that are not blank, 0 to 1; 1 where there are none.
pub fn alnum_share(code: &str) -> f64 {
    let (mut all, mut alnum) = (0u64, 0u64);
    for c in code.chars().filter(|c| !c.is_whitespace()) {
        all += 1;
        alnum += u64::from(c.is_alphanumeric() || c == '_');
    }
    if all == 0 { 1.0 } else { alnum as f64 / all as f64 }
}

/// Words that open a declaration without behaviour.
const DECLARATIONS: [&str; 22] = [
    "input",
    "output",
    "inout",
    "wire",
    "reg",
    "logic",
    "tri",
    "supply0",
    "supply1",
    "parameter",
    "localparam",
    "integer",
    "genvar",
    "real",
    "signed",
    "bit",
    "specparam",
    "endmodule",
    "module",
    "timeunit",
    "timeprecision",
    "import",
];

/// Compiler directives that say nothing about behaviour. Other words with a backtick are uses of macros, which can
/// hold anything.
const DIRECTIVES: [&str; 14] = [
    "ifdef",
    "ifndef",
    "else",
    "elsif",
    "endif",
    "define",
    "undef",
    "include",
    "timescale",
    "default_nettype",
    "celldefine",
    "endcelldefine",
    "resetall",
    "pragma",
];

/// The code without directives; a definition goes with the lines that continue it.
fn without_directives(code: &str) -> String {
    let (mut out, mut continued) = (String::with_capacity(code.len()), false);
    for line in code.lines() {
        let word = line
            .trim_start()
            .strip_prefix('`')
            .and_then(|l| l.split(|c: char| !c.is_ascii_alphabetic() && c != '_').next());
        let skip = continued || word.is_some_and(|w| DIRECTIVES.contains(&w));
        continued = skip && line.trim_end().ends_with('\\');
        if !skip {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// Whether a text (comments blanked) holds modules, and every one of them is an empty shell: declarations only.
/// Directives and attributes count for nothing.
pub fn is_stub(code: &str) -> bool {
    let text = without_directives(code);
    let (mut modules, mut in_module) = (0, false);
    for statement in text.split(';') {
        // `endmodule` has no semicolon: it is followed by the next unit in the same piece.
        for piece in statement.split_inclusive("endmodule") {
            let piece = without_attributes(piece);
            let first = piece
                .trim_start()
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            if first == "module" || first == "macromodule" {
                (modules, in_module) = (modules + 1, true);
                continue;
            }
            if in_module && !is_declaration(first, &piece) {
                return false;
            }
            in_module &= !piece.trim_end().ends_with("endmodule");
        }
    }
    modules > 0
}

fn is_declaration(first: &str, piece: &str) -> bool {
    let behaves = matches!(first, "wire" | "logic" | "tri" | "reg") && piece.contains('=');
    (first.is_empty() && piece.trim().is_empty()) || (DECLARATIONS.contains(&first) && !behaves)
}

/// Without leading `(* … *)`.
fn without_attributes(piece: &str) -> String {
    let mut rest = piece.trim_start();
    while let Some((_, after)) = rest.strip_prefix("(*").and_then(|r| r.split_once("*)")) {
        rest = after.trim_start();
    }
    rest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        let expected = Lines {
            chars: 9,
            lines: 3,
            filled: 2,
            longest: 4,
            mean: 3.5,
        };
        assert_eq!(lines("abc\n\nédef"), expected);
    }

    #[test]
    fn comments_go_and_strings_stay() {
        assert_eq!(without_comments("a // b\nc /* d\ne */ f"), "a  \nc  \n f");
        assert_eq!(without_comments("x = \"// \\\" no\"; /* open"), "x = \"// \\\" no\";  ");
        assert_eq!(without_comments("a / b \"open\n// c"), "a / b \"open\n ");
    }

    #[test]
    fn tables_and_code() {
        assert_eq!(data_share("@00\n6F 00 C0 04\n13 00 00\n"), 2.0 / 3.0);
        assert_eq!(data_share("8'h01: q = 8'h7c;\n8'h02: q = 8'h77;"), 1.0);
        assert_eq!(
            data_share("assign a = b[3:0];\nalways @(posedge clk)\n  q <= d + 1;\n"),
            0.0
        );
        assert_eq!(data_share(""), 0.0);
    }

    #[test]
    fn letters() {
        assert_eq!(alnum_share("a b_1 +"), 0.8);
        assert_eq!(alnum_share(" \n"), 1.0);
    }

    #[test]
    fn shells() {
        for stub in [
            "(* blackbox *) module a (input x, output y); endmodule",
            "`define X(a) \\\n assign a = 1;\nmodule a (input x);\nendmodule",
            "module a (x, y);\ninput x; output reg y;\nparameter W = 3;\n`ifdef X\n`endif\nendmodule\nmodule b(); endmodule : b",
        ] {
            assert!(is_stub(stub), "{stub}");
        }
        for whole in [
            "module a(input x, output y); assign y = x; endmodule",
            "module a(input x, output y); wire z = x; endmodule",
            "module a(input x, output y); b u(x, y); endmodule",
            "module a; endmodule module b(output y); buf(y, 1'b1); endmodule",
            "module a; initial begin $finish; end endmodule",
            "module a(input x);\n`ASSERT(Name, x)\nendmodule",
            "`define A 1",
            "",
        ] {
            assert!(!is_stub(whole), "{whole}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_measured(text in "(\"|/|\\*|\n|\\\\|;|module|endmodule|\\(\\*|\\*\\)|é|\\PC){0,40}") {
            let code = without_comments(&text);
            prop_assert_eq!(code.matches('\n').count(), text.matches('\n').count());
            let _ = (is_stub(&code), lines(&text));
            prop_assert!((0.0..=1.0).contains(&data_share(&code)) && (0.0..=1.0).contains(&alnum_share(&code)));
        }
    }
}
