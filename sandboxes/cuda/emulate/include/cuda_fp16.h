// Half precision: the toolkit's own header as a host compiler sees it, and then what only device code has.
#pragma once
#include <emulate/language.h>
#pragma push_macro("__CUDACC__")
#pragma push_macro("__CUDA_ARCH__")
#undef __CUDACC__
#undef __CUDA_ARCH__
#include_next <cuda_fp16.h>
#pragma pop_macro("__CUDACC__")
#pragma pop_macro("__CUDA_ARCH__")
#ifdef EMULATE_DEVICE_CODE
#include <emulate/narrow.h>
EMULATE_NARROW(__half, __half2, __half2float, __float2half_rn, half, half2)
EMULATE_NARROW_WHOLE(__half, __half2float, half)

EMULATE_INLINE __half2 __hcmadd(const __half2 a, const __half2 b, const __half2 c) {
    const float2 x = __half22float2(a), y = __half22float2(b), z = __half22float2(c);
    return __floats2half2_rn(z.x + x.x * y.x - x.y * y.y, z.y + x.x * y.y + x.y * y.x);
}
// The runtime keeps the bits together: both halves in one operation is more than the device promises.
EMULATE_INLINE __half atomicAdd(__half *address, const __half value) { return ::emulate::narrow_add(address, value); }
EMULATE_INLINE __half2 atomicAdd(__half2 *address, const __half2 value) {
    return {::emulate::narrow_add(&address->x, value.x), ::emulate::narrow_add(&address->y, value.y)};
}
#endif
