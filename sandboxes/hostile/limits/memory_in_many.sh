# Takes memory in several processes, each of them within the limit. The limit of the whole tree must end the job.
for n in 1 2 3 4 5 6 7 8; do
  perl -e 'my $x = "y" x (100 << 20); sleep 5; print "kept\n"' &
done
wait
echo ESCAPED: eight processes took 800 MiB together
