# Lets the kernel keep its memory, in the buffers of pipes that nobody reads. The job's memory limit must end it.
my $block = "x" x (1 << 16);
for my $process (1 .. 40) {
    my $child = fork();
    next if !defined $child || $child != 0;
    my @ends;
    while (pipe(my $out, my $in)) {
        fcntl($in, 1031, 1 << 20);
        fcntl($in, 4, 04000 | 1);
        for (1 .. 16) { last if !defined syswrite($in, $block) }
        push @ends, $out, $in;
    }
    sleep 10;
    exit 0;
}
1 while wait() >= 0;
print "ESCAPED: kept what it wanted in pipes\n";
