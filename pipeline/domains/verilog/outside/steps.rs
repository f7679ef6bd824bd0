//! The commands that judge a candidate of a task from outside.
//!
//! Icarus first. Where it refuses the files, Verilator builds and runs the same simulation; where both refuse, each is
//! asked about the candidate alone, which tells whose fault it is. What the check asks for beyond the testbench comes
//! last, and the record of a failed run at the very end, where it can harm nothing.

use super::check::{ExternalCheck, ExternalError, Simulator};
use super::suite::{Part, Suite};
use super::synthesis;
use crate::domains::shell::{script, step};
use crate::domains::verilog::harness::{IVERILOG, SANDBOX};
use sandboxes::{Job, Limits, Step, When};

/// Bytes of a waveform that are read.
pub const WAVE_BYTES: usize = 2 << 20;

/// Lays the files out where the simulation runs, for what opens them by relative names: all of them under their own
/// paths, and those of the testbench's folder, where suites run, and of every other folder with data here as well.
const LAY_OUT: &str = "cp -r --no-preserve=mode /job/in/. /job && for folder; do cp -rn --no-preserve=mode \"/job/in/$folder/.\" /job; done";

/// Icarus; where it refuses files that are all of the old kind, once more as Verilog-2005, which has fewer keywords
/// (`expect`, `bit`, `final` may be names there). What it said first is what counts.
const OLDER: &str = "\
iverilog -g2012 \"$@\" && exit 0
status=$?
[ $status -ge 126 ] || { iverilog -g2005 \"$@\" >/dev/null 2>&1 && exit 0; }
exit $status";

/// Icarus 11 makes a wire of an imported name that stands in a port's connection, and simulates that. Where it makes wires
/// and files import, it is not believed.
const WARY: &str = "\
said=$(iverilog -g2012 -Wimplicit \"$@\" 2>&1)
status=$?
printf '%s\\n' \"$said\"
case $status$said in 0*'implicit definition of wire'*) exit MISREAD;; esac
exit $status";

/// Exit status of Icarus's compile step where what it made is not what was written.
pub const MISREAD: i32 = 90;

/// Verilator, then the compiler on what it wrote, in one piece and unoptimised: that is what costs least. The library
/// it is linked with was compiled when the image was made. Exit 3: Verilator took the files, the compiler did not.
const VERILATE: &str = "\
export VERILATOR_ROOT=/usr/share/verilator
include=$VERILATOR_ROOT/include
verilator_bin --cc --exe --main --timing --timescale 1ns/1ps --prefix Vsim --Mdir /job/assay_cc -Wno-fatal -Wno-lint -Wno-style \
-Wno-TIMESCALEMOD -Wno-MULTITOP -Werror-MODDUP \"$@\" || exit $?
cd /job/assay_cc || exit 3
for part in *.cpp; do echo \"#include \\\"$part\\\"\"; done >all.cc
g++-12 -std=gnu++20 -fcoroutines -O0 -w -DVL_TIME_CONTEXT -I. -I$include -I$include/vltstd all.cc \
/usr/lib/verilated/libverilated.a -o /job/assay_sim -pthread || exit 3";

const LINT: &str = "\
export VERILATOR_ROOT=/usr/share/verilator
exec verilator_bin --lint-only --timing --timescale 1ns/1ps -Wno-fatal -Wno-lint -Wno-style -Wno-TIMESCALEMOD \
-Wno-MULTITOP -Werror-MODDUP \"$@\"";

/// Runs what was built, if it was.
const RUN: &str = "[ -x /job/assay_sim ] || exit 0; exec /job/assay_sim";

