// Records of 6 bytes are packed into a stream of bytes, and their number is read as an int where it lies.
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
#include <cstring>

__global__ void sum_records(const unsigned char *stream, int *out, int records) {
    int sum = 0;
    for (int i = 0; i < records; ++i) {
        const unsigned char *record = stream + 6 * i;
        sum += record[2] | record[3] << 8 | record[4] << 16 | record[5] << 24;
    }
    *out = sum;
}

int main() {
    const int records = 10;
    std::vector<unsigned char> stream(6 * records);
    for (int i = 0; i < records; ++i) std::memcpy(&stream[6 * i + 2], &i, sizeof i);
    unsigned char *d_stream;
    int *d_out, out;
    CHECK(cudaMalloc(&d_stream, stream.size()));
    CHECK(cudaMalloc(&d_out, sizeof(int)));
    CHECK(cudaMemcpy(d_stream, stream.data(), stream.size(), cudaMemcpyHostToDevice));
    sum_records<<<1, 1>>>(d_stream, d_out, records);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, d_out, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", out);
    CHECK(cudaFree(d_stream));
    CHECK(cudaFree(d_out));
}
