"""The links of a namespace: read with iproute2, told to the competitors, compared."""
import json
import subprocess

from ground import BUILD, Failed, output

# What may differ between two equal hosts: numbers that the kernel gives, clocks, and what follows from them.
UNSTABLE = {"ifindex", "link_index", "port_id", "port_no", "no", "id", "designated_port", "gc_timer", "hello_timer",
            "tcn_timer", "topology_change_timer", "message_age_timer", "forward_delay_timer", "hold_timer"}


def settle(names):
    """A request for one link makes the kernel finish its operational state; by itself that takes ten seconds for 1,000."""
    text = "".join(f"link show dev {name}\n" for name in names)
    subprocess.run(["ip", "-batch", "-"], input=text, text=True, stdout=subprocess.DEVNULL, check=True)


def read():
    """Name -> attributes, of bridges and TAPs."""
    dump = {link["ifname"]: link for link in json.loads(output("ip", "-d", "-j", "link", "show"))}
    settle(dump)
    dump = json.loads(output("ip", "-d", "-j", "link", "show"))
    ports = {port["ifname"]: port for port in json.loads(output("bridge", "-d", "-j", "link", "show"))}
    return {link["ifname"]: {**link, "port": ports.get(link["ifname"])} for link in dump if link["link_type"] != "loopback"}


def without(value, keys):
    if isinstance(value, dict):
        return {key: without(item, keys) for key, item in value.items() if key not in keys}
    return sorted(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else (
        [without(item, keys) for item in value] if isinstance(value, list) else value)


def kind(link):
    return {"tun": "tap"}.get(link["linkinfo"]["info_kind"], link["linkinfo"]["info_kind"])


def comparable(links, random_macs):
    """`random_macs`: names of the links whose MAC the kernel rolls."""
    result = {}
    for name, link in links.items():
        link = without(link, UNSTABLE)
        if name in random_macs:
            link.pop("address")
        result[name] = link
    return result


def require_equal(expected, found, who):
    if expected == found:
        return
    lines = []
    for name in sorted({*expected, *found}):
        a, b = expected.get(name), found.get(name)
        if a != b:
            flat_a, flat_b = flat(a or {}), flat(b or {})
            lines += [f"  {name} {key}: {flat_a.get(key)} expected, {flat_b.get(key)} found"
                      for key in sorted({*flat_a, *flat_b}) if flat_a.get(key) != flat_b.get(key)]
    raise Failed(f"{who} did not make the same state ({len(lines)} differences):\n" + "\n".join(lines[:20]))


def flat(value, path=""):
    if isinstance(value, dict):
        return {inner: leaf for key, item in value.items() for inner, leaf in flat(item, f"{path}.{key}").items()}
    return {path.lstrip("."): value}


def fields(link, random_macs):
    """The fields of one line for `floor`, in order."""
    data = link["linkinfo"].get("info_data", {})
    result = [("kind", kind(link)), ("name", link["ifname"]), ("mtu", link["mtu"]),
              ("genmode", ["eui64", "none", "stable_secret", "random"].index(link["inet6_addr_gen_mode"])),
              ("up", int("UP" in link["flags"]))]
    if link["ifname"] not in random_macs:
        result.append(("mac", link["address"]))
    if "ifalias" in link:
        result.append(("alias", link["ifalias"]))
    result += [("altname", name) for name in link.get("altnames", [])]
    if kind(link) == "bridge":
        result += [("snooping", int(data["mcast_snooping"])), ("stp", data["stp_state"])]
    else:
        if "master" in link:
            result.append(("master", link["master"]))
        result += [("vnet_hdr", int(data["vnet_hdr"])), ("multi_queue", int(data["multi_queue"]))]
        result += [(ours, data[theirs]) for ours, theirs in (("owner", "user"), ("group", "group")) if theirs in data]
    return result


def write_list(links, random_macs):
    """For the floor: one link a line, fields between tabs, bridges first."""
    path = BUILD / "links"
    ordered = sorted(links.values(), key=lambda link: (kind(link) != "bridge", link["ifindex"]))
    lines = ["\t".join(f"{key}={value}" for key, value in fields(link, random_macs)) for link in ordered]
    path.write_text("\n".join(lines) + "\n")
    return path


def ip_scripts(listing):
    """For `ip -batch`: its natural order, bridges up first, then each NIC from create to up; and the deletion."""
    bridges, taps, deletions = [], [], []
    for line in listing.read_text().splitlines():
        pairs = [field.split("=", 1) for field in line.split("\t")]
        link, altnames = dict(pairs), [value for key, value in pairs if key == "altname"]
        name = link["name"]
        deletions.append(f"link del {name}")
        out = bridges if link["kind"] == "bridge" else taps
        if link["kind"] == "bridge":
            mac = f" address {link['mac']}" if "mac" in link else ""
            out.append(f"link add name {name} mtu {link['mtu']}{mac} type bridge"
                       f" mcast_snooping {link['snooping']} stp_state {link['stp']}")
        else:
            flags = [flag for flag in ("vnet_hdr", "multi_queue") if link[flag] == "1"]
            owners = [f"{word} {link[key]}" for word, key in (("user", "owner"), ("group", "group")) if key in link]
            out.append(" ".join([f"tuntap add dev {name} mode tap", *owners, *flags]))
            out += [f"link set {name} address {link['mac']}"] if "mac" in link else []
            out += [f"link set {name} mtu {link['mtu']}"] if link["mtu"] != "1500" else []
        out += [f"link set {name} alias {link['alias']}"] if "alias" in link else []
        out += [f"link property add dev {name} altname {altname}" for altname in altnames]
        out.append(f"link set {name} addrgenmode {['eui64', 'none', 'stable_secret', 'random'][int(link['genmode'])]}")
        out += [f"link set {name} master {link['master']}"] if "master" in link else []
        out += [f"link set {name} up"] if link["up"] == "1" else []
    apply, remove = BUILD / "apply.ip", BUILD / "remove.ip"
    apply.write_text("\n".join(bridges + taps) + "\n")
    remove.write_text("\n".join(reversed(deletions)) + "\n")
    return apply, remove
