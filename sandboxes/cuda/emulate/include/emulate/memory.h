// Loads and stores with a cache hint: the hint is dropped.
#pragma once

#define EMULATE_HINTED(name) \
    template <class T>       \
    __attribute__((always_inline)) inline T name(const T *address) { return *address; }
EMULATE_HINTED(__ldg)
EMULATE_HINTED(__ldca)
EMULATE_HINTED(__ldcg)
EMULATE_HINTED(__ldcs)
EMULATE_HINTED(__ldlu)
EMULATE_HINTED(__ldcv)
#undef EMULATE_HINTED

#define EMULATE_HINTED(name) \
    template <class T, class U>       \
    __attribute__((always_inline)) inline void name(T *address, U value) { *address = value; }
EMULATE_HINTED(__stwb)
EMULATE_HINTED(__stcg)
EMULATE_HINTED(__stcs)
EMULATE_HINTED(__stwt)
#undef EMULATE_HINTED

