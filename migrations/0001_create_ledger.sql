-- The ledger. Identity (samples, decisions, jobs) is frozen by this file; later ones only add.

-- Texts ---------------------------------------------------------------------------------------------

create table contents (
    hash text collate "C" primary key check (hash ~ '^[0-9a-f]{64}$'),
    text text compression lz4 not null
);
comment on table contents is 'Every text once: sample contents, testbenches, vectors, the files of jobs.';
comment on column contents.hash is 'sha256 of the UTF-8 text, hex.';

-- Builds and their work -----------------------------------------------------------------------------

create table builds (
    id bigint generated always as identity primary key,
    recipe_name text not null check (recipe_name <> ''),
    recipe_sha256 text not null check (recipe_sha256 ~ '^[0-9a-f]{64}$'),
    seed bigint not null,
    state text not null default 'running' check (state in ('running', 'done', 'failed')),
    base_dir text not null default '',
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint finished_builds_have_ended check ((state = 'running') = (finished_at is null))
);
create unique index one_running_build_per_recipe on builds (recipe_sha256) where state = 'running';
comment on table builds is 'One row per build of a recipe. An interrupted build stays `running`; the same command resumes it.';
comment on column builds.recipe_sha256 is 'sha256 of the recipe''s canonical content: comments and layout do not count.';
comment on column builds.state is 'running; done (every batch done); failed (a batch used up its attempts; see faults).';
comment on column builds.base_dir is 'Folder that relative paths of the recipe start from, on the machine that launched it.';

create table build_nodes (
    build_id bigint not null references builds (id) on delete cascade,
    node smallint not null check (node >= 0),
    name text not null,
    use text not null,
    stage_version int not null,
    config jsonb not null,
    fingerprint text collate "C" not null check (fingerprint ~ '^[0-9a-f]{32}$'),
    inputs smallint[] not null,
    library smallint,
    is_barrier boolean not null,
    scope text collate "C" not null default '',
    state text not null default 'open' check (state in ('open', 'done')),
    primary key (build_id, node),
    unique (build_id, name),
    constraint only_barriers_have_a_scope check (is_barrier or scope = '')
);
comment on table build_nodes is 'The plan of a build: its nodes in topological order.';
comment on column build_nodes.use is 'The source or stage, as the recipe names it.';
comment on column build_nodes.fingerprint is 'Hash of stage, stage version, configuration, upstream fingerprints, models and grammars: the key of reuse.';
comment on column build_nodes.scope is 'For a barrier: digest of the population that its decisions look at; set when the population is complete.';
comment on column build_nodes.state is 'done: every upstream node is done, and so are all batches here.';

create table batches (
    id bigint generated always as identity primary key,
    build_id bigint not null,
    node smallint not null,
    state text not null check (state in ('held', 'ready', 'running', 'done', 'failed')),
    samples text[] not null default '{}',
    payload jsonb,
    is_barrier boolean not null default false,
    attempt int not null default 0 check (attempt >= 0),
    run_after timestamptz not null default now(),
    worker text,
    lease_until timestamptz,
    needs text[] not null default '{}',
    counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object'),
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    foreign key (build_id, node) references build_nodes (build_id, node) on delete cascade,
    constraint running_batches_hold_a_lease check ((state = 'running') = (lease_until is not null and worker is not null)),
    constraint ended_batches_have_ended check ((state in ('done', 'failed')) = (finished_at is not null))
);
create index batches_to_claim on batches (node desc, id) where state = 'ready';
create index batches_leased on batches (lease_until) where state = 'running';
create index batches_by_node on batches (build_id, node, state);
create index batches_by_sample on batches using gin (samples);
comment on table batches is 'The queue, and at the same time the membership of builds: which samples entered which node.';
comment on column batches.state is 'held (waits at a barrier), ready, running (under a lease), done, failed (attempts used up).';
comment on column batches.samples is 'Ids of the samples that entered the node with this batch, sorted.';
comment on column batches.payload is 'A unit of work of a source node; NULL elsewhere.';
comment on column batches.is_barrier is 'The one batch of a barrier node: its samples are those of the node''s other batches.';
comment on column batches.attempt is 'Counts claims. Finishing is fenced by it: a worker that lost its lease changes nothing.';
comment on column batches.needs is 'Capability labels (sandboxes, gpu) that a worker must have to claim it.';
comment on column batches.counts is 'What was decided, for progress: {kept, dropped, derived, passed, failed, flaky, reused, seconds}.';

