// tex2Dgather: one component of the four texels that a filtered fetch would blend, from which the blend is made by hand.
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
const int W = 7, H = 5, N = 200;

__global__ void gather(cudaTextureObject_t texture, const float2 *at, float4 *red, float4 *green) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= N) return;
    red[i] = tex2Dgather<float4>(texture, at[i].x, at[i].y);
    tex2Dgather(&green[i], texture, at[i].x, at[i].y, 1);
}

__global__ void blend(cudaTextureObject_t texture, const float2 *at, const float4 *red, float *largest) {
    float worst = 0;
    for (int i = 0; i < N; ++i) {
        float fx = at[i].x - 0.5f - floorf(at[i].x - 0.5f), fy = at[i].y - 0.5f - floorf(at[i].y - 0.5f);
        float top = red[i].w * (1 - fx) + red[i].z * fx, bottom = red[i].x * (1 - fx) + red[i].y * fx;
        worst = fmaxf(worst, fabsf(top * (1 - fy) + bottom * fy - tex2D<float2>(texture, at[i].x, at[i].y).x));
    }
    *largest = worst;
}

int main() {
    std::vector<float2> image(W * H), points(N);
    for (int i = 0; i < W * H; ++i) image[i] = make_float2(i * 1.0f, 100.0f + i * i);
    for (int i = 0; i < N; ++i) points[i] = make_float2(-1 + i * 13 % 71 / 8.0f, -1 + i * 29 % 53 / 8.0f);
    cudaChannelFormatDesc format = cudaCreateChannelDesc<float2>();
    cudaArray_t array;
    CHECK(cudaMallocArray(&array, &format, W, H, cudaArrayTextureGather));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, image.data(), W * sizeof(float2), W * sizeof(float2), H, cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    description.addressMode[0] = description.addressMode[1] = cudaAddressModeClamp;
    description.filterMode = cudaFilterModeLinear;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    float2 *at;
    float4 *red, *green;
    float *largest, worst;
    CHECK(cudaMalloc(&at, N * sizeof(float2)));
    CHECK(cudaMalloc(&red, N * sizeof(float4)));
    CHECK(cudaMalloc(&green, N * sizeof(float4)));
    CHECK(cudaMalloc(&largest, sizeof(float)));
    CHECK(cudaMemcpy(at, points.data(), N * sizeof(float2), cudaMemcpyHostToDevice));
    gather<<<4, 64>>>(texture, at, red, green);
    blend<<<1, 1>>>(texture, at, red, largest);
    std::vector<float4> r(N), g(N);
    CHECK(cudaMemcpy(r.data(), red, N * sizeof(float4), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(g.data(), green, N * sizeof(float4), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(&worst, largest, sizeof worst, cudaMemcpyDeviceToHost));
    auto clamp = [](int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; };
    for (int i = 0; i < N; ++i) {
        int x = (int)floorf(points[i].x - 0.5f), y = (int)floorf(points[i].y - 0.5f);
        auto texel = [&](int dx, int dy) { return image[clamp(y + dy, H) * W + clamp(x + dx, W)]; };
        const float2 corners[4] = {texel(0, 1), texel(1, 1), texel(1, 0), texel(0, 0)};
        for (int c = 0; c < 4; ++c)
            if ((&r[i].x)[c] != corners[c].x || (&g[i].x)[c] != corners[c].y) {
                printf("point %d corner %d: %g, not %g\n", i, c, (&r[i].x)[c], corners[c].x);
                return 1;
            }
    }
    if (worst > 1e-4f) return 2;
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(at));
    CHECK(cudaFree(red));
    CHECK(cudaFree(green));
    CHECK(cudaFree(largest));
    return 0;
}
