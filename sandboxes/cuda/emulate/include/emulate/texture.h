// Textures and surfaces: the functions of device code that read and write by object (programming guide, "Texture Functions"
// and "Surface Functions"). What a fetch gives is the runtime's work; here it gets its type.
#pragma once
#include <vector_types.h>
#include <emulate/texel.h>

namespace emulate {

// The types of texels: `Component` is what they consist of. Others are refused, as nvcc refuses them.
template <class T>
struct TexelType {};
template <class T>
struct SurfaceType {};
#define EMULATE_TEXEL_TYPE(T, C)                                                                        \
    template <> struct TexelType<T> { using Component = C; using Yes = void; };
#define EMULATE_SURFACE_TYPE(T)                                                                         \
    template <> struct SurfaceType<T> { using Yes = void; };
#define EMULATE_TEXEL_TYPES(C, one, two, four)                                                          \
    EMULATE_TEXEL_TYPE(C, C) EMULATE_TEXEL_TYPE(one, C) EMULATE_TEXEL_TYPE(two, C) EMULATE_TEXEL_TYPE(four, C) \
    EMULATE_SURFACE_TYPE(C) EMULATE_SURFACE_TYPE(one) EMULATE_SURFACE_TYPE(two) EMULATE_SURFACE_TYPE(four)
EMULATE_TEXEL_TYPE(char, char)
EMULATE_SURFACE_TYPE(char)
EMULATE_TEXEL_TYPES(signed char, char1, char2, char4)
EMULATE_TEXEL_TYPES(unsigned char, uchar1, uchar2, uchar4)
EMULATE_TEXEL_TYPES(short, short1, short2, short4)
EMULATE_TEXEL_TYPES(unsigned short, ushort1, ushort2, ushort4)
EMULATE_TEXEL_TYPES(int, int1, int2, int4)
EMULATE_TEXEL_TYPES(unsigned, uint1, uint2, uint4)
EMULATE_TEXEL_TYPES(float, float1, float2, float4)
EMULATE_SURFACE_TYPE(long long)
EMULATE_SURFACE_TYPE(longlong1)
EMULATE_SURFACE_TYPE(longlong2)
EMULATE_SURFACE_TYPE(unsigned long long)
EMULATE_SURFACE_TYPE(ulonglong1)
EMULATE_SURFACE_TYPE(ulonglong2)
#undef EMULATE_TEXEL_TYPES
#undef EMULATE_SURFACE_TYPE
#undef EMULATE_TEXEL_TYPE

template <class T>
constexpr unsigned components_of = sizeof(T) / sizeof(typename TexelType<T>::Component);

template <class C>
EMULATE_INLINE C component(unsigned bits) { return static_cast<C>(bits); }
template <>
EMULATE_INLINE float component<float>(unsigned bits) { return __builtin_bit_cast(float, bits); }

template <class T>
EMULATE_INLINE T typed(const Texel &texel) {
    using C = typename TexelType<T>::Component;
    struct {
        C values[components_of<T>];
    } all;
    for (unsigned i = 0; i < components_of<T>; ++i) all.values[i] = component<C>(texel.bits[i]);
    return __builtin_bit_cast(T, all);
}

}  // namespace emulate

// Each function in its three forms: the result returned, the result through a pointer, and, where there are sparse arrays
// (which the emulation has not), whether the texel is there.
#define EMULATE_LIST(...) __VA_ARGS__
#define EMULATE_FETCH_AS(name, parameters, expression)                                                  \
    template <class T>                                                                                  \
    EMULATE_INLINE T name(cudaTextureObject_t object, EMULATE_LIST parameters) {                        \
        return ::emulate::typed<T>(::emulate::expression);                                              \
    }                                                                                                   \
    template <class T>                                                                                  \
    EMULATE_INLINE typename ::emulate::TexelType<T>::Yes name(T *result, cudaTextureObject_t object, EMULATE_LIST parameters) { \
        *result = ::emulate::typed<T>(::emulate::expression);                                           \
    }
