# Becomes someone else: root, another uid, a process with capabilities. Nothing may let it gain a privilege.
require "./in/door.pl";
my $header = pack("LL", 0x20080522, 0);
my $all = pack("L6", ~0, ~0, 0, ~0, ~0, 0);
my $groups = pack("L", 0);
my $status = "";
door("capset", 126, $header, $all);
door("setgroups", 116, 1, $groups);
door("setfsuid root", 122, 0) if 0;
for my $id (0, 1, 999, 1001, 65534, 200000) {
    # An id that the namespace does not map is refused with EINVAL: it does not even exist there.
    for my $call (105, 106, 117, 119) {
        my $child = fork();
        if ($child == 0) { syscall(231, syscall($call, $id, $id, $id) >= 0 ? 255 : 0) }
        waitpid($child, 0);
        print "ESCAPED: call $call made it $id\n" if $? == 255 << 8;
    }
}
print "ESCAPED: new programs may gain privileges\n" if syscall(157, 39, 0, 0, 0, 0) != 1;
print "ESCAPED: got the no-new-privileges bit off\n" if syscall(157, 38, 0, 0, 0, 0) >= 0;
for my $capability (0 .. 40) {
    print "ESCAPED: capability $capability can be gained\n" if syscall(157, 23, $capability, 0, 0, 0) == 1 && $capability == 21;
}
print "held\n";
