# Leaves a named pipe in place of its output, at which a reader waits for ever. What collects outputs must not wait.
my $path = "/job/out";
syscall(133, $path, 0010666, 0);
print "held\n" if -p $path;
