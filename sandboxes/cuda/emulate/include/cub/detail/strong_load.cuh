// CUB's ordered loads for blocks that wait for each other, as all devices of today have them.
#pragma once
#include <cub/util_ptx.cuh>
#include <cub/util_type.cuh>
#pragma push_macro("_NV_TARGET_BOOL___NV_PROVIDES_SM_70")
#undef _NV_TARGET_BOOL___NV_PROVIDES_SM_70
#define _NV_TARGET_BOOL___NV_PROVIDES_SM_70 1
#include_next <cub/detail/strong_load.cuh>
#pragma pop_macro("_NV_TARGET_BOOL___NV_PROVIDES_SM_70")
