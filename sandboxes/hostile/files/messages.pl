# Leaves shared memory, message queues and semaphores for whoever comes next. They must be gone with the job, and must not
# be the machine's.
for my $key (0x5051, 0x0052e2c1, 1 .. 8) {
    print "ESCAPED: found shared memory $key\n" if defined shmget($key, 0, 0);
    print "ESCAPED: found a queue $key\n" if defined msgget($key, 0);
    my $memory = shmget($key, 4096, 01666);
    my $queue = msgget($key, 01666);
    msgsnd($queue, pack("l! a*", 1, "for the next one"), 0) if defined $queue;
    semget($key, 8, 01666);
}
my $name = "kept";
syscall(240, $name, 0102, 0666, 0);
print "held\n";
