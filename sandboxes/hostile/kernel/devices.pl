# Makes device files for memory and disks, and opens devices that a machine has. None may be made, and none opened but
# the five that every job gets.
my %numbers = (mem => [0020666, 0x101], kmsg => [0020666, 0x10b], port => [0020666, 0x104], null => [0020666, 0x103],
    vda => [0060666, 0xfe00], sda => [0060666, 0x800], loop => [0060666, 0x700], fuse => [0020666, 0xae5], kvm => [0020666, 0xae8]);
for my $name (sort keys %numbers) {
    my $path = "/job/$name";
    print "ESCAPED: made $name\n" if syscall(133, $path, @{$numbers{$name}}) >= 0;
    print "ESCAPED: opened $path\n" if open(my $device, "+<", $path);
}
for my $path (</dev/*>) {
    next if grep { $path eq "/dev/$_" } qw(null zero full random urandom fd stdin stdout stderr core);
    print "ESCAPED: opened $path\n" if (-c $path || -b _) && open(my $device, "<", $path);
}
print "held\n";
