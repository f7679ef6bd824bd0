//! File name patterns: `*` and `?` stay within a folder, `**` crosses them, `{a,b}` is either.

use regex::{Regex, RegexSet};

/// A list of patterns; an empty list matches everything.
#[derive(Clone, Debug, Default)]
pub struct Globs(Option<RegexSet>);

impl Globs {
    /// Compiles patterns. One without `/` is about the file's name in any folder. Errors name the pattern.
    pub fn new(patterns: &[String]) -> Result<Globs, String> {
        if patterns.is_empty() {
            return Ok(Globs(None));
        }
        let regexes = patterns.iter().map(|p| to_regex(p)).collect::<Result<Vec<_>, _>>()?;
        RegexSet::new(regexes)
            .map(|set| Globs(Some(set)))
            .map_err(|e| format!("patterns too large: {e}"))
    }

    /// Whether a `/`-separated relative path matches any of them.
    pub fn matches(&self, path: &str) -> bool {
        self.0.as_ref().is_none_or(|set| set.is_match(path))
    }
}

fn to_regex(pattern: &str) -> Result<String, String> {
    let mut out = String::from(if pattern.contains('/') {
        "(?s)^"
    } else {
        "(?s)^(?:.*/)?"
    });
    let (mut rest, mut braces) = (pattern, 0);
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**/") {
            out.push_str("(?:.*/)?");
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("**") {
            out.push_str(".*");
            rest = after;
            continue;
        }
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => (braces, out) = (braces + 1, out + "(?:"),
            '}' if braces > 0 => (braces, out) = (braces - 1, out + ")"),
            ',' if braces > 0 => out.push('|'),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
        rest = &rest[c.len_utf8()..];
    }
    out.push('$');
    match Regex::new(&out) {
        Ok(_) => Ok(out),
        Err(_) => Err(format!(
            "bad pattern `{pattern}`: use `*`, `**`, `?` and closed `{{a,b}}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str) -> bool {
        Globs::new(&[pattern.to_string()]).unwrap().matches(path)
    }

    #[test]
    fn patterns() {
        assert!(check("*.v", "a.v") && check("*.v", "rtl/sub/a.v") && !check("*.v", "a.vh"));
        assert!(check("*.{v,sv}", "x/a.sv") && !check("*.{v,sv}", "a.svh"));
        assert!(check("rtl/*.v", "rtl/a.v") && !check("rtl/*.v", "rtl/x/a.v") && !check("rtl/*.v", "b/rtl/a.v"));
        assert!(check("**/rtl/**", "a/b/rtl/c/d.v") && check("**/rtl/**", "rtl/c"));
        assert!(check("a?c.v", "abc.v") && check("a+b(1).v", "a+b(1).v"));
        assert!(Globs::new(&[]).unwrap().matches("anything"));
        assert!(Globs::new(&["{a".into()]).unwrap_err().contains("`{a`"));
    }
}
