// Four floats at once from a row that does not begin at a multiple of 16 bytes.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
__global__ void scale_row(const float *row, float *out, float factor, int quads) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= quads) return;
    float4 v = reinterpret_cast<const float4 *>(row)[i]; // defect: misaligned_address
    v.x *= factor;
    v.y *= factor;
    v.z *= factor;
    v.w *= factor;
    reinterpret_cast<float4 *>(out)[i] = v;
}

int main() {
    const int rows = 4;
    const int pitch = 67;
    std::vector<float> matrix(rows * pitch, 1.0f), out(64);
    float *d_matrix, *d_out;
    CHECK(cudaMalloc(&d_matrix, rows * pitch * sizeof(float)));
    CHECK(cudaMalloc(&d_out, 64 * sizeof(float)));
    CHECK(cudaMemcpy(d_matrix, matrix.data(), rows * pitch * sizeof(float), cudaMemcpyHostToDevice));
    scale_row<<<1, 32>>>(d_matrix + pitch, d_out, 3.0f, 16);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, 64 * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_matrix));
    CHECK(cudaFree(d_out));
}
