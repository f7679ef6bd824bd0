# Leaves a process that forks and dies all the time, so that its number is never the one that is killed. It must be dead
# when the next step runs.
if (fork() == 0) {
    open(STDOUT, ">", "/dev/null");
    while (1) {
        my $child = fork();
        exit 0 if !defined $child || $child != 0;
        open(my $file, ">>", "/job/forged");
        print $file "forged\n";
    }
}
select(undef, undef, undef, 0.2);
print "left\n";
