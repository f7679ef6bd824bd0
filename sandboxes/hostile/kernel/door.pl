# door(NAME, NUMBER, ARGUMENTS...) makes one system call, in a child of its own, since some kill their caller. The door is
# closed if the call is refused as such: EPERM, EACCES, ENOSYS, EAFNOSUPPORT, or death by the filter. Any other error
# means that the kernel has looked at the arguments, and that better ones might do.
sub door {
    my ($name, $number, @arguments) = @_;
    my $child = fork();
    if (!defined $child) { print "could not fork\n"; exit 1 }
    if ($child == 0) {
        my $result = syscall($number, @arguments);
        my $error = $! + 0;
        syscall(231, $result >= 0 ? 255 : $error);
    }
    waitpid($child, 0);
    my ($signal, $error) = ($? & 127, $? >> 8);
    return if $signal == 31 || grep { $signal == 0 && $error == $_ } 1, 13, 38, 97;
    print $signal ? "ESCAPED: $name died by signal $signal\n"
        : $error == 255 ? "ESCAPED: $name was carried out\n"
        : "ESCAPED: $name was looked at, errno $error\n";
}
1;
