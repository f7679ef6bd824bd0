# Probes /proc and /sys for what is the machine's: to read its secrets, or to change it. Neither may succeed.
for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches /proc/sysrq-trigger \
  /proc/1/oom_score_adj /sys/kernel/uevent_helper /sys/fs/cgroup/cgroup.procs /sys/kernel/mm/ksm/run /sys/power/state; do
  (echo 0 >"$path") 2>/dev/null && echo "ESCAPED: wrote $path"
done
for path in /proc/kcore /proc/kmsg /proc/1/mem /proc/1/root/etc/shadow /proc/1/root/root/.ssh /proc/keys /proc/timer_list \
  /proc/sched_debug /sys/firmware/dmi/tables/DMI /sys/kernel/debug/sched/debug /sys/kernel/security/lsm /proc/acpi/wakeup; do
  # A file that is masked can be opened, and is empty.
  [ "$(head -c 1 "$path" 2>/dev/null | wc -c)" = 0 ] || echo "ESCAPED: read $path"
done
for folder in /proc/[0-9]*; do
  tr '\0' '\n' <"$folder/environ" 2>/dev/null | grep -E 'DATABASE_URL|ASSAY|PGPASS|TOKEN' && echo "ESCAPED: read $folder/environ"
done
ls /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null | while read -r path; do
  [ -w "$path" ] && echo "ESCAPED: may write $path"
done
echo held
