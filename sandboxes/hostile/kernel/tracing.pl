# Traces the driver, which judges what it does, or reads and writes its memory. Every such call must be refused.
require "./in/door.pl";
my $vector = pack("QQ", 0x400000, 8);
door("ptrace TRACEME", 101, 0, 0, 0, 0);
door("ptrace ATTACH", 101, 16, 1, 0, 0);
door("ptrace SEIZE", 101, 0x4206, 1, 0, 0);
door("process_vm_readv", 310, 1, $vector, 1, $vector, 1, 0);
door("process_vm_writev", 311, 1, $vector, 1, $vector, 1, 0);
door("process_madvise", 440, 0, $vector, 1, 4, 0);
door("process_mrelease", 448, 0, 0);
door("kcmp", 312, 1, 1, 0, 0, 0);
for my $path ("/proc/1/mem", "/proc/$$/../1/mem") {
    print "ESCAPED: opened $path\n" if open(my $memory, "+<", $path);
}
print "held\n";
