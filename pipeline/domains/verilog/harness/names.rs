//! Verilog identifiers as text.

/// Reserved words that a name can only carry when escaped. Not the whole list of the standard: only words
/// that Icarus, in SystemVerilog mode, refuses as plain names and that occur as port names in older code.
const RESERVED: &[&str] = &[
    "alias",
    "assert",
    "assume",
    "begin",
    "bind",
    "bit",
    "break",
    "byte",
    "case",
    "cell",
    "chandle",
    "checker",
    "class",
    "config",
    "const",
    "context",
    "continue",
    "cover",
    "design",
    "disable",
    "dist",
    "do",
    "edge",
    "else",
    "end",
    "enum",
    "event",
    "expect",
    "export",
    "extern",
    "final",
    "for",
    "force",
    "forever",
    "fork",
    "function",
    "global",
    "if",
    "import",
    "initial",
    "inout",
    "input",
    "inside",
    "instance",
    "int",
    "integer",
    "interface",
    "join",
    "large",
    "let",
    "liblist",
    "library",
    "local",
    "logic",
    "longint",
    "medium",
    "module",
    "new",
    "null",
    "or",
    "output",
    "package",
    "packed",
    "parameter",
    "priority",
    "program",
    "property",
    "protected",
    "pull0",
    "pull1",
    "pure",
    "rand",
    "real",
    "ref",
    "reg",
    "release",
    "repeat",
    "restrict",
    "return",
    "sequence",
    "shortint",
    "signed",
    "small",
    "solve",
    "static",
    "string",
    "strong",
    "struct",
    "super",
    "supply0",
    "supply1",
    "table",
    "tagged",
    "task",
    "this",
    "time",
    "tri",
    "type",
    "typedef",
    "union",
    "unique",
    "unsigned",
    "use",
    "var",
    "virtual",
    "void",
    "wait",
    "wand",
    "weak",
    "while",
    "wildcard",
    "wire",
    "with",
    "within",
    "wor",
];

/// A name as it must be written: itself, or escaped; `None` where no spelling exists (blanks, control
/// characters, beyond ASCII, over 256 bytes).
pub fn identifier(name: &str) -> Option<String> {
    if name.is_empty() || name.len() > 256 || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let plain = is_simple(name) && RESERVED.binary_search(&name).is_err();
    Some(if plain { name.to_string() } else { format!("\\{name} ") })
}

/// The name of a scope in a path; an index stays an index (`gen[3]`), since loops and instance arrays are
/// commoner than escaped names that end in one.
pub fn hierarchical(name: &str) -> Option<String> {
    let base = name.find('[').map_or(name, |at| &name[..at]);
    let indices = &name[base.len()..];
    let indexed = indices
        .strip_prefix('[')
        .and_then(|i| i.strip_suffix(']'))
        .is_some_and(|i| {
            i.split("][").all(|n| {
                let digits = n.strip_prefix('-').unwrap_or(n);
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
            })
        });
    if indexed && is_simple(base) {
        Some(name.to_string())
    } else {
        identifier(name)
    }
}

fn is_simple(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted_so_that_they_are_found() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn odd_names_are_escaped_and_impossible_ones_refused() {
        assert_eq!(identifier("clk").as_deref(), Some("clk"));
        assert_eq!(identifier("a.b").as_deref(), Some("\\a.b "));
        assert_eq!(identifier("do").as_deref(), Some("\\do "));
        assert_eq!(identifier("a b"), None);
        assert_eq!(identifier("é"), None);
        assert_eq!(hierarchical("gen[3]").as_deref(), Some("gen[3]"));
        assert_eq!(hierarchical("a.2[0]").as_deref(), Some("\\a.2[0] "));
        assert_eq!(hierarchical("gen[]").as_deref(), Some("\\gen[] "));
    }
}
