//! A line of progress on stderr, only where a person is looking.

use crate::store::{NodeStatus, Store};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Shows progress once a second until aborted. Quiet where stderr is not a terminal.
pub async fn show(store: Store, build: i64) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let started = Instant::now();
    let mut before: Vec<NodeStatus> = Vec::new();
    loop {
        if let Ok(now) = store.node_status(build).await {
            if before.is_empty() {
                before = now.clone();
            }
            eprint!("\r\x1b[K{}", line(&before, &now, started.elapsed()));
            let _ = std::io::stderr().flush();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Removes the line.
pub fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}

/// `  42s  tasks 210 (31 waiting, 4.2/s, ~8s) · oracle 33 …`: the nodes that have work, with what is known to wait there.
fn line(before: &[NodeStatus], now: &[NodeStatus], elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let mut parts = vec![format!("{:4.0}s", seconds)];
    for (b, n) in before.iter().zip(now) {
        if n.waiting == 0 && n.running_batches == 0 {
            continue;
        }
        let rate = (n.entered - b.entered) as f64 / seconds;
        let eta = eta(n.waiting, rate).map(|s| format!(", {}", s)).unwrap_or_default();
        parts.push(format!(
            "{} {} ({} waiting, {rate:.1}/s{eta})",
            n.node, n.entered, n.waiting
        ));
    }
    let faults: i64 = now.iter().map(|n| n.errors).sum();
    if faults > 0 {
        parts.push(format!("{faults} faults"));
    }
    parts.join(" · ")
}

/// How far a run over many jobs is, out of a total in any unit; shown once a second to a person, else every half minute.
pub struct Ticker {
    what: &'static str,
    started: Instant,
    shown: Instant,
    done: u64,
    /// Answered by the ledger, and so no part of the rate.
    reused: u64,
}

impl Ticker {
    pub fn new(what: &'static str) -> Ticker {
        Ticker {
            what,
            started: Instant::now(),
            shown: Instant::now(),
            done: 0,
            reused: 0,
        }
    }

    /// Counts jobs as done, and shows where things stand if it is time to. `share` of the whole is behind us, 0..=1.
    pub fn advance(&mut self, done: u64, reused: u64, share: f64) {
        self.done += done;
        self.reused += reused;
        let person = std::io::stderr().is_terminal();
        if self.shown.elapsed() < Duration::from_secs(if person { 1 } else { 30 }) {
            return;
        }
        self.shown = Instant::now();
        let line = self.line(self.started.elapsed(), share);
        if person {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    fn line(&self, elapsed: Duration, share: f64) -> String {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let rate = (self.done - self.reused) as f64 / seconds;
        let left = (self.done as f64 * (1.0 / share.clamp(1e-9, 1.0) - 1.0)).round() as i64;
        let eta = eta(left, self.done as f64 / seconds).map_or(String::new(), |e| format!(", {e} left"));
        let known = if self.reused > 0 {
            format!(" ({} known)", self.reused)
        } else {
            String::new()
        };
        format!(
            "{} {}{known}, {:.0} %, {rate:.1}/s{eta}",
            self.done,
            self.what,
            100.0 * share.clamp(0.0, 1.0)
        )
    }
}

/// Time left for what is known to wait, at the rate so far; `None` where there is no rate yet.
pub fn eta(waiting: i64, rate: f64) -> Option<String> {
    if rate <= 0.0 || waiting == 0 {
        return None;
    }
    let s = (waiting as f64 / rate).ceil() as u64;
    Some(if s < 60 {
        format!("~{s}s")
    } else {
        format!("~{}m{:02}s", s / 60, s % 60)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticker_tells_rate_and_time_left() {
        let mut ticker = Ticker::new("tasks");
        ticker.advance(300, 100, 0.25);
        let line = ticker.line(Duration::from_secs(10), 0.25);
        assert_eq!(line, "300 tasks (100 known), 25 %, 20.0/s, ~30s left");
        assert_eq!(
            Ticker::new("jobs").line(Duration::from_secs(1), 0.0),
            "0 jobs, 0 %, 0.0/s"
        );
    }
}
