// Asks for memory as large as its numbers allow. The memory limit must end the simulation.
module attack;
  reg [1023:0] memory [0:(1 << 22) - 1];
  integer i;
  initial begin
    for (i = 0; i < (1 << 22); i = i + 1) memory[i] = i;
    $display("ESCAPED: filled 1 GiB");
    $finish;
  end
endmodule
