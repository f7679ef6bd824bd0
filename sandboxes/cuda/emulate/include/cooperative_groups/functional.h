// Operations of reductions and scans.
#pragma once

namespace cooperative_groups {

#define EMULATE_OPERATION(name, expression)                                      \
    template <class T>                                                           \
    struct name {                                                                \
        EMULATE_INLINE T operator()(const T &a, const T &b) const { return expression; } \
    };
EMULATE_OPERATION(plus, a + b)
EMULATE_OPERATION(less, b < a ? b : a)
EMULATE_OPERATION(greater, a < b ? b : a)
EMULATE_OPERATION(bit_and, a &b)
EMULATE_OPERATION(bit_or, a | b)
EMULATE_OPERATION(bit_xor, a ^ b)
#undef EMULATE_OPERATION

}  // namespace cooperative_groups
