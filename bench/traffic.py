"""What filters, translation and forwards cost a packet: the same streams through a host with one NIC and with many.

Both hosts stand at the same time and take turns, a second each, so that whatever else the machine does concerns both.
A guest is a namespace; its NIC is a veth of the TAP's name on the TAP's bridge, which is all that filters ask for.
"""
import contextlib
import json
import subprocess
import time
from collections import defaultdict
from statistics import median

from ground import BINARY, BUILD, Failed, output

GUESTS = ("a", "b")


def configuration(nics):
    """A translated network of guests, a port of the host leading to each of them."""
    lines = ["name: traffic", "networks:", '  lab: {address: 10.9.0.1/21, nat: true, dhcp: false, dns: false, ra: false}',
             "vms:"]
    for number in range(nics):
        name = GUESTS[number] if number < len(GUESTS) else f"v{number}"
        port = 5201 if number < len(GUESTS) else 80
        lines.append(
            f"  {name}: {{nics: {{eth0: {{network: lab, mac: \"{mac(number)}\", address: {address(number)}, "
            f"forward: [\"{20000 + number} -> {port}\"]}}}}}}")
    return "\n".join(lines) + "\n"


def mac(number):
    return f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"


def address(number):
    return f"10.9.{1 + number // 250}.{1 + number % 250}"


def ip(space, text):
    subprocess.run(["ip", "-n", space, "-batch", "-"], input=text, text=True, check=True)


class Host:
    """A host in a namespace with NICs applied, a LAN beside it, and two guests that are there."""

    def __init__(self, name, nics):
        self.name, self.nics = name, nics
        self.spaces, self.servers = [], []

    def __enter__(self):
        host, lan = self._space(""), self._space("-lan")
        ip(host, f"link set lo up\nlink add name eth1 type veth peer name eth0 netns {lan}\nlink set eth1 up\n"
                 "addr add 192.0.2.10/24 dev eth1\nroute add default via 192.0.2.1\n")
        ip(lan, "link set lo up\nlink set eth0 up\naddr add 192.0.2.1/24 dev eth0\n")
        config = BUILD / f"{self.name}.conf"
        config.write_text(configuration(self.nics))
        output(BINARY, "apply", "--netns", host, config)
        for number, guest in enumerate(GUESTS[:self.nics]):
            space = self._space(f"-{guest}")
            ip(host, f"link del {guest}-eth0\nlink add name {guest}-eth0 type veth peer name eth0 netns {space}\n"
                     f"link set {guest}-eth0 master lab up\n")
            ip(space, f"link set lo up\nlink set eth0 address {mac(number)} up\n"
                      f"addr add {address(number)}/21 dev eth0\nroute add default via 10.9.0.1\n")
            self._serve(space)
        self._serve(lan)
        time.sleep(0.5)
        return self

    def _space(self, suffix):
        space = f"{self.name}{suffix}"
        output("ip", "netns", "add", space)
        self.spaces.append(space)
        return space

    def _serve(self, space):
        self.servers.append(subprocess.Popen(
            ["ip", "netns", "exec", space, "iperf3", "-s"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def __exit__(self, *_):
        for server in self.servers:
            server.terminate()
            server.wait()
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], check=True)

    def rate(self, source, target, port=5201):
        """Bits a second of one TCP stream, for a second."""
        said = json.loads(output(
            "ip", "netns", "exec", f"{self.name}-{source}", "iperf3", "-J", "-t", "1", "-c", target, "-p", str(port)))
        return said["end"]["sum_received"]["bits_per_second"]


STREAMS = {
    "out, translated": ("a", "192.0.2.1", 5201),
    "in, by a forward": ("lan", "192.0.2.10", 20000),
    "from guest to guest on a bridge": ("a", address(1), 5201),
}


def measure(nics, rounds):
    """By stream: the median rates with two NICs and with `nics`, and the median of the paired ratios."""
    rates = defaultdict(lambda: ([], []))
    with contextlib.ExitStack() as stack:
        hosts = [stack.enter_context(Host(f"traffic{count}", count)) for count in (len(GUESTS), nics)]
        for number in range(rounds):
            for stream, (source, target, port) in STREAMS.items():
                # Who goes first takes turns too.
                for place in (0, 1) if number % 2 else (1, 0):
                    rates[stream][place].append(hosts[place].rate(source, target, port))
    if not all(few and many for few, many in rates.values()):
        raise Failed("a stream carried nothing")
    return {stream: (median(few), median(many), median(a / b for a, b in zip(few, many)))
            for stream, (few, many) in rates.items()}


if __name__ == "__main__":
    for stream, (few, many, ratio) in measure(1000, 11).items():
        print(f"{stream}: {few / 1e9:.2f} and {many / 1e9:.2f} Gbit/s, ratio {ratio:.3f}")
