//! What a build did, in a few lines for a person.

use super::Failure;
use crate::store::Store;

/// Prints to stderr what came in, what was dropped and why, and what was verified.
pub async fn print(store: &Store, build: i64) -> Result<(), Failure> {
    let nodes = store.node_status(build).await?;
    let width = nodes.iter().map(|n| n.node.len()).max().unwrap_or(4).max(4);
    eprintln!(
        "\n{:width$}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>7}",
        "node", "in", "kept", "dropped", "derived", "passed", "failed", "faults", "reused"
    );
    for n in &nodes {
        eprintln!(
            "{:width$}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6} {:>7}",
            n.node, n.entered, n.kept, n.dropped, n.derived, n.passed, n.failed, n.errors, n.reused
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
    let (accepted, rejected, rate, held) = store.oracle_summary(build).await?;
    if accepted + rejected > 0 {
        eprintln!(
            "\noracles: {accepted} accepted, {rejected} rejected as too weak ({:.0}%); of the accepted, mean kill rate {:.2}, {:.2} on mutants that the gate had not seen",
            100.0 * rejected as f64 / (accepted + rejected) as f64,
            rate,
            held
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
