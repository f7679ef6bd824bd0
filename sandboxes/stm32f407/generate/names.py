"""Where CMSIS macro names differ from the crate's field names, and the names of values (RM0090, section in brackets)."""
import re

# CMSIS prefix -> the crate's peripherals whose fields carry it.
SOURCES = {
    'ADC': ['ADC1', 'ADC_COMMON'], 'CAN': ['CAN1'], 'CRC': ['CRC'], 'DAC': ['DAC'], 'DBGMCU': ['DBGMCU'],
    'DCMI': ['DCMI'], 'DMA': ['DMA2'], 'EXTI': ['EXTI'], 'FLASH': ['FLASH'], 'FSMC': ['FSMC'], 'GPIO': ['GPIOA'],
    'I2C': ['I2C1'], 'IWDG': ['IWDG'], 'PWR': ['PWR'], 'RCC': ['RCC'], 'RNG': ['RNG'], 'RTC': ['RTC'],
    'SDIO': ['SDIO'], 'SPI': ['SPI1'], 'SYSCFG': ['SYSCFG'], 'TIM': ['TIM1', 'TIM2', 'TIM5', 'TIM11'],
    'USART': ['USART1'], 'WWDG': ['WWDG'],
    'ETH': ['ETHERNET_MAC', 'ETHERNET_MMC', 'ETHERNET_PTP', 'ETHERNET_DMA'],
    'USB_OTG': ['OTG_FS_GLOBAL', 'OTG_FS_HOST', 'OTG_FS_DEVICE', 'OTG_FS_PWRCLK', 'OTG_HS_GLOBAL', 'OTG_HS_HOST',
                'OTG_HS_DEVICE'],
}

