// Has the simulator run commands by $system. They must find no more than a job may see,
// where the simulator knows the call at all.
module attack;
  integer code;
  initial begin
    $system("cat /etc/shadow /proc/1/environ && echo pwned; (: >/usr/own) && echo pwned; (: >/job/in/own) && echo pwned");
    $finish;
  end
endmodule
