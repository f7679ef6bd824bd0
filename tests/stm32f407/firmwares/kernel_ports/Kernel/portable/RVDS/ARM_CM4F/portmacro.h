#define PORT 50

int port_number(void);
int heap_number(void);
