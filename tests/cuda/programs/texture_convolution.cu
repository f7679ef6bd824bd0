// A separable convolution: rows out of the source array into linear memory, a copy into the array, columns out of it.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
const int radius = 4, taps = 2 * radius + 1;
__constant__ float kernelTaps[taps];

__global__ void rows(float *out, int w, int h, cudaTextureObject_t source) {
    int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
    float x = ix + 0.5f, y = iy + 0.5f;
    if (ix >= w || iy >= h) return;
    float sum = 0;
#pragma unroll
    for (int k = -radius; k <= radius; k++) sum += tex2D<float>(source, x + k, y) * kernelTaps[radius - k];
    out[iy * w + ix] = sum;
}

__global__ void columns(float *out, int w, int h, cudaTextureObject_t source) {
    int ix = blockIdx.x * blockDim.x + threadIdx.x, iy = blockIdx.y * blockDim.y + threadIdx.y;
    float x = ix + 0.5f, y = iy + 0.5f;
    if (ix >= w || iy >= h) return;
    float sum = 0;
#pragma unroll
    for (int k = -radius; k <= radius; k++) sum += tex2D<float>(source, x, y + k) * kernelTaps[radius - k];
    out[iy * w + ix] = sum;
}

int main() {
    const int w = 75, h = 52;
    std::vector<float> image(w * h), between(w * h), want(w * h), found(w * h);
    float weights[taps];
    for (int i = 0; i < taps; ++i) weights[i] = (float)(i * 7 % 16) / 16;
    for (int i = 0; i < w * h; ++i) image[i] = (float)(i * 31 % 256);
    CHECK(cudaMemcpyToSymbol(kernelTaps, weights, sizeof weights));
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t source;
    float *out;
    CHECK(cudaMallocArray(&source, &format, w, h));
    CHECK(cudaMalloc((void **)&out, w * h * sizeof(float)));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = source;
    cudaTextureDesc description = {};
    description.addressMode[0] = description.addressMode[1] = cudaAddressModeWrap;   // clamp, since coordinates are not normalised
    description.filterMode = cudaFilterModeLinear;
    description.readMode = cudaReadModeElementType;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, NULL));
    CHECK(cudaMemcpyToArray(source, 0, 0, image.data(), w * h * sizeof(float), cudaMemcpyHostToDevice));
    const dim3 threads(16, 12), blocks((w + 15) / 16, (h + 11) / 12);
    for (int iteration = 0; iteration < 2; ++iteration) {
        CHECK(cudaMemcpyToArray(source, 0, 0, image.data(), w * h * sizeof(float), cudaMemcpyHostToDevice));
        rows<<<blocks, threads>>>(out, w, h, texture);
        CHECK(cudaMemcpyToArray(source, 0, 0, out, w * h * sizeof(float), cudaMemcpyDeviceToDevice));
        columns<<<blocks, threads>>>(out, w, h, texture);
        CHECK(cudaGetLastError());
    }
    CHECK(cudaMemcpy(found.data(), out, w * h * sizeof(float), cudaMemcpyDeviceToHost));
    auto clamp = [](int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; };
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            for (int k = -radius; k <= radius; ++k) between[y * w + x] += image[y * w + clamp(x + k, w)] * weights[radius - k];
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            for (int k = -radius; k <= radius; ++k) want[y * w + x] += between[clamp(y + k, h) * w + x] * weights[radius - k];
    double delta = 0, sum = 0;
    for (int i = 0; i < w * h; ++i) {
        delta += (found[i] - want[i]) * (found[i] - want[i]);
        sum += want[i] * want[i];
    }
    if (sqrt(delta / sum) > 1e-6) return 1;
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(source));
    CHECK(cudaFree(out));
    return 0;
}
