// Textures in linear memory: fetched by index, all element types, normalised reads, pitched memory, zeros outside.
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

template <class T>
__global__ void fetchAll(cudaTextureObject_t texture, T *out, int first, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = tex1Dfetch<T>(texture, first + i);
}

// The second form: the result through a pointer.
__global__ void fetchByPointer(cudaTextureObject_t texture, float2 *out, int n) {
    int i = threadIdx.x;
    if (i < n) tex1Dfetch(&out[i], texture, n - 1 - i);
}

template <class T>
cudaTextureObject_t linear(T *data, size_t bytes, cudaTextureReadMode mode) {
    cudaResourceDesc resource;
    memset(&resource, 0, sizeof resource);
    resource.resType = cudaResourceTypeLinear;
    resource.res.linear.devPtr = data;
    resource.res.linear.desc = cudaCreateChannelDesc<T>();
    resource.res.linear.sizeInBytes = bytes;
    cudaTextureDesc description;
    memset(&description, 0, sizeof description);
    description.readMode = mode;
    cudaTextureObject_t texture = 0;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    return texture;
}

// Elements of type T read as Out; `expected` says what the bytes of an element become.
template <class T, class Out, class Expected>
bool roundTrip(cudaTextureReadMode mode, Expected expected) {
    const int n = 37, before = 3, after = 5;
    std::vector<T> host(n);
    unsigned char *bytes = (unsigned char *)host.data();
    for (size_t i = 0; i < n * sizeof(T); ++i) bytes[i] = (unsigned char)(i * 37 + 11);
    T *data;
    Out *out;
    CHECK(cudaMalloc(&data, n * sizeof(T)));
    CHECK(cudaMalloc(&out, (n + before + after) * sizeof(Out)));
    CHECK(cudaMemcpy(data, host.data(), n * sizeof(T), cudaMemcpyHostToDevice));
    cudaTextureObject_t texture = linear(data, n * sizeof(T), mode);
    fetchAll<Out><<<2, 32>>>(texture, out, -before, n + before + after);
    std::vector<Out> back(n + before + after);
    CHECK(cudaMemcpy(back.data(), out, back.size() * sizeof(Out), cudaMemcpyDeviceToHost));
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFree(data));
    CHECK(cudaFree(out));
    for (int i = 0; i < (int)back.size(); ++i) {
        Out want;
        memset(&want, 0, sizeof want);
        if (i >= before && i < before + n) want = expected(host[i - before]);
        if (memcmp(&want, &back[i], sizeof want) != 0) return false;
    }
    return true;
}

template <class T>
bool same() { return roundTrip<T, T>(cudaReadModeElementType, [](T v) { return v; }); }

int main() {
    if (!same<char>() || !same<signed char>() || !same<unsigned char>() || !same<short>() || !same<unsigned short>()) return 1;
    if (!same<int>() || !same<unsigned>() || !same<char1>() || !same<uchar2>() || !same<char4>() || !same<uchar4>()) return 2;
    if (!same<short2>() || !same<ushort4>() || !same<int2>() || !same<uint4>() || !same<float1>()) return 3;
    if (!roundTrip<unsigned char, float>(cudaReadModeNormalizedFloat, [](unsigned char v) { return v / 255.0f; })) return 4;
    if (!roundTrip<signed char, float>(cudaReadModeNormalizedFloat, [](signed char v) { return fmaxf(v / 127.0f, -1); })) return 5;
    if (!roundTrip<short2, float2>(cudaReadModeNormalizedFloat, [](short2 v) { return make_float2(fmaxf(v.x / 32767.0f, -1), fmaxf(v.y / 32767.0f, -1)); })) return 6;
    if (!roundTrip<uchar4, float4>(cudaReadModeNormalizedFloat, [](uchar4 v) { return make_float4(v.x / 255.0f, v.y / 255.0f, v.z / 255.0f, v.w / 255.0f); })) return 7;

    const int n = 20;
    std::vector<float2> host(n), back(n);
    for (int i = 0; i < n; ++i) host[i] = make_float2(i + 0.25f, -i);
    float2 *data, *out;
    CHECK(cudaMallocManaged(&data, n * sizeof(float2)));
    memcpy(data, host.data(), n * sizeof(float2));
    CHECK(cudaMalloc(&out, n * sizeof(float2)));
    cudaTextureObject_t texture = linear(data, n * sizeof(float2), cudaReadModeElementType);
    fetchByPointer<<<1, 32>>>(texture, out, n);
    CHECK(cudaMemcpy(back.data(), out, n * sizeof(float2), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i)
        if (back[i].x != host[n - 1 - i].x || back[i].y != host[n - 1 - i].y) return 8;
    cudaResourceDesc asked;
    cudaTextureDesc how;
    CHECK(cudaGetTextureObjectResourceDesc(&asked, texture));
    CHECK(cudaGetTextureObjectTextureDesc(&how, texture));
    if (asked.resType != cudaResourceTypeLinear || asked.res.linear.devPtr != data || how.readMode != cudaReadModeElementType) return 9;
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFree(data));
    CHECK(cudaFree(out));
    return 0;
}
