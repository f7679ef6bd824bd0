//! Loads a TOML file into a type, or says everything that is wrong with it.

use super::check::{Checker, Language};
use super::diagnostics::{Diagnostic, Lines, Problem, quote};
use super::tree::{self, Node};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Bytes of a recipe or mixture. The quickstart has a few thousand.
pub const MAX_TOML_BYTES: usize = 1 << 20;

/// The JSON Schema of a type, as a value.
pub fn schema_of<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// Loads a TOML text into a type whose schema it must satisfy. `file` only names it in messages.
///
/// Unknown keys are errors whether or not the type denies them.
pub fn load<T: JsonSchema + DeserializeOwned>(file: &str, text: &str) -> Result<T, Vec<Diagnostic>> {
    let document = Document::parse(file, text)?;
    let schema = schema_of::<T>();
    let mut problems = document.repeated();
    problems.extend(Checker::new(&schema, Language::Toml).check(&document.tree));
    if !problems.is_empty() {
        return Err(document.place(problems));
    }
    serde_json::from_value(document.tree.to_json()).map_err(|e| document.place(vec![Problem::new(0, e.to_string())]))
}

/// A TOML file that has been parsed but not yet checked.
pub struct Document<'t> {
    file: String,
    lines: Lines<'t>,
    repeated: Vec<(usize, String)>,
    /// Its content.
    pub tree: Node,
}

impl<'t> Document<'t> {
    /// Parses a text of at most [`MAX_TOML_BYTES`]; errors are those of its syntax.
    pub fn parse(file: &str, text: &'t str) -> Result<Document<'t>, Vec<Diagnostic>> {
        if text.len() > MAX_TOML_BYTES {
            let message = format!("larger than {MAX_TOML_BYTES} bytes");
            return Err(vec![Diagnostic::whole_file(file, message)]);
        }
        let lines = Lines::new(text);
        match tree::parse_toml(text) {
            Ok(toml) => Ok(Document {
                file: file.into(),
                lines,
                repeated: toml.repeated,
                tree: toml.tree,
            }),
            Err(problems) => Err(lines.place(file, problems)),
        }
    }

    /// Keys and tables that are written twice.
    pub fn repeated(&self) -> Vec<Problem> {
        let problem = |(at, key): &(usize, String)| match self.repeated_node(*at, key) {
            Some(first) => Problem::new(*at, format!("duplicate node {}", quote(key)))
                .help(Some(format!("the first is on line {first}"))),
            None => Problem::new(*at, format!("duplicate key {}", quote(key))),
        };
        self.repeated.iter().map(problem).collect()
    }

    /// The line of the node that a second `[nodes.…]` header repeats. The parser has merged the two, so that only
    /// the text still knows.
    fn repeated_node(&self, at: usize, key: &str) -> Option<u32> {
        let header = |line: &str| {
            let name = line.trim_start().strip_prefix("[nodes.")?.split_once(']')?.0;
            Some(name.trim().trim_matches(['"', '\'']) == key)
        };
        header(self.lines.line_at(at)).filter(|same| *same)?;
        self.lines.find(|line| header(line) == Some(true))
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, at: usize) -> u32 {
        self.lines.position(at).0
    }

    /// Turns problems into diagnostics of this file, in the order of their places.
    pub fn place(&self, problems: Vec<Problem>) -> Vec<Diagnostic> {
        self.lines.place(&self.file, problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    /// A shape with everything that recipes and mixtures use.
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Shape {
        name: String,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        weights: std::collections::BTreeMap<String, f64>,
        mode: Option<Mode>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[schemars(range(min = 1, max = 8))]
        size: u8,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        /// Not much.
        Fast,
        Thorough,
    }

    fn errors(text: &str) -> String {
        super::super::diagnostics::render(&load::<Shape>("x.toml", text).unwrap_err())
    }

    #[test]
    fn loads_what_is_right() {
        let text = "name = 'a'\nmode = 'fast'\nweights = { a = 1, b = 0.5 }\n[[parts]]\nsize = 3\n";
        let shape = load::<Shape>("x.toml", text).unwrap();
        assert_eq!(shape.weights["a"], 1.0);
        assert_eq!((shape.parts, shape.mode), (vec![Part { size: 3 }], Some(Mode::Fast)));
    }

    #[test]
    fn says_everything_at_once() {
        let text = "nmae = 'a'\nmode = 'fsat'\nweights = { a = '1' }\n[[parts]]\nsize = 9\nsiez = 1\n[[parts]]\n";
        insta::assert_snapshot!(errors(text), @r"
        x.toml:1:1: unknown key `nmae`; did you mean `name`?
        x.toml:2:8: unknown value `fsat` for `mode`; did you mean `fast`?
        x.toml:3:17: `weights.a` must be a number, not a string; write 1 without quotes
        x.toml:5:8: `parts[0].size` is 9, but must be at most 8
        x.toml:6:1: unknown key `siez` in `parts[0]`
        x.toml:7:1: missing key `size` in `parts[1]`
        ");
    }

    #[test]
    fn syntax_and_repeats() {
        insta::assert_snapshot!(errors("name = \n"), @"x.toml:1:8: not valid TOML: string values must be quoted, expected literal string");
        insta::assert_snapshot!(errors("name = 'a'\nname = 'b'\nmod = 1\n"), @r"
        x.toml:2:1: duplicate key `name`
        x.toml:3:1: unknown key `mod`; did you mean `mode`?
        ");
    }

    #[test]
    fn size_is_limited() {
        let text = format!("name = '{}'", "x".repeat(MAX_TOML_BYTES));
        assert_eq!(errors(&text), "x.toml: larger than 1048576 bytes\n");
    }

    proptest! {
        #[test]
        fn never_panics(text in "(\\PC|\\n|[a-z\\[\\]={}\"'.#]){0,120}") {
            let _ = load::<Shape>("x.toml", &text);
        }

        #[test]
        fn right_and_wrong_sizes_are_told_apart(size in -300i64..300) {
            let text = format!("name = 'a'\n[[parts]]\nsize = {size}\n");
            prop_assert_eq!(load::<Shape>("x.toml", &text).is_ok(), (1..=8).contains(&size));
        }
    }
}
