# New namespaces and mounts, by every call that makes them.
my $user = 0x10000000;
my $buffer = pack("Q8", $user, 0, 0, 0, 17, 0, 0, 0);
my %tries = (
    unshare_user => [272, $user],
    unshare_mount => [272, 0x20000],
    setns => [308, 0, 0],
    clone3 => [435, $buffer, 64],
    mount => [165, my $none = "none", my $target = "/tmp", my $type = "tmpfs", 0, 0],
    umount => [166, my $input = "/job/in", 2],
    pivot_root => [155, my $new = "/job", my $old = "/job"],
    chroot => [161, my $jail = "/job"],
    fsopen => [430, my $fs = "tmpfs", 0],
    open_tree => [428, -100, my $tree = "/", 1],
);
for my $name (sort keys %tries) {
    my ($number, @arguments) = @{$tries{$name}};
    print "ESCAPED: $name\n" if syscall($number, @arguments) >= 0;
}
for my $flag (0x20000, 0x02000000, 0x08000000, $user, 0x20000000, 0x40000000) {
    my $child = syscall(56, $flag | 17, 0, 0, 0, 0);
    if ($child == 0) { syscall(60, 0) }
    printf("ESCAPED: clone with flag %#x\n", $flag) if $child > 0;
}
print "held\n";
