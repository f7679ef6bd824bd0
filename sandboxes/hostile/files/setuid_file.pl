# Makes programs that would run as someone else, and starts what the image has of them. They must run as their caller.
use File::Copy;
for my $mode (04755, 02755, 06755) {
    copy("/bin/sh", "/job/as") or next;
    chmod $mode, "/job/as";
    my $who = `/job/as -p -c 'id -u; id -ru; id -g'` // "";
    print "ESCAPED: runs as $who\n" if $who !~ /^(1000\n1000\n1000\n)?$/;
    chown 0, 0, "/job/as" and print "ESCAPED: gave a file to root\n";
}
for my $path ("/bin/su", "/usr/bin/passwd", "/usr/bin/chsh", "/bin/mount", "/usr/bin/newuidmap") {
    print "ESCAPED: $path is setuid\n" if -u $path;
}
print "held\n";
