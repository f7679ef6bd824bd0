# Nests folders until something stops it, deeper than any path can be written. The number of inodes must stop it, and
# they must be gone with the job.
my ($made, $name) = (0, "d" x 200);
chdir "/job";
while ($made < 100000 && mkdir($name) && chdir($name)) { $made++ }
print $made < 100000 ? "held after $made\n" : "ESCAPED: 100000 folders deep\n";
