# Takes files of the machine into its object by .incbin, from which they could be read. They must not be there to take.
.data
.incbin "/etc/shadow"
.incbin "/var/lib/assay/pg/postgresql.conf"
.incbin "/proc/1/environ"
.ascii "ESCAPED: the machine's files were assembled"
