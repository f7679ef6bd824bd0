// Two-dimensional textures of all element types, of half precision, of normalised 16-bit numbers, of integers with a border;
// reads of fewer components than there are, and through pointers.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <cuda_fp16.h>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
const int W = 9, H = 4;

template <class T>
__global__ void readAll(cudaTextureObject_t texture, T *out) {
    int x = threadIdx.x, y = threadIdx.y;
    T value;
    tex2D(&value, texture, x + 0.5f, y + 0.5f);
    out[y * W + x] = value;
}

template <class T>
__global__ void readAround(cudaTextureObject_t texture, T *out) {
    out[threadIdx.x] = tex2D<T>(texture, (int)threadIdx.x - 2, 1);
}

static cudaTextureObject_t texture_of(cudaArray_t array, cudaTextureReadMode mode, const cudaTextureDesc *more = nullptr) {
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc description = {};
    if (more) description = *more;
    description.readMode = mode;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &description, nullptr));
    return texture;
}

// An array of elements of type T, read as Out.
template <class T, class Out, class Expected>
bool image(cudaChannelFormatDesc format, cudaTextureReadMode mode, Expected expected) {
    std::vector<T> host(W * H);
    unsigned char *bytes = (unsigned char *)host.data();
    for (size_t i = 0; i < W * H * sizeof(T); ++i) bytes[i] = (unsigned char)(i * 89 + 5) & (sizeof(T) % 4 == 0 ? 0x7f : 0xff);
    cudaArray_t array;
    Out *out;
    CHECK(cudaMallocArray(&array, &format, W, H));
    CHECK(cudaMalloc(&out, W * H * sizeof(Out)));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, host.data(), W * sizeof(T), W * sizeof(T), H, cudaMemcpyHostToDevice));
    cudaTextureObject_t texture = texture_of(array, mode);
    readAll<Out><<<1, dim3(W, H)>>>(texture, out);
    std::vector<Out> back(W * H);
    CHECK(cudaMemcpy(back.data(), out, W * H * sizeof(Out), cudaMemcpyDeviceToHost));
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(out));
    for (int i = 0; i < W * H; ++i) {
        Out want = expected(host[i]);
        if (memcmp(&want, &back[i], sizeof want) != 0) return false;
    }
    return true;
}

template <class T>
bool same() { return image<T, T>(cudaCreateChannelDesc<T>(), cudaReadModeElementType, [](T v) { return v; }); }

template <class T>
bool all() { return same<T>(); }
template <class A, class B, class... More>
bool all() { return same<A>() && all<B, More...>(); }

int main() {
    if (!all<char, signed char, unsigned char, char1, uchar1, char2, uchar2, char4, uchar4>()) return 1;
    if (!all<short, unsigned short, short1, ushort1, short2, ushort2, short4, ushort4>()) return 2;
    if (!all<int, unsigned, int1, uint1, int2, uint2, int4, uint4, float, float1, float2, float4>()) return 3;
    if (!image<unsigned short, float>(cudaCreateChannelDesc<unsigned short>(), cudaReadModeNormalizedFloat, [](unsigned short v) { return v / 65535.0f; })) return 4;
    if (!image<short4, float4>(cudaCreateChannelDesc<short4>(), cudaReadModeNormalizedFloat, [](short4 v) {
            return make_float4(fmaxf(v.x / 32767.0f, -1), fmaxf(v.y / 32767.0f, -1), fmaxf(v.z / 32767.0f, -1), fmaxf(v.w / 32767.0f, -1));
        })) return 5;
    if (!image<uchar4, uchar2>(cudaCreateChannelDesc<uchar4>(), cudaReadModeElementType, [](uchar4 v) { return make_uchar2(v.x, v.y); })) return 6;

    // Half precision is read as float.
    std::vector<__half> halves(W * H);
    for (int i = 0; i < W * H; ++i) halves[i] = __float2half(i * 0.125f - 2);
    cudaChannelFormatDesc format = cudaCreateChannelDescHalf();
    cudaArray_t array;
    float *out;
    CHECK(cudaMallocArray(&array, &format, W, H));
    CHECK(cudaMalloc(&out, W * H * sizeof(float)));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, halves.data(), W * sizeof(__half), W * sizeof(__half), H, cudaMemcpyHostToDevice));
    cudaTextureObject_t texture = texture_of(array, cudaReadModeElementType);
    readAll<float><<<1, dim3(W, H)>>>(texture, out);
    float back[W * H];
    CHECK(cudaMemcpy(back, out, sizeof back, cudaMemcpyDeviceToHost));
    for (int i = 0; i < W * H; ++i)
        if (back[i] != i * 0.125f - 2) return 7;
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));

    // The border's colour of integers is given by its bits.
    std::vector<int2> cells(W * H);
    for (int i = 0; i < W * H; ++i) cells[i] = make_int2(i, -i);
    format = cudaCreateChannelDesc<int2>();
    CHECK(cudaMallocArray(&array, &format, W, H));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, cells.data(), W * sizeof(int2), W * sizeof(int2), H, cudaMemcpyHostToDevice));
    cudaTextureDesc bordered = {};
    bordered.addressMode[0] = bordered.addressMode[1] = cudaAddressModeBorder;
    const int colour[2] = {-12345, 678};
    memcpy(bordered.borderColor, colour, sizeof colour);
    texture = texture_of(array, cudaReadModeElementType, &bordered);
    readAround<int2><<<1, W + 4>>>(texture, (int2 *)out);
    int2 around[W + 4];
    CHECK(cudaMemcpy(around, out, sizeof around, cudaMemcpyDeviceToHost));
    for (int i = 0; i < W + 4; ++i) {
        bool in = i >= 2 && i < W + 2;
        if (around[i].x != (in ? W + i - 2 : colour[0]) || around[i].y != (in ? -(W + i - 2) : colour[1])) return 8;
    }
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(out));
    return 0;
}
