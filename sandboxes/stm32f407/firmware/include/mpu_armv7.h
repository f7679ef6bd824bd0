/* Names for the regions of the MPU as CMSIS-style code uses them (Armv7-M B3.5; PM0214 4.2). Included by core_cm4.h. */
#ifndef MPU_ARMV7_H
#define MPU_ARMV7_H

#define MPU_TYPE_RALIASES 4U

/* RASR.SIZE: a region has 2 to the power of SIZE + 1 bytes. */
#define ARM_MPU_REGION_SIZE_32B 0x04U
#define ARM_MPU_REGION_SIZE_64B 0x05U
#define ARM_MPU_REGION_SIZE_128B 0x06U
#define ARM_MPU_REGION_SIZE_256B 0x07U
#define ARM_MPU_REGION_SIZE_512B 0x08U
#define ARM_MPU_REGION_SIZE_1KB 0x09U
#define ARM_MPU_REGION_SIZE_2KB 0x0AU
#define ARM_MPU_REGION_SIZE_4KB 0x0BU
#define ARM_MPU_REGION_SIZE_8KB 0x0CU
#define ARM_MPU_REGION_SIZE_16KB 0x0DU
#define ARM_MPU_REGION_SIZE_32KB 0x0EU
#define ARM_MPU_REGION_SIZE_64KB 0x0FU
#define ARM_MPU_REGION_SIZE_128KB 0x10U
#define ARM_MPU_REGION_SIZE_256KB 0x11U
#define ARM_MPU_REGION_SIZE_512KB 0x12U
#define ARM_MPU_REGION_SIZE_1MB 0x13U
#define ARM_MPU_REGION_SIZE_2MB 0x14U
#define ARM_MPU_REGION_SIZE_4MB 0x15U
#define ARM_MPU_REGION_SIZE_8MB 0x16U
#define ARM_MPU_REGION_SIZE_16MB 0x17U
#define ARM_MPU_REGION_SIZE_32MB 0x18U
#define ARM_MPU_REGION_SIZE_64MB 0x19U
#define ARM_MPU_REGION_SIZE_128MB 0x1AU
#define ARM_MPU_REGION_SIZE_256MB 0x1BU
#define ARM_MPU_REGION_SIZE_512MB 0x1CU
#define ARM_MPU_REGION_SIZE_1GB 0x1DU
#define ARM_MPU_REGION_SIZE_2GB 0x1EU
#define ARM_MPU_REGION_SIZE_4GB 0x1FU

/* RASR.AP: privileged / unprivileged. */
#define ARM_MPU_AP_NONE 0U
#define ARM_MPU_AP_PRIV 1U
#define ARM_MPU_AP_URO 2U
#define ARM_MPU_AP_FULL 3U
#define ARM_MPU_AP_PRO 5U
#define ARM_MPU_AP_RO 6U

/* Values of the registers. */
#define ARM_MPU_RBAR(region, base) \
  (((base) & MPU_RBAR_ADDR_Msk) | ((region) & MPU_RBAR_REGION_Msk) | MPU_RBAR_VALID_Msk)

#define ARM_MPU_ACCESS_(tex, shareable, cacheable, bufferable)                                                        \
  ((((tex) << MPU_RASR_TEX_Pos) & MPU_RASR_TEX_Msk) | (((shareable) << MPU_RASR_S_Pos) & MPU_RASR_S_Msk) |            \
   (((cacheable) << MPU_RASR_C_Pos) & MPU_RASR_C_Msk) | (((bufferable) << MPU_RASR_B_Pos) & MPU_RASR_B_Msk))

#define ARM_MPU_RASR_EX(xn, ap, access, srd, size)                                                                    \
  ((((xn) << MPU_RASR_XN_Pos) & MPU_RASR_XN_Msk) | (((ap) << MPU_RASR_AP_Pos) & MPU_RASR_AP_Msk) |                    \
   ((access) & (MPU_RASR_TEX_Msk | MPU_RASR_S_Msk | MPU_RASR_C_Msk | MPU_RASR_B_Msk)) |                               \
   (((srd) << MPU_RASR_SRD_Pos) & MPU_RASR_SRD_Msk) | (((size) << MPU_RASR_SIZE_Pos) & MPU_RASR_SIZE_Msk) |           \
   MPU_RASR_ENABLE_Msk)

#define ARM_MPU_RASR(xn, ap, tex, shareable, cacheable, bufferable, srd, size) \
  ARM_MPU_RASR_EX(xn, ap, ARM_MPU_ACCESS_(tex, shareable, cacheable, bufferable), srd, size)

/* Memory attributes (B3.5.9). */
#define ARM_MPU_ACCESS_ORDERED ARM_MPU_ACCESS_(0U, 1U, 0U, 0U)
#define ARM_MPU_ACCESS_DEVICE(shareable) ((shareable) ? ARM_MPU_ACCESS_(0U, 1U, 0U, 1U) : ARM_MPU_ACCESS_(2U, 0U, 0U, 0U))
#define ARM_MPU_ACCESS_NORMAL(outer, inner, shareable) \
  ARM_MPU_ACCESS_((4U | (outer)), shareable, ((inner) >> 1U), ((inner) & 1U))
#define ARM_MPU_CACHEP_NOCACHE 0U
#define ARM_MPU_CACHEP_WB_WRA 1U
#define ARM_MPU_CACHEP_WT_NWA 2U
#define ARM_MPU_CACHEP_WB_NWA 3U

typedef struct {
  uint32_t RBAR;
  uint32_t RASR;
} ARM_MPU_Region_t;

__STATIC_INLINE void ARM_MPU_Enable(uint32_t control) {
  __DMB();
  MPU->CTRL = control | MPU_CTRL_ENABLE_Msk;
  SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA_Msk;
  __DSB();
  __ISB();
}

__STATIC_INLINE void ARM_MPU_Disable(void) {
  __DMB();
  SCB->SHCSR &= ~SCB_SHCSR_MEMFAULTENA_Msk;
  MPU->CTRL &= ~MPU_CTRL_ENABLE_Msk;
  __DSB();
  __ISB();
}

__STATIC_INLINE void ARM_MPU_ClrRegion(uint32_t region) {
  MPU->RNR = region;
  MPU->RASR = 0U;
}

__STATIC_INLINE void ARM_MPU_SetRegion(uint32_t rbar, uint32_t rasr) {
  MPU->RBAR = rbar;
  MPU->RASR = rasr;
}

__STATIC_INLINE void ARM_MPU_SetRegionEx(uint32_t region, uint32_t rbar, uint32_t rasr) {
  MPU->RNR = region;
  MPU->RBAR = rbar;
  MPU->RASR = rasr;
}

__STATIC_INLINE void ARM_MPU_Load(ARM_MPU_Region_t const *table, uint32_t count) {
  while (count-- > 0U) {
    ARM_MPU_SetRegion(table->RBAR, table->RASR);
    ++table;
  }
}

#endif
