// Pitched memory in two and three dimensions, fills, and copies between pitches.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void addOne(float *data, size_t pitch, int width, int height) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < width && y < height) {
        float *row = (float *)((char *)data + y * pitch);
        row[x] += 1.0f;
    }
}

__global__ void box(cudaPitchedPtr p, int width, int height, int depth) {
    char *base = (char *)p.ptr;
    size_t slice = p.pitch * height;
    for (int z = blockIdx.x; z < depth; z += gridDim.x)
        for (int y = threadIdx.y; y < height; y += blockDim.y) {
            float *row = (float *)(base + z * slice + y * p.pitch);
            for (int x = threadIdx.x; x < width; x += blockDim.x) row[x] *= 2;
        }
}

int main() {
    const int w = 37, h = 21, depth = 5;
    std::vector<float> in(w * h), out(w * h);
    for (int i = 0; i < w * h; ++i) in[i] = (float)i;
    float *d;
    size_t pitch;
    CHECK(cudaMallocPitch(&d, &pitch, w * sizeof(float), h));
    if (pitch < w * sizeof(float) || pitch % 32) return 1;
    CHECK(cudaMemcpy2D(d, pitch, in.data(), w * sizeof(float), w * sizeof(float), h, cudaMemcpyHostToDevice));
    addOne<<<dim3(3, 2), dim3(16, 16)>>>(d, pitch, w, h);
    CHECK(cudaMemcpy2D(out.data(), w * sizeof(float), d, pitch, w * sizeof(float), h, cudaMemcpyDeviceToHost));
    for (int i = 0; i < w * h; ++i)
        if (out[i] != i + 1.0f) return 2;
    CHECK(cudaMemset2D(d, pitch, 0, 4 * sizeof(float), h));
    CHECK(cudaMemcpy2DAsync(out.data(), w * sizeof(float), d, pitch, w * sizeof(float), h, cudaMemcpyDeviceToHost, 0));
    CHECK(cudaDeviceSynchronize());
    if (out[3] != 0 || out[4] != 5 || out[w] != 0) return 3;

    std::vector<float> cube(w * h * depth), back(cube.size());
    for (size_t i = 0; i < cube.size(); ++i) cube[i] = (float)i;
    cudaExtent extent = make_cudaExtent(w * sizeof(float), h, depth);
    cudaPitchedPtr p;
    CHECK(cudaMalloc3D(&p, extent));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(cube.data(), w * sizeof(float), w, h);
    copy.dstPtr = p;
    copy.extent = extent;
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&copy));
    box<<<2, dim3(16, 4)>>>(p, w, h, depth);
    copy = {};
    copy.srcPtr = p;
    copy.dstPtr = make_cudaPitchedPtr(back.data(), w * sizeof(float), w, h);
    copy.extent = extent;
    copy.kind = cudaMemcpyDeviceToHost;
    CHECK(cudaMemcpy3D(&copy));
    for (size_t i = 0; i < cube.size(); ++i)
        if (back[i] != 2 * cube[i]) return 4;
    CHECK(cudaFree(d));
    CHECK(cudaFree(p.ptr));
    return 0;
}
