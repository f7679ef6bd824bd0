// cudaCreateTextureObject, cudaCreateSurfaceObject and their like.
#include "textures.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "errors.h"
#include "hooks.h"
#include "memory.h"

namespace emulate {

namespace {

// Textures and surfaces are numbered together, so that one is never taken for the other, and not from 1 on: no number that
// a program counted up to is a handle.
constexpr unsigned long long first_handle = 1ull << 40;

std::vector<std::unique_ptr<Object>> &objects() {
    static auto *all = new std::vector<std::unique_ptr<Object>>;
    return *all;
}

unsigned long long keep(const Object &object) {
    objects().push_back(std::make_unique<Object>(object));
    return first_handle + objects().size();
}

cudaError_t texels_of_array(cudaArray_t handle, Texels &texels) {
    const Array *array = find_array(handle);
    if (!array || array->freed) return cudaErrorInvalidValue;
    texels = {array->memory, array->format, array->shape, false, array->flags, array->width, array->height, array->depth, array->row(), array->row() * array->height};
    return cudaSuccess;
}

// Whether a device may read there, and a texture may begin there.
bool may_begin(const void *address) {
    Allocation found;
    return address && reinterpret_cast<uintptr_t>(address) % texture_limits::alignment == 0 && (find_allocation(address, found) || is_symbol(address));
}

cudaError_t texels_of_linear(const cudaResourceDesc &resource, Texels &texels) {
    const auto &linear = resource.res.linear;
    Format format;
    if (const cudaError_t error = format_of(linear.desc, format)) return error;
    const size_t count = linear.sizeInBytes / format.size();
    if (!may_begin(linear.devPtr) || count == 0 || count > texture_limits::texture1d_linear) return cudaErrorInvalidValue;
    texels = {static_cast<unsigned char *>(linear.devPtr), format, Shape::one, true, 0, count, 1, 1, count * format.size(), 0};
    return cudaSuccess;
}

cudaError_t texels_of_pitched(const cudaResourceDesc &resource, Texels &texels) {
    const auto &p = resource.res.pitch2D;
    Format format;
    if (const cudaError_t error = format_of(p.desc, format)) return error;
    if (!may_begin(p.devPtr) || p.width == 0 || p.height == 0 || p.width > texture_limits::texture2d_linear_width || p.height > texture_limits::texture2d_linear_height)
        return cudaErrorInvalidValue;
    if (p.pitchInBytes % texture_limits::pitch_alignment != 0 || p.pitchInBytes > texture_limits::texture2d_linear_pitch || p.pitchInBytes < p.width * format.size())
        return cudaErrorInvalidValue;
    texels = {static_cast<unsigned char *>(p.devPtr), format, Shape::two, false, 0, p.width, p.height, 1, p.pitchInBytes, 0};
    return cudaSuccess;
}

// Its coordinates have to be normalised: the levels differ in size.
cudaError_t texels_of_mipmapped(Object &object) {
    const MipmappedArray *mipmapped = find_mipmapped(object.resource.res.mipmap.mipmap);
    if (!mipmapped || mipmapped->freed || !object.texture.normalizedCoords) return cudaErrorInvalidValue;
    object.levels.resize(mipmapped->levels.size());
    for (size_t level = 0; level < object.levels.size(); ++level)
        if (const cudaError_t error = texels_of_array(mipmapped->levels[level], object.levels[level])) return error;
    object.texels = object.levels[0];
    return cudaSuccess;
}

cudaError_t find_texels(Object &object) {
    const cudaResourceDesc &resource = object.resource;
    switch (resource.resType) {
        case cudaResourceTypeArray: return texels_of_array(resource.res.array.array, object.texels);
        case cudaResourceTypeMipmappedArray: return texels_of_mipmapped(object);
        case cudaResourceTypeLinear: return texels_of_linear(resource, object.texels);
        case cudaResourceTypePitch2D: return texels_of_pitched(resource, object.texels);
    }
    return cudaErrorInvalidValue;
}

// How many coordinates are ones within a plane or a volume.
unsigned dimensions_of(Shape shape) { return shape == Shape::three ? 3 : shape == Shape::one || shape == Shape::one_layered ? 1 : 2; }

// How a texture is read, as its description and its elements say. Of linear memory, addressing and filtering are ignored.
cudaError_t settle_reads(Object &object) {
    const cudaTextureDesc &t = object.texture;
    const Format &format = object.texels.format;
    const unsigned dimensions = object.texels.linear ? 0 : dimensions_of(object.texels.shape);
    for (unsigned i = 0; i < dimensions; ++i)
        if (t.addressMode[i] < cudaAddressModeWrap || t.addressMode[i] > cudaAddressModeBorder) return cudaErrorInvalidValue;
    if (dimensions && (t.filterMode < cudaFilterModePoint || t.filterMode > cudaFilterModeLinear)) return cudaErrorInvalidValue;
    if (t.readMode < cudaReadModeElementType || t.readMode > cudaReadModeNormalizedFloat) return cudaErrorInvalidValue;
    if (t.sRGB) check::unsupported("textures of sRGB colours");
    if (t.seamlessCubemap) check::unsupported("seamless cubemaps");
    // The reference says that such numbers are left as they are, the name of an error code that this is one.
    const bool normalised = format.whole() && t.readMode == cudaReadModeNormalizedFloat;
    if (normalised && format.bits == 32) check::unsupported("normalized reads of 32-bit integers");
    if (dimensions && t.filterMode == cudaFilterModeLinear && format.whole() && !normalised) return cudaErrorInvalidFilterSetting;
    if (!object.levels.empty() && t.mipmapFilterMode == cudaFilterModeLinear && format.whole() && !normalised)
        check::unsupported("filtering between the levels of integer textures");
    object.normalised_reads = normalised;
    for (unsigned i = 0; i < dimensions; ++i) {
        const bool periodic = t.addressMode[i] == cudaAddressModeWrap || t.addressMode[i] == cudaAddressModeMirror;
        object.modes[i] = periodic && !t.normalizedCoords ? cudaAddressModeClamp : t.addressMode[i];
    }
    return cudaSuccess;
}

// An object of this kind that still is one, or an error.
cudaError_t living(unsigned long long handle, bool surface, Object *&object) {
    object = find_object(handle);
    return object && !object->destroyed && object->surface == surface ? cudaSuccess : note(cudaErrorInvalidValue);
}

cudaError_t destroy(unsigned long long handle, bool surface, const void *pc) {
    Call call;
    if (call.error) return call.error;
    if (handle == 0) return cudaSuccess;   // as of a null pointer
    Object *object;
    if (const cudaError_t error = living(handle, surface, object)) return error;
    object->destroyed = true;
    object->destroyer = pc;
    return cudaSuccess;
}

cudaError_t resource_of(cudaResourceDesc *resource, unsigned long long handle, bool surface) {
    Call call;
    if (call.error) return call.error;
    Object *object;
    if (const cudaError_t error = living(handle, surface, object)) return error;
    if (!resource) return note(cudaErrorInvalidValue);
    *resource = object->resource;
    return cudaSuccess;
}

}  // namespace

Object *find_object(unsigned long long handle) {
    const unsigned long long number = handle - first_handle - 1;
    return number < objects().size() ? objects()[number].get() : nullptr;
}

const Object &object_for(unsigned long long handle, bool surface, const void *pc) {
    const Object *object = find_object(handle);
    if (!object || object->surface != surface) {
        check::no_object(surface, object != nullptr, pc);
        abandon(cudaErrorIllegalAddress);
    }
    if (object->destroyed) check::destroyed_object(surface, object->destroyer, pc);
    return *object;
}

void need_shape(const Object &object, Shape shape) {
    // One row is as good as an array of one dimension, and programs make their tables so.
    const bool row = shape == Shape::one && object.texels.shape == Shape::two && object.texels.height == 1;
    if (object.texels.shape != shape && !row) check::unsupported("a texture or surface function for another kind of array than the object's");
}

}  // namespace emulate

