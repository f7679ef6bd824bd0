//! Renode's monitor: a command line over telnet. A reply is the command's echo, text, and a prompt; errors are told by
//! their words alone, since nothing else tells them.
//!
//! What goes over the wire was recorded from Renode 1.16.1 (`tests/renode/`), which the tests play back.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// What Renode says of a command that it did not do; its exit status and everything else stay as if it had.
const REFUSALS: [&str; 6] = [
    "There was an error executing command",
    "No such command or device",
    "Bad parameters for command",
    "Could not find",
    "Parameters did not match",
    "The following methods are available:",
];
/// Most that one reply may hold, bytes.
const MOST_BYTES: usize = 4 << 20;
/// The prompt while no machine exists.
pub const NO_MACHINE: &str = "monitor";
/// Telnet (RFC 854): what is no text begins with this byte.
const IAC: u8 = 255;
const SUBNEGOTIATION: u8 = 250;
const END_OF_SUBNEGOTIATION: u8 = 240;
/// WILL, WON'T, DO, DON'T: one more byte follows.
const OPTIONS: std::ops::RangeInclusive<u8> = 251..=254;

/// The way to a Renode, and to the folder that it reads and writes files in.
pub trait Link: Send {
    /// The folder's path, as Renode sees it.
    fn folder(&self) -> &str;

    /// Sends a line to the monitor.
    fn say(&mut self, line: &str) -> impl Future<Output = io::Result<()>> + Send;

    /// The monitor's next bytes; none once it is gone. Dropped before it is done, it has taken nothing.
    fn hear(&mut self) -> impl Future<Output = io::Result<Vec<u8>>> + Send;