# Macro name made from the crate -> names in CMSIS; the first rule that matches the whole name wins, none = unchanged.
RENAMES = [(re.compile(pattern + '$'), names.split()) for pattern, names in [
    (r'GPIO_MODER_MODER(\d+)', r'GPIO_MODER_MODER\1 GPIO_MODER_MODE\1'),
    (r'GPIO_OTYPER_OT(\d+)', r'GPIO_OTYPER_OT\1 GPIO_OTYPER_OT_\1'),
    (r'GPIO_OSPEEDR_OSPEEDR(\d+)', r'GPIO_OSPEEDR_OSPEED\1 GPIO_OSPEEDER_OSPEEDR\1 GPIO_OSPEEDR_OSPEEDR\1'),
    (r'GPIO_PUPDR_PUPDR(\d+)', r'GPIO_PUPDR_PUPD\1 GPIO_PUPDR_PUPDR\1'),
    (r'GPIO_(I|O)DR_.DR(\d+)', r'GPIO_\1DR_\1D\2 GPIO_\1DR_\1DR_\2 GPIO_\1DR_\2 GPIO_\1DR_\1DR\2'),
    (r'GPIO_BSRR_(BS|BR)(\d+)', r'GPIO_BSRR_\1\2 GPIO_BSRR_\1_\2'),
    (r'GPIO_AFRL_AFRL(\d+)', r'GPIO_AFRL_AFSEL\1 GPIO_AFRL_AFRL\1'),
    (r'GPIO_AFRH_AFRH(\d+)', r'GPIO_AFRH_AFSEL\1 GPIO_AFRH_AFRH\1 GPIO_AFRH_AFRH\1-8'),
    (r'EXTI_IMR_MR(\d+)', r'EXTI_IMR_MR\1 EXTI_IMR_IM\1'),
    (r'EXTI_EMR_MR(\d+)', r'EXTI_EMR_MR\1 EXTI_EMR_EM\1'),
    (r'DMA_S0CR_EN', r'DMA_SxCR_EN'),
    (r'DMA_S0NDTR_NDT', r'DMA_SxNDT DMA_SxNDTR_NDT'),
    (r'DMA_S0(\w+)', r'DMA_Sx\1'),
    (r'DMA_S[1-7].*', ''),
    (r'USART_SR_NF', r'USART_SR_NE USART_SR_NF'),
    (r'USART_BRR_DIV_FRACTION', r'USART_BRR_DIV_Fraction'),
    (r'USART_BRR_DIV_MANTISSA', r'USART_BRR_DIV_Mantissa'),
    (r'I2C_SR1_RX_NE', r'I2C_SR1_RXNE'),
    (r'I2C_SR1_TX_E', r'I2C_SR1_TXE'),
    (r'I2C_CCR_F_S', r'I2C_CCR_FS'),
    (r'SPI_(R|T)XCRCR_.X_CRC', r'SPI_\1XCRCR_\1XCRC'),
    (r'SPI_DR8_DR', ''),
    (r'TIM_CCR(\d)_CCR', r'TIM_CCR\1_CCR\1'),
    (r'TIM_OR_IT4_RMP', r'TIM_OR_TI4_RMP'),
    (r'TIM_OR_RMP', r'TIM_OR_TI1_RMP'),
    (r'FLASH_SR_OPERR', r'FLASH_SR_OPERR FLASH_SR_SOP'),
    (r'FLASH_OPTCR_N_RST_(\w+)', r'FLASH_OPTCR_nRST_\1'),
    (r'FLASH_OPTCR_N_WRP(\d+)', r'FLASH_OPTCR_nWRP_\1'),
    (r'FLASH_(OPT)?KEYR_.*', ''),
    (r'PWR_CR_VOS', r'PWR_CR_VOS PWR_CR_PMODE'),
    (r'PWR_CSR_VOSRDY', r'PWR_CSR_VOSRDY PWR_CSR_REGRDY'),
    (r'RCC_CSR_PADRSTF', r'RCC_CSR_PINRSTF RCC_CSR_PADRSTF'),
    (r'RCC_CSR_WDGRSTF', r'RCC_CSR_IWDGRSTF RCC_CSR_WDGRSTF'),
    (r'RCC_AHB1RSTR_OTGHSRST', r'RCC_AHB1RSTR_OTGHRST RCC_AHB1RSTR_OTGHSRST'),
    (r'RCC_APB2RSTR_SPI1RST', r'RCC_APB2RSTR_SPI1RST RCC_APB2RSTR_SPI1'),
    (r'RTC_CR_BKP', r'RTC_CR_BKP RTC_CR_BCK'),
    (r'RTC_BKP(\d+)R_BKP', r'RTC_BKP\1R'),
    (r'RTC_ALRM(A|B)R_(\w+)', r'RTC_ALRM\1R_\2'),
    (r'SDIO_CMD_N_IEN', r'SDIO_CMD_NIEN'),
    (r'SDIO_CMD_CE_ATACMD', r'SDIO_CMD_CEATACMD'),
    (r'SDIO_RESP(\d)_CARDSTATUS', r'SDIO_RESP\1_CARDSTATUS\1'),
    (r'ADC_JOFR(\d)_JOFFSET', r'ADC_JOFR\1_JOFFSET\1'),
    (r'ADC_CSR_OVR(\d)', r'ADC_CSR_OVR\1 ADC_CSR_DOVR\1'),
    (r'DAC_DHR(\w+)(1|2)_DACCDHR', r'DAC_DHR\1\2_DACC\2DHR'),
    (r'DAC_DOR(\d)_DACCDOR', r'DAC_DOR\1_DACC\1DOR'),
    (r'DBGMCU_APB1_FZ_DBG_J2C3SMBUS_TIMEOUT', r'DBGMCU_APB1_FZ_DBG_I2C3_SMBUS_TIMEOUT'),
    (r'DBGMCU_APB1_FZ_DBG_J2C(\d)_SMBUS_TIMEOUT', r'DBGMCU_APB1_FZ_DBG_I2C\1_SMBUS_TIMEOUT'),
    (r'DBGMCU_CR_DBG_(TIM|I2C).*', ''),
    (r'DCMI_RIS_OVR_RIS', r'DCMI_RIS_OVR_RIS DCMI_RISR_OVR_RIS DCMI_RISR_OVF_RIS'),
    (r'DCMI_IER_OVR_IE', r'DCMI_IER_OVR_IE DCMI_IER_OVF_IE'),
    (r'DCMI_ICR_OVR_ISC', r'DCMI_ICR_OVR_ISC DCMI_ICR_OVF_ISC'),
    (r'DCMI_RIS_(\w+)_RIS', r'DCMI_RIS_\1_RIS DCMI_RISR_\1_RIS'),
    (r'DCMI_MIS_(\w+)_MIS', r'DCMI_MIS_\1_MIS DCMI_MISR_\1_MIS'),
    (r'CAN_RF(\d)R_(\w+)', r'CAN_RF\1R_\2\1'),
    (r'CAN_F(\d+)R(\d)_FB', ''),
    (r'FSMC_SD.*', ''),
    (r'FSMC_(B?[A-Z]+)(\d)_(MEM|ATT|IO)(\w+)', r'FSMC_\1\2_\3\4\2'),
    (r'FSMC_ECCR(\d)_ECC', r'FSMC_ECCR\1_ECC\1'),
    (r'ETH_MACFCR_FCB', r'ETH_MACFCR_FCB ETH_MACFCR_FCBBPA'),
    (r'ETH_DMABMR_PM', r'ETH_DMABMR_PM ETH_DMABMR_RTPR'),
    (r'ETH_DMABMR_EDFE', r'ETH_DMABMR_EDFE ETH_DMABMR_EDE'),
    (r'ETH_DMASR_PWTS', r'ETH_DMASR_PWTS ETH_DMASR_RWTS'),
    (r'ETH_PTPTSCR_(\w+)', r'ETH_PTPTSCR_\1 ETH_PTPTSSR_\1'),
    (r'USB_OTG_HCCHAR0_MCNT', r'USB_OTG_HCCHAR_MCNT USB_OTG_HCCHAR_MC'),
    (r'USB_OTG_HCINTMSK0_AHBERRM', r'USB_OTG_HCINTMSK_AHBERRM USB_OTG_HCINTMSK_AHBERR'),
    (r'USB_OTG_(HC)([A-Z]+?)0_(\w+)', r'USB_OTG_HC\2_\3'),
    (r'USB_OTG_DIEPTSIZ1_MCNT', r'USB_OTG_DIEPTSIZ_MCNT USB_OTG_DIEPTSIZ_MULCNT'),
    (r'USB_OTG_DOEPTSIZ1_RXDPID_STUPCNT', r'USB_OTG_DOEPTSIZ_RXDPID_STUPCNT USB_OTG_DOEPTSIZ_STUPCNT'),
    (r'USB_OTG_(DIEP|DOEP)([A-Z]+?)1_(\w+)', r'USB_OTG_\1\2_\3'),
    (r'USB_OTG_DTXFSTS1_(\w+)', r'USB_OTG_DTXFSTS_\1'),
    (r'USB_OTG_(HC|DIEP|DOEP|DTXFSTS)[A-Z]*\d+_\w+', ''),
    (r'USB_OTG_GRXST(S|P)(R|P)_DEVICE_(\w+)', r'USB_OTG_GRXST\1\2_\3 USB_OTG_GRXSTS\2_\3 USB_OTG_\3'),
    (r'USB_OTG_GRXST.*', ''),
    (r'USB_OTG_DIEPTXF0_TX0(\w+)', r'USB_OTG_DIEPTXF0_TX0\1 USB_OTG_TX0\1'),
    (r'USB_OTG_HNPTXFSIZ_(\w+)', r'USB_OTG_\1'),
    (r'USB_OTG_DIEPTXF1_(\w+)', r'USB_OTG_DIEPTXF_\1'),
    (r'USB_OTG_DIEPTXF[2-9].*', ''),
    (r'USB_OTG_PCGCCTL_STPPCLK', r'USB_OTG_PCGCCTL_STOPCLK'),
    (r'USB_OTG_PCGCCTL_GATEHCLK', r'USB_OTG_PCGCCTL_GATECLK'),
]]


