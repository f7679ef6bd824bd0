//! The job that judges a candidate: built apart from its baseline, then run beside it.

use super::check::X86Check;
use crate::domains::OUTSIDE;
use crate::domains::shell::{quote, step};
use crate::recipe::tasks::{Role, Task};
use crate::worker::Request;
use sandboxes::{Job, JobFile, Limits, When, x86_64};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The sandbox, and its name in tasks.
pub const SANDBOX: &str = "x86_64";
/// Raised whenever the same completion would be judged otherwise.
pub const JUDGE_VERSION: i32 = 1;

/// CPU time of one run, where the task does not say, milliseconds.
const RUN_CPU_MS: u64 = 10_000;
/// Bytes of one run's output, where the task does not say.
const RUN_OUTPUT: u64 = 1 << 20;
/// CPU time that goes into pairs, milliseconds: the rest of a judgement costs about as much again.
const BUDGET_MS: u64 = 400;
/// Most pairs: more would only tell differences that nobody would call faster.
const PAIRS: u32 = 60;
/// CPU time of a run under callgrind, which is some fifty times as slow; what takes longer is not counted.
const COUNT_CPU_S: u64 = 2;

/// What the judge must know beyond the completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub check: X86Check,
    /// Whether there is a program to compare with: of role `baseline`, or `reference`.
    pub compared: bool,
    /// Whether the candidate is called by a testbench, and its calls are checked.
    pub called: bool,
    /// Whether a part of the candidate can be built with sanitizers.
    pub sanitized: bool,
}

/// How gcc takes a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    C,
    Cxx,
    Assembly,
}

fn language(path: &str) -> Option<Language> {
    match path.rsplit('/').next().unwrap_or(path).rsplit_once('.')?.1 {
        "c" => Some(Language::C),
        "cpp" | "cc" | "cxx" | "C" => Some(Language::Cxx),
        "s" | "S" | "asm" => Some(Language::Assembly),
        _ => None,
    }
}

/// A file that is compiled, and the object that it becomes.
struct Unit {
    path: String,
    object: String,
    language: Language,
}

/// The files among these that are compiled, as objects named after their group.
fn units<'a>(group: &str, paths: impl Iterator<Item = &'a str>) -> Vec<Unit> {
    let known = paths.filter_map(|path| Some((path, language(path)?)));
    let unit = |(n, (path, language)): (usize, (&str, Language))| Unit {
        path: format!("/job/in/task/{path}"),
        object: format!("/job/build/{group}-{n}.o"),
        language,
    };
    known.enumerate().map(unit).collect()
}

/// A compiler's lines for some units; any that fails ends the script.
fn compile(units: &[Unit], flags: &[String], suffix: &str) -> String {
    let flags: Vec<String> = flags.iter().map(|flag| quote(flag)).collect();
    let line = |unit: &Unit| {
        let (program, language) = match unit.language {
            Language::C => ("gcc", "c"),
            Language::Cxx => ("g++", "c++"),
            Language::Assembly if unit.path.ends_with(".S") => ("gcc", "assembler-with-cpp"),
            Language::Assembly => ("gcc", "assembler"),
        };
        let include = quote(unit.path.rsplit_once('/').map_or("", |(folder, _)| folder));
        format!(
            "{program} -w -O3 -fno-lto {} -I {include} -I /job/in/task -x {language} -c -o {}{suffix} {}\n",
            flags.join(" "),
            unit.object,
            quote(&unit.path)
        )
    };
    units.iter().map(line).collect()
}

/// Links objects to a program: without a loader, whose work would only add noise.
fn link(program: &str, groups: &[&[Unit]], more: &str) -> String {
    let all = groups.iter().flat_map(|group| group.iter());
    let compiler = if all.clone().any(|u| u.language == Language::Cxx) {
        "g++"
    } else {
        "gcc"
    };
    let objects: Vec<&str> = all.map(|u| u.object.as_str()).collect();
    format!(
        "{compiler} -static -no-pie -Wl,--no-warn-execstack,--build-id=none -o /job/build/{program} {} {more} -L/job/build -lcompat -lm\n",
        objects.join(" ")
    )
}