    /// Makes a file.
    fn put(&mut self, name: &str, content: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// What is in a file from an offset on; nothing where there is no such file.
    fn get(&mut self, name: &str, from: u64) -> impl Future<Output = io::Result<Vec<u8>>> + Send;
}

/// Why a command came to nothing. Never the firmware's fault; but for [`Trouble::Refused`], the Renode is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("Renode refused `{command}`: {said}")]
    Refused { command: String, said: String },
    #[error("Renode did not answer `{command}` within {seconds} s")]
    Silent { command: String, seconds: u64 },
    #[error("Renode's monitor is out of step: {0}")]
    OutOfStep(String),
    #[error("Renode has ended: {0}")]
    Ended(String),
    #[error("talk with Renode: {0}")]
    Talk(#[from] io::Error),
}

/// A conversation with a monitor: one command at a time.
pub struct Monitor<L> {
    link: L,
    /// What came and was not taken yet, without telnet's own bytes.
    heard: Vec<u8>,
    telnet: Telnet,
    /// The name in its prompt.
    machine: String,
    /// What it greeted with: `Renode, version 1.16.1 (…)`.
    version: String,
    /// Whether it takes [`super::drive`]'s recorder; nothing before it was tried.
    pub(super) can_record: Option<bool>,
}

impl<L: Link> Monitor<L> {
    /// Waits for the greeting.
    pub async fn open(link: L, patience: Duration) -> Result<Monitor<L>, Trouble> {
        let mut monitor = Monitor {
            link,
            heard: Vec::new(),
            telnet: Telnet::default(),
            machine: NO_MACHINE.to_string(),
            version: String::new(),
            can_record: None,
        };
        let greeting = monitor.until_prompt("", patience).await?;
        monitor.version = greeting.trim().to_string();
        Ok(monitor)
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn folder(&self) -> &str {
        self.link.folder()
    }

    pub fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// The name that prompts have from the next command on: that of the machine which it makes, or [`NO_MACHINE`].
    pub fn expect_prompt(&mut self, machine: &str) {
        self.machine = machine.to_string();
    }

    /// Does a command, and gives what it said.
    pub async fn ask(&mut self, command: &str, patience: Duration) -> Result<String, Trouble> {
        self.send(command).await?;
        let reply = self.reply(command, patience).await?;
        reply.ok_or_else(|| Trouble::Silent {
            command: command.to_string(),
            seconds: patience.as_secs(),
        })
    }

    /// Begins a command; [`Monitor::reply`] has to follow.
    pub async fn send(&mut self, command: &str) -> Result<(), Trouble> {
        debug_assert!(!command.contains(['\n', '\r']));
        if !self.heard.is_empty() {
            return Err(self.out_of_step(&format!("it spoke before `{command}`")));
        }
        Ok(self.link.say(command).await?)
    }

    /// What a command said; `None` if it is not done yet, and may be asked for again.
    pub async fn reply(&mut self, command: &str, patience: Duration) -> Result<Option<String>, Trouble> {
        let text = match self.until_prompt(command, patience).await {
            Err(Trouble::Silent { .. }) => return Ok(None),
            other => other?,
        };
        let Some(said) = text.strip_prefix(command).and_then(|rest| rest.strip_prefix("\n\r")) else {
            return Err(Trouble::OutOfStep(format!("`{command}` was answered {text:?}")));
        };
        if REFUSALS.iter().any(|words| said.contains(words)) {
            return Err(Trouble::Refused {
                command: command.to_string(),
                said: said.split_whitespace().collect::<Vec<_>>().join(" "),
            });
        }
        Ok(Some(said.replace('\r', "").trim().to_string()))
    }

    /// Reads up to the next prompt, which has to be the last thing said. What came stays where it is until then.
    async fn until_prompt(&mut self, command: &str, patience: Duration) -> Result<String, Trouble> {
        let prompt = format!("({}) ", self.machine);
        let deadline = Instant::now() + patience;
        // The echo may hold anything, the prompt comes after it.
        while !self.ends_with(command, &prompt) {
            let heard = timeout_at(deadline, self.link.hear()).await;
            let bytes = heard.map_err(|_| Trouble::Silent {
                command: command.to_string(),
                seconds: patience.as_secs(),
            })??;
            if bytes.is_empty() {
                return Err(Trouble::Ended(String::from_utf8_lossy(&self.heard).trim().to_string()));
            }
            self.telnet.text(&bytes, &mut self.heard);
            if self.heard.len() > MOST_BYTES {
                return Err(self.out_of_step("it says more than any reply holds"));
            }
        }
        let mut text = String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned();
        text.truncate(text.len() - prompt.len());
        Ok(text)
    }

    /// Whether the prompt stands at the end, on a line of its own after the echo.
    fn ends_with(&self, command: &str, prompt: &str) -> bool {
        let before = self.heard.strip_suffix(prompt.as_bytes());
        before.is_some_and(|text| text.len() > command.len() && matches!(text.last(), Some(b'\r' | b'\n')))
    }

    fn out_of_step(&self, what: &str) -> Trouble {
        Trouble::OutOfStep(format!("{what}: {:?}", String::from_utf8_lossy(&self.heard)))
    }
}

/// Takes telnet's own bytes out of a stream that comes in pieces.
#[derive(Debug, Default)]
struct Telnet {
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Text,
    /// After [`IAC`].
    Command,
    /// One of [`OPTIONS`] came; its option is next.
    Option,
    /// Within a subnegotiation, and after an [`IAC`] in it.
    Inside,
    InsideCommand,
}

impl Telnet {
    fn text(&mut self, bytes: &[u8], into: &mut Vec<u8>) {
        for &byte in bytes {
            self.state = match (self.state, byte) {
                (State::Text, IAC) => State::Command,
                (State::Text, _) => {
                    into.push(byte);
                    State::Text
                }
                // Twice, it is a byte of the text.
                (State::Command, IAC) => {
                    into.push(byte);
                    State::Text
                }
                (State::Command, SUBNEGOTIATION) => State::Inside,
                (State::Command, byte) if OPTIONS.contains(&byte) => State::Option,
                (State::Command | State::Option, _) => State::Text,
                (State::Inside, IAC) => State::InsideCommand,
                (State::InsideCommand, END_OF_SUBNEGOTIATION) => State::Text,
                (State::Inside | State::InsideCommand, _) => State::Inside,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telnet_leaves_the_text() {
        let stream = b"\xff\xfd\x00\xff\xfb\x01Ren\xff\xfa\x18\x01\xff\xf0ode \xff\xff!";
        for cut in 0..stream.len() {
            let (mut telnet, mut text) = (Telnet::default(), Vec::new());
            telnet.text(&stream[..cut], &mut text);
            telnet.text(&stream[cut..], &mut text);
            assert_eq!(text, b"Renode \xff!");
        }
    }
}
