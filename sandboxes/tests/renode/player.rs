//! Plays back what went over the wire between someone and a real Renode 1.16.1, to whoever sends the same commands.
//!
//! It proves that the driver understands Renode's answers as they were, piece by piece. It does not prove what Renode
//! would answer to anything else: a command that was not recorded ends the test.

use std::collections::VecDeque;
use std::io;

use sandboxes::renode::monitor::Link;
use serde_json::Value;

/// One command and all that followed it until the next.
#[derive(Debug)]
struct Exchange {
    command: String,
    /// The reply, in the pieces that came; without an end where Renode never answered.
    pieces: Vec<Vec<u8>>,
    /// What was found afterwards in the files: name and line.
    files: Vec<(String, String)>,
}

/// A recording, and where in it we are.
pub struct Player {
    exchanges: Vec<Exchange>,
    next: usize,
    /// What is to be heard.
    pending: VecDeque<Vec<u8>>,
    /// Commands that were sent.
    pub said: Vec<String>,
    pub stored: Vec<String>,
    /// The machine's name now.
    machine: String,
}

/// The text that the bytes were, each a character (Latin-1).
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// A command with the names of files taken out of it, which differ from one run to the next.
fn shape(command: &str) -> String {
    let words = command.split(' ').map(|word| match word.rsplit_once('.') {
        Some((path, _)) if path.starts_with("@/job/") && !word.ends_with(".repl") => "@FILE",
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Player {
    pub fn new(recording: &str) -> Player {
        let mut greeting = Vec::new();
        let mut exchanges: Vec<Exchange> = Vec::new();
        for line in recording.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| record[key].as_str().map(str::to_string);
            match (text("dir").as_deref(), text("bytes"), text("file")) {
                (Some("to-renode"), Some(command), _) => exchanges.push(Exchange {
                    command: command.trim_end().to_string(),
                    pieces: Vec::new(),
                    files: Vec::new(),
                }),
                (Some("from-renode"), Some(piece), _) => match exchanges.last_mut() {
                    Some(last) => last.pieces.push(bytes(&piece)),
                    None => greeting.push(bytes(&piece)),
                },
                (None, _, Some(file)) => {
                    let last = exchanges.last_mut().unwrap();
                    last.files.push((file, text("line").unwrap()));
                }
                _ => {}
            }
        }
        Player {
            pending: greeting.into(),
            exchanges,
            next: 0,
            said: Vec::new(),
            stored: Vec::new(),
            machine: String::new(),
        }
    }

    /// Where the next command of this form is; a command that only looks may be sent in another order than the recorded.
    fn find(&self, command: &str) -> usize {
        let wanted = shape(command);
        let machine =
            |exchange: &Exchange| exchange.command.starts_with("mach create") && command.starts_with("mach create");
        let suits = |exchange: &Exchange| shape(&exchange.command) == wanted || machine(exchange);
        // Never past the end of this machine's life.
        let rest = &self.exchanges[self.next..];
        let life = rest
            .iter()
            .position(|exchange| exchange.command == "Clear")
            .map_or(rest.len(), |end| end + 1);
        let found = rest[..life].iter().position(suits).map(|place| self.next + place);
        // What only looks is answered as it was at another time, if it was not asked in this life.
        let earlier = || self.exchanges[..self.next].iter().rposition(suits);
        found
            .or_else(earlier)
            .unwrap_or_else(|| panic!("not recorded: {command}"))
    }

    /// All that was found in files of this kind during this machine's life, as it would be there by now.
    fn content(&self, kind: &str) -> String {
        let begun = self.exchanges[..self.next]
            .iter()
            .rposition(|exchange| exchange.command == "Clear");
        let begun = begun.map_or(0, |clear| clear + 1);
        let end = self.exchanges[begun..]
            .iter()
            .position(|exchange| exchange.command == "Clear");
        let life = &self.exchanges[begun..end.map_or(self.exchanges.len(), |end| begun + end)];
        let lines = life
            .iter()
            .flat_map(|exchange| &exchange.files)
            .filter(|(name, _)| name.ends_with(kind));
        lines.map(|(_, line)| format!("{line}\n")).collect()
    }
}

impl Link for Player {
    fn folder(&self) -> &str {
        "/job"
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        let place = self.find(line);
        self.said.push(line.to_string());
        self.next = self.next.max(place + 1);
        let exchange = &self.exchanges[place];
        let name = |command: &str| command.split('"').nth(1).unwrap_or_default().to_string();
        if line.starts_with("mach create") {
            self.machine = name(line);
        }
        let mut before = self.exchanges[..=place].iter().rev();
        let recorded = before.find(|exchange| exchange.command.starts_with("mach create"));
        let recorded = recorded.map_or(String::new(), |exchange| name(&exchange.command));
        // What was said again is what is said now: the command, and the machine's name in the prompt.
        let whole: String = exchange.pieces.concat().iter().map(|byte| char::from(*byte)).collect();
        let whole = whole.replacen(&exchange.command, line, 1);
        let whole = whole.replace(&format!("({recorded}) "), &format!("({}) ", self.machine));
        // In pieces of the sizes that were.
        let mut rest = bytes(&whole);
        for piece in &exchange.pieces {
            let size = piece.len().min(rest.len());
            self.pending.push_back(rest.drain(..size).collect());
        }
        self.pending.push_back(rest);
        self.pending.retain(|piece| !piece.is_empty());
        Ok(())
    }

    async fn hear(&mut self) -> io::Result<Vec<u8>> {
        match self.pending.pop_front() {
            Some(piece) => Ok(piece),
            // It says nothing more, and is not gone.
            None => std::future::pending().await,
        }
    }

    async fn put(&mut self, name: &str, _content: &[u8]) -> io::Result<()> {
        self.stored.push(name.to_string());
        Ok(())
    }

    async fn get(&mut self, name: &str, from: u64) -> io::Result<Vec<u8>> {
        let kind = if name.ends_with(".log") { ".log" } else { ".uart" };
        let content = self.content(kind).into_bytes();
        Ok(content.get(from as usize..).unwrap_or_default().to_vec())
    }
}
