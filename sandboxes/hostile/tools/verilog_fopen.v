// Opens files of the machine by $fopen, to read and to write. None of them may open.
module attack;
  integer file;
  task try(input [8*40:1] path, input [8*2:1] mode);
    begin
      file = $fopen(path, mode);
      if (file != 0) $display("ESCAPED: opened %0s for %0s", path, mode);
    end
  endtask
  initial begin
    try("/etc/shadow", "r");
    try("/etc/passwd", "a");
    try("/usr/pwned", "w");
    try("/dev/pwned", "w");
    try("/job/in/pwned", "w");
    try("../../etc/pwned", "w");
    try("/proc/1/environ", "r");
    $display("held");
    $finish;
  end
endmodule
