"""Shapes of the CMSIS structures: which register lies where (RM0090, the "register map" at the end of each chapter).

A structure is a line of members in order of address; `@0x40` sets the offset, `[n]` makes an array, `A|B` gives one
register two names, `wide|low,high` also gives names to its two halves, and `?name` at the end is a register of other chips
of the family that only the standard peripheral library sees. generate.py checks each member against the offsets of the
crate `stm32f4`, by the name in brackets where the crate has another: `RLAR{RDLAR}`.
"""

FOREIGN = 'foreign'  # the type of a member that another chip has

STRUCTS = {
    'ADC': 'SR CR1 CR2 SMPR1 SMPR2 JOFR1 JOFR2 JOFR3 JOFR4 HTR LTR SQR1 SQR2 SQR3 JSQR JDR1 JDR2 JDR3 JDR4 DR',
    'ADC_Common': 'CSR CCR CDR',
    'CAN_TxMailBox': 'TIR TDTR TDLR TDHR',
    'CAN_FIFOMailBox': 'RIR RDTR RDLR RDHR',
    'CAN_FilterRegister': 'FR1 FR2',
    'CAN': 'MCR MSR TSR RF0R RF1R IER ESR BTR @0x180 sTxMailBox[3]:CAN_TxMailBox sFIFOMailBox[2]:CAN_FIFOMailBox '
           '@0x200 FMR FM1R @0x20c FS1R @0x214 FFA1R @0x21c FA1R @0x240 sFilterRegister[28]:CAN_FilterRegister',
    'CRC': 'DR IDR:8 @8 CR',
    'DAC': 'CR SWTRIGR DHR12R1 DHR12L1 DHR8R1 DHR12R2 DHR12L2 DHR8R2 DHR12RD DHR12LD DHR8RD DOR1 DOR2 SR',
    'DBGMCU': 'IDCODE CR APB1FZ APB2FZ',
    'DCMI': 'CR SR RISR|RIS IER MISR|MIS ICR ESCR ESUR CWSTRTR|CWSTRT CWSIZER|CWSIZE DR',
    'DMA_Stream': 'CR NDTR PAR M0AR M1AR FCR',
    'DMA': 'LISR HISR LIFCR HIFCR',
    'EXTI': 'IMR EMR RTSR FTSR SWIER PR',
    'FLASH': 'ACR KEYR OPTKEYR SR CR OPTCR',
    'FSMC_Bank1': 'BTCR[8]',
    'FSMC_Bank1E': 'BWTR[7]',
    'FSMC_Bank2_3': 'PCR2 SR2 PMEM2 PATT2 @0x14 ECCR2 @0x20 PCR3 SR3 PMEM3 PATT3 @0x34 ECCR3',
    'FSMC_Bank4': 'PCR4 SR4 PMEM4 PATT4 PIO4',
    'GPIO': 'MODER OTYPER OSPEEDR PUPDR IDR ODR BSRR|BSRRL,BSRRH LCKR AFR[2]',
    'SYSCFG': 'MEMRMP PMC EXTICR[4] @0x20 CMPCR',
    'I2C': 'CR1 CR2 OAR1 OAR2 DR SR1 SR2 CCR TRISE ?FLTR',
    'IWDG': 'KR PR RLR SR',
    'PWR': 'CR CSR',
    'RCC': 'CR PLLCFGR CFGR CIR AHB1RSTR AHB2RSTR AHB3RSTR @0x20 APB1RSTR APB2RSTR @0x30 AHB1ENR AHB2ENR AHB3ENR '
           '@0x40 APB1ENR APB2ENR @0x50 AHB1LPENR AHB2LPENR AHB3LPENR @0x60 APB1LPENR APB2LPENR @0x70 BDCR CSR '
           '@0x80 SSCGR PLLI2SCFGR ?PLLSAICFGR ?DCKCFGR',
    'RTC': 'TR DR CR ISR PRER WUTR CALIBR ALRMAR ALRMBR WPR SSR SHIFTR TSTR TSDR TSSSR CALR TAFCR ALRMASSR ALRMBSSR '
           '@0x50 ' + ' '.join(f'BKP{n}R' for n in range(20)),
    'SDIO': 'POWER CLKCR ARG CMD RESPCMD RESP1 RESP2 RESP3 RESP4 DTIMER DLEN DCTRL DCOUNT STA ICR MASK @0x48 FIFOCNT '
            '@0x80 FIFO',
    'SPI': 'CR1 CR2 SR DR CRCPR RXCRCR TXCRCR I2SCFGR I2SPR',
    'TIM': 'CR1 CR2 SMCR DIER SR EGR CCMR1 CCMR2 CCER CNT PSC ARR RCR CCR1 CCR2 CCR3 CCR4 BDTR DCR DMAR OR',
    'USART': 'SR DR BRR CR1 CR2 CR3 GTPR',
    'WWDG': 'CR CFR SR',
    'RNG': 'CR SR DR',
    'ETH': 'MACCR MACFFR MACHTHR MACHTLR MACMIIAR MACMIIDR MACFCR MACVLANTR @0x28 MACRWUFFR MACPMTCSR @0x34 MACDBGR '
           'MACSR MACIMR MACA0HR MACA0LR MACA1HR MACA1LR MACA2HR MACA2LR MACA3HR MACA3LR @0x100 MMCCR MMCRIR MMCTIR '
           'MMCRIMR MMCTIMR @0x14c MMCTGFSCCR MMCTGFMSCCR @0x168 MMCTGFCR @0x194 MMCRFCECR MMCRFAECR @0x1c4 MMCRGUFCR '
           '@0x700 PTPTSCR PTPSSIR PTPTSHR PTPTSLR PTPTSHUR PTPTSLUR PTPTSAR PTPTTHR PTPTTLR @0x728 PTPTSSR PTPPPSCR '
           '@0x1000 DMABMR DMATPDR DMARPDR DMARDLAR DMATDLAR DMASR DMAOMR DMAIER DMAMFBOCR DMARSWTR '
           '@0x1048 DMACHTDR DMACHRDR DMACHTBAR DMACHRBAR',
    'USB_OTG_Global': 'GOTGCTL GOTGINT GAHBCFG GUSBCFG GRSTCTL GINTSTS GINTMSK GRXSTSR GRXSTSP GRXFSIZ DIEPTXF0_HNPTXFSIZ '
                      'HNPTXSTS @0x38 GCCFG CID @0x100 HPTXFSIZ DIEPTXF[15]',
    'USB_OTG_Device': 'DCFG DCTL DSTS @0x10 DIEPMSK DOEPMSK DAINT DAINTMSK @0x28 DVBUSDIS DVBUSPULSE DTHRCTL DIEPEMPMSK '
                      'DEACHINT DEACHMSK @0x44 DINEP1MSK @0x84 DOUTEP1MSK',
    'USB_OTG_INEndpoint': 'DIEPCTL @8 DIEPINT @0x10 DIEPTSIZ DIEPDMA DTXFSTS @0x1c Reserved18',
    'USB_OTG_OUTEndpoint': 'DOEPCTL @8 DOEPINT @0x10 DOEPTSIZ DOEPDMA @0x1c Reserved18',
    'USB_OTG_Host': 'HCFG HFIR HFNUM @0x10 HPTXSTS HAINT HAINTMSK',
    'USB_OTG_HostChannel': 'HCCHAR HCSPLT HCINT HCINTMSK HCTSIZ HCDMA @0x1c Reserved',
}

