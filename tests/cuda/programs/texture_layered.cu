// Layered textures of one and two dimensions: filtered within a layer, never between two; functions that name a level of
// detail, where there is only one.
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
const int W = 8, H = 6, L = 5;

__global__ void lines(cudaTextureObject_t texture, float *out) {
    int x = threadIdx.x, layer = blockIdx.x;
    out[layer * W + x] = tex1DLayered<float>(texture, x + 1.0f, layer);   // halfway to the next one
}

__global__ void planes(cudaTextureObject_t texture, int2 *out, bool bound) {
    int x = threadIdx.x, y = threadIdx.y, layer = blockIdx.x;
    int2 v = tex2DLayered<int2>(texture, (x + 0.5f) / W, (y + 0.5f) / H, layer), w, z;
    w = tex2DLayeredLod<int2>(texture, (x + 0.5f) / W, (y + 0.5f) / H, layer, 0);
    tex2DLayeredGrad(&z, texture, (x + 0.5f) / W, (y + 0.5f) / H, layer, make_float2(0.1f, 0), make_float2(0, 0.1f));
    bool same = v.x == w.x && v.y == w.y && v.x == z.x && v.y == z.y;
    out[(layer * H + y) * W + x] = same ? v : make_int2(-1, -1);
}

__global__ void levels(cudaTextureObject_t texture, float *out) {
    float x = threadIdx.x + 0.5f;
    out[threadIdx.x] = tex1DLayeredLod<float>(texture, x, 1, 0) + tex1DLayeredGrad<float>(texture, x, 2, 0.5f, 0.5f);
}

static cudaTextureObject_t texture_of(cudaArray_t array, cudaTextureFilterMode filter, int normalised) {
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    description.addressMode[0] = description.addressMode[1] = cudaAddressModeClamp;
    description.filterMode = filter;
    description.normalizedCoords = normalised;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    return texture;
}

int main() {
    std::vector<float> rows(W * L), halves(W * L);
    for (int i = 0; i < W * L; ++i) rows[i] = (float)(i * i);
    cudaChannelFormatDesc one = cudaCreateChannelDesc<float>(), two = cudaCreateChannelDesc<int2>();
    cudaArray_t a, b;
    CHECK(cudaMalloc3DArray(&a, &one, make_cudaExtent(W, 0, L), cudaArrayLayered));
    CHECK(cudaMalloc3DArray(&b, &two, make_cudaExtent(W, H, L), cudaArrayLayered));
    cudaMemcpy3DParms copy = {};
    copy.srcPtr = make_cudaPitchedPtr(rows.data(), W * sizeof(float), W, 1);
    copy.dstArray = a;
    copy.extent = make_cudaExtent(W, 1, L);
    copy.kind = cudaMemcpyHostToDevice;
    CHECK(cudaMemcpy3D(&copy));
    std::vector<int2> cells(W * H * L), back(W * H * L);
    for (int i = 0; i < W * H * L; ++i) cells[i] = make_int2(i * 3, -i);
    for (int layer = 0; layer < L; ++layer) {
        copy = {};
        copy.srcPtr = make_cudaPitchedPtr(&cells[layer * W * H], W * sizeof(int2), W, H);
        copy.dstArray = b;
        copy.dstPos.z = layer;
        copy.extent = make_cudaExtent(W, H, 1);
        copy.kind = cudaMemcpyHostToDevice;
        CHECK(cudaMemcpy3D(&copy));
    }
    cudaExtent extent;
    unsigned flags;
    cudaChannelFormatDesc format;
    CHECK(cudaArrayGetInfo(&format, &extent, &flags, a));
    if (extent.width != W || extent.height != 0 || extent.depth != L || flags != cudaArrayLayered || format.x != 32 || format.y != 0) return 1;

    float *out;
    int2 *pairs;
    CHECK(cudaMalloc(&out, W * L * sizeof(float)));
    CHECK(cudaMalloc(&pairs, W * H * L * sizeof(int2)));
    cudaTextureObject_t s = texture_of(a, cudaFilterModeLinear, 0), t = texture_of(b, cudaFilterModePoint, 1);
    lines<<<L, W>>>(s, out);
    planes<<<L, dim3(W, H)>>>(t, pairs, true);
    CHECK(cudaMemcpy(halves.data(), out, W * L * sizeof(float), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(back.data(), pairs, W * H * L * sizeof(int2), cudaMemcpyDeviceToHost));
    for (int i = 0; i < W * L; ++i) {
        float want = i % W == W - 1 ? rows[i] : (rows[i] + rows[i + 1]) / 2;
        if (halves[i] != want) return 2;
    }
    for (int i = 0; i < W * H * L; ++i)
        if (back[i].x != cells[i].x || back[i].y != cells[i].y) return 3;
    levels<<<1, W>>>(s, out);
    CHECK(cudaMemcpy(halves.data(), out, W * sizeof(float), cudaMemcpyDeviceToHost));
    for (int i = 0; i < W; ++i)
        if (halves[i] != rows[W + i] + rows[2 * W + i]) return 4;
    CHECK(cudaDestroyTextureObject(s));
    CHECK(cudaDestroyTextureObject(t));
    CHECK(cudaFreeArray(a));
    CHECK(cudaFreeArray(b));
    CHECK(cudaFree(out));
    CHECK(cudaFree(pairs));
    return 0;
}
