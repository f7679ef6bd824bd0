//! The table of sandboxes: adding one is a folder and a line here.

use std::path::Path;

use crate::canary::Canary;
use crate::error::SandboxError;
use crate::runtime::Gpus;
use crate::{cadquery, cuda, cuda_gpu, renode, stm32f407, verilog, x86_64};

/// What a sandbox's folder declares.
#[derive(Debug)]
pub(crate) struct SandboxSpec {
    /// As jobs and commands name it; lower-case letters, digits and `_`.
    pub name: &'static str,
    /// The sandbox that this one adds to: its folder lies beside the script under its name, and its script makes the root.
    pub base: Option<&'static SandboxSpec>,
    /// `install.sh ROOT LOCK [SOURCE…]`, run by bash in a folder that also holds `base.sh`, `packages.lock` and `files`.
    pub install: &'static str,
    /// `Dockerfile`: runs the same script in its stage `build`, into `/rootfs`.
    pub dockerfile: &'static str,
    /// `packages.lock`: `name=version` of every Debian package of the image.
    pub lock: &'static str,
    /// More that the script needs: names (`/` for sub-folders) and texts. They are part of the image's recipe.
    pub files: &'static [(&'static str, &'static str)],
    /// Name of a tool, and the command whose first line of output tells its version.
    pub tools: &'static [(&'static str, &'static [&'static str])],
    /// Python modules that take long to import. A parent process imports them once, and steps `python3 FILE …` are forked
    /// from it; nothing else about a job changes. Empty: no parent.
    pub preload: &'static [&'static str],
    /// Why it is built by name only: what it needs is not where the others come from.
    pub apart: Option<&'static str>,
    /// The first word of steps that are not run in the job's sandbox, but by a server of the image that is kept warm in
    /// one of its own.
    pub served: Option<&'static str>,
    /// Its jobs see one of the machine's GPUs.
    pub gpu: bool,
    /// Jobs whose outcome is known: known good, known bad, known cheat.
    pub canaries: fn() -> Vec<Canary>,
}

/// Every sandbox there is.
pub(crate) static TABLE: &[SandboxSpec] = &[
    cadquery::SPEC,
    cuda::SPEC,
    cuda_gpu::SPEC,
    renode::SPEC,
    stm32f407::SPEC,
    verilog::SPEC,
    x86_64::SPEC,
];

/// The names of all sandboxes, built or not.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|spec| spec.name).collect()
}

/// Why a sandbox is built by name only; `None` for all others.
pub fn apart(name: &str) -> Option<&'static str> {
    spec(name).ok()?.apart
}

/// Whether steps of a sandbox's jobs are done by a warm server.
pub fn is_served(name: &str) -> bool {
    spec(name).is_ok_and(|spec| spec.served.is_some())
}

/// Whether a sandbox's jobs see one of the machine's GPUs, which the default runtime alone hands on.
pub fn needs_gpu(name: &str) -> bool {
    spec(name).is_ok_and(|spec| spec.gpu)
}

/// What this machine lacks for a sandbox's jobs, beside its image; `None` for those that need nothing more.
pub fn lacks(name: &str) -> Option<String> {
    needs_gpu(name).then(|| Gpus::find(Path::new("/")).err()).flatten()
}

/// The jobs that show whether a sandbox tells right from wrong.
pub fn canaries(name: &str) -> Result<Vec<Canary>, SandboxError> {
    spec(name).map(|spec| (spec.canaries)())
}

pub(crate) fn spec(name: &str) -> Result<&'static SandboxSpec, SandboxError> {
    TABLE
        .iter()
        .find(|spec| spec.name == name)
        .ok_or_else(|| SandboxError::UnknownSandbox {
            name: name.to_string(),
            known: names().join(", "),
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    fn files_below(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .filter(|path| !path.ends_with("__pycache__"))
            .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
            .collect()
    }

    #[test]
    fn whole_folders_are_handed_to_install_scripts() {
        for spec in TABLE {
            let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(spec.name);
            let listed = spec.files.iter().map(|(name, _)| *name);
            let listed: BTreeSet<&str> = listed.filter(|name| name.contains('/')).collect();
            let folders: BTreeSet<&str> = listed.iter().filter_map(|name| name.split('/').next()).collect();
            let found: Vec<PathBuf> = folders
                .iter()
                .flat_map(|folder| files_below(&here.join(folder)))
                .collect();
            let found = found
                .iter()
                .map(|path| path.strip_prefix(&here).unwrap().to_str().unwrap());
            assert_eq!(listed, found.collect(), "{}", spec.name);
        }
    }

    #[test]
    fn every_sandbox_can_be_shown_to_fail() {
        let mut seen = BTreeSet::new();
        for spec in TABLE {
            assert!(seen.insert(spec.name), "`{}` is registered twice", spec.name);
            let canaries = (spec.canaries)();
            let passing = |c: &&Canary| matches!(c.expect, crate::canary::Expect::Passes(_));
            assert!(
                canaries.iter().any(|c| passing(&c)) && canaries.len() >= 3,
                "`{}` needs a canary that passes, one that fails and one that cheats",
                spec.name
            );
            assert!(canaries.iter().all(|c| c.job.sandbox == spec.name));
        }
    }
}
