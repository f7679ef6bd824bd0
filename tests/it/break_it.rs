//! Breaks builds on purpose at each commit point, and compares the whole state afterwards.

use crate::lab::{Lab, kill_group, wait_for};
use rand::{RngCore, SeedableRng};
use std::time::Duration;

/// What an undisturbed build exports.
fn undisturbed() -> Vec<(String, String)> {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let (build, _) = lab.build(&lab.recipe("rtl"));
    lab.export(&build, "out")
}

/// No sample lost or doubled: every member of every node has exactly one decision.
fn assert_whole(lab: &Lab) {
    let undecided =
        "select count(*) from build_members m join build_nodes n on n.build_id = m.build_id and n.node = m.node
         left join decisions d on d.fingerprint = m.fingerprint and d.scope = m.scope and d.sample_id = m.sample_id
         where d.sample_id is null and n.use not like 'source.%'";
    assert_eq!(lab.count(undecided), 0);
    let doubled =
        "select count(*) from (select 1 from build_members group by build_id, node, sample_id having count(*) > 1) x";
    assert_eq!(lab.count(doubled), 0);
    assert_eq!(
        lab.count("select count(*) from batches where state in ('ready', 'running', 'held')"),
        0
    );
}

#[test]
fn failing_at_each_commit_point_changes_nothing() {
    let expected = undisturbed();
    for point in ["after_claim", "before_commit", "mid_commit", "after_commit"] {
        let lab = Lab::new();
        lab.copy_rtl("rtl");
        let recipe = lab.recipe("rtl");
        for nth in [1, 4, 9] {
            // passes nth times, then panics
            let armed = format!("{point}={nth}*off->panic");
            let mut child = lab.spawn(&["build", recipe.to_str().unwrap()], &[("FAILPOINTS", &armed)]);
            let _ = child.wait();
        }
        let (build, _) = lab.build(&recipe);
        assert_whole(&lab);
        assert_eq!(lab.export(&build, "out"), expected, "after failing at {point}");
    }
}

#[test]
fn killed_ten_times_it_gives_the_same_bytes() {
    let expected = undisturbed();
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    for _ in 0..10 {
        let mut child = lab.spawn(&["build", recipe.to_str().unwrap()], &[]);
        std::thread::sleep(Duration::from_millis(300 + u64::from(dice.next_u32() % 1500)));
        kill_group(&mut child);
    }
    let (build, _) = lab.build(&recipe);
    assert_whole(&lab);
    assert_eq!(lab.export(&build, "out"), expected);
}

#[test]
fn a_database_that_goes_away_is_waited_for() {
    let expected = undisturbed();
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let mut child = lab.spawn(&["build", recipe.to_str().unwrap()], &[]);
    wait_for("work to begin", || {
        !lab.sql("select to_regclass('batches')").is_empty() && lab.count("select count(*) from decisions") > 0
    });
    for _ in 0..3 {
        // every connection of the build is cut, as a restart of the server would
        lab.sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        std::thread::sleep(Duration::from_millis(700));
    }
    assert!(child.wait().unwrap().success());
    let build = serde_json::json!({"build": 1});
    assert_whole(&lab);
    assert_eq!(lab.export(&build, "out"), expected);
}
