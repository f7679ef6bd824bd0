// A box filter of 5 x 5 at an image's edges: wrapped, clamped, mirrored and with a border, each against the host.
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
const int radius = 2;

__global__ void box(cudaTextureObject_t image, float *out, int w, int h, bool normalised) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h) return;
    float sum = 0;
    for (int dy = -radius; dy <= radius; ++dy)
        for (int dx = -radius; dx <= radius; ++dx) {
            float u = x + dx + 0.5f, v = y + dy + 0.5f;
            sum += normalised ? tex2D<float>(image, u / w, v / h) : tex2D<float>(image, u, v);
        }
    out[y * w + x] = sum / 25;
}

// The number of the texel that stands for number i of n; -1: the border.
int folded(int i, int n, cudaTextureAddressMode mode) {
    if (i >= 0 && i < n) return i;
    switch (mode) {
        case cudaAddressModeWrap: return (i % n + n) % n;
        case cudaAddressModeMirror: return i < 0 ? -1 - i : 2 * n - 1 - i;
        case cudaAddressModeClamp: return i < 0 ? 0 : n - 1;
        default: return -1;
    }
}

int main() {
    const int w = 19, h = 11;
    std::vector<float> image(w * h), back(w * h);
    for (int i = 0; i < w * h; ++i) image[i] = (float)(i * 53 % 97);
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    CHECK(cudaMallocArray(&array, &format, w, h));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, image.data(), w * sizeof(float), w * sizeof(float), h, cudaMemcpyHostToDevice));
    float *out;
    CHECK(cudaMalloc(&out, w * h * sizeof(float)));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    for (cudaTextureAddressMode mode : {cudaAddressModeWrap, cudaAddressModeClamp, cudaAddressModeMirror, cudaAddressModeBorder})
        for (int normalised = mode == cudaAddressModeWrap || mode == cudaAddressModeMirror; normalised < 2; ++normalised) {
            cudaTextureDesc description = {};
            description.addressMode[0] = description.addressMode[1] = mode;
            description.normalizedCoords = normalised;
            cudaTextureObject_t texture;
            CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
            box<<<dim3(2, 2), dim3(16, 8)>>>(texture, out, w, h, normalised);
            CHECK(cudaGetLastError());
            CHECK(cudaMemcpy(back.data(), out, w * h * sizeof(float), cudaMemcpyDeviceToHost));
            CHECK(cudaDestroyTextureObject(texture));
            for (int y = 0; y < h; ++y)
                for (int x = 0; x < w; ++x) {
                    float want = 0;
                    for (int dy = -radius; dy <= radius; ++dy)
                        for (int dx = -radius; dx <= radius; ++dx) {
                            int i = folded(x + dx, w, mode), j = folded(y + dy, h, mode);
                            if (i >= 0 && j >= 0) want += image[j * w + i];
                        }
                    if (fabsf(back[y * w + x] - want / 25) > 1e-4f) {
                        printf("mode %d at %d, %d: %g, not %g\n", mode, x, y, back[y * w + x], want / 25);
                        return 1;
                    }
                }
        }
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(out));
    return 0;
}
