#define LAMP_PIN 12u
