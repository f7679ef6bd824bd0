// Starts threads until something stops it. They count as processes do, so the same limit must end it.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void *wait_for_ever(void *nothing) {
  for (;;) pause();
  return nothing;
}
int main(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  for (int n = 0; n < 20000; n++) {
    pthread_t thread;
    pthread_create(&thread, &small, wait_for_ever, 0);
  }
  sleep(5);
  puts("ESCAPED: 20000 threads");
  return 0;
}
