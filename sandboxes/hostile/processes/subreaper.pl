# Makes itself the parent of its orphans, so that they do not fall to process 1, and dies leaving them. They must be dead
# when the next step runs.
use POSIX ();
syscall(157, 36, 1, 0, 0, 0);
for (1 .. 5) {
    next if fork();
    POSIX::setsid();
    exit 0 if fork();
    $SIG{$_} = "IGNORE" for qw(TERM HUP INT QUIT USR1);
    while (1) {
        open(my $file, ">>", "/job/forged");
        print $file "forged\n";
        close $file;
        select(undef, undef, undef, 0.01);
    }
}
select(undef, undef, undef, 0.2);
print "left\n";
