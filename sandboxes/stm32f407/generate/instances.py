"""IS_xxx_INSTANCE(…): which units have a feature, and the limits of the clocks, as CMSIS-style code and ST's libraries ask."""
from layout import INSTANCES

# Timers by what they are (RM0090 chapters 17 to 20).
ADVANCED, GENERAL, TWO_CHANNELS, ONE_CHANNEL, BASIC = (1, 8), (2, 3, 4, 5), (9, 12), (10, 11, 13, 14), (6, 7)
FULL = ADVANCED + GENERAL
SLAVES = FULL + TWO_CHANNELS
WITH_CHANNELS = SLAVES + ONE_CHANNEL
TIMERS = {
    'CC1': WITH_CHANNELS, 'CC2': SLAVES, 'CC3': FULL, 'CC4': FULL, 'ADVANCED': ADVANCED, 'XOR': FULL, 'DMA': FULL + BASIC,
    'DMA_CC': FULL, 'CCDMA': FULL, 'DMABURST': FULL, 'MASTER': FULL + BASIC, 'SLAVE': SLAVES, 'SYNCHRO': SLAVES,
    '32B_COUNTER': (2, 5), 'ETR': FULL, 'REMAP': (2, 5, 11), 'COUNTER_MODE_SELECT': FULL, 'CLOCK_DIVISION': WITH_CHANNELS,
    'COMMUTATION_EVENT': ADVANCED, 'OCXREF_CLEAR': FULL, 'CLOCKSOURCE_ETRMODE1': SLAVES, 'CLOCKSOURCE_ETRMODE2': FULL,
    'CLOCKSOURCE_TIX': SLAVES, 'CLOCKSOURCE_ITRX': SLAVES, 'CLOCK_SELECT': SLAVES, 'REPETITION_COUNTER': ADVANCED,
    'ENCODER_INTERFACE': SLAVES, 'HALL_SENSOR_INTERFACE': FULL, 'HALL_INTERFACE': FULL, 'BREAK': ADVANCED,
}
CHANNELS = [(FULL, 4), (TWO_CHANNELS, 2), (ONE_CHANNEL, 1)]
SYNCHRONOUS = ('USART1', 'USART2', 'USART3', 'USART6')  # clock, flow control and smart card (RM0090 table 148)

# Other names of the same test.
SAME = {'SMBUS_ALL': 'I2C_ALL', 'UART': 'UART_HALFDUPLEX', 'UART_LIN': 'UART_HALFDUPLEX', 'UART_MULTIPROCESSOR': 'UART_HALFDUPLEX',
        'IRDA': 'UART_HALFDUPLEX', 'UART_HWFLOW': 'USART', 'SMARTCARD': 'USART', 'GPIO_AF': 'GPIO_ALL',
        'GPIO_LOCK': 'GPIO_ALL', 'HCD_ALL': 'PCD_ALL'}

LIMITS = [  # RM0090 7.3.2, 3.5.1 table 10 (2.7 to 3.6 V), 5.1.4; the data sheet's table of the PLL; 34.1, 35.1
    ('RCC_PLLCFGR_RST_VALUE', '0x24003010U'), ('RCC_PLLI2SCFGR_RST_VALUE', '0x20003000U'),
    ('RCC_MAX_FREQUENCY', '168000000U'), ('RCC_MAX_FREQUENCY_SCALE1', 'RCC_MAX_FREQUENCY'),
    ('RCC_MAX_FREQUENCY_SCALE2', '144000000U'),
    ('RCC_PLLVCO_INPUT_MIN', '950000U'), ('RCC_PLLVCO_INPUT_MAX', '2100000U'),
    ('RCC_PLLVCO_OUTPUT_MIN', '100000000U'), ('RCC_PLLVCO_OUTPUT_MAX', '432000000U'),
    ('RCC_PLLN_MIN_VALUE', '50U'), ('RCC_PLLN_MAX_VALUE', '432U'),
] + [(f'FLASH_SCALE{scale}_LATENCY{n}_FREQ', f'{30 * n}000000U') for scale, most in ((1, 5), (2, 4)) for n in range(1, most + 1)] + [
    (f'USB_OTG_{unit}_{name}', f'{value}U') for unit, values in (('FS', (8, 4, 4, 1280)), ('HS', (12, 6, 6, 4096)))
    for name, value in zip(('HOST_MAX_CHANNEL_NBR', 'MAX_IN_ENDPOINTS', 'MAX_OUT_ENDPOINTS', 'TOTAL_FIFO_SIZE'), values)
] + [('FMC_IRQn', 'FSMC_IRQn'), ('FMC_IRQHandler', 'FSMC_IRQHandler')]

