//! What a job sees of a GPU, with stand-ins for its nodes and libraries in a real sandbox: this says nothing of any GPU.

use std::os::unix::fs::symlink;

use super::*;
use crate::job::{Completion, Job, Limits, Status, Step, When};
use crate::runtime::testing::{copy, state_dir};
use crate::runtime::{Namespaces, Options};

/// A machine with two GPUs, if nodes that swallow bytes are GPUs. Not below /tmp, which the stage covers.
fn machine() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix(".machine-")
        .tempdir_in(state_dir().join("images"))
        .unwrap();
    let root = folder.path();
    for made in ["dev", "usr/lib64", "usr/lib", TOPOLOGY] {
        fs::create_dir_all(root.join(made)).unwrap();
    }
    for node in ["nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm"] {
        symlink("/dev/null", root.join("dev").join(node)).unwrap();
    }
    fs::write(root.join("usr/lib64/libcuda.so.550.1"), "the driver").unwrap();
    symlink("libcuda.so.550.1", root.join("usr/lib64/libcuda.so.1")).unwrap();
    fs::write(root.join("usr/lib64/libnvidia-gpucomp.so.550.1"), "its compiler").unwrap();
    fs::write(root.join("usr/lib64/libnvidia-ml.so.1"), "of no use").unwrap();
    fs::write(root.join(TOPOLOGY).join("online"), "0-1\n").unwrap();
    folder
}

#[test]
fn what_is_missing_is_named() {
    let folder = machine();
    let gpus = Gpus::find(folder.path()).unwrap();
    assert_eq!((gpus.nodes.len(), gpus.shared.len()), (2, 2));
    let names: Vec<&str> = gpus.libraries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["libcuda.so.1", "libnvidia-gpucomp.so.550.1"]);
    assert!(gpus.libraries[0].1.ends_with("libcuda.so.550.1"), "links are followed");

    fs::remove_file(folder.path().join("usr/lib64/libcuda.so.1")).unwrap();
    assert!(Gpus::find(folder.path()).unwrap_err().contains("libcuda.so.1"));
    fs::remove_file(folder.path().join("dev/nvidia-uvm")).unwrap();
    assert!(Gpus::find(folder.path()).unwrap_err().contains("nvidia-uvm"));
    assert!(
        Gpus::find(Path::new("/nowhere"))
            .unwrap_err()
            .contains("/nowhere/dev/nvidia0")
    );
}

#[tokio::test]
async fn a_gpu_is_one_jobs_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let nodes: Vec<PathBuf> = ["nvidia0", "nvidia1"].map(|name| folder.path().join(name)).into();
    for node in &nodes {
        fs::write(node, "").unwrap();
    }
    let gpus = Gpus {
        nodes: nodes.clone(),
        shared: Vec::new(),
        libraries: Vec::new(),
        topology: None,
    };
    let (first, second) = (gpus.take().await.unwrap(), gpus.take().await.unwrap());
    assert_eq!([&first.node, &second.node], [&nodes[0], &nodes[1]]);
    let waiting = tokio::time::timeout(PAUSE * 4, gpus.take());
    assert!(waiting.await.is_err(), "both are taken");
    drop(first);
    assert_eq!(gpus.take().await.unwrap().node, nodes[0]);
}

/// Runs a shell script where it sees a GPU, in the image `cuda` with the places that `cuda_gpu` has.
async fn seen(script: &str) -> Completion {
    let state = state_dir();
    let image = copy("cuda", &state);
    let rootfs = image.path().join("rootfs");
    for node in ["nvidiactl", "nvidia-uvm", "nvidia0", "nvidia3"] {
        fs::write(rootfs.join("dev").join(node), "").unwrap();
    }
    fs::create_dir_all(rootfs.join(PLACE)).unwrap();
    let shell = rootfs.join(SHELL.trim_start_matches('/'));
    fs::create_dir_all(shell.parent().unwrap()).unwrap();
    fs::copy(rootfs.join("bin/bash"), &shell).unwrap();
    fs::set_permissions(&shell, std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    fs::create_dir_all(rootfs.join(TOPOLOGY)).unwrap();
    let step = Step {
        name: "look".into(),
        argv: ["sh", "-c", script].map(String::from).into(),
        when: When::Ok,
    };
    let job = Job {
        sandbox: "cuda_gpu".into(),
        files: Vec::new(),
        steps: vec![step],
        limits: Limits::default(),
    };
    let folder = machine();
    let gpus = Gpus::find(folder.path()).unwrap();
    let runtime = Namespaces::open(Options {
        state_dir: state,
        slots: 1,
        allow_weaker: None,
    })
    .unwrap();
    runtime.run_on_gpu(&job, &rootfs, None, &gpus).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_sees_one_gpu_and_the_drivers_libraries() {
    let look = "ls /usr/local/nvidia; cat /usr/local/nvidia/libcuda.so.1; echo; cat /sys/devices/system/online
for node in nvidia0 nvidia3 nvidiactl nvidia-uvm; do [ -c /dev/$node ] && echo 1 >/dev/$node && echo $node; done
ls /proc/self/status
echo 1 >/usr/local/nvidia/libcuda.so.1 && echo written; echo 1 >/usr/local/nvidia/new && echo made; exit 0";
    let done = seen(look).await;
    assert_eq!(done.steps[0].status, Status::Exit(0), "{done:?}");
    let log = String::from_utf8_lossy(&done.steps[0].log).into_owned();
    let said: Vec<&str> = log.lines().filter(|line| !line.starts_with("sh: ")).collect();
    assert_eq!(
        said,
        [
            "libcuda.so.1",
            "libnvidia-gpucomp.so.550.1",
            "the driver",
            "0-1",
            "nvidia0",
            "nvidiactl",
            "nvidia-uvm",
            "/proc/self/status"
        ],
        "{log}"
    );
}

/// A step sees the driver in /proc: neither its script nor its memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_driver_of_a_job_is_out_of_its_steps_reach() {
    let attack = "cat /proc/1/comm
cat /proc/1/fd/0 && echo script read; ls /proc/1/fd && echo descriptors seen; cat /proc/1/environ && echo environment read
(echo x >/proc/1/fd/0) && echo script written; head -c 1 /proc/1/mem && echo memory read; head -c 1 /usr/local/lib/gpu/shell && echo shell read; exit 0";
    let done = seen(attack).await;
    assert_eq!(done.steps[0].status, Status::Exit(0), "{done:?}");
    let log = String::from_utf8_lossy(&done.steps[0].log).into_owned();
    let refused = |line: &&str| line.contains("Permission denied");
    let said: Vec<&str> = log.lines().filter(|line| !refused(line)).collect();
    assert_eq!(said, ["shell"], "{log}");
}
