# What belongs to the machine, not to the image.
for path in /etc/shadow /proc/1/environ /proc/1/root/etc/passwd /proc/cpuinfo /proc/sys/kernel/core_pattern /sys/kernel \
  /sys/fs/cgroup /dev/vda /dev/sda /dev/mem /dev/kmsg /dev/shm /dev/pts /root /home /var/lib/assay /run/lock /var/run/postgresql; do
  [ -e "$path" ] && echo "ESCAPED: sees $path"
done
[ "$(env | sed 's/=.*//' | sort | tr '\n' ' ')" = "HOME LANG PATH PWD TZ " ] || echo "ESCAPED: environment: $(env)"
[ "$(hostname)" = sandbox ] || echo "ESCAPED: host name"
[ "$(id -u):$(id -G)" = 1000:1000 ] || echo "ESCAPED: $(id)"
echo held
