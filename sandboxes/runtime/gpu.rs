//! The machine's GPUs, for sandboxes whose jobs see one.
//!
//! A job has a GPU to itself, and the driver's libraries of this machine, read-only: it sees the node of that GPU, the nodes
//! that all GPUs share, `/proc` (the driver's library looks up there which numbers its devices have) and the machine's
//! topology. What the driver does with the calls of a job is the driver's: it is as strong a wall as NVIDIA makes it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::mounts::Bind;
use super::namespaces::c_string;
use super::spawn::{Plan, STAGE, Staged};
use crate::error::SandboxError;

/// Nodes that every program needs; the last one only newer drivers have.
const SHARED: [&str; 3] = ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"];
const REQUIRED: usize = 2;
/// Most GPUs of a machine; the image has a place for each.
const MOST: u32 = 16;
/// Where drivers put their libraries: Debian, Red Hat, NVIDIA's container toolkit, Debian's own packages.
const FOLDERS: [&str; 5] = [
    "usr/lib/x86_64-linux-gnu",
    "usr/lib64",
    "usr/local/nvidia/lib64",
    "usr/lib/x86_64-linux-gnu/nvidia/current",
    "usr/lib",
];
/// The library that the CUDA runtime loads.
const DRIVER: &str = "libcuda.so.1";
/// What that one may load: it compiles PTX for the GPU at hand. By the beginnings of their names.
const COMPANIONS: [&str; 3] = [
    "libnvidia-ptxjitcompiler.so.1",
    "libnvidia-nvvm.so",
    "libnvidia-gpucomp.so",
];
/// The topology of the machine, which the driver reads.
const TOPOLOGY: &str = "sys/devices/system";
/// Where a job finds the libraries, and the folder of the stage that they are gathered in.
const PLACE: &str = "usr/local/nvidia";
const LIBRARIES: &str = "driver";
/// A bash that jobs can run, and cannot read.
const SHELL: &str = "/usr/local/lib/gpu/shell";
/// How often a job that waits for a GPU looks again.
const PAUSE: Duration = Duration::from_millis(50);
/// After which it says so.
const PATIENCE: Duration = Duration::from_secs(60);

/// What of NVIDIA's a machine has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gpus {
    /// One node per GPU, by its number.
    nodes: Vec<PathBuf>,
    shared: Vec<PathBuf>,
    /// Names as programs look for them, and the files.
    libraries: Vec<(String, PathBuf)>,
    topology: Option<PathBuf>,
}

impl Gpus {
    /// Looks below a root folder, `/` but for tests. The error says what is missing.
    pub fn find(root: &Path) -> Result<Gpus, String> {
        let dev = root.join("dev");
        let node = |name: String| Some(dev.join(name)).filter(|path| path.exists());
        let nodes: Vec<PathBuf> = (0..MOST).filter_map(|n| node(format!("nvidia{n}"))).collect();
        if nodes.is_empty() {
            return Err(format!("there is no {}", dev.join("nvidia0").display()));
        }
        if let Some(name) = SHARED
            .iter()
            .take(REQUIRED)
            .find(|name| node(name.to_string()).is_none())
        {
            return Err(format!(
                "there is no {}: is the driver's module loaded? `nvidia-modprobe -u -c 0` makes the nodes",
                dev.join(name).display()
            ));
        }
        let shared = SHARED.iter().filter_map(|name| node(name.to_string())).collect();
        let folders = FOLDERS.iter().map(|folder| root.join(folder));
        let folder = folders.into_iter().find(|folder| folder.join(DRIVER).exists());
        let folder =
            folder.ok_or_else(|| format!("the driver's library {DRIVER} is in none of: {}", FOLDERS.join(", ")))?;
        let libraries = libraries(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let topology = Some(root.join(TOPOLOGY)).filter(|path| path.exists());
        Ok(Gpus {
            nodes,
            shared,
            libraries,
            topology,
        })
    }

    /// Waits for a GPU that no other job has, of whatever supervisor sees the same nodes: each has its node locked.
    pub async fn take(&self) -> Result<Seat, SandboxError> {
        let since = Instant::now();
        let mut told = false;
        loop {
            let mut failed = Vec::new();
            for node in &self.nodes {
                match lock(node) {
                    Ok(Some(lock)) => {
                        return Ok(Seat {
                            gpus: self.clone(),
                            node: node.clone(),
                            _lock: lock,
                        });
                    }
                    Ok(None) => {}
                    Err(error) => failed.push(format!("{}: {error}", node.display())),
                }
            }
            if failed.len() == self.nodes.len() {
                return Err(SandboxError::Spawn(format!(
                    "no GPU can be opened: {}",
                    failed.join("; ")
                )));
            }
            if !told && since.elapsed() > PATIENCE {
                told = true;
                tracing::warn!("every GPU of this machine is taken (flock on /dev/nvidia*); waiting");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The driver's library in a folder, and its companions. Links are followed: a job sees plain files.
fn libraries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name == DRIVER || COMPANIONS.iter().any(|companion| name.starts_with(companion)) {
            // A companion that leads nowhere is left to whoever asks for it.
            found.extend(fs::canonicalize(folder.join(&name)).map(|file| (name, file)));
        }
    }
    found.sort();
    Ok(found)
}

/// The lock on a file, if nobody has it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    // SAFETY: plain system call on a descriptor that we hold.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(Some(file));
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        error => Err(error),
    }
}

/// A GPU that is one job's until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    gpus: Gpus,
    node: PathBuf,
    _lock: File,
}

impl Seat {
    /// Adds to what a job sees: the nodes and the topology where they are on the machine, the libraries in a folder of the
    /// stage that is mounted in its place when they are in it.
    pub fn enter(&self, plan: &mut Plan) -> Result<(), SandboxError> {
        plan.proc = true;
        // In /proc the steps would find what the driver of their own uid has open, but for one whose program they cannot read.
        plan.program = c_string(SHELL)?;
        plan.argv = vec![plan.program.clone()];
        for node in self.gpus.shared.iter().chain([&self.node]) {
            let name = node.file_name().unwrap_or_default().to_string_lossy();
            plan.binds.push(Bind::device(node, &format!("root/dev/{name}"))?);
        }
        plan.folders.push(c_string(format!("{STAGE}/{LIBRARIES}"))?);
        for (name, file) in &self.gpus.libraries {
            let place = format!("{LIBRARIES}/{name}");
            plan.files.push(Staged {
                path: c_string(format!("{STAGE}/{place}"))?,
                content: Vec::new(),
            });
            plan.binds.push(Bind::read_only(file, &place)?);
        }
        let libraries = Path::new(STAGE).join(LIBRARIES);
        plan.binds.push(Bind::read_only(&libraries, &format!("root/{PLACE}"))?);
        if let Some(topology) = &self.gpus.topology {
            plan.binds.push(Bind::read_only(topology, &format!("root/{TOPOLOGY}"))?);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "gpu_tests.rs"]
mod tests;