/// The job; the error says what the task lacks.
pub fn request(task: &Task, check: &X86Check) -> Result<Request, String> {
    let of = |role: Role| task.files_as(role).map(|f| f.path.as_str());
    let baseline = if of(Role::Baseline).next().is_some() {
        Role::Baseline
    } else {
        Role::Reference
    };
    let generator = check.generator.as_deref();
    if let Some(path) = generator
        && (!of(Role::Support).any(|p| p == path) || language(path).is_none())
    {
        return Err(format!(
            "`check.generator` names `{path}`, which is no C, C++ or assembly file of role `support`"
        ));
    }
    let build = Build {
        candidate: units("candidate", task.candidate.iter().map(|f| f.path.as_str())),
        baseline: units("baseline", of(baseline)),
        testbench: units("testbench", of(Role::Testbench)),
        support: units("support", of(Role::Support).filter(|p| Some(*p) != generator)),
        generator: units("generator", generator.into_iter()),
        flags: &check.flags,
    };
    if build.candidate.is_empty() {
        return Err(
            "no file of the candidate is C, C++ or assembly by its name (.c, .cpp, .cc, .cxx, .s, .S, .asm)".into(),
        );
    }
    let plan = Plan {
        check: check.clone(),
        compared: !build.baseline.is_empty(),
        called: !build.testbench.is_empty(),
        sanitized: check.sanitize && build.candidate.iter().any(|u| u.language != Language::Assembly),
    };
    if check.min_speedup.is_some() && (baseline != Role::Baseline || !plan.compared) {
        return Err("no file of role `baseline` is C, C++ or assembly by its name".into());
    }
    if check.hidden > 0 && !plan.compared {
        return Err("`check.hidden` needs a file of role `baseline` or `reference` to say what is right".into());
    }
    let seed = crate::model::derive_seed(0, &task.id, "hidden inputs and the order of pairs") >> 33;
    let inputs = check.inputs();
    let mut files: Vec<JobFile> = [("measure.c", x86_64::MEASURE), ("compat.c", x86_64::COMPAT)]
        .into_iter()
        .chain(x86_64::ABI)
        .map(|(name, text)| file(format!("assay/{name}"), text))
        .collect();
    for (n, case) in inputs.iter().enumerate() {
        files.push(file(format!("assay/case-{n}.stdin"), &case.stdin));
        let args: String = case.args.iter().map(|a| format!("{}\n{a}\n", a.len())).collect();
        files.push(file(format!("assay/case-{n}.args"), &args));
    }
    let task_files = task.files.iter().map(|f| (&f.path, &f.content));
    let all = task_files.chain(task.candidate.iter().map(|f| (&f.path, &f.content)));
    files.extend(all.map(|(path, text)| file(format!("task/{path}"), text)));
    let run_cpu_s = task.limits.cpu_ms.unwrap_or(RUN_CPU_MS).div_ceil(1000);
    let run_output = task.limits.output_bytes.unwrap_or(RUN_OUTPUT);
    let common = format!(
        "cases={} hidden={} seed={seed} output={run_output}",
        inputs.len(),
        check.hidden
    );
    let timed = check.min_speedup.is_some();
    let measure = format!(
        "{common} cpu_s={run_cpu_s} baseline={} abi={} pairs={} budget_ms={BUDGET_MS}",
        u8::from(plan.compared),
        u8::from(plan.called),
        if timed { PAIRS } else { 0 },
    );
    let mut steps = vec![
        step("harness", sh(build.harness()), When::Ok),
        step("compile", sh(build.compile()), When::Ok),
        step("measure", measuring(&measure), When::Ok),
    ];
    if plan.sanitized {
        let script = format!(
            "{}exec /job/build/measure mode=1 {common} cpu_s={}\n",
            build.sanitize(),
            run_cpu_s * 4
        );
        steps.push(step("sanitize", sh(script), When::Ok));
    }
    if timed {
        let counted = format!("mode=2 {common} baseline=1 cpu_s={COUNT_CPU_S}");
        steps.push(step("count", measuring(&counted), When::Always));
    }
    let job = Job {
        sandbox: SANDBOX.into(),
        files,
        steps,
        limits: job_limits(
            task,
            run_cpu_s,
            run_output,
            inputs.len() as u64 + u64::from(check.hidden),
        ),
    };
    Ok(Request {
        job,
        check: OUTSIDE.into(),
        engine: "gcc".into(),
        judge_version: JUDGE_VERSION,
        seed,
        trials: 1,
        params: json!(plan),
    })
}

