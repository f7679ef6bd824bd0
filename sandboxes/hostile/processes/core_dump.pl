# Crashes with much memory, so that the kernel writes it to a file or starts a program of the machine with it. It must do
# neither, whatever the machine's core_pattern.
chdir "/job";
my $memory = "x" x (32 << 20);
if (fork() == 0) { kill "ABRT", $$; sleep 1 }
wait();
print "ESCAPED: dumped its core\n" if $? & 128;
print "ESCAPED: left $_\n" for grep { /core/ } </job/*>;
kill "ABRT", $$;
sleep 1;
