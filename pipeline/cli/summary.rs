//! What a build did, in a few lines for a person.

use super::Failure;
use crate::store::Store;

/// Prints to stderr what came in, what was dropped and why, and what was verified.
pub async fn print(store: &Store, build: i64) -> Result<(), Failure> {
    let nodes = store.node_status(build).await?;
    let width = nodes.iter().map(|n| n.node.len()).max().unwrap_or(4).max(4);
    eprintln!(
        "\n{:width$}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>7}",
        "node", "in", "kept", "dropped", "derived", "passed", "failed", "flaky", "faults", "reused"
    );
    for n in &nodes {
        eprintln!(
            "{:width$}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>7}",
            n.node, n.entered, n.kept, n.dropped, n.derived, n.passed, n.failed, n.flaky, n.errors, n.reused
        );
    }
    let reasons = store.drop_reasons(build).await?;
    if !reasons.is_empty() {
        eprintln!("\nwhy samples ended (node: reason count):");
        let mut last = String::new();
        let mut lines: Vec<String> = Vec::new();
        let mut sorted = reasons.clone();
        sorted.sort_by_key(|(node, _, n)| (nodes.iter().position(|x| x.node == *node), -n));
        for (node, reason, n) in sorted {
            if node != last {
                lines.push(format!("  {node}: {reason} {n}"));
                last = node;
            } else if let Some(line) = lines.last_mut() {
                line.push_str(&format!(", {reason} {n}"));
            }
        }
        eprintln!("{}", lines.join("\n"));
    }
    let (accepted, _, rate, held) = store.oracle_summary(build).await?;
    let count = |reason: &str| {
        reasons
            .iter()
            .filter(|(_, r, _)| r == reason)
            .map(|(_, _, n)| n)
            .sum::<i64>()
    };
    let (weak, few) = (count("weak_oracle"), count("too_few_mutants"));
    if accepted + weak + few > 0 {
        eprintln!(
            "\noracles: {accepted} accepted, {weak} rejected as too weak, {few} for want of mutants to show it on; \
             of the accepted, mean kill rate {rate:.2}, {held:.2} on mutants that the gate had not seen"
        );
    }
    for f in store.fault_summary(build).await?.iter().take(5) {
        eprintln!(
            "fault ({}×) at {}: {}: {}",
            f.count,
            f.node.as_deref().unwrap_or("-"),
            f.kind,
            f.message
        );
    }
    eprintln!("\nbuild {build} took {:.0} s", store.build_seconds(build).await?);
    Ok(())
}
