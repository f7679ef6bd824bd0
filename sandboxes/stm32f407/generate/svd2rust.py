"""Reads the output of svd2rust (crate `stm32f4`) back into tables of registers.

The crate is Rust source made by a machine, so its shape is regular: one module per peripheral with accessor functions
whose doc comment starts with the offset, and one file per register whose `impl R`/`impl W` name the fields and their bits.
"""
import re
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass
class Field:
    """One bit field; `read`/`write` tell in which of the two views the manual has it."""
    name: str
    lsb: int
    width: int
    read: bool = False
    write: bool = False

    @property
    def mask(self):
        return ((1 << self.width) - 1) << self.lsb


@dataclass
class Register:
    name: str
    offset: int
    width: int = 32
    reset: int = 0
    readable: bool = False
    writable: bool = False
    write_one_clears: int = 0
    write_zero_clears: int = 0
    fields: list = field(default_factory=list)

    def mask(self, view):
        bits = 0
        for one in self.fields:
            if getattr(one, view):
                bits |= one.mask
        return bits


@dataclass
class Peripheral:
    name: str
    base: int
    registers: list


FIELD = re.compile(
    r'(?:///|/\*\*)Bits? (\d+)(?::(\d+))? - (?:(?!\*/|pub fn).)*?'
    r'pub fn (\w+)\(&(mut )?self\)', re.S)
ACCESSOR = re.compile(
    r'(?:///|/\*\*)0x([0-9a-f]+)(?:\.\.0x([0-9a-f]+))? - (?:(?!pub ).)*?'
    r'pub (?:const )?fn (\w+)\(&self(, n: usize)?\) -> ([^{]+?) \{', re.S)
REG_TYPE = re.compile(r'pub type (\w+) =\s*crate::Reg<(\w+)::\w+>;')
USE = re.compile(r'pub use (crate::stm32f407::|self::)?([\w:]+?)(?: as (\w+))?;')


def number(text):
    return int(text.replace('_', ''), 0)


def plain(name):
    """svd2rust appends `_` to names that are Rust keywords (`break_`, `in_`)."""
    return name.rstrip('_').upper()


def read_register(path):
    """The file of one register, without its name and offset."""
    text = path.read_text()
    found = {}
    for last in FIELD.finditer(text):
        lsb = int(last[1])
        width = int(last[2] or lsb) - lsb + 1
        name = plain(last[3])
        one = found.setdefault((name, lsb), Field(name, lsb, width))
        if last[4]:
            one.write = True
        else:
            one.read = True
    width = re.search(r'type Ux = u(\d+);\n\}\n(?:///|impl crate::(?:Readable|Writable))', text)
    reset = re.search(r'const RESET_VALUE: u\d+ = (\w+);', text)
    ones = re.search(r'ONE_TO_MODIFY_FIELDS_BITMAP: u\d+ = (\w+);', text)
    zeros = re.search(r'ZERO_TO_MODIFY_FIELDS_BITMAP: u\d+ = (\w+);', text)
    return Register(
        '', 0, int(width[1]) if width else 32, number(reset[1]) if reset else 0,
        'impl crate::Readable for' in text, 'impl crate::Writable for' in text,
        number(ones[1]) if ones else 0, number(zeros[1]) if zeros else 0,
        sorted(found.values(), key=lambda f: (f.lsb, f.name)))


class Crate:
    def __init__(self, root):
        self.root = Path(root) / 'src' / 'stm32f407'
        self.top = (self.root / 'mod.rs').read_text()
        self.registers = {}

    def module(self, path):
        """Source file of a module such as ('usart1',) or ('dma2', 'st')."""
        return self.root.joinpath(*path[:-1], path[-1] + '.rs')

    def find(self, path, name):
        """Follows `pub type`/`pub use` until the file of the type is known: ('register'|'cluster', module path)."""
        text = self.module(path).read_text()
        for kind, module in REG_TYPE.findall(text):
            if kind == name:
                return 'register', path + (module,)
        for prefix, target, alias in USE.findall(text):
            parts = target.split('::')
            if (alias or parts[-1]) != name or parts[-1] != parts[-1].upper():
                continue
            if prefix == 'crate::stm32f407::':
                return self.find(tuple(parts[:-1]), parts[-1])
            if len(parts) == 1:
                return self.find(path, parts[0])
            return 'cluster', path + tuple(parts[:-1])
        raise LookupError(f'{"/".join(path)}: {name}')

    def register(self, path):
        if path not in self.registers:
            self.registers[path] = read_register(self.module(path))
        return self.registers[path]

    def block(self, path, name_of=lambda cluster, index, name: name):
        """Registers of one block; clusters are expanded with names made by `name_of`."""
        text = self.module(path).read_text()
        found = [(int(low, 16), int(high, 16) if high else None, plain(fn), bool(array), kind)
                 for low, high, fn, array, kind in ACCESSOR.findall(text)]
        out = []
        for low, high, fn, array, kind in found:
            kind = kind.replace('&', '').strip()
            if 'Iterator' in kind:
                continue
            where, module = self.find(path, kind)
            if where == 'cluster':
                out += self.cluster(text, low, high, fn, array, kind, module, name_of)
            elif not array:
                out.append(replace(self.register(module), name=fn, offset=low))
            elif not any(k[4].replace('&', '').strip() == kind and not k[3] for k in found):
                count = int(re.search(r'\[%s; (\d+)\]' % kind, text)[1])
                out += [replace(self.register(module), name=f'{fn}{n}', offset=low + n * (high - low) // count)
                        for n in range(count)]
        return sorted(out, key=lambda r: (r.offset, r.name))

    def cluster(self, text, low, high, fn, array, kind, module, name_of):
        size = re.search(r'\[%s; (\d+)\]' % kind, text)
        if size and not array:
            return []  # one element by name; the accessor of the whole array covers it
        count = int(size[1]) if array else 1
        out = []
        for n in range(count):
            for one in self.block(module, name_of):
                base = low + (n * (high - low) // count)
                out.append(replace(one, name=name_of(fn, n if array else None, one.name), offset=base + one.offset))
        return out

    def peripherals(self, name_of):
        """All peripherals with their bases, registers expanded."""
        bases = re.findall(r'pub type (\w+) = crate::Periph<(\w+)::RegisterBlock, (\w+)>;', self.top)
        return [Peripheral(name, number(base), self.block((module,), name_of)) for name, module, base in bases]

    def interrupts(self):
        body = self.top.split('pub enum Interrupt {')[1].split('\n}')[0]
        return {int(value): name for name, value in re.findall(r'(\w+) = (\d+),', body)}
