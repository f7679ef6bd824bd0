// Names that assembly made against a newer C library refers to; linked only where they are missing.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

long __isoc23_strtol(const char *text, char **end, int base) { return strtol(text, end, base); }
long long __isoc23_strtoll(const char *text, char **end, int base) { return strtoll(text, end, base); }
unsigned long __isoc23_strtoul(const char *text, char **end, int base) { return strtoul(text, end, base); }
unsigned long long __isoc23_strtoull(const char *text, char **end, int base) { return strtoull(text, end, base); }

#define FORWARD(call) \
  va_list more; \
  va_start(more, format); \
  int read = call; \
  va_end(more); \
  return read;

int __isoc23_scanf(const char *format, ...) { FORWARD(vscanf(format, more)) }
int __isoc23_fscanf(FILE *file, const char *format, ...) { FORWARD(vfscanf(file, format, more)) }
int __isoc23_sscanf(const char *text, const char *format, ...) { FORWARD(vsscanf(text, format, more)) }
