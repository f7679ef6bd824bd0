#define PORT 30

int port_number(void);
int heap_number(void);
