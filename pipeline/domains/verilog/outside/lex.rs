//! Words of a Verilog text, and what they say without a parser: files brought from outside need not parse.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword; an escaped identifier without its backslash.
    Word,
    /// `$display`.
    System,
    /// A back quote with its word, or two back quotes.
    Macro,
    /// A string, quotes included.
    Text,
    Number,
    /// One character of punctuation.
    Mark,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Whether it ends its line.
    pub last: bool,
}

impl Token<'_> {
    pub fn is(&self, text: &str) -> bool {
        self.text == text && self.kind != Kind::Text
    }
}

/// The tokens of a text; comments are left out.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, len) = match first {
            '\n' => {
                if let Some(token) = found.last_mut() {
                    token.last = true;
                }
                (None, 1)
            }
            _ if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |at| at + 2)),
            '"' => (Some(Kind::Text), string_end(rest)),
            '\\' => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (Some(Kind::Word), end.max(1))
            }
            '`' if rest.starts_with("``") => (Some(Kind::Macro), 2),
            '`' => (Some(Kind::Macro), 1 + word_end(&rest[1..])),
            '$' => (Some(Kind::System), 1 + word_end(&rest[1..])),
            c if c.is_ascii_digit() => (Some(Kind::Number), number_end(rest)),
            c if c.is_ascii_alphabetic() || c == '_' => (Some(Kind::Word), word_end(rest)),
            c if c.is_whitespace() => (None, c.len_utf8()),
            c => (Some(Kind::Mark), c.len_utf8()),
        };
        if let Some(kind) = kind {
            let text = match kind {
                Kind::Word => rest[..len].trim_start_matches('\\'),
                _ => &rest[..len],
            };
            found.push(Token {
                kind,
                text,
                last: false,
            });
        }
        rest = &rest[len..];
    }
    found
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$')
        .unwrap_or(text.len())
}

/// `8'hff`, `1.5`, `10ns`: the base's mark belongs to the number.
fn number_end(text: &str) -> usize {
    let mut end = word_end(text);
    let after = &text.as_bytes()[end..];
    let follows = |test: fn(&u8) -> bool| after.get(1).is_some_and(test);
    let more = match after.first() {
        Some(b'\'') => follows(u8::is_ascii_alphabetic),
        Some(b'.') => follows(u8::is_ascii_digit),
        _ => false,
    };
    if more {
        end += 1 + word_end(&text[end + 1..]);
    }
    end
}

/// Where a string ends: at its closing quote, or with its line.
fn string_end(text: &str) -> usize {
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

/// A module, interface, package … with its tokens, from its keyword to its end.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'t, 'a> {
    pub keyword: &'a str,
    pub name: &'a str,
    pub tokens: &'t [Token<'a>],
}

/// The design units that a text declares, in order. A unit that does not end goes to the end of the text.
pub fn units<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<Unit<'t, 'a>> {
    const KEYWORDS: &[(&str, &str)] = &[
        ("module", "endmodule"),
        ("macromodule", "endmodule"),
        ("interface", "endinterface"),
        ("package", "endpackage"),
        ("program", "endprogram"),
        ("primitive", "endprimitive"),
    ];
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        let pair = KEYWORDS.iter().find(|(k, _)| token.kind == Kind::Word && token.is(k));
        // `virtual interface x` and `import package` declare nothing.
        let declares = at == 0 || !["virtual", "extern"].iter().any(|w| tokens[at - 1].is(w));
        let (Some((keyword, end)), true) = (pair, declares) else {
            at += 1;
            continue;
        };
        let lifetime = |t: &&Token| !["automatic", "static"].iter().any(|w| t.is(w));
        let name = tokens[at + 1..].iter().find(lifetime).map_or("", |t| t.text);
        let length = tokens[at..]
            .iter()
            .position(|t| t.is(end))
            .map_or(tokens.len() - at, |n| n + 1);
        found.push(Unit {
            keyword,
            name,
            tokens: &tokens[at..at + length],
        });
        at += length;
    }
    found
}

/// Where instances may be made: `name inst`, `name #(…) inst`, as (name, inst). Declarations such as `wire a` look the
/// same, so a name says something only if some unit is called that.
pub fn instances<'a>(tokens: &[Token<'a>]) -> Vec<(&'a str, &'a str)> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
        let declared = at > 0
            && ["module", "macromodule", "interface", "program"]
                .iter()
                .any(|w| tokens[at - 1].is(w));
        // `endmodule : name` says whose end it is.
        let label = at > 1 && tokens[at - 1].is(":") && tokens[at - 2].text.starts_with("end");
        let next = match tokens.get(at + 1) {
            Some(t) if t.is("#") => after_parentheses(tokens, at + 2),
            _ => at + 1,
        };
        if let Some(instance) = tokens.get(next).filter(|t| t.kind == Kind::Word && !declared && !label) {
            found.push((token.text, instance.text));
        }
    }
    found
}

/// The farthest that a list of parameters is followed, tokens.
const FAR: usize = 20_000;

/// The place after a parenthesis that opens at `at`, or after the one token there.
pub fn after_parentheses(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0usize;
    for (n, token) in tokens.iter().enumerate().skip(at).take(FAR) {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            return n + 1;
        }
    }
    tokens.len()
}

/// What a text includes, by the names it gives.
pub fn included<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let pairs = tokens.windows(2);
    pairs
        .filter(|p| p[0].is("`include") && p[1].kind == Kind::Text)
        .map(|p| p[1].text.trim_matches('"'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_comments_strings_and_numbers() {
        let text = "// x\nassign \\a.b = 8'hff + 1.5; /* y */ $display(\"z // \\\" \"); `M ``\n";
        let all: Vec<&str> = tokens(text).iter().map(|t| t.text).collect();
        let expected = [
            "assign",
            "a.b",
            "=",
            "8'hff",
            "+",
            "1.5",
            ";",
            "$display",
            "(",
            "\"z // \\\" \"",
            ")",
            ";",
            "`M",
            "``",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn units_and_instances_are_found() {
        let text =
            "package p; endpackage module automatic m; sub #(.W(8)) u0 (a); sub u1(b); endmodule : m\nmodule sub;";
        let all = tokens(text);
        let names: Vec<&str> = units(&all).iter().map(|u| u.name).collect();
        assert_eq!(names, ["p", "m", "sub"]);
        let made = instances(&all);
        assert!(
            made.contains(&("sub", "u0")) && made.contains(&("sub", "u1")),
            "{made:?}"
        );
        assert!(!made.iter().any(|(name, _)| *name == "m"), "{made:?}");
    }
}