/// Limits of the whole job: room for every run to take as long as one may.
fn job_limits(task: &Task, run_cpu_s: u64, run_output: u64, inputs: u64) -> Limits {
    let own = &task.limits;
    // Each input: baseline, candidate, checked calls, sanitizers (four times as slow), and sixteen pairs and a warm-up.
    let cpu_ms = (60_000 + run_cpu_s * 1000 * inputs * (3 + 4 + 2 * 17)).min(3_600_000);
    let base = Limits {
        wall_ms: (cpu_ms * 2).min(7_200_000),
        memory_bytes: 1 << 30,
        output_bytes: (8 << 20) + (run_output * 3 + 16384) * inputs,
        file_bytes: run_output.max(64 << 20),
        disk_bytes: 128 << 20,
        ..Limits::default()
    };
    Limits {
        cpu_ms,
        output_bytes: base.output_bytes.min(256 << 20),
        wall_ms: own.wall_ms.unwrap_or(base.wall_ms),
        memory_bytes: own.memory_bytes.unwrap_or(base.memory_bytes),
        pids: own.pids.unwrap_or(base.pids),
        file_bytes: own.file_bytes.unwrap_or(base.file_bytes),
        disk_bytes: own.disk_bytes.unwrap_or(base.disk_bytes),
        inodes: own.inodes.unwrap_or(base.inodes),
    }
}

fn file(path: String, content: &str) -> JobFile {
    JobFile {
        path,
        content: content.into(),
    }
}

fn sh(script: String) -> Vec<String> {
    vec!["sh".into(), "-euc".into(), script]
}

fn measuring(options: &str) -> Vec<String> {
    std::iter::once("/job/build/measure")
        .chain(options.split(' '))
        .map(String::from)
        .collect()
}

/// What is compiled to what.
struct Build<'a> {
    candidate: Vec<Unit>,
    baseline: Vec<Unit>,
    testbench: Vec<Unit>,
    support: Vec<Unit>,
    generator: Vec<Unit>,
    flags: &'a [String],
}

