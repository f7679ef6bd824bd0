# Looks for what belongs to the machine and not to the image. None of it may be there, nor anything of the caller's in
# environment, name or identity.
for path in /etc/shadow /root/.ssh /root/.bashrc /home/* /var/lib/assay /var/lib/docker /var/lib/postgresql /var/run/postgresql \
  /run/docker.sock /run/secrets /run/systemd /dev/vda /dev/sda /dev/mem /dev/kmsg /dev/kvm /boot/* /proc/1/root/root; do
  [ -e "$path" ] && echo "ESCAPED: sees $path"
done
[ "$(env | sed 's/=.*//' | sort | tr '\n' ' ')" = "HOME LANG PATH PWD TZ " ] || echo "ESCAPED: environment: $(env)"
[ "$(hostname)" = sandbox ] || echo "ESCAPED: host name"
[ "$(id -u):$(id -G)" = 1000:1000 ] || echo "ESCAPED: $(id)"
echo held
