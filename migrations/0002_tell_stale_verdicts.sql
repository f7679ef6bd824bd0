-- Which verdicts were made by what runs today.

create table current_versions (
    sandbox text collate "C" primary key check (sandbox <> ''),
    image_id text not null check (image_id <> ''),
    judge_version int not null,
    recorded_at timestamptz not null default now()
);
comment on table current_versions is 'What each sandbox runs with today, as whoever last opened it (a worker, `verify`, `sandbox build`) said. One row per sandbox.';
comment on column current_versions.sandbox is 'As `assay sandbox list` names it.';
comment on column current_versions.image_id is 'Hash of the image''s tree: the same packages give the same id on any machine.';
comment on column current_versions.judge_version is 'Version of the judge that reads what the sandbox''s jobs print.';
comment on column current_versions.recorded_at is 'When image or judge last changed.';

create or replace view latest_verdicts as
    select j.sample_id, j.check_name, j.job_hash, v.seq, v.verdict, v.reason, v.sandbox, v.engine, v.image_id, v.tier,
        v.judge_version, v.tools, v.command, v.limits, v.seed, v.trials, v.metrics, v.cpu_ms, v.wall_ms, v.peak_bytes,
        v.log, v.created_at, s.kind, s.domain, s.origin,
        c.sandbox is not null and (c.image_id, c.judge_version) is distinct from (v.image_id, v.judge_version) as stale
    from judged_samples j
    join stored_samples s on s.id = j.sample_id
    left join lateral (
        select * from verdict_ledger v where v.job_hash = j.job_hash
        order by v.seq desc limit 1
    ) v on true
    left join current_versions c on c.sandbox = v.sandbox;
comment on column latest_verdicts.verdict is 'pass, fail or flaky (trials disagreed; such a sample is quarantined); NULL where never judged.';
comment on column latest_verdicts.stale is 'True where image or judge is not the one that runs today: `assay verify --where stale` judges these again.';

grant select on current_versions to assay_reader;
