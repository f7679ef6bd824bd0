"""Reads the metadata of the crate `stm32-metapac`: pins, clock gates, interrupts, DMA requests of one chip."""
import re
from dataclasses import dataclass, field
from pathlib import Path

CHIP = 'stm32f407ig'  # the largest package: all ports A..I


@dataclass
class Unit:
    """One peripheral as the metadata has it."""
    name: str
    base: int
    bus: str = ''
    enable: tuple = None   # (RCC register, field)
    reset: tuple = None
    pins: list = field(default_factory=list)        # (pin, signal, af or None)
    interrupts: list = field(default_factory=list)  # (signal, interrupt)
    dma: list = field(default_factory=list)         # (signal, controller, stream, channel)


def section(text, name):
    """The part `name: &[ … ]` of one peripheral."""
    start = text.find(f'{name}: &[')
    if start < 0:
        return ''
    depth, at = 0, text.index('[', start)
    for end in range(at, len(text)):
        depth += (text[end] == '[') - (text[end] == ']')
        if depth == 0:
            return text[at:end]
    raise ValueError(f'{name}: no end')


def gate(text, name):
    found = re.search(name + r': Some\(PeripheralRccRegister \{\s*register: "(\w+)",\s*field: "(\w+)"', text)
    return (found[1], found[2]) if found else None


def unit(text):
    head = re.match(r'\s*name: "(\w+)",\s*address: (\w+)', text)
    one = Unit(head[1], int(head[2], 0), enable=gate(text, 'enable'), reset=gate(text, 'reset'))
    bus = re.search(r'bus_clock: "(\w+)"', text)
    one.bus = bus[1] if bus else ''
    for pin, signal, af in re.findall(
            r'pin: "(\w+)",\s*signal: "(\w+)",\s*af: (None|Some\(\d+\))', section(text, 'pins')):
        one.pins.append((pin, signal, None if af == 'None' else int(af[5:-1])))
    one.interrupts = re.findall(r'signal: "(\w+)",\s*interrupt: "(\w+)"', section(text, 'interrupts'))
    for signal, dma, stream, request in re.findall(
            r'signal: "(\w+)",\s*channel: Some\("(DMA\d)_CH(\d)"\).*?request: Some\((\d+)\)',
            section(text, 'dma_channels'), re.S):
        one.dma.append((signal, dma, int(stream), int(request)))
    return one


def read(root):
    """(units, interrupts by number)"""
    folder = Path(root) / 'src' / 'chips'
    chip = (folder / CHIP / 'metadata.rs').read_text()
    text = (folder / re.search(r'include!\("\.\./(\w+\.rs)"\)', chip)[1]).read_text()
    body = text.split('static PERIPHERALS')[1].split('static INTERRUPTS')[0]
    units = [unit(part) for part in re.split(r'\n    Peripheral \{', body)[1:]]
    table = text.split('static INTERRUPTS')[1].split('static DMA_CHANNELS')[0]
    numbers = {int(n): name for name, n in re.findall(r'name: "(\w+)",\s*number: (\d+)', table)}
    return units, numbers
