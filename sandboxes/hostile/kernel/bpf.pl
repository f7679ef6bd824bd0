# Loads programs into the kernel: a map, a socket filter, and a system call filter of its own. BPF must be refused; a
# filter of its own may only take away.
require "./in/door.pl";
my $map = pack("L5", 2, 4, 4, 1, 0) . "\0" x 100;
my $program = pack("LLQQ", 1, 0, 0, 0) . "\0" x 100;
door("bpf MAP_CREATE", 321, 0, $map, 72);
door("bpf PROG_LOAD", 321, 5, $program, 72);
door("bpf OBJ_GET", 321, 7, $program, 72);
# A filter that allows everything, laid over the one that is there.
my $allow = pack("SCCL", 6, 0, 0, 0x7fff0000);
my $filter = pack("S x6 P", 1, $allow);
syscall(317, 1, 0, $filter);
door("bpf under a filter of its own", 321, 0, $map, 72);
print "held\n";
