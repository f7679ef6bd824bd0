#!/usr/bin/env python3
"""Makes the board's tables (registers.inc, pins.inc, dma.inc) and headers (stm32f407xx.h, core_cm4_bits.h) from two crates.

    generate.py            fetches the crates with `cargo fetch` if they are not there yet, and writes the files
    generate.py --check    writes nothing; exit status 1 if a file is not what would be written

The crates are read as text; nothing of them is compiled. Their versions are fixed here, so the output is too.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import core_bits
import emit_board
import emit_header
import metapac
import svd2rust
from layout import INSTANCES, STRUCTS, cluster_name, parse, sizeof

CRATES = {'stm32f4': '0.16.0', 'stm32-metapac': '21.0.0'}
HERE = Path(__file__).resolve().parent


def find(crate):
    home = Path(os.environ.get('CARGO_HOME', Path.home() / '.cargo'))
    found = sorted((home / 'registry' / 'src').glob(f'*/{crate}-{CRATES[crate]}'))
    return found[0] if found else None


def fetch():
    """The folders of the crates' sources."""
    if not all(find(crate) for crate in CRATES):
        with tempfile.TemporaryDirectory() as scratch:
            wanted = ''.join(f'{crate} = "={version}"\n' for crate, version in CRATES.items())
            Path(scratch, 'Cargo.toml').write_text(
                f'[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n{wanted}')
            Path(scratch, 'src').mkdir()
            Path(scratch, 'src', 'lib.rs').write_text('')
            subprocess.run(['cargo', 'fetch'], cwd=scratch, check=True)
    return find('stm32f4'), find('stm32-metapac')


def check_layout(peripherals):
    """Every structure member lies where the crate has a register, and no instance is off its base."""
    by_base = {p.base: p for p in peripherals}
    problems = []
    for name, kind, base in INSTANCES:
        owner = by_base.get(base)
        if owner is None or kind in ('ETH', 'FSMC_Bank1') or kind.startswith('USB'):
            continue
        known = {r.name.split('_INPUT')[0].split('_OUTPUT')[0]: r.offset for r in owner.registers}
        for offset, names, _, count, inner in parse(STRUCTS[kind]):
            for member in names:
                if inner or count or ',' in member or member not in known:
                    continue
                if known[member] != offset:
                    problems.append(f'{name}.{member}: 0x{offset:x}, in the crate 0x{known[member]:x}')
        end = max(r.offset for r in owner.registers)
        if sizeof(kind) <= end and kind not in ('DMA',):
            problems.append(f'{name}: the structure ends at 0x{sizeof(kind):x}, the crate has a register at 0x{end:x}')
    return problems


def outputs():
    svd, pac = fetch()
    crate = svd2rust.Crate(svd)
    peripherals = crate.peripherals(cluster_name)
    units, numbers = metapac.read(pac)
    numbers.setdefault(79, 'CRYP')  # RM0090 table 61; the vector exists on every part of the family
    problems = check_layout(peripherals)
    if problems:
        sys.exit('\n'.join(problems))
    root = HERE.parent
    return {
        root / 'board' / 'registers.inc': emit_board.registers_inc(peripherals, units, numbers),
        root / 'board' / 'pins.inc': emit_board.pins_inc(units),
        root / 'board' / 'dma.inc': emit_board.dma_inc(units),
        root / 'firmware' / 'include' / 'core_cm4_bits.h': core_bits.header(),
        root / 'firmware' / 'include' / 'stm32f407xx.h': emit_header.header(peripherals, numbers),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='compare only')
    check = parser.parse_args().check
    stale = []
    for path, text in outputs().items():
        if check:
            stale += [path] if not path.exists() or path.read_text() != text else []
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f'{path}: {text.count(chr(10))} lines')
    if stale:
        sys.exit('stale: ' + ', '.join(str(path) for path in stale))


if __name__ == '__main__':
    main()
