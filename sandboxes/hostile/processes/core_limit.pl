# Changes its limit on core dumps. A machine that pipes them to a program of its own does so at any limit but 1 byte, as
# root and outside of every sandbox, so the limit must be 1 and stay 1.
for my $wanted (0, 1 << 30) {
    my $limit = pack("QQ", $wanted, $wanted);
    syscall(160, 4, $limit);
    syscall(302, 0, 4, $limit, 0);
}
my $now = "\0" x 16;
syscall(97, 4, $now);
my ($soft, $hard) = unpack("QQ", $now);
print $soft == 1 && $hard == 1 ? "held\n" : "ESCAPED: the limit is $soft of $hard\n";
