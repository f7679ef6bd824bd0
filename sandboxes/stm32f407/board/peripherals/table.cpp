// Which model stands behind which peripheral. What is not listed is refused as unsupported.
#include <string_view>

#include "../core/core.hpp"
#include "../peripheral.hpp"

namespace board {

#define MODEL(function) std::unique_ptr<Peripheral> function(Board &, const PeripheralInfo &)
MODEL(make_rcc);
MODEL(make_flash);
MODEL(make_pwr);
MODEL(make_gpio);
MODEL(make_exti);
MODEL(make_syscfg);
MODEL(make_usart);
MODEL(make_crc);
MODEL(make_rng);
MODEL(make_dbgmcu);
MODEL(make_timer);
MODEL(make_dma);
MODEL(make_spi);
MODEL(make_i2c);
MODEL(make_adc);
MODEL(make_adc_common);
MODEL(make_iwdg);
MODEL(make_dac);
MODEL(make_wwdg);
MODEL(make_rtc);
MODEL(make_backup_sram);
MODEL(make_can);
MODEL(make_fsmc);
MODEL(make_sdio);
MODEL(make_dcmi);
#undef MODEL

namespace {

struct Entry {
  std::string_view name;
  MakePeripheral make;
};

// A name that ends in '*' stands for all that begin so.
constexpr Entry entries[] = {
    {"RCC", make_rcc},
    {"FLASH", make_flash},
    {"PWR", make_pwr},
    {"GPIO*", make_gpio},
    {"EXTI", make_exti},
    {"SYSCFG", make_syscfg},
    {"USART*", make_usart},
    {"UART*", make_usart},
    {"CRC", make_crc},
    {"RNG", make_rng},
    {"DBGMCU", make_dbgmcu},
    {"TIM*", make_timer},
    {"DMA*", make_dma},
    {"SPI*", make_spi},
    {"I2C*", make_i2c},
    {"ADC_Common", make_adc_common},
    {"ADC*", make_adc},
    {"IWDG", make_iwdg},
    {"DAC", make_dac},
    {"WWDG", make_wwdg},
    {"RTC", make_rtc},
    {"BKPSRAM", make_backup_sram},
    {"CAN*", make_can},
    {"FSMC", make_fsmc},
    {"SDIO", make_sdio},
    {"DCMI", make_dcmi},
};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.back() != '*') return pattern == name;
  pattern.remove_suffix(1);
  return name.substr(0, pattern.size()) == pattern;
}

}  // namespace

std::unique_ptr<Peripheral> make_peripheral(Board &board, const PeripheralInfo &info) {
  for (const Entry &entry : entries)
    if (matches(entry.name, info.name)) return entry.make(board, info);
  return nullptr;
}

}  // namespace board
