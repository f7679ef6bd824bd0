//! Whether a server answers, asked without a client library: the few bytes of a login.

use super::NAME;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What a server at a socket answers to a client.
#[derive(Debug, PartialEq)]
pub(super) enum Probe {
    Ready,
    /// Starting, recovering or stopping.
    Starting,
    /// It runs but doesn't take us, and says why.
    Refused(String),
    Absent,
}

/// Logs in and out again, speaking just enough of the frontend/backend protocol 3.0: a start-up message, then the
/// server's messages (type, length with itself, body) until `Z` (ready) or `E` (an error).
pub(super) fn probe(socket: &Path) -> Probe {
    login(socket).unwrap_or(Probe::Absent)
}

fn login(socket: &Path) -> io::Result<Probe> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let body = format!("user\0{NAME}\0database\0{NAME}\0\0");
    stream.write_all(&(body.len() as u32 + 8).to_be_bytes())?;
    stream.write_all(&0x0003_0000_u32.to_be_bytes())?;
    stream.write_all(body.as_bytes())?;
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).saturating_sub(4);
        let mut body = Vec::new();
        (&stream).take(length.into()).read_to_end(&mut body)?;
        match head[0] {
            b'Z' => {
                stream.write_all(&[b'X', 0, 0, 0, 4])?;
                return Ok(Probe::Ready);
            }
            b'E' => return Ok(judge_error(&body)),
            _ => {}
        }
    }
}

/// An error's fields: a letter and a text each, NUL after it; `C` is the SQLSTATE, `M` the message.
pub(super) fn judge_error(body: &[u8]) -> Probe {
    let fields = body.split(|byte| *byte == 0).filter_map(|field| field.split_first());
    let field = |name| {
        fields
            .clone()
            .find(|(n, _)| **n == name)
            .map(|(_, text)| String::from_utf8_lossy(text))
    };
    match field(b'C').as_deref() {
        Some("57P03") => Probe::Starting,
        // Every connection is taken: it works.
        Some("53300") => Probe::Ready,
        _ => Probe::Refused(field(b'M').unwrap_or_default().into_owned()),
    }
}
