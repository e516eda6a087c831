"""The table, and the page that keeps it."""
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import plot
from ground import HERE, output

PAGE = HERE.parent / "docs/benchmarks.md"
PLOT = HERE.parent / "docs/growth.svg"
BEGIN, END = "<!-- results: written by make bench -->", "<!-- end of results -->"


@dataclass
class Row:
    what: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def met(self):
        return None if self.bar is None else self.value <= self.bar

    def cells(self):
        digits = {"s": 3, "×": 2, "ms": 1, "MiB": 0, "%": 1, "Gbit/s": 1}[self.unit]
        bar = "" if self.bar is None else f"{self.bar:g} {self.unit}"
        return [self.what, f"{self.value:.{digits}f} {self.unit}", bar, {None: "", True: "met", False: "**not met**"}[self.met]]


def table(rows):
    cells = [["what", "measured", "at most", ""], *(row.cells() for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    lines = ["| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine():
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    kibibytes = int(re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)[1])
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    virtual = ", virtual" if "hypervisor" in Path("/proc/cpuinfo").read_text() else ""
    swift = re.search(r"Swift version (\S+)", output("swift", "--version"))[1]
    iproute = re.search(r"iproute2-[^,\s]+", output("ip", "-V"))[0]
    return (f"{cpu[1] if cpu else platform.machine()}{virtual}, {os.cpu_count()} cores, {kibibytes / 2**20:.0f} GiB; {system}, "
            f"kernel {platform.release().split('-')[0]}; {iproute}, Swift {swift}.")


def draw(curves):
    series = {name: list(points.items()) for name, points in curves.items()}
    PLOT.write_text(plot.curves("Seconds over NICs", series, "NICs", "seconds"))


def rewrite_page(rows, rounds):
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    body = f"\n{machine()} Medians of {rounds} rounds.\n\n{table(rows)}\n"
    PAGE.write_text(before + BEGIN + body + END + after)
