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
