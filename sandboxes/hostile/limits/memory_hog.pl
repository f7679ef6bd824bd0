# Takes memory and touches it until something stops it. The memory limit must end the job.
my @hoard;
push @hoard, "x" x (1 << 20) for 1 .. 4096;
print "ESCAPED: took 4 GiB\n";