#define EMULATE_FETCH(name, parameters, how, shape, coordinates)                                        \
    EMULATE_FETCH_AS(name, parameters, how(object, ::emulate::Shape::shape, ::emulate::components_of<T>, EMULATE_LIST coordinates))
#define EMULATE_FETCH_RESIDENT(name, parameters, how, shape, coordinates)                               \
    EMULATE_FETCH(name, parameters, how, shape, coordinates)                                            \
    template <class T>                                                                                  \
    EMULATE_INLINE T name(cudaTextureObject_t object, EMULATE_LIST parameters, bool *resident) {        \
        *resident = true;                                                                               \
        return ::emulate::typed<T>(::emulate::how(object, ::emulate::Shape::shape, ::emulate::components_of<T>, EMULATE_LIST coordinates)); \
    }                                                                                                   \
    template <class T>                                                                                  \
    EMULATE_INLINE typename ::emulate::TexelType<T>::Yes name(T *result, cudaTextureObject_t object, EMULATE_LIST parameters, bool *resident) { \
        *resident = true;                                                                               \
        *result = ::emulate::typed<T>(::emulate::how(object, ::emulate::Shape::shape, ::emulate::components_of<T>, EMULATE_LIST coordinates)); \
    }

EMULATE_FETCH_AS(tex1Dfetch, (int x), fetch_indexed(object, ::emulate::components_of<T>, x))
EMULATE_FETCH(tex1D, (float x), fetch_filtered, one, (x, 0, 0, 0))
EMULATE_FETCH_RESIDENT(tex2D, (float x, float y), fetch_filtered, two, (x, y, 0, 0))
EMULATE_FETCH_RESIDENT(tex3D, (float x, float y, float z), fetch_filtered, three, (x, y, z, 0))
EMULATE_FETCH(tex1DLayered, (float x, int layer), fetch_filtered, one_layered, (x, 0, 0, layer))
EMULATE_FETCH_RESIDENT(tex2DLayered, (float x, float y, int layer), fetch_filtered, two_layered, (x, y, 0, layer))
EMULATE_FETCH(texCubemap, (float x, float y, float z), fetch_filtered, cube, (x, y, z, 0))
EMULATE_FETCH(texCubemapLayered, (float x, float y, float z, int layer), fetch_filtered, cube_layered, (x, y, z, layer))

// Where a texture has one level of detail only, level and gradients choose nothing.
EMULATE_FETCH(tex1DLod, (float x, float level), fetch_at_level, one, (x, 0, 0, 0, level))
EMULATE_FETCH_RESIDENT(tex2DLod, (float x, float y, float level), fetch_at_level, two, (x, y, 0, 0, level))
EMULATE_FETCH_RESIDENT(tex3DLod, (float x, float y, float z, float level), fetch_at_level, three, (x, y, z, 0, level))
EMULATE_FETCH(tex1DLayeredLod, (float x, int layer, float level), fetch_at_level, one_layered, (x, 0, 0, layer, level))
EMULATE_FETCH_RESIDENT(tex2DLayeredLod, (float x, float y, int layer, float level), fetch_at_level, two_layered, (x, y, 0, layer, level))
EMULATE_FETCH(texCubemapLod, (float x, float y, float z, float level), fetch_at_level, cube, (x, y, z, 0, level))
EMULATE_FETCH(texCubemapLayeredLod, (float x, float y, float z, int layer, float level), fetch_at_level, cube_layered, (x, y, z, layer, level))
EMULATE_FETCH(tex1DGrad, (float x, float, float), fetch_by_gradient, one, (x, 0, 0, 0))
EMULATE_FETCH_RESIDENT(tex2DGrad, (float x, float y, float2, float2), fetch_by_gradient, two, (x, y, 0, 0))
EMULATE_FETCH_RESIDENT(tex3DGrad, (float x, float y, float z, float4, float4), fetch_by_gradient, three, (x, y, z, 0))
EMULATE_FETCH(tex1DLayeredGrad, (float x, int layer, float, float), fetch_by_gradient, one_layered, (x, 0, 0, layer))
EMULATE_FETCH_RESIDENT(tex2DLayeredGrad, (float x, float y, int layer, float2, float2), fetch_by_gradient, two_layered, (x, y, 0, layer))
EMULATE_FETCH(texCubemapGrad, (float x, float y, float z, float4, float4), fetch_by_gradient, cube, (x, y, z, 0))
EMULATE_FETCH(texCubemapLayeredGrad, (float x, float y, float z, int layer, float4, float4), fetch_by_gradient, cube_layered, (x, y, z, layer))
#undef EMULATE_FETCH_RESIDENT
#undef EMULATE_FETCH
#undef EMULATE_FETCH_AS