# What this chip has and some of its family have not: the libraries ask with #ifdef.
FEATURES = ['RCC_PLLI2S_SUPPORT', 'SPI_I2S_FULLDUPLEX_SUPPORT', 'ADC_MULTIMODE_SUPPORT', 'DAC_CHANNEL2_SUPPORT',
            'RTC_TAMPER2_SUPPORT', 'RTC_AF2_SUPPORT']


def any_of(names):
    return '(' + ' || '.join(f'((INSTANCE) == {name})' for name in names) + ')'


def channels(listed):
    """(timer, channel) pairs; TIM_CHANNEL_n is the library's name of the channel."""
    tests = []
    for timers, count in listed:
        which = ' || '.join(f'((CHANNEL) == TIM_CHANNEL_{n + 1})' for n in range(count))
        tests.append(f'({any_of(f"TIM{n}" for n in timers)} && ({which}))')
    return '(' + ' || '.join(tests) + ')'


def tests():
    """Names of features and the units that have them."""
    of_kind = {}
    for name, kind, _ in INSTANCES:
        of_kind.setdefault(kind, []).append(name)
    usarts = of_kind['USART']
    out = {'GPIO_ALL': of_kind['GPIO'], 'USART': SYNCHRONOUS, 'UART_HALFDUPLEX': usarts,
           'SPI_ALL': [name for name in of_kind['SPI'] if not name.startswith('I2S')], 'I2S_ALL': ('SPI2', 'SPI3'),
           'I2S_EXT_ALL': ('I2S2ext', 'I2S3ext'), 'I2C_ALL': of_kind['I2C'], 'TIM': of_kind['TIM'],
           'ADC_ALL': of_kind['ADC'], 'ADC_MULTIMODE_MASTER': ('ADC1',), 'ADC_COMMON': ('ADC123_COMMON',),
           'DMA_STREAM_ALL': of_kind['DMA_Stream'], 'CAN_ALL': of_kind['CAN'], 'DAC_ALL': ('DAC1',),
           'PCD_ALL': ('USB_OTG_FS', 'USB_OTG_HS')}
    out.update({f'{name}_ALL': (name,) for name in ('CRC', 'DCMI', 'RNG', 'RTC', 'SDIO', 'IWDG', 'WWDG')})
    out.update({f'TIM_{name}': [f'TIM{n}' for n in sorted(timers)] for name, timers in TIMERS.items()})
    return out


def defines():
    out = [f'#define IS_{name}_INSTANCE(INSTANCE) {any_of(units)}' for name, units in tests().items()]
    out += [f'#define IS_{name}_INSTANCE IS_{other}_INSTANCE' for name, other in SAME.items()]
    out.append('#define IS_I2S_ALL_INSTANCE_EXT IS_I2S_EXT_ALL_INSTANCE')
    out.append(f'#define IS_TIM_CCX_INSTANCE(INSTANCE, CHANNEL) {channels(CHANNELS)}')
    out.append(f'#define IS_TIM_CCXN_INSTANCE(INSTANCE, CHANNEL) {channels([(ADVANCED, 3)])}')
    out += ['', '/* Limits, and what not every chip of the family has */']
    out += [f'#define {name} {value}' for name, value in LIMITS]
    return out + [f'#define {name}' for name in FEATURES]
