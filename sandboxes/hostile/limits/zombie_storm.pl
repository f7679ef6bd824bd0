# Makes children that die and are never waited for. Each holds a place in the table of processes, so the limit on
# processes must end it.
$SIG{CHLD} = "DEFAULT";
for (1 .. 20000) {
    my $child = fork();
    exit 0 if defined $child && $child == 0;
}
sleep 2;
print "ESCAPED: 20000 dead children\n";
