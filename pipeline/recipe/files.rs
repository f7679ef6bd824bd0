//! Tells by its content what a file is, and says what is wrong with it.

use super::diagnostics::Diagnostic;
use super::strict::{Document, MAX_TOML_BYTES};
use super::tasks::TaskReader;
use super::{StageInfo, plan};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Findings about one file of tasks; a file with more of them is of another kind.
const MAX_FINDINGS: usize = 1000;

/// Checks a mixture: `(file, text)` to findings.
pub type MixtureCheck<'a> = &'a dyn Fn(&str, &str) -> Vec<Diagnostic>;

/// Checks a recipe (it has the key `recipe`), a mixture (the key `mixture`) or a file of tasks (its first character
/// is `{`, or its name ends in `.jsonl`). Empty where nothing is wrong; warnings are among the findings.
pub fn check_file(path: &Path, stages: &[StageInfo], mixture: MixtureCheck<'_>) -> Vec<Diagnostic> {
    let file = path.display().to_string();
    let unreadable = |e: std::io::Error| vec![Diagnostic::whole_file(&file, format!("cannot be read: {e}"))];
    // Opening a pipe would wait for whoever writes to it.
    match std::fs::metadata(path) {
        Err(e) => return unreadable(e),
        Ok(about) if !about.is_file() => return vec![Diagnostic::whole_file(&file, "is no regular file")],
        Ok(_) => {}
    }
    let mut source = match File::open(path) {
        Ok(source) => BufReader::new(source),
        Err(e) => return unreadable(e),
    };
    let tasks = match source.fill_buf() {
        Ok(start) => path.extension().is_some_and(|e| e == "jsonl") || start.trim_ascii_start().starts_with(b"{"),
        Err(e) => return unreadable(e),
    };
    if tasks {
        return check_tasks(&file, source);
    }
    let mut bytes = Vec::new();
    if let Err(e) = source.take(MAX_TOML_BYTES as u64 + 1).read_to_end(&mut bytes) {
        return unreadable(e);
    }
    match String::from_utf8(bytes) {
        // A file that is cut may be cut inside a character; its size is what is wrong with it.
        Err(e) if e.as_bytes().len() <= MAX_TOML_BYTES => {
            let line = e.as_bytes()[..e.utf8_error().valid_up_to()]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            vec![Diagnostic {
                line: line as u32,
                ..Diagnostic::whole_file(&file, "not UTF-8")
            }]
        }
        Err(_) => vec![Diagnostic::whole_file(
            &file,
            format!("larger than {MAX_TOML_BYTES} bytes"),
        )],
        Ok(text) => check_toml(&file, &text, stages, mixture),
    }
}

fn check_tasks(file: &str, source: impl BufRead) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, task) in TaskReader::new(file, source) {
        found.extend(task.err().into_iter().flatten());
        if found.len() >= MAX_FINDINGS {
            found.push(Diagnostic::whole_file(
                file,
                format!("stopped after {MAX_FINDINGS} findings"),
            ));
            break;
        }
    }
    found
}

/// Checks the text of a recipe or mixture.
pub fn check_toml(file: &str, text: &str, stages: &[StageInfo], mixture: MixtureCheck<'_>) -> Vec<Diagnostic> {
    let document = match Document::parse(file, text) {
        Ok(document) => document,
        Err(found) => return found,
    };
    let has = |key| document.tree.get(key).is_some();
    // What a recipe is made of makes it one, too: it then hears what it lacks.
    if has("recipe") || (has("nodes") && !has("mixture")) {
        return plan::parse(file, text, stages).map_or_else(|found| found, |plan| plan.warnings);
    }
    if has("mixture") {
        return mixture(file, text);
    }
    let mut unknown = Diagnostic::whole_file(file, "neither a recipe nor a mixture nor a file of tasks");
    unknown.help = Some(
        "a recipe starts with `recipe = 1`, a mixture with `mixture = 1`, tasks are JSON objects, one a line".into(),
    );
    vec![unknown]
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{RECIPE, stages};
    use super::super::render;
    use super::*;

    fn found(name: &str, content: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let mixture = |file: &str, _: &str| vec![Diagnostic::whole_file(file, "seen as a mixture")];
        let shown = render(&check_file(&path, &stages(), &mixture));
        shown.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn content_decides() {
        assert_eq!(found("a.toml", RECIPE.as_bytes()), "");
        assert_eq!(found("a", b"mixture = 1\n"), "a: seen as a mixture\n");
        assert_eq!(
            found("a", b" {\"id\": 3\n"),
            "a:1:9: not valid JSON: EOF while parsing an object\n"
        );
        assert_eq!(found("a.jsonl", b""), "");
        assert!(found("a", b"x = 1\n").contains("neither a recipe nor a mixture"));
        assert!(found("a", b"[nodes.a]\n").contains("missing key `recipe`"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(found("a.toml", b"recipe = 1\nname = '\xff'\n"), "a.toml:2: not UTF-8\n");
        assert_eq!(
            found("a.toml", "# é".repeat(600_000).as_bytes()),
            "a.toml: larger than 1048576 bytes\n"
        );
        let stages = stages();
        let none = |_: &str, _: &str| Vec::new();
        assert!(render(&check_file(Path::new("/no/such/file"), &stages, &none)).contains("cannot be read"));
        assert_eq!(
            render(&check_file(Path::new("/dev/null"), &stages, &none)),
            "/dev/null: is no regular file\n"
        );
    }

    #[test]
    fn a_flood_of_bad_lines_ends() {
        let said = found("a.jsonl", "{\n".repeat(5000).as_bytes());
        assert_eq!(said.lines().count(), MAX_FINDINGS + 1);
    }
}