impl Build<'_> {
    /// All that is the task's or ours: if it fails, the candidate is not to blame.
    fn harness(&self) -> String {
        let mut script = "mkdir -p /job/build\ncd /job/build\ngcc -O2 -o measure /job/in/assay/measure.c\n\
                          gcc -O2 -c /job/in/assay/compat.c\nar rc libcompat.a compat.o\n"
            .to_string();
        script += &compile(&self.support, self.flags, "");
        script += &compile(&self.testbench, self.flags, "");
        if !self.baseline.is_empty() {
            script += &compile(&self.baseline, self.flags, "");
            script += &link("baseline", &[&self.baseline, &self.testbench, &self.support], "");
            // An empty program, which starts as the others do.
            script += "echo 'int main(void) { return 0; }' >empty.c\ngcc -O3 -static -no-pie -o empty empty.c\n";
        }
        if !self.generator.is_empty() {
            script += &compile(&self.generator, &[], "");
            script += &link("generator", &[&self.generator], "");
        }
        script
    }

    /// The candidate's own part. A file `unchanged` where it is the baseline's machine code; `taken` names what the
    /// candidate defines in the place of what the testbench calls from elsewhere; `called` what it calls in the candidate.
    fn compile(&self) -> String {
        let mut script = "cd /job/build\n".to_string();
        script += &compile(&self.candidate, self.flags, "");
        script += &link("candidate", &[&self.candidate, &self.testbench, &self.support], "");
        if !self.baseline.is_empty() {
            script += "for p in candidate baseline; do objcopy -O binary $p $p.bin; done\n\
                       if cmp -s candidate.bin baseline.bin; then echo unchanged | tee unchanged; fi\nrm *.bin\n";
        }
        if !self.testbench.is_empty() {
            let names = |units: &[Unit]| units.iter().map(|u| u.object.clone()).collect::<Vec<_>>().join(" ");
            script += &format!(
                "nm -g --defined-only -f posix {} | awk 'NF > 1 {{ print $1 }}' | sort -u >own\n\
                 nm -g --defined-only -f posix {} | awk '$2 == \"T\" {{ print $1 }}' | sort -u >functions\n\
                 nm -u -f posix {} | awk 'NF > 1 {{ print $1 }}' | sort -u >needed\n\
                 : >theirs\n",
                names(&self.candidate),
                names(&self.candidate),
                names(&self.testbench),
            );
            if !self.baseline.is_empty() {
                script += &format!(
                    "nm -g --defined-only -f posix {} | awk 'NF > 1 {{ print $1 }}' | sort -u >theirs\n",
                    names(&self.baseline)
                );
            }
            // What a testbench relies on, even where it does not name it.
            script += "nm -D --defined-only -f posix /usr/lib/x86_64-linux-gnu/libc.so.6 | sed 's/[@ ].*//' | sort -u >library\n\
                       printf '%s\\n' _exit abort atexit exit fflush fwrite memcmp printf putchar puts read strcmp write | sort -u - needed |\
                       comm -12 - library | comm -12 - own | comm -23 - theirs | sed 's/^/taken /'\n\
                       comm -12 functions needed >called\n\
                       { echo '.include \"/job/in/assay/abi.s\"'; sed 's/^/WRAP /' called; } >wrap.s\n";
            script += "gcc -O2 -c -o abi.o /job/in/assay/abi.c\ngcc -c -o wrap.o wrap.s\n";
            let wraps = "wrap.o abi.o $(sed 's/^/-Wl,--wrap=/' called)";
            script += &link(
                "candidate.abi",
                &[&self.candidate, &self.testbench, &self.support],
                wraps,
            );
        }
        script
    }

    /// The candidate's C and C++ with sanitizers, and what calls it with guards around its own data.
    fn sanitize(&self) -> String {
        let with = |flags: &str| -> Vec<String> {
            let own = "-O1 -g -fno-omit-frame-pointer";
            self.flags
                .iter()
                .cloned()
                .chain(own.split(' ').chain(flags.split(' ')).map(String::from))
                .collect()
        };
        let mut script = "cd /job/build\n".to_string();
        let all = [&self.candidate[..], &self.testbench, &self.support];
        script += &compile(
            &self.candidate,
            &with("-fsanitize=address,undefined -fno-sanitize-recover=all"),
            ".san",
        );
        script += &compile(&self.testbench, &with("-fsanitize=address"), ".san");
        script += &compile(&self.support, &with("-fsanitize=address"), ".san");
        // Without /proc the sanitizer finds neither its options in the environment, nor the threads to look for leaks in.
        script += "echo 'const char *__asan_default_options(void) { return \"detect_leaks=0:symbolize=0\"; }' >options.c\n\
                   gcc -c options.c\n";
        let cxx = all
            .iter()
            .any(|group| group.iter().any(|u| u.language == Language::Cxx));
        let objects: Vec<String> = all
            .iter()
            .flat_map(|group| group.iter())
            .map(|u| format!("{}.san", u.object))
            .collect();
        script += &format!(
            "{} -no-pie -fsanitize=address,undefined -o candidate.san options.o {} -lm\n",
            if cxx { "g++" } else { "gcc" },
            objects.join(" ")
        );
        script
    }
}
