//! Steps of jobs, and commands as a shell takes them.

use sandboxes::{Step, When};

pub fn step(name: &str, argv: Vec<String>, when: When) -> Step {
    Step {
        name: name.into(),
        argv,
        when,
    }
}

/// `sh -c SCRIPT sh ARGUMENTS`.
pub fn script(text: &str, arguments: Vec<String>) -> Vec<String> {
    let head = ["sh", "-c", text, "sh"].map(String::from);
    head.into_iter().chain(arguments).collect()
}

/// A word that a shell takes as it stands.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
