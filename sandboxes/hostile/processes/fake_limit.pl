# Dies by the signal of a limit that it did not reach, to be tried again. It must be told apart from a real one.
print "dying\n";
syscall(1, 1, my $text = "dying\n", 6);
kill "XCPU", $$;
sleep 1;
print "ESCAPED: it lives on\n";
