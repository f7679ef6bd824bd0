// Reads files of the machine by $readmemh and prints what it got. It must get nothing.
module attack;
  reg [7:0] memory [0:63];
  integer file, line;
  initial begin
    memory[0] = 8'hxx;
    $readmemh("/etc/shadow", memory);
    if (memory[0] !== 8'hxx) $display("ESCAPED: read the machine's file");
    $readmemb("/proc/1/environ", memory);
    if (memory[0] !== 8'hxx) $display("ESCAPED: read the driver's environment");
    $display("held");
    $finish;
  end
endmodule
