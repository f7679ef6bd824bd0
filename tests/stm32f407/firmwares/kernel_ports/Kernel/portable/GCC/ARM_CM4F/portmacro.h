#define PORT 40

int port_number(void);
int heap_number(void);
