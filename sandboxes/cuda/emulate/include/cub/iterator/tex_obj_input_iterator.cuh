// An iterator that reads by textures, which are not emulated for CUB.
#pragma once
#include <cub/config.cuh>

CUB_NAMESPACE_BEGIN

template <class T, class Offset = ptrdiff_t>
class TexObjInputIterator {
    static_assert(sizeof(T) == 0, "unsupported: textures (cub::TexObjInputIterator)");
};

CUB_NAMESPACE_END
