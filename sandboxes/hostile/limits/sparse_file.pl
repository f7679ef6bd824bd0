# Makes files that claim a size which they do not fill. The limit on the size of a file holds for holes too.
$SIG{XFSZ} = "IGNORE";
for my $size (1 << 31, 1 << 40, 1 << 62) {
    my $child = fork();
    if ($child == 0) {
        open(my $file, ">", "/job/hole") or exit 0;
        exit(truncate($file, $size) ? 7 : 0);
    }
    waitpid($child, 0);
    print "ESCAPED: a file of $size bytes\n" if $? == 7 << 8;
    open(my $file, ">", "/job/hole2") or next;
    print "ESCAPED: $size bytes set aside\n" if syscall(285, fileno($file), 0, 0, $size) >= 0;
}
print "held\n";
