"""Two that others use for such a host, with the same end state: pyroute2 and ifupdown2.

`bench/fetch` unpacks them; they are not installed. What ifupdown2 reads and writes below /etc, /run, /var and /sys is ours
while it runs, so that it knows nothing of this machine's interfaces.
"""
import contextlib
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import links
from ground import BUILD, CLONE_NEWNS, HERE, Failed, call, libc, network_namespace, output, timed
from with_pyroute2 import read_list

PEERS = BUILD / "peers"
ROOT = PEERS / "root"
ETC = PEERS / "etc-network"
STATE = PEERS / "state"
PYTHON = "/usr/bin/python3"


def fetch():
    """To be called before `private_mounts`, which hides apt's lists (they would be fetched anew)."""
    if subprocess.run([HERE / "fetch"]).returncode:
        raise Failed("pyroute2 and ifupdown2 are not there to be measured")


def prepare(listing):
    fetch()
    shutil.rmtree(ETC, ignore_errors=True)
    shutil.copytree(ROOT / "etc/network", ETC)
    conf = ETC / "ifupdown2/ifupdown2.conf"
    lines = [line for line in conf.read_text().splitlines() if not line.startswith("state_dir=")]
    conf.write_text("\n".join([*lines, f"state_dir={STATE}"]) + "\n")
    (ETC / "interfaces").write_text("\n".join(interfaces(listing)))
    (ETC / "taps").write_text("\n".join(taps(listing)))


def kernel_defaults():
    """What the kernel gives a bridge and its port, where a second run of ifupdown2 would set another default."""
    with network_namespace():
        output("ip", "link", "add", "bridge", "type", "bridge")
        output("ip", "tuntap", "add", "port", "mode", "tap")
        output("ip", "link", "set", "port", "master", "bridge")
        made = links.read()
    return made["bridge"]["linkinfo"]["info_data"]["mcast_hash_max"], made["port"]["linkinfo"]["info_slave_data"]["cost"]


def interfaces(listing):
    """The lines of /etc/network/interfaces: its own words where it has them, else hooks.

    A TAP made by a hook of its own stanza comes too late: ifupdown2 hears of it in another thread, and of 200 it skips one.
    """
    found, ports, (hashmax, cost) = list(read_list(listing)), defaultdict(list), kernel_defaults()
    yield from ("auto lo", "iface lo inet loopback", "    pre-up sh /etc/network/taps", "")
    for link, _ in found:
        if "master" in link:
            ports[link["master"]].append(link["name"])
    for link, altnames in found:
        name = link["name"]
        yield from (f"auto {name}", f"iface {name} inet manual")
        if link["kind"] == "bridge":
            yield f"    bridge-ports {' '.join(ports[name]) or 'none'}"
            yield f"    bridge-stp {yes(link['stp'])}"
            yield f"    bridge-mcsnoop {yes(link['snooping'])}"
            yield from (f"    bridge-hashmax {hashmax}", f"    bridge-pathcosts {cost}")
            for altname in altnames:
                yield f"    post-up ip link show dev {altname} >/dev/null 2>&1 || {add_altname(name, altname)}"
        yield f"    mtu {link['mtu']}"
        if "mac" in link:
            yield f"    hwaddress {link['mac']}"
        if "alias" in link:
            yield f"    alias {link['alias']}"
        if link["genmode"] in "01":
            yield f"    ipv6-addrgen {['on', 'off'][int(link['genmode'])]}"
        else:
            yield f"    post-up ip link set dev {name} addrgenmode {['stable_secret', 'random'][int(link['genmode']) - 2]}"
        if link["up"] == "0":
            yield "    link-down yes"
        yield ""


def yes(flag):
    return "no" if flag == "0" else "yes"


def taps(listing):
    """The lines of a script that makes the TAPs that are not there."""
    yield "set -e"
    for link, altnames in read_list(listing):
        if link["kind"] == "bridge":
            continue
        name, flags = link["name"], [flag for flag in ("vnet_hdr", "multi_queue") if link[flag] == "1"]
        owners = [f"{word} {link[key]}" for word, key in (("user", "owner"), ("group", "group")) if key in link]
        yield f"if ! [ -e /sys/class/net/{name} ]; then"
        yield " ".join([f"  ip tuntap add dev {name} mode tap", *owners, *flags])
        yield from (f"  {add_altname(name, altname)}" for altname in altnames)
        yield "fi"
    yield ""


def add_altname(name, altname):
    return f"ip link property add dev {name} altname {altname}"


@contextlib.contextmanager
def our_files():
    """A mount namespace where ifupdown2 finds our configuration, no trace of another, and this network's sysfs."""
    home, folder = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC), os.getcwd()
    try:
        call(libc.unshare(CLONE_NEWNS))
        commands = [
            ["mount", "--make-rprivate", "/"],
            ["mount", "-t", "sysfs", "none", "/sys"],
            ["mount", "-t", "tmpfs", "none", "/run"],
            ["mount", "-t", "tmpfs", "none", "/var/lib"],
            ["mount", "--bind", ETC, "/etc/network"],
        ]
        # Another version's addons would be loaded besides its own.
        installed = Path("/usr/share/ifupdown2")
        if installed.exists():
            commands.append(["mount", "--bind", ROOT / "usr/share/ifupdown2", installed])
        for command in commands:
            subprocess.run(command, check=True)
        os.mkdir("/run/network")
        yield
    finally:
        call(libc.setns(home, CLONE_NEWNS))
        os.close(home)
        os.chdir(folder)


def pyroute2(listing):
    modules = ROOT / "usr/lib/python3/dist-packages"
    return timed("env", f"PYTHONPATH={modules}", PYTHON, HERE / "with_pyroute2.py", listing)


def ifupdown2(listing):
    """On a host that ifupdown2 has not configured before."""
    shutil.rmtree(STATE, ignore_errors=True)
    return ifupdown2_again(listing)


def ifupdown2_again(_):
    with our_files():
        return timed(PYTHON, PEERS / "ifreload", "-a")