create table faults (
    id bigint generated always as identity primary key,
    build_id bigint references builds (id) on delete cascade,
    node text,
    sample_id text,
    batch bigint,
    attempt int,
    kind text not null check (kind <> ''),
    message text not null,
    at timestamptz not null default now()
);
create index faults_by_build on faults (build_id, id);
comment on table faults is 'What went wrong on our side: retried, visible, never a verdict.';
comment on column faults.kind is 'A code to count by: sandbox, image, database, network, lease_lost, …';

-- Samples, decisions, lineage -----------------------------------------------------------------------

create table stored_samples (
    id text collate "C" primary key check (id ~ '^[0-9a-f]{32}$'),
    kind text not null check (kind in ('source', 'code', 'fim', 'commit', 'artefact', 'qa', 'trajectory', 'task',
        'candidate', 'sft_direct', 'sft_repair', 'sft_optimize')),
    domain text not null check (domain in ('chip', 'gpu', 'embedded', 'codeopt', 'cad', 'general')),
    fingerprint text collate "C" not null,
    content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
    content_hash text collate "C" references contents (hash),
    origin jsonb not null,
    metadata jsonb compression lz4 not null,
    created_at timestamptz not null default now(),
    redacted_at timestamptz,
    constraint the_text_is_the_one_hashed check (content_hash = content_sha256),
    constraint redacted_samples_keep_no_text check (redacted_at is null or content_hash is null)
);
create index samples_by_kind on stored_samples (kind, id);
create index samples_by_source on stored_samples ((origin ->> 'source'), (origin ->> 'path'));
comment on table stored_samples is 'Samples without their texts; read them through the view samples.';
comment on column stored_samples.id is 'hash(kind, producing fingerprint, parents, content): the same work gives the same id, in any build.';
comment on column stored_samples.fingerprint is 'The node that made it.';
comment on column stored_samples.content_sha256 is 'Of the (scrubbed) text, kept even where the text is not.';
comment on column stored_samples.content_hash is 'Where the text is; NULL where it was not kept (recall rejects) or was redacted.';

create view samples as
    select s.id, s.kind, s.domain, c.text as content, s.origin, s.metadata, s.created_at, s.content_sha256, s.fingerprint
    from stored_samples s left join contents c on c.hash = s.content_hash;
comment on view samples is 'Every sample with its readable text; content is NULL where the text was not kept.';
comment on column samples.origin is '{source, version, sha256, path} of the file that it goes back to.';

create table attachments (
    sample_id text collate "C" not null references stored_samples (id),
    hash text collate "C" not null references contents (hash),
    primary key (sample_id, hash)
);
comment on table attachments is 'Texts that a sample refers to by hash (testbench, vectors), so that they are kept as long as it is.';

create table decisions (
    fingerprint text collate "C" not null,
    scope text collate "C" not null default '',
    sample_id text collate "C" not null references stored_samples (id),
    outcome text not null check (outcome in ('keep', 'drop', 'derive', 'pass', 'fail', 'flaky')),
    reason text,
    detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
    children text[] not null default '{}',
    created_at timestamptz not null default now(),
    primary key (fingerprint, scope, sample_id),
    constraint drops_and_failures_have_a_reason check ((outcome in ('drop', 'fail')) <= (reason is not null)),
    constraint only_derive_has_children check (outcome = 'derive' or children = '{}')
);
create index decisions_by_sample on decisions (sample_id);
comment on table decisions is 'What a node decided about a sample. Keyed by fingerprint, never by build: builds reuse it.';
comment on column decisions.scope is 'Empty, or the digest of the population that a barrier looked at.';
comment on column decisions.children is 'Ids of the samples derived, in order.';

create table lineage (
    child_id text collate "C" not null references stored_samples (id),
    parent_id text collate "C" not null references stored_samples (id),
    node text not null,
    role text not null,
    span int4range,
    fingerprint text collate "C" not null,
    unique nulls not distinct (child_id, parent_id, role, span)
);
create index lineage_by_parent on lineage (parent_id);
comment on table lineage is 'One edge per parent of a derived sample.';
comment on column lineage.role is 'from (made of it), origin (the file that the lines stand in), task, dependency, library, …';
comment on column lineage.span is 'Lines in the parent, 1-based, half-open as Postgres writes ranges; NULL for all of it.';

