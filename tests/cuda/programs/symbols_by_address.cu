// A symbol's address is no symbol.
#include <cstdio>

__device__ float value = 1;
__device__ float *place;
__constant__ int table[4];

__global__ void read(float *out) { *out = value + (place == nullptr) + table[3]; }

int main() {
    float h = 3, *d, *none = nullptr;
    const int numbers[4] = {1, 2, 3, 4};
    size_t size = 0;
    cudaMalloc(&d, sizeof h);
    if (cudaMemcpyToSymbol(&value, &h, sizeof h) != cudaErrorInvalidSymbol) return 1;
    if (cudaMemcpyFromSymbol(&h, &value, sizeof h) != cudaErrorInvalidSymbol) return 2;
    if (cudaGetSymbolSize(&size, &value) != cudaErrorInvalidSymbol) return 3;
    cudaGetLastError();
    if (cudaMemcpyToSymbol(value, &h, sizeof h) != cudaSuccess) return 4;
    if (cudaMemcpyToSymbol(place, &none, sizeof none) != cudaSuccess) return 5;   // a pointer, and a symbol
    if (cudaMemcpyToSymbol(table, numbers, sizeof numbers) != cudaSuccess) return 6;
    if (cudaGetSymbolSize(&size, table) != cudaSuccess || size != sizeof numbers) return 7;
    read<<<1, 1>>>(d);
    cudaMemcpy(&h, d, sizeof h, cudaMemcpyDeviceToHost);
    return h != 8;
}
