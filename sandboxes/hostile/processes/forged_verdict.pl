# Reports to the supervisor in the name of the driver, through every descriptor that it might have inherited. The later
# step fails by nature, and must still be said to fail.
for my $descriptor (3 .. 255) {
    my $report = "end 1 0\n";
    print "ESCAPED: descriptor $descriptor takes text\n" if syscall(1, $descriptor, $report, length $report) > 0;
}
for my $path ("/proc/1/fd/3", "/proc/self/fd/3", "/dev/fd/3") {
    open(my $report, ">", $path) or next;
    print $report "end 1 0\n";
    print "ESCAPED: opened $path\n";
}
print "held\n";
