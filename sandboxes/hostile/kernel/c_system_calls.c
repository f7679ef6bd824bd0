// Makes the calls that only machine code can: by the 32-bit entry, by clone3, by sockets of the hypervisor. The filter must
// see each, and kill or refuse.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void door(const char *name, long (*call)(void)) {
  pid_t child = fork();
  if (child == 0) _exit(call() >= 0 ? 7 : 0);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 7) printf("ESCAPED: %s\n", name);
}

/* getpid by the 32-bit table is 20; an open door would answer with a process id. */
static long int80(void) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
  return result > 0 ? result : -1;
}
static long clone3(void) {
  unsigned long long arguments[11] = {0x10000000, 0, 0, 0, 17};
  long result = syscall(435, arguments, sizeof arguments);
  if (result == 0) _exit(0);
  return result;
}
static long vsock(void) { return socket(40, SOCK_STREAM, 0); }
static long uring(void) {
  char parameters[256];
  memset(parameters, 0, sizeof parameters);
  return syscall(425, 8, parameters);
}
static long faults(void) { return syscall(323, 1); }
static long x32(void) { return syscall(0x40000000L + 39); }

int main(void) {
  door("a 32-bit call", int80);
  door("clone3 with a user namespace", clone3);
  door("a vsock", vsock);
  door("io_uring", uring);
  door("userfaultfd", faults);
  door("an x32 call", x32);
  puts("held");
  return 0;
}
