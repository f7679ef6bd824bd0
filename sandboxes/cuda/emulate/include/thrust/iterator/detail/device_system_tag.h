// What a device system is comes before its algorithms, which need iterators.
#pragma once
#define EMULATE_THRUST_POLICIES
#include_next <thrust/iterator/detail/device_system_tag.h>
#undef EMULATE_THRUST_POLICIES
