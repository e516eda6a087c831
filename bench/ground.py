"""Where the measuring happens: namespaces of our own, and a stopwatch."""
import contextlib
import ctypes
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE / ".build"
BINARY = HERE.parent / ".build/release/vnet-apply"

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    pass


def call(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def private_mounts():
    """State and generations of the program under test go to folders of this run, out of the host's sight."""
    call(libc.unshare(CLONE_NEWNS))
    generations = BUILD / "var-lib"
    generations.mkdir(parents=True, exist_ok=True)
    for command in (
        ["mount", "--make-rprivate", "/"],
        ["mount", "-t", "tmpfs", "none", "/run"],
        ["mount", "--bind", str(generations), "/var/lib"],
    ):
        subprocess.run(command, check=True)


@contextlib.contextmanager
def network_namespace():
    """A fresh network namespace for this process and its children."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        call(libc.unshare(CLONE_NEWNET))
        yield
    finally:
        call(libc.setns(home, CLONE_NEWNET))
        os.close(home)
        # The kernel takes a namespace down in the background, and holds the lock of all network configuration meanwhile.
        time.sleep(0.5)


def compile_tools():
    BUILD.mkdir(exist_ok=True)
    for name in ("floor", "stopwatch"):
        command = ["cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", BUILD / name, HERE / f"{name}.c", "-lmnl"]
        subprocess.run(command, check=True)


@dataclass
class Run:
    seconds: float
    kibibytes: int


def timed(*command, ends=(0,)):
    """Runs a command with its output thrown away; `ends` are the exit codes that are right."""
    reading, writing = os.pipe()
    try:
        with open(BUILD / "stderr", "w+b") as errors:
            child = subprocess.Popen(
                [BUILD / "stopwatch", str(writing), *command], pass_fds=[writing],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            child.wait()
            errors.seek(0)
            said = errors.read().decode(errors="replace")
        os.close(writing)
        writing = None
        answer = os.read(reading, 200).decode().split()
    finally:
        os.close(reading)
        if writing is not None:
            os.close(writing)
    shown = " ".join(map(str, command))
    if len(answer) != 3:
        raise Failed(f"{shown}: {said}")
    if int(answer[2]) not in ends:
        raise Failed(f"{shown}: exit {answer[2]}\n{said}")
    return Run(float(answer[0]), int(answer[1]))


def output(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def say(text):
    print(text, file=sys.stderr, flush=True)