def renamed(macro):
    """All CMSIS names of one macro; empty where the crate's name has no use."""
    for pattern, names in RENAMES:
        found = pattern.match(macro)
        if found:
            return [counted_down(found.expand(name)) for name in names]
    return [macro]


def counted_down(name):
    """AFRH4 for 'AFRH12-8': the older names of AFR[1] count its fields from 0 (8.4.10)."""
    return re.sub(r'(\d+)-(\d+)$', lambda found: str(int(found[1]) - int(found[2])), name)


def values():
    """Value macros as (name, value or expression), for the fields whose codes have names in CMSIS code."""
    out = []

    def codes(prefix, lsb, names):
        out.extend((f'{prefix}_{name}', f'(0x{code << lsb:08X}UL)') for name, code in names)

    sources = [('HSI', 0), ('HSE', 1), ('PLL', 2)]
    codes('RCC_CFGR_SW', 0, sources)                                                       # 7.3.3
    codes('RCC_CFGR_SWS', 2, sources)
    ahb = [('DIV1', 0)] + [(f'DIV{d}', 8 + n) for n, d in enumerate((2, 4, 8, 16, 64, 128, 256, 512))]
    apb = [('DIV1', 0)] + [(f'DIV{d}', 4 + n) for n, d in enumerate((2, 4, 8, 16))]
    codes('RCC_CFGR_HPRE', 4, ahb)
    codes('RCC_CFGR_PPRE1', 10, apb)
    codes('RCC_CFGR_PPRE2', 13, apb)
    codes('RCC_PLLCFGR_PLLSRC', 22, [('HSI', 0), ('HSE', 1)])                              # 7.3.2
    codes('FLASH_ACR_LATENCY', 0, [(f'{n}WS', n) for n in range(8)])                       # 3.9.1
    codes('PWR_CR_PLS', 5, [(f'LEV{n}', n) for n in range(8)])                             # 5.4.1
    for line in range(16):                                                                 # 9.2.3
        register = line // 4 + 1
        codes(f'SYSCFG_EXTICR{register}_EXTI{line}', 4 * (line % 4), [(f'P{port}', n) for n, port in enumerate('ABCDEFGHI')])
    out += [(f'DMA_SxNDT_{n}', f'(0x{1 << n:X}UL)') for n in range(16)]                    # 10.5.6
    out += [(f'WWDG_CR_T{n}', f'(0x{1 << n:X}UL)') for n in range(7)]                       # 22.6
    out += [(f'WWDG_CFR_W{n}', f'(0x{1 << n:X}UL)') for n in range(7)]
    out += [(f'WWDG_CFR_WDGTB{n}', f'(0x{1 << (7 + n):X}UL)') for n in range(2)]
    out += [(f'I2C_OAR1_ADD{n}', f'(0x{1 << n:X}UL)') for n in range(10)]                   # 27.6.3
    out += [('I2C_OAR1_ADD1_7', '(0x000000FEUL)'), ('I2C_OAR1_ADD8_9', '(0x00000300UL)')]
    out += [(f'ETH_MACMIIAR_CR_Div{divider}', f'(0x{code << 2:08X}UL)')                           # 33.8.1
            for code, divider in enumerate((42, 62, 16, 26, 102))]
    out += [('USB_OTG_HCTSIZ_DOPING', '(0x80000000UL)'), ('USB_OTG_DOEPMSK_OTEPSPRM', '(0x20UL)'),   # 34.16
            ('USB_OTG_DOEPINT_OTEPSPR', '(0x20UL)'), ('USB_OTG_DOEPMSK_NAKM', '(0x2000UL)'),
            ('USB_OTG_PCGCR_STPPCLK', 'USB_OTG_PCGCCTL_STOPCLK')]
    out += [('DMA_SxCR_ACK', '(0x00100000UL)'), ('ADC_DR_ADC2DATA', '(0xFFFF0000UL)'),
            ('ADC_CDR_RDATA_MST', 'ADC_CDR_DATA1'), ('ADC_CDR_RDATA_SLV', 'ADC_CDR_DATA2'),
            ('FLASH_OPTCR_nWRP', '(0x0FFF0000UL)'),
            ('RTC_BKP_NUMBER', '(0x00000014UL)'), ('RTC_TAFCR_TAMPINSEL', 'RTC_TAFCR_TAMP1INSEL'),  # 26.6.20, 26.6.17
            ('EXTI_IMR_IM', '(0x007FFFFFUL)'), ('EXTI_EMR_EM', '(0x007FFFFFUL)'),
            ('CAN_FM1R_FBM', '(0x0FFFFFFFUL)'), ('CAN_FS1R_FSC', '(0x0FFFFFFFUL)'),
            ('FLASH_ACR_BYTE0_ADDRESS', '(0x40023C00UL)'), ('FLASH_ACR_BYTE2_ADDRESS', '(0x40023C03UL)'),
            ('SYSCFG_PMC_MII_RMII', 'SYSCFG_PMC_MII_RMII_SEL'),                               # 9.2.2
            ('CAN_FFA1R_FFA', '(0x0FFFFFFFUL)'), ('CAN_FA1R_FACT', '(0x0FFFFFFFUL)'),
            ('CAN_TSR_TME', '(0x1C000000UL)'), ('CAN_TSR_LOW', '(0xE0000000UL)')]
    return out


def library_values():
    """The same for names that ST's libraries define in headers of their own."""
    return [('FLASH_KEY1', '(0x45670123UL)'), ('FLASH_KEY2', '(0xCDEF89ABUL)'),             # 3.6.1
            ('FLASH_OPT_KEY1', '(0x08192A3BUL)'), ('FLASH_OPT_KEY2', '(0x4C5D6E7FUL)')]
