# Locks files of the image, which all slots share, and leaves with the locks held. Nobody may have to wait for them.
my @held;
for my $path ("/etc/passwd", "/bin/sh", "/usr/bin/env", "/lib64/ld-linux-x86-64.so.2") {
    open(my $file, "<", $path) or next;
    flock($file, 2 | 4);
    # A lease would let it stall whoever opens the file.
    print "ESCAPED: a lease on $path\n" if fcntl($file, 1024, 1);
    push @held, $file;
}
sleep 1;
print "held\n";