/// Runs a command if the log has a word of failure in it. One short process, since this is what every pass pays for.
const LOOK: &str = "\
BEGIN {
  while ((getline line < \"/job/assay.log\") > 0) if (tolower(line) ~ /fail|error|mismatch|wrong|incorrect|timeout/) exit system(ARGV[1])
  exit 0
}";

/// Where the log tells of a failure: the waveform that the testbench wrote, or that of a second, recorded run. The words
/// are the judge's, loosely: this only decides what is worth showing.
const WAVE: &str = "\
sed -E 's/\\b(no|0|zero) (mismatches|errors|failures|failed)\\b//Ig; s/\\b(errors?|failed|failures|mismatches|mismatched samples)( is|:| =|=) *0\\b//Ig' \
/job/assay.log | grep -qiE 'fail|error|mismatch|wrong|incorrect|timeout' || exit 0
for dump in *.vcd; do [ ! -L \"$dump\" ] && [ -s \"$dump\" ] && exec head -c WAVE_BYTES -- \"$dump\"; done
[ \"$#\" -gt 0 ] || exit 0
ulimit -t 10
\"$@\" >/dev/null 2>&1 && vvp -n assay_wave.vvp >/dev/null 2>&1
[ -f assay.vcd ] && [ ! -L assay.vcd ] && exec head -c WAVE_BYTES -- assay.vcd";

/// The job that judges a candidate.
pub fn job(suite: &Suite, check: &ExternalCheck, limits: &Limits) -> Result<Job, ExternalError> {
    let mut steps = Vec::new();
    if !suite.data_folders().is_empty() {
        steps.push(step("lay_out", script(LAY_OUT, suite.data_folders()), When::Ok));
    }
    if check.simulator != Simulator::Verilator {
        steps.push(step("compile", icarus(suite, "/job/assay.vvp", &[], &[]), When::Ok));
        let vvp = ["vvp", "-n", "-l", "/job/assay.log", "/job/assay.vvp"];
        steps.push(step("simulate", vvp.map(String::from).into(), When::Ok));
    }
    let refused = || When::Failed("compile".into());
    let verilator = match check.simulator {
        Simulator::Icarus => None,
        Simulator::Auto => Some(refused()),
        Simulator::Verilator => Some(When::Ok),
    };
    if let Some(when) = verilator.clone() {
        let mut files = suite.folders().iter().map(|d| format!("-I{d}")).collect::<Vec<_>>();
        if let [top] = suite.tops.as_slice() {
            files.extend(["--top-module".into(), top.clone()]);
        }
        files.extend(suite.sources(suite.simulated()));
        steps.push(step("verilate", script(VERILATE, files), when.clone()));
        steps.push(step("simulate_verilator", script(RUN, Vec::new()), when));
    }
    steps.extend(whose_fault(suite, check));
    if check.synthesizable {
        steps.push(step("synthesize", synthesis::synthesize(suite), When::Always));
    }
    if check.equivalence {
        steps.extend(synthesis::prove(suite, check)?);
    }
    if check.simulator != Simulator::Verilator {
        steps.push(step("wave", wave(suite), When::Always));
    }
    Ok(Job {
        sandbox: SANDBOX.into(),
        files: suite.job_files(),
        steps,
        limits: limits.clone(),
    })
}

/// The candidate with its support, asked of each simulator that refused the whole.
fn whose_fault(suite: &Suite, check: &ExternalCheck) -> Vec<Step> {
    let last = if check.simulator == Simulator::Icarus {
        "compile"
    } else {
        "verilate"
    };
    let refused = || When::Failed(last.into());
    let alone = suite.sources(&[Part::Support, Part::Candidate]);
    let mut steps = Vec::new();
    if check.simulator != Simulator::Verilator {
        let argv = iverilog(suite, &["-o", "/dev/null", "-t", "null"], alone.clone());
        steps.push(step("alone_icarus", argv, refused()));
    }
    if check.simulator != Simulator::Icarus {
        let mut files = suite.folders().iter().map(|d| format!("-I{d}")).collect::<Vec<_>>();
        files.extend(alone);
        steps.push(step("alone_verilator", script(LINT, files), refused()));
    }
    steps
}

/// Icarus over sources, in the generation of Verilog that their names tell.
fn iverilog(suite: &Suite, flags: &[&str], sources: Vec<String>) -> Vec<String> {
    let mut arguments: Vec<String> = flags.iter().map(|f| f.to_string()).collect();
    for folder in suite.folders() {
        arguments.extend(["-I".into(), folder]);
    }
    arguments.extend(sources);
    if suite.is_old() {
        return script(OLDER, arguments);
    }
    if suite.imports() {
        return script(&WARY.replace("MISREAD", &MISREAD.to_string()), arguments);
    }
    [IVERILOG, "-g2012"]
        .map(String::from)
        .into_iter()
        .chain(arguments)
        .collect()
}

fn icarus(suite: &Suite, out: &str, more_tops: &[&str], more: &[String]) -> Vec<String> {
    let mut flags = vec!["-o", out];
    for top in suite.tops.iter().map(String::as_str).chain(more_tops.iter().copied()) {
        flags.extend(["-s", top]);
    }
    let sources = suite.sources(suite.simulated());
    iverilog(suite, &flags, sources.into_iter().chain(more.iter().cloned()).collect())
}

fn wave(suite: &Suite) -> Vec<String> {
    let mut compile = Vec::new();
    if !suite.tops.is_empty() {
        compile = icarus(suite, "/job/assay_wave.vvp", &["assay_wave"], &[suite.wave_path()]);
    }
    let run = script(&WAVE.replace("WAVE_BYTES", &WAVE_BYTES.to_string()), compile);
    // only a NUL cannot be quoted, and no path holds one
    let run = shlex::try_join(run.iter().map(String::as_str)).unwrap_or_default();
    ["mawk".to_string(), LOOK.to_string(), run].into()
}