-- Verdicts ------------------------------------------------------------------------------------------

create table jobs (
    job_hash text collate "C" primary key check (job_hash ~ '^[0-9a-f]{32}$'),
    spec jsonb compression lz4 not null,
    created_at timestamptz not null default now()
);
comment on table jobs is 'What was run, completely: sandbox, steps, limits, and the files by content hash. Enough to run it again.';

create table verdict_ledger (
    seq bigint generated always as identity primary key,
    job_hash text collate "C" not null references jobs (job_hash),
    check_name text not null check (check_name <> ''),
    verdict text not null check (verdict in ('pass', 'fail', 'flaky')),
    reason text,
    sandbox text not null,
    engine text not null,
    image_id text not null,
    tier text not null,
    judge_version int not null,
    tools jsonb not null,
    command text not null,
    limits jsonb not null,
    seed bigint not null,
    trials int not null check (trials >= 1),
    metrics jsonb not null,
    cpu_ms bigint not null check (cpu_ms >= 0),
    wall_ms bigint not null check (wall_ms >= 0),
    peak_bytes bigint not null check (peak_bytes >= 0),
    log text not null,
    created_at timestamptz not null default now(),
    constraint failures_have_a_reason check ((verdict = 'fail') = (reason is not null))
);
create index verdicts_by_job on verdict_ledger (job_hash, seq desc);
comment on table verdict_ledger is 'Verdicts with their evidence, append-only, keyed by the job: two samples with the same code share one.';
comment on column verdict_ledger.reason is 'Why the sample failed; always its own fault. Ours is in faults.';
comment on column verdict_ledger.cpu_ms is 'CPU time of the whole process tree, milliseconds, all trials.';

create table judged_samples (
    sample_id text collate "C" not null references stored_samples (id),
    check_name text not null,
    job_hash text collate "C" not null,
    primary key (sample_id, check_name, job_hash)
);
create index judged_samples_by_job on judged_samples (job_hash);
comment on table judged_samples is 'Which jobs judge which sample; a job without a verdict has not been run yet.';
comment on column judged_samples.check_name is 'What the verdict says of the sample: of its answer (`testbench`), of the defective code that it shows (`broken`), …';

create view verdicts as
    select v.seq, j.sample_id, v.job_hash, j.check_name, v.verdict, v.reason, v.sandbox, v.engine, v.image_id, v.tier,
        v.judge_version, v.tools, v.command, v.limits, v.seed, v.trials, v.metrics, v.cpu_ms, v.wall_ms, v.peak_bytes,
        v.log, v.created_at
    from judged_samples j join verdict_ledger v on v.job_hash = j.job_hash;
comment on view verdicts is 'Every verdict on every sample, oldest first by seq.';

create view latest_verdicts as
    select j.sample_id, j.check_name, j.job_hash, v.seq, v.verdict, v.reason, v.sandbox, v.engine, v.image_id, v.tier,
        v.judge_version, v.tools, v.command, v.limits, v.seed, v.trials, v.metrics, v.cpu_ms, v.wall_ms, v.peak_bytes,
        v.log, v.created_at, s.kind, s.domain, s.origin
    from judged_samples j
    join stored_samples s on s.id = j.sample_id
    left join lateral (
        select * from verdict_ledger v where v.job_hash = j.job_hash
        order by v.seq desc limit 1
    ) v on true;
comment on view latest_verdicts is 'Every sample that should be judged with its newest verdict per check; verdict is NULL where never judged.';

