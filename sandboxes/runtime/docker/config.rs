//! A container's configuration: what it is denied, and what it may use.

use crate::runtime::cgroup::OWN_PIDS;
use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount, MountType,
    ResourcesUlimits,
};

use super::exchange::Exchange;
use crate::job::{Job, Limits};
use crate::runtime::{ENVIRONMENT, OPEN_FILES, STACK_BYTES, seccomp};

/// Whom the steps run as; the same in every container, as in every image's /etc/passwd.
const USER: &str = "1000:1000";
/// What making a container takes, threads included; a smaller limit is set when it runs.
const START_PIDS: u32 = 64;
/// What `/proc` tells about the machine. What is not there does no harm; `/proc/self` stays, which yosys and the engine
/// need.
const MASKED_PROC: &str = "acpi asound buddyinfo bus cgroups cmdline config.gz consoles cpuinfo crypto devices \
    diskstats dma driver dynamic_debug execdomains fb filesystems fs interrupts iomem ioports irq kallsyms kcore \
    key-users keys kmsg kpagecgroup kpagecount kpageflags latency_stats loadavg locks mdstat meminfo misc modules mtrr \
    pagetypeinfo partitions pressure sched_debug schedstat scsi slabinfo softirqs stat swaps sys sysrq-trigger sysvipc \
    timer_list timer_stats tty uptime version vmallocinfo vmstat zoneinfo";
/// What else an engine shows and no job needs.
const MASKED: &str = "/sys /dev/mqueue /dev/pts /etc/hosts /etc/hostname /etc/resolv.conf";

/// The limit on processes, for the job and what is ours.
pub(crate) fn pids(limits: &Limits) -> u32 {
    limits.pids + OWN_PIDS
}

/// Whether the limit on processes has to be set anew once the container runs.
pub(crate) fn pids_come_later(limits: &Limits) -> bool {
    pids(limits) < START_PIDS
}

/// A container for a job. `profile` is the seccomp profile.
pub(crate) fn container(
    job: &Job,
    image: &str,
    exchange: &Exchange,
    profile: &str,
    labels: HashMap<String, String>,
) -> ContainerCreateBody {
    let memory = i64::try_from(job.limits.memory_bytes).unwrap_or(i64::MAX);
    let host = HostConfig {
        network_mode: Some("none".to_string()),
        // No shared memory file system, which would be one more place to write.
        ipc_mode: Some("none".to_string()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".to_string()]),
        security_opt: Some(vec!["no-new-privileges".to_string(), format!("seccomp={profile}")]),
        masked_paths: Some(masked()),
        readonly_paths: Some(vec![]),
        tmpfs: Some(HashMap::from([
            ("/job".to_string(), scratch(&job.limits)),
            ("/tmp".to_string(), scratch(&job.limits)),
        ])),
        mounts: Some(exchange.mounts().into_iter().map(read_only).collect()),
        memory: Some(memory),
        // Memory and swap together: no swap.
        memory_swap: Some(memory),
        pids_limit: Some(i64::from(pids(&job.limits).max(START_PIDS))),
        ulimits: Some(resource_limits(&job.limits)),
        // What the steps print goes through our FIFOs alone.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_string()),
            config: None,
        }),
        ..HostConfig::default()
    };
    ContainerCreateBody {
        image: Some(image.to_string()),
        hostname: Some("sandbox".to_string()),
        user: Some(USER.to_string()),
        working_dir: Some("/job".to_string()),
        env: Some(ENVIRONMENT.iter().map(|pair| pair.to_string()).collect()),
        entrypoint: Some(vec![]),
        cmd: Some(Exchange::command(job)),
        network_disabled: Some(true),
        labels: Some(labels),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}

fn masked() -> Vec<String> {
    let proc = MASKED_PROC.split_whitespace().map(|name| format!("/proc/{name}"));
    proc.chain(MASKED.split_whitespace().map(str::to_string)).collect()
}

/// A scratch folder. There are two, and each may take what the job may use.
fn scratch(limits: &Limits) -> String {
    // The folder itself, and in /job the folder of the job's files.
    let inodes = limits.inodes + 2;
    format!(
        "rw,exec,nosuid,nodev,size={},nr_inodes={inodes},mode=0755,uid=1000,gid=1000",
        limits.disk_bytes
    )
}

fn read_only((source, target): (std::path::PathBuf, &str)) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source.display().to_string()),
        target: Some(target.to_string()),
        read_only: Some(true),
        ..Mount::default()
    }
}

fn resource_limits(limits: &Limits) -> Vec<ResourcesUlimits> {
    let limit = |(name, value): (&str, u64)| {
        let value = i64::try_from(value).ok();
        ResourcesUlimits {
            name: Some(name.to_string()),
            soft: value,
            hard: value,
        }
    };
    [
        ("core", seccomp::CORE_BYTES),
        ("fsize", limits.file_bytes),
        ("nofile", OPEN_FILES),
        ("stack", STACK_BYTES),
        ("memlock", 0),
        ("msgqueue", 0),
        // A second line behind the group's account. Whole seconds.
        ("cpu", limits.cpu_ms.div_ceil(1000) + 1),
    ]
    .map(limit)
    .into()
}
