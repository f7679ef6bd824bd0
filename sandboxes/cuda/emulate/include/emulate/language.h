// Words of the language, in the place of the toolkit's crt/host_defines.h, which hides them from the rewriter.
#pragma once
#define __HOST_DEFINES_H__

#define __forceinline__ __inline__ __attribute__((always_inline))
#define __inline_hint__
#define __no_return__ __attribute__((noreturn))
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __align__(n)
#define __thread__ __thread
#define __import__
#define __export__
#define __cdecl
#define __annotate__(a)
#define __location__(a)
#define __specialization_static
#define __nv_pure__
#define __device_builtin__
#define __device_builtin_texture_type__
#define __device_builtin_surface_type__
#define __cudart_builtin__
#define __grid_constant__
#define __tile_global__
#define __tile__
#define __tile_builtin__
#define CUDARTAPI
#define CUDARTAPI_CDECL

#ifndef EMULATE_DEVICE_CODE
// Host code: a .cpp file, which nvcc hands to the host compiler.
#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __shared__
#define __launch_bounds__(...)
#endif
