# Talks to services of the machine over local sockets, by path and by abstract name. None may be there to answer.
my @paths = ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private",
    "/run/systemd/journal/socket", "/var/run/postgresql/.s.PGSQL.5432", "/tmp/.s.PGSQL.5432", "/run/containerd/containerd.sock",
    "\0/containerd-shim/", "\0/tmp/.X11-unix/X0", "\0/org/kernel/linux/storage/multipathd");
for my $path (@paths) {
    my $address = pack("S a*", 1, $path);
    for my $kind (1, 2, 5) {
        my $socket = syscall(41, 1, $kind, 0);
        if ($socket < 0) { next }
        (my $shown = $path) =~ s/\0/@/;
        print "ESCAPED: reached $shown\n" if syscall(42, $socket, $address, length $address) >= 0;
        syscall(3, $socket);
    }
}
print "held\n";
