// bfloat16: the toolkit's own header as a host compiler sees it, and then what only device code has.
#pragma once
#include <cuda_fp16.h>
#pragma push_macro("__CUDACC__")
#pragma push_macro("__CUDA_ARCH__")
#undef __CUDACC__
#undef __CUDA_ARCH__
#include_next <cuda_bf16.h>
#pragma pop_macro("__CUDACC__")
#pragma pop_macro("__CUDA_ARCH__")
#ifdef EMULATE_DEVICE_CODE
#include <emulate/narrow.h>
EMULATE_NARROW(__nv_bfloat16, __nv_bfloat162, __bfloat162float, __float2bfloat16_rn, bfloat16, bfloat162)
EMULATE_NARROW_WHOLE(__nv_bfloat16, __bfloat162float, bfloat16)

EMULATE_INLINE __nv_bfloat16 atomicAdd(__nv_bfloat16 *address, const __nv_bfloat16 value) { return ::emulate::narrow_add(address, value); }
EMULATE_INLINE __nv_bfloat162 atomicAdd(__nv_bfloat162 *address, const __nv_bfloat162 value) {
    return {::emulate::narrow_add(&address->x, value.x), ::emulate::narrow_add(&address->y, value.y)};
}
#endif
