//! Whole builds over a handful of modules.

use crate::lab::{Lab, kill_group, wait_for};

/// A count of one node from a build's JSON.
fn node<'a>(build: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    build["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|n| n["node"] == name)
        .unwrap()
}

#[test]
fn every_file_meets_the_fate_that_it_should() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let (build, _) = lab.build(&lab.recipe("rtl"));
    assert_eq!(build["state"], "done");
    let fates = lab.sql(
        "select distinct s.origin ->> 'path' || ' ' || o.node || ' ' || o.reason from outcomes o join samples s on s.id = o.sample_id
         where o.outcome = 'drop' and o.node in ('recall', 'filter', 'dedup', 'link', 'tasks') order by 1",
    );
    insta::assert_snapshot!(fates);
    // what recall rejects keeps a row, not its text
    assert_eq!(lab.count("select count(*) from samples s join outcomes o on o.sample_id = s.id where o.node = 'recall' and o.outcome = 'drop' and s.content is not null"), 0);
    // scrubbed before the first insert
    assert_eq!(
        lab.count("select count(*) from contents where text like '%designer@example.com%'"),
        0
    );
    // a dedup drop names its survivor
    assert_eq!(lab.count("select count(*) from outcomes where node = 'dedup' and outcome = 'drop' and (detail ->> 'survivor' is null or detail ->> 'similarity' is null)"), 0);
    assert!(node(&build, "verify")["passed"].as_i64().unwrap() > 20, "{build}");
    assert_eq!(lab.count("select count(*) from faults"), 0);
}

#[test]
fn a_repair_goes_back_to_the_lines_it_came_from() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    lab.build(&lab.recipe("rtl"));
    // the lines that the lineage names are the module in the file as it came
    let wrong = lab.count(
        "select count(*) from lineage l join samples c on c.id = l.child_id join samples p on p.id = l.parent_id
         where l.role = 'origin' and c.kind = 'sft_repair' and
           split_part(p.content, E'\\n', lower(l.span)) not like 'module ' || split_part(c.metadata ->> 'module_key', '#', 2) || '%'",
    );
    assert_eq!(wrong, 0);
    assert!(lab.count("select count(*) from lineage l join samples c on c.id = l.child_id where l.role = 'origin' and c.kind = 'sft_repair'") > 0);
    // every repair has a verdict of its own that passes, and one on its broken code that fails
    let unproved = "select count(*) from samples s join outcomes o on o.sample_id = s.id and o.node = 'verify' and o.outcome = 'pass'
         where s.kind = 'sft_repair' and not (
           exists (select 1 from latest_verdicts v where v.sample_id = s.id and v.check_name = 'testbench' and v.verdict = 'pass')
           and exists (select 1 from latest_verdicts v where v.sample_id = s.id and v.check_name = 'broken' and v.verdict = 'fail'))";
    assert_eq!(lab.count(unproved), 0);
}

#[test]
fn the_second_build_runs_nothing_and_gives_the_same_bytes() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let (first, _) = lab.build(&recipe);
    let (second, talk) = lab.build(&recipe);
    assert_ne!(first["build"], second["build"]);
    assert!(talk.contains("sandbox jobs: 0 executed"), "{talk}");
    assert_eq!(lab.ledger(&first), lab.ledger(&second));
    assert_eq!(lab.export(&first, "a"), lab.export(&second, "b"));
    // nothing that may differ between machines or runs is in the export
    let manifest = std::fs::read_to_string(lab.path("a/manifest.json")).unwrap();
    assert!(!manifest.contains(lab.dir.path().to_str().unwrap()), "{manifest}");
}

#[test]
fn one_more_file_re_executes_only_what_depends_on_it() {
    let lab = Lab::new();
    let rtl = lab.copy_rtl("rtl");
    let spare = std::fs::read_to_string(rtl.join("core/pwm.v")).unwrap();
    std::fs::remove_file(rtl.join("core/pwm.v")).unwrap();
    let recipe = lab.recipe("rtl");
    lab.build(&recipe);
    std::fs::write(rtl.join("core/pwm.v"), spare).unwrap();
    let (second, _) = lab.build(&recipe);
    for name in ["tasks", "oracle"] {
        let n = node(&second, name);
        let new = n["in"].as_i64().unwrap() - n["reused"].as_i64().unwrap();
        assert_eq!(new, 1, "{name}: {n}");
    }
    // an incremental build equals one from scratch
    let scratch = Lab::new();
    scratch.copy_rtl("rtl");
    let (whole, _) = scratch.build(&scratch.recipe("rtl"));
    assert_eq!(lab.export(&second, "a"), scratch.export(&whole, "b"));
}

#[test]
fn two_processes_share_a_build() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let mut helper = lab.spawn(&["worker"], &[]);
    let (build, _) = lab.build(&recipe);
    kill_group(&mut helper);
    assert_eq!(build["state"], "done");
    let twice =
        lab.count("select count(*) from (select job_hash from verdict_ledger group by 1 having count(*) > 1) x");
    // two workers may judge the same job at the same moment, but not as a habit
    assert!(twice < 10, "{twice} jobs were judged twice");
    let alone = Lab::new();
    alone.copy_rtl("rtl");
    let (other, _) = alone.build(&alone.recipe("rtl"));
    assert_eq!(lab.export(&build, "a"), alone.export(&other, "b"));
}

#[test]
fn an_interrupt_gives_back_and_the_same_command_resumes() {
    let lab = Lab::new();
    lab.copy_rtl("rtl");
    let recipe = lab.recipe("rtl");
    let mut child = lab.spawn(&["build", recipe.to_str().unwrap()], &[]);
    wait_for("the first oracle", || {
        !lab.sql("select to_regclass('oracles')").is_empty() && lab.count("select count(*) from oracles") > 0
    });
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(lab.count("select count(*) from batches where state = 'running'"), 0);
    let (build, talk) = lab.build(&recipe);
    assert!(talk.contains("resuming build 1"), "{talk}");
    assert_eq!(build["state"], "done");
}
