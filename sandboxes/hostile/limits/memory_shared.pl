# Takes shared memory by the old calls, and lets go of it without removing it. The job's memory limit must end it, and
# none of it may outlive the job.
my @kept;
for (1 .. 64) {
    my $id = shmget(0, 64 << 20, 01600);
    last if !defined $id;
    push @kept, $id;
    for my $at (0 .. 63) { shmwrite($id, "x" x (1 << 20), $at << 20, 1 << 20) or last }
}
sleep 1;
print "ESCAPED: took 4 GiB of shared memory\n";
