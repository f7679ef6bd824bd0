# Climbs out of its folders by relative paths, by links to links and by descriptors of folders. The root must be the end.
my $up = "../" x 64;
for my $path ("${up}etc/shadow", "${up}var/lib/assay", "/job/in/${up}root/.bashrc", "/tmp/${up}run/docker.sock") {
    print "ESCAPED: sees $path\n" if -e $path;
}
symlink($up, "/job/up");
symlink("/job/up/job/up", "/job/upup");
print "ESCAPED: sees $_\n" for grep { -e $_ } "/job/upup/etc/shadow", "/job/up/var/lib/assay";
opendir(my $root, "/");
mkdir "/job/jail";
for (1 .. 64) { chdir(".."), chdir("/job/jail/../..") }
# openat of the folder above the root that it holds open.
my $parent = "..";
my $descriptor = syscall(257, fileno($root), $parent, 0200000, 0);
my @same = (stat "/")[0, 1];
chdir "/";
my @above = (stat "..")[0, 1];
print "ESCAPED: there is something above the root\n" if "@same" ne "@above";
print "held\n";
