// Filtering and addressing of one-dimensional arrays against the formulas of the programming guide, with weights of 8
// fractional bits; the known values of a table look-up.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

__global__ void read(cudaTextureObject_t texture, const float *x, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = tex1D<float>(texture, x[i]);
}

const int size = 6;
const float values[size] = {10, 20, 40, 80, 160, 320};
const float borderColour = -7;

float texel(int i, cudaTextureAddressMode mode) {
    if (mode == cudaAddressModeBorder && (i < 0 || i >= size)) return borderColour;
    if (mode == cudaAddressModeWrap) return values[((i % size) + size) % size];
    return values[i < 0 ? 0 : i >= size ? size - 1 : i];
}

float expected(float x, cudaTextureAddressMode mode, bool normalised, bool linear) {
    if (!normalised && (mode == cudaAddressModeWrap || mode == cudaAddressModeMirror)) mode = cudaAddressModeClamp;
    if (normalised) {
        float whole = floorf(x), part = x - whole;
        if (mode == cudaAddressModeWrap) x = part;
        if (mode == cudaAddressModeMirror) x = (int)whole % 2 == 0 ? part : 1 - part;
        x *= size;
    }
    if (!linear) return texel((int)floorf(x), mode);
    float xb = x - 0.5f, first = floorf(xb);
    double alpha = floor((xb - first) * 256.0 + 0.5) / 256;
    return (float)((1 - alpha) * texel((int)first, mode) + alpha * texel((int)first + 1, mode));
}

int main() {
    cudaArray_t array;
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    CHECK(cudaMallocArray(&array, &format, size));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, values, sizeof values, sizeof values, 1, cudaMemcpyHostToDevice));
    std::vector<float> points;
    for (int i = -300; i <= 500; ++i) points.push_back(i / 16.0f + (i % 7) * 0.001f);
    for (float x : {0.0f, 1.0f, 6.0f, -1.0f, 2.0f, 1e6f, -1e6f, 0.5f, 5.5f, -0.25f, 1.75f}) points.push_back(x);
    const int n = (int)points.size();
    float *x, *out;
    CHECK(cudaMalloc(&x, n * sizeof(float)));
    CHECK(cudaMalloc(&out, n * sizeof(float)));
    CHECK(cudaMemcpy(x, points.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    std::vector<float> back(n);
    for (cudaTextureAddressMode mode : {cudaAddressModeWrap, cudaAddressModeClamp, cudaAddressModeMirror, cudaAddressModeBorder})
        for (int normalised = 0; normalised < 2; ++normalised)
            for (cudaTextureFilterMode filter : {cudaFilterModePoint, cudaFilterModeLinear}) {
                cudaResourceDesc resource = {};
                resource.resType = cudaResourceTypeArray;
                resource.res.array.array = array;
                cudaTextureDesc description = {};
                description.addressMode[0] = mode;
                description.filterMode = filter;
                description.normalizedCoords = normalised;
                description.borderColor[0] = borderColour;
                cudaTextureObject_t texture;
                CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
                read<<<(n + 127) / 128, 128>>>(texture, x, out, n);
                CHECK(cudaMemcpy(back.data(), out, n * sizeof(float), cudaMemcpyDeviceToHost));
                CHECK(cudaDestroyTextureObject(texture));
                for (int i = 0; i < n; ++i) {
                    float want = expected(points[i], mode, normalised, filter == cudaFilterModeLinear);
                    if (fabsf(back[i] - want) > 1e-4f) {
                        printf("mode %d normalised %d filter %d x %g: %g, not %g\n", mode, normalised, filter, points[i], back[i], want);
                        return 1;
                    }
                }
            }
    // A table look-up over [0, size - 1]: TL(x) = tex(x + 0.5) meets every entry, and halves lie in the middle.
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    description.addressMode[0] = cudaAddressModeClamp;
    description.filterMode = cudaFilterModeLinear;
    cudaTextureObject_t table;
    CHECK(cudaCreateTextureObject(&table, &resource, &description, nullptr));
    const float at[] = {0.5f, 1.0f, 1.5f, 3.0f, 5.5f, 2.0f + 3.0f / 1024, 2.0f + 1.0f / 1024};
    const float known[] = {10, 15, 20, 60, 320, 30 + 20 / 256.0f, 30};   // to the nearest 256th
    CHECK(cudaMemcpy(x, at, sizeof at, cudaMemcpyHostToDevice));
    read<<<1, 32>>>(table, x, out, 7);
    CHECK(cudaMemcpy(back.data(), out, sizeof at, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 7; ++i)
        if (back[i] != known[i]) {
            printf("entry %g: %g, not %g\n", at[i], back[i], known[i]);
            return 2;
        }
    CHECK(cudaDestroyTextureObject(table));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(x));
    CHECK(cudaFree(out));
    return 0;
}