create table oracles (
    sample_id text collate "C" primary key references stored_samples (id),
    mutants int not null check (mutants >= 0),
    killed int not null check (killed between 0 and mutants),
    equivalent int not null check (equivalent between 0 and mutants),
    unknown int not null check (unknown between 0 and mutants),
    kill_rate double precision not null check (kill_rate between 0 and 1),
    judged_rate double precision not null check (judged_rate between 0 and 1),
    held_out_rate double precision check (held_out_rate between 0 and 1),
    accepted boolean not null,
    coverage jsonb not null,
    constraint every_mutant_counts_once check (killed + equivalent + unknown = mutants)
);
comment on table oracles is 'How well the testbench of a task tells wrong from right.';
comment on column oracles.mutants is 'Defective variants that compiled.';
comment on column oracles.killed is 'Of those, the ones that the testbench failed.';
comment on column oracles.equivalent is 'Survivors proved equivalent to the reference within the bound.';
comment on column oracles.unknown is 'Survivors not proved equivalent: they count as survived.';
comment on column oracles.kill_rate is 'killed / (mutants - equivalent).';
comment on column oracles.judged_rate is 'The same over the half of the mutants that the gate looks at.';
comment on column oracles.held_out_rate is 'The same over the other half, which no decision has seen; NULL where it was not run.';

create function refuse_change() returns trigger language plpgsql as $$
begin
    if current_setting('assay.redact', true) is distinct from 'on' then
        raise exception '% is append-only', tg_table_name using hint = 'only redaction may change it';
    end if;
    return coalesce(new, old);
end $$;
create trigger append_only before update or delete on verdict_ledger for each row execute function refuse_change();
create trigger append_only before update or delete on decisions for each row execute function refuse_change();
create trigger append_only before update or delete on lineage for each row execute function refuse_change();

-- What a build saw ----------------------------------------------------------------------------------

create view build_members as
    select b.build_id, n.node, n.name, n.use, n.fingerprint, n.scope, u.sample_id
    from batches b
    join build_nodes n on n.build_id = b.build_id and n.node = b.node
    cross join lateral unnest(b.samples) as u (sample_id)
    where not b.is_barrier;
comment on view build_members is 'Which samples entered which node of which build.';

-- The lateral lookup is one probe of the primary key per member. As a plain join the planner, which knows nothing of how
-- fingerprints and samples hang together, would scan a node's batches once per decision.
create view outcomes as
    select m.build_id, m.name as node, m.sample_id, d.outcome, d.reason, d.detail, d.children
    from build_members m
    cross join lateral (
        select * from decisions d
        where d.fingerprint = m.fingerprint and d.scope = m.scope and d.sample_id = m.sample_id limit 1
    ) d;
comment on view outcomes is 'What each node of each build decided about each sample; a drop names its reason.';

-- Exports -------------------------------------------------------------------------------------------

create table exports (
    id bigint generated always as identity primary key,
    build_id bigint not null references builds (id),
    mixture_name text not null,
    mixture_sha256 text not null check (mixture_sha256 ~ '^[0-9a-f]{64}$'),
    sink text not null,
    verdict_policy text not null check (verdict_policy in ('as-built', 'latest')),
    manifest jsonb,
    finished_at timestamptz not null default now()
);
comment on table exports is 'Mixtures handed out whole, as shards or to a trainer. One that was broken off leaves no row.';
comment on column exports.manifest is 'As in manifest.json; NULL for a sink that writes none.';

create table shards (
    export_id bigint not null references exports (id) on delete cascade,
    path text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint not null check (bytes >= 0),
    samples bigint not null check (samples >= 0),
    tokens bigint not null check (tokens >= 0),
    primary key (export_id, path)
);
comment on table shards is 'Files of an export, paths relative to its folder.';

create table shard_samples (
    export_id bigint not null,
    path text not null,
    sample_id text collate "C" not null references stored_samples (id),
    primary key (export_id, path, sample_id),
    foreign key (export_id, path) references shards (export_id, path) on delete cascade
);
create index shard_samples_by_sample on shard_samples (sample_id);
comment on table shard_samples is 'Which sample went into which shard.';

-- A role that may look and do nothing else: predicates of users run under it.
do $$ begin
    create role assay_reader nologin;
exception when duplicate_object or unique_violation then null;
end $$;
grant assay_reader to current_user;
-- A predicate runs under it by `set local role`; with set_config() it could take the role off again. Whoever is no
-- superuser cannot revoke this, but has no more to lose by it than what the user may read anyway.
do $$ begin
    revoke execute on function set_config(text, text, boolean) from public;
exception when insufficient_privilege then null;
end $$;
grant usage on schema public to assay_reader;
grant select on samples, verdicts, latest_verdicts, outcomes, lineage, oracles, builds, faults, exports, shards, shard_samples
    to assay_reader;