# Instances: name, structure, base expression. The bus bases are in RM0090 table 1 (memory map).
INSTANCES = (
    [(f'TIM{n}', 'TIM', at) for n, at in (
        (2, 0x40000000), (3, 0x40000400), (4, 0x40000800), (5, 0x40000c00), (6, 0x40001000), (7, 0x40001400),
        (12, 0x40001800), (13, 0x40001c00), (14, 0x40002000), (1, 0x40010000), (8, 0x40010400), (9, 0x40014000),
        (10, 0x40014400), (11, 0x40014800))] +
    [('RTC', 'RTC', 0x40002800), ('WWDG', 'WWDG', 0x40002c00), ('IWDG', 'IWDG', 0x40003000),
     ('I2S2ext', 'SPI', 0x40003400), ('SPI2', 'SPI', 0x40003800), ('SPI3', 'SPI', 0x40003c00),
     ('I2S3ext', 'SPI', 0x40004000), ('SPI1', 'SPI', 0x40013000),
     ('USART2', 'USART', 0x40004400), ('USART3', 'USART', 0x40004800), ('UART4', 'USART', 0x40004c00),
     ('UART5', 'USART', 0x40005000), ('USART1', 'USART', 0x40011000), ('USART6', 'USART', 0x40011400),
     ('I2C1', 'I2C', 0x40005400), ('I2C2', 'I2C', 0x40005800), ('I2C3', 'I2C', 0x40005c00),
     ('CAN1', 'CAN', 0x40006400), ('CAN2', 'CAN', 0x40006800), ('PWR', 'PWR', 0x40007000), ('DAC', 'DAC', 0x40007400),
     ('DAC1', 'DAC', 0x40007400),
     ('ADC1', 'ADC', 0x40012000), ('ADC2', 'ADC', 0x40012100), ('ADC3', 'ADC', 0x40012200),
     ('ADC123_COMMON', 'ADC_Common', 0x40012300), ('ADC', 'ADC_Common', 0x40012300),
     ('SDIO', 'SDIO', 0x40012c00), ('SYSCFG', 'SYSCFG', 0x40013800), ('EXTI', 'EXTI', 0x40013c00)] +
    [(f'GPIO{port}', 'GPIO', 0x40020000 + 0x400 * n) for n, port in enumerate('ABCDEFGHI')] +
    [('CRC', 'CRC', 0x40023000), ('RCC', 'RCC', 0x40023800), ('FLASH', 'FLASH', 0x40023c00),
     ('DMA1', 'DMA', 0x40026000), ('DMA2', 'DMA', 0x40026400)] +
    [(f'DMA{d}_Stream{n}', 'DMA_Stream', 0x40025c00 + 0x400 * d + 0x10 + 0x18 * n) for d in (1, 2) for n in range(8)] +
    [('ETH', 'ETH', 0x40028000), ('DCMI', 'DCMI', 0x50050000), ('RNG', 'RNG', 0x50060800),
     ('FSMC_Bank1', 'FSMC_Bank1', 0xa0000000), ('FSMC_Bank1E', 'FSMC_Bank1E', 0xa0000104),
     ('FSMC_Bank2_3', 'FSMC_Bank2_3', 0xa0000060), ('FSMC_Bank4', 'FSMC_Bank4', 0xa00000a0),
     ('DBGMCU', 'DBGMCU', 0xe0042000),
     ('USB_OTG_FS', 'USB_OTG_Global', 0x50000000), ('USB_OTG_HS', 'USB_OTG_Global', 0x40040000)])

