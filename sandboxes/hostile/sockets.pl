# Every family of sockets but the local one; vsock and netlink care little about network namespaces.
my %family = (inet => 2, inet6 => 10, netlink => 16, packet => 17, bluetooth => 31, alg => 38, vsock => 40, xdp => 44);
for my $name (sort keys %family) {
    for my $kind (1, 2, 3) {
        my $socket = syscall(41, $family{$name}, $kind, 0);
        print "ESCAPED: a socket of family $name\n" if $socket >= 0;
    }
}
print "held\n";
