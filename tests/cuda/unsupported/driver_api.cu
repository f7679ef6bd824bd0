// unsupported: driver
#include <cuda.h>
int main() {
    CUdevice device;
    return cuInit(0) || cuDeviceGet(&device, 0);
}
