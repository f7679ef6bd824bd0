// Prints without end from the simulation. The limit on output must end it.
module attack;
  initial forever $display("flood flood flood flood flood flood flood flood flood flood flood flood flood flood");
endmodule
