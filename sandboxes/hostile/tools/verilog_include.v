// Includes files of the machine, so that the compiler prints them in its complaints. It must not find them.
`include "/etc/shadow"
`include "/var/lib/assay/pg/postgresql.conf"
`include "../../../../root/.bashrc"
module attack;
  initial $display("ESCAPED: the machine's files could be included");
endmodule
