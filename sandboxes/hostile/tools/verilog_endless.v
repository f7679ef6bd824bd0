// Never lets time pass in the simulation. The limit on CPU time must end it.
module attack;
  reg r = 0;
  initial while (1) r = ~r;
endmodule
