//! Where this machine gets its Debian packages from, so that an image comes from there too.

use std::fs;
use std::path::Path;

/// The suites that an image may be made from.
const SUITES: [&str; 3] = ["bookworm", "bookworm-updates", "bookworm-security"];

/// This machine's sources of Debian 12 as lines of a sources.list; none if it is not Debian 12.
pub(crate) fn bookworm() -> Vec<String> {
    let apt = Path::new("/etc/apt");
    let mut files = vec![apt.join("sources.list")];
    if let Ok(entries) = fs::read_dir(apt.join("sources.list.d")) {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    let mut lines = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => lines.extend(one_line(&text)),
            Some("sources") => lines.extend(stanzas(&text)),
            _ => {}
        }
    }
    // Updates alone make no system.
    let whole = lines
        .iter()
        .any(|line| line.split_whitespace().any(|word| word == "bookworm"));
    if whole { lines } else { Vec::new() }
}

/// The old form: `deb [options] URI SUITE COMPONENT…`.
fn one_line(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("deb "));
    let wanted = lines.filter(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
        has(&SUITES) && has(&["main"])
    });
    wanted.map(str::to_string).collect()
}

/// The newer form: stanzas of `Field: values`.
fn stanzas(text: &str) -> Vec<String> {
    text.split("\n\n").flat_map(stanza).collect()
}

fn stanza(text: &str) -> Vec<String> {
    let field = |name: &str| -> Vec<&str> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let value = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        value
            .map(|(_, value)| value.split_whitespace().collect())
            .unwrap_or_default()
    };
    let disabled = field("Enabled") == ["no"];
    if disabled || !field("Types").contains(&"deb") || !field("Components").contains(&"main") {
        return Vec::new();
    }
    let signed = match field("Signed-By").as_slice() {
        // A key written out in full does not fit on a line; apt then uses the keys that it trusts anyway.
        [path] if path.starts_with('/') => format!("[signed-by={path}] "),
        _ => String::new(),
    };
    let mut lines = Vec::new();
    for uri in field("URIs") {
        for suite in field("Suites").into_iter().filter(|suite| SUITES.contains(suite)) {
            lines.push(format!("deb {signed}{uri} {suite} main"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debian_12_is_taken() {
        let text = "# old\ndeb http://mirror/debian bookworm main contrib\ndeb http://other/apt cloud-bookworm main\n\
                    deb-src http://mirror/debian bookworm main\ndeb http://mirror/debian trixie main\n";
        assert_eq!(one_line(text), ["deb http://mirror/debian bookworm main contrib"]);
    }

    #[test]
    fn stanzas_become_lines() {
        let text = "Types: deb\n# a comment: here\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates trixie\n\
                    Components: main\nSigned-By: /usr/share/keyrings/k.gpg\n\nTypes: deb\nURIs: http://x\n\
                    Suites: nodistro\nComponents: main\n\nEnabled: no\nTypes: deb\nURIs: http://y\nSuites: bookworm\n\
                    Components: main\n";
        assert_eq!(
            stanzas(text),
            [
                "deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror/debian bookworm main",
                "deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror/debian bookworm-updates main",
            ]
        );
    }
}
