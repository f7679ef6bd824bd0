// Variables of device code: constant, device, managed; by value, by address, with offsets, and structures.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

struct Params {
    float scale;
    int n;
    float table[8];
};

__constant__ Params c_params;
__constant__ int c_fixed[4] = {1, 2, 3, 4};
__device__ float d_values[16];
__device__ int d_count;
__device__ const float d_pi = 3.5f;
__managed__ int m_counter = 5;
namespace config {
__device__ __constant__ int offset = 100;
}

template <typename T>
struct Holder {
    T value;
    __device__ T get() const { return value + d_count; }
};

__global__ void use(float *out) {
    int i = threadIdx.x;
    if (i < c_params.n) out[i] = c_params.scale * c_params.table[i % 8] + c_fixed[i % 4] + d_values[i] + d_pi + config::offset;
    if (i == 0) m_counter += 10;
    Holder<int> h{3};
    if (i == 1) d_values[15] = h.get();
}

int main() {
    Params p = {2.0f, 12, {0, 1, 2, 3, 4, 5, 6, 7}};
    CHECK(cudaMemcpyToSymbol(c_params, &p, sizeof p));
    float values[16];
    for (int i = 0; i < 16; ++i) values[i] = i * 0.5f;
    CHECK(cudaMemcpyToSymbol(d_values, values, 8 * sizeof(float)));
    CHECK(cudaMemcpyToSymbol(d_values, values + 8, 8 * sizeof(float), 8 * sizeof(float), cudaMemcpyHostToDevice));
    int count = 4, offset = 200;
    void *address;
    CHECK(cudaGetSymbolAddress(&address, d_count));
    CHECK(cudaMemcpy(address, &count, sizeof count, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpyToSymbol(config::offset, &offset, sizeof offset));
    size_t size;
    CHECK(cudaGetSymbolSize(&size, d_values));
    if (size != sizeof values) return 1;
    float *d, out[12];
    CHECK(cudaMalloc(&d, sizeof out));
    use<<<1, 32>>>(d);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(out, d, sizeof out, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 12; ++i)
        if (out[i] != 2.0f * (i % 8) + (i % 4 + 1) + i * 0.5f + 3.5f + 200) return 2;
    if (m_counter != 15) return 3;
    CHECK(cudaMemcpyFromSymbol(values, d_values, sizeof values));
    return values[15] == 7.0f ? 0 : 4;
}
