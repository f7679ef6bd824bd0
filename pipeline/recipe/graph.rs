//! The order of a graph's nodes, and its cycles.

/// Nodes in an order in which each comes after what it reads, and the first in the file first among those that could
/// come next; with every cycle that stands in the way, each as the nodes on it in reading order, from its first in
/// the file. Where there are cycles the order lacks the nodes that hang on them.
pub fn order(reads: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let (mut order, mut cycles) = (Vec::new(), Vec::new());
    let mut done = vec![false; reads.len()];
    loop {
        while let Some(next) = (0..reads.len()).find(|n| !done[*n] && reads[*n].iter().all(|r| done[*r])) {
            done[next] = true;
            order.push(next);
        }
        // What is left waits for a cycle. Taking the cycle out of the way lets the search go on for others.
        let Some(stuck) = done.iter().position(|d| !d) else {
            break;
        };
        let cycle = cycle_from(stuck, reads, &done);
        for node in &cycle {
            done[*node] = true;
        }
        cycles.push(cycle);
    }
    let on_cycles = |n: &usize| !cycles.is_empty() && hangs(*n, reads, &cycles);
    order.retain(|n| !on_cycles(n));
    (order, cycles)
}

/// Follows what is not done until a node comes again. Every such node reads another one, or it would be done.
fn cycle_from(start: usize, reads: &[Vec<usize>], done: &[bool]) -> Vec<usize> {
    let (mut path, mut at) = (vec![start], start);
    while let Some(next) = reads[at].iter().copied().find(|r| !done[*r]) {
        if let Some(first) = path.iter().position(|n| *n == next) {
            let mut cycle = path.split_off(first);
            let smallest = cycle.iter().enumerate().min_by_key(|(_, n)| **n).map_or(0, |(i, _)| i);
            cycle.rotate_left(smallest);
            return cycle;
        }
        path.push(next);
        at = next;
    }
    path
}

/// Whether a node reads, near or far, a node on a cycle.
fn hangs(node: usize, reads: &[Vec<usize>], cycles: &[Vec<usize>]) -> bool {
    let (mut open, mut seen) = (vec![node], vec![false; reads.len()]);
    while let Some(at) = open.pop() {
        if cycles.iter().any(|c| c.contains(&at)) {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(&reads[at]);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn file_order_among_the_ready() {
        assert_eq!(
            order(&[vec![2], vec![], vec![], vec![0, 1]]),
            (vec![1, 2, 0, 3], vec![])
        );
    }

    #[test]
    fn every_cycle_is_named_once() {
        let reads = [vec![], vec![2], vec![1], vec![2], vec![4], vec![0]];
        assert_eq!(order(&reads), (vec![0, 5], vec![vec![1, 2], vec![4]]));
    }

    proptest! {
        #[test]
        fn each_comes_after_what_it_reads(reads in graph()) {
            let (order, cycles) = order(&reads);
            for (place, node) in order.iter().enumerate() {
                prop_assert!(reads[*node].iter().all(|r| order[..place].contains(r)));
            }
            prop_assert_eq!(cycles.is_empty(), order.len() == reads.len());
            for cycle in cycles {
                for (i, node) in cycle.iter().enumerate() {
                    prop_assert!(reads[*node].contains(&cycle[(i + 1) % cycle.len()]));
                }
            }
        }
    }

    fn graph() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1usize..9).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(0..n, 0..3), n))
    }
}