# Names of the crate's clusters in the board's tables: (cluster, index, register) -> register.
CLUSTERS = {
    'ST': 'S{n}{reg}', 'HC': 'HC{reg}{n}', 'KEY': 'K{n}{reg}', 'INIT': 'IV{n}{reg}',
}


def cluster_name(cluster, index, register):
    """S5CR, TI0R, F13R1, DIEPCTL2: as the reference manual writes them."""
    base = cluster.rstrip('0123456789')
    if base in ('DIEP', 'DOEP'):
        # the crate has endpoint 0 as a cluster of its own (no index) and endpoints from 1 as an array from 0
        number = 0 if index is None else index + 1
        return f'DTXFSTS{number}' if register == 'TXFSTS' else f'{base}{register}{number}'
    if base == 'TX' or base == 'RX':
        return f'{register[:-1]}{index}R'
    if base == 'FB':
        return f'F{index}R{register[-1]}'
    return CLUSTERS[base].format(n=index, reg=register)


def parse(text):
    """Members of a structure as (offset, names, width, count, type or FOREIGN)."""
    offset, out = 0, []
    for word in text.split():
        if word.startswith('@'):
            offset = int(word[1:], 0)
            continue
        kind, width, count = None, 32, None
        foreign, word = word.startswith('?'), word.lstrip('?')
        if ':' in word:
            word, _, kind = word.partition(':')
            if kind.isdigit():
                width, kind = int(kind), None
        if '[' in word:
            count = int(word[word.index('[') + 1:-1])
            word = word[:word.index('[')]
        out.append((offset, word.split('|'), width, count, FOREIGN if foreign else kind))
        size = sizeof(kind) if kind and not foreign else width // 8
        offset += size * (count or 1)
    return out


def sizeof(kind):
    """Bytes of a structure, rounded up to words."""
    offset, _, width, count, inner = [member for member in parse(STRUCTS[kind]) if member[-1] != FOREIGN][-1]
    end = offset + (sizeof(inner) if inner else width // 8) * (count or 1)
    return (end + 3) & ~3
