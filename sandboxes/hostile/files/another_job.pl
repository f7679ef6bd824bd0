# Searches every file that it can read for what a neighbour holds, and for what an earlier job on its slot left. Nothing
# of either may be there.
my $wanted = "the neighbour's " . "secret";
my @folders = ("/");
while (defined(my $folder = shift @folders)) {
    opendir(my $list, $folder) or next;
    for my $name (grep { !/^\.\.?$/ } readdir $list) {
        my $path = $folder eq "/" ? "/$name" : "$folder/$name";
        next if -l $path || $path =~ m{^/(sys|proc/\d+/task)\b};
        if (-d _) { push @folders, $path; next }
        next if !-f _ || -s _ > 1 << 20 || $path eq "/job/in/program";
        open(my $file, "<", $path) or next;
        # Some files of /proc have no end.
        read($file, my $text, 1 << 20) or next;
        print "ESCAPED: $path: $text\n" if index($text, $wanted) >= 0;
    }
}
for my $path ("/job/kept", "/tmp/kept", "/dev/shm/kept") {
    print "ESCAPED: an earlier job's $path\n" if -e $path;
}
for my $key (1 .. 3) { print "ESCAPED: an earlier job's memory\n" if defined shmget($key, 1, 0) }
for my $folder ("/job", "/tmp", "/dev/shm") {
    open(my $file, ">", "$folder/kept") or next;
    print $file "for the next one\n";
}
shmget($_, 4096, 01666) for 1 .. 3;
print "held\n";
