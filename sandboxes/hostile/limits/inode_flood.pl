# Makes empty files until something stops it. The number of inodes must, in every folder.
for my $folder ("/job", "/tmp") {
    my $made = 0;
    while ($made < 100000) {
        open(my $file, ">", "$folder/$made") or last;
        close $file;
        $made++;
    }
    print $made < 100000 ? "held after $made in $folder\n" : "ESCAPED: 100000 files in $folder\n";
}