using namespace emulate;

cudaError_t cudaCreateTextureObject(cudaTextureObject_t *texture, const cudaResourceDesc *resource, const cudaTextureDesc *description, const cudaResourceViewDesc *view) {
    Call call;
    if (call.error) return call.error;
    if (!texture || !resource || !description) return note(cudaErrorInvalidValue);
    if (view) check::unsupported("resource views of textures");
    Object object{false, *resource, *description};
    if (const cudaError_t error = find_texels(object)) return note(error);
    if (const cudaError_t error = settle_reads(object)) return note(error);
    *texture = keep(object);
    return cudaSuccess;
}

cudaError_t cudaDestroyTextureObject(cudaTextureObject_t texture) { return destroy(texture, false, __builtin_return_address(0)); }
cudaError_t cudaGetTextureObjectResourceDesc(cudaResourceDesc *resource, cudaTextureObject_t texture) { return resource_of(resource, texture, false); }

cudaError_t cudaGetTextureObjectTextureDesc(cudaTextureDesc *description, cudaTextureObject_t texture) {
    Call call;
    if (call.error) return call.error;
    Object *object;
    if (const cudaError_t error = living(texture, false, object)) return error;
    if (!description) return note(cudaErrorInvalidValue);
    *description = object->texture;
    return cudaSuccess;
}

cudaError_t cudaCreateSurfaceObject(cudaSurfaceObject_t *surface, const cudaResourceDesc *resource) {
    Call call;
    if (call.error) return call.error;
    if (!surface || !resource || resource->resType != cudaResourceTypeArray) return note(cudaErrorInvalidValue);
    Object object{true, *resource, {}};
    if (const cudaError_t error = find_texels(object)) return note(error);
    if (!(object.texels.array_flags & cudaArraySurfaceLoadStore)) return note(cudaErrorInvalidValue);
    *surface = keep(object);
    return cudaSuccess;
}

cudaError_t cudaDestroySurfaceObject(cudaSurfaceObject_t surface) { return destroy(surface, true, __builtin_return_address(0)); }
cudaError_t cudaGetSurfaceObjectResourceDesc(cudaResourceDesc *resource, cudaSurfaceObject_t surface) { return resource_of(resource, surface, true); }

cudaError_t cudaDeviceGetTexture1DLinearMaxWidth(size_t *width, const cudaChannelFormatDesc *description, int device) {
    Call call;
    if (call.error) return call.error;
    Format format;
    if (!width || !description) return note(cudaErrorInvalidValue);
    if (device != 0) return note(cudaErrorInvalidDevice);
    if (const cudaError_t error = format_of(*description, format)) return note(error);
    *width = texture_limits::texture1d_linear;
    return cudaSuccess;
}
