# Opens files until something stops it, in many processes. What the supervisor and the neighbours may open stays theirs.
for my $process (1 .. 40) {
    my $child = fork();
    next if !defined $child || $child != 0;
    my @open;
    while (@open < 100000) {
        open(my $file, "<", "/dev/null") or last;
        push @open, $file;
    }
    print "ESCAPED: 100000 open files\n" if @open >= 100000;
    syscall(302, 0, 7, pack("QQ", 1 << 20, 1 << 20), 0) >= 0 and print "ESCAPED: raised the limit\n";
    sleep 1;
    exit 0;
}
1 while wait() >= 0;
print "held\n";