template <class T>
EMULATE_INLINE T tex2Dgather(cudaTextureObject_t object, float x, float y, int comp = 0) {
    return ::emulate::typed<T>(::emulate::gather(object, x, y, comp));
}
template <class T>
EMULATE_INLINE T tex2Dgather(cudaTextureObject_t object, float x, float y, bool *resident, int comp = 0) {
    *resident = true;
    return ::emulate::typed<T>(::emulate::gather(object, x, y, comp));
}
template <class T>
EMULATE_INLINE typename ::emulate::TexelType<T>::Yes tex2Dgather(T *result, cudaTextureObject_t object, float x, float y, int comp = 0) {
    *result = tex2Dgather<T>(object, x, y, comp);
}
template <class T>
EMULATE_INLINE typename ::emulate::TexelType<T>::Yes tex2Dgather(T *result, cudaTextureObject_t object, float x, float y, bool *resident, int comp = 0) {
    *result = tex2Dgather<T>(object, x, y, resident, comp);
}

// The layer, or the face of a cube, is the third coordinate.
#define EMULATE_SURFACE(name, parameters, shape, coordinates)                                           \
    template <class T>                                                                                  \
    EMULATE_INLINE typename ::emulate::SurfaceType<T>::Yes name##read(T *result, cudaSurfaceObject_t object, EMULATE_LIST parameters,  \
                                                                     cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap) {            \
        T value;                                                                                        \
        ::emulate::read_surface(object, ::emulate::Shape::shape, &value, sizeof value, EMULATE_LIST coordinates, mode);                 \
        *result = value;                                                                                \
    }                                                                                                   \
    template <class T, class = typename ::emulate::SurfaceType<T>::Yes>                                 \
    EMULATE_INLINE T name##read(cudaSurfaceObject_t object, EMULATE_LIST parameters, cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap) { \
        T value;                                                                                        \
        ::emulate::read_surface(object, ::emulate::Shape::shape, &value, sizeof value, EMULATE_LIST coordinates, mode);                 \
        return value;                                                                                   \
    }                                                                                                   \
    template <class T>                                                                                  \
    EMULATE_INLINE typename ::emulate::SurfaceType<T>::Yes name##write(T value, cudaSurfaceObject_t object, EMULATE_LIST parameters,   \
                                                                      cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap) {           \
        ::emulate::write_surface(object, ::emulate::Shape::shape, &value, sizeof value, EMULATE_LIST coordinates, mode);                \
    }
EMULATE_SURFACE(surf1D, (int x), one, (x, 0, 0))
EMULATE_SURFACE(surf2D, (int x, int y), two, (x, y, 0))
EMULATE_SURFACE(surf3D, (int x, int y, int z), three, (x, y, z))
EMULATE_SURFACE(surf1DLayered, (int x, int layer), one_layered, (x, 0, layer))
EMULATE_SURFACE(surf2DLayered, (int x, int y, int layer), two_layered, (x, y, layer))
EMULATE_SURFACE(surfCubemap, (int x, int y, int face), cube, (x, y, face))
EMULATE_SURFACE(surfCubemapLayered, (int x, int y, int layerface), cube_layered, (x, y, layerface))
#undef EMULATE_SURFACE
#undef EMULATE_LIST
