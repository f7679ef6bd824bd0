# Leaves a socket in place of its output. What collects outputs must take nothing.
my $address = pack("S a*", 1, "/job/out\0");
my $socket = syscall(41, 1, 1, 0);
syscall(49, $socket, $address, length $address);
print "held\n" if -S "/job/out";
