# Keeps its memory in files without a name, which are in no folder and in no process. The job's memory limit must end it.
my $name = "hoard";
my $block = "x" x (1 << 20);
for my $file (1 .. 100) {
    my $descriptor = syscall(319, $name, 0);
    last if $descriptor < 0;
    for (1 .. 48) { last if syscall(1, $descriptor, $block, 1 << 20) < 0 }
}
sleep 1;
print "ESCAPED: took 4 GiB in files without a name\n";
