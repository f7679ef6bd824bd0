//! Chat samples as readable text, and back. `samples.content` holds the text form; exports hold messages.

use serde::{Deserialize, Serialize};

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
}

impl Message {
    pub fn new(role: &str, content: impl Into<String>) -> Message {
        Message {
            role: role.into(),
            content: content.into(),
        }
    }
}

const ROLES: [&str; 3] = ["system", "user", "assistant"];

fn marker(line: &str) -> Option<&str> {
    let role = line.strip_prefix("=== ")?.strip_suffix(" ===")?;
    ROLES.contains(&role).then_some(role)
}

/// Writes messages as text: a `=== role ===` line before each. Body lines that look like a marker are
/// escaped by a backslash, so that [`parse`] gives the same messages back.
pub fn render(messages: &[Message]) -> String {
    let mut out = String::new();
    for m in messages {
        out.push_str(&format!("=== {} ===\n", m.role));
        for line in m.content.split('\n') {
            if marker(line.trim_start_matches('\\')).is_some() {
                out.push('\\');
            }
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Reads what [`render`] wrote; `None` where the text does not begin with a marker.
pub fn parse(text: &str) -> Option<Vec<Message>> {
    let mut messages: Vec<(String, Vec<&str>)> = Vec::new();
    for line in text.strip_suffix('\n')?.split('\n') {
        if let Some(role) = marker(line) {
            messages.push((role.into(), Vec::new()));
            continue;
        }
        let body = line
            .strip_prefix('\\')
            .filter(|rest| marker(rest.trim_start_matches('\\')).is_some())
            .unwrap_or(line);
        messages.last_mut()?.1.push(body);
    }
    Some(
        messages
            .into_iter()
            .map(|(role, lines)| Message {
                role,
                content: lines.join("\n"),
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_inverts_render(bodies in prop::collection::vec("(=== user ===|\\\\=== user ===|[a-z\\\\\n]{0,12}|\n)*", 1..4)) {
            let messages: Vec<_> = bodies.iter().enumerate().map(|(i, b)| Message::new(ROLES[i % 3], b.clone())).collect();
            prop_assert_eq!(parse(&render(&messages)), Some(messages));
        }
    }
}
