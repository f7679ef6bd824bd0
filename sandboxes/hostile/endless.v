// A design that never lets time pass.
module attack;
  reg r = 0;
  initial while (1) r = ~r;
endmodule
