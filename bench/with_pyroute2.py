"""Makes the links of a list with pyroute2, as its documentation shows it: one call for each change.

A program of its own, so that what is measured is the whole process: `with_pyroute2.py LIST`.
"""
import grp
import pwd
import sys


def read_list(path):
    """(Fields, altnames) of each link; a link can have many altnames."""
    with open(path) as file:
        for line in file:
            pairs = [field.split("=", 1) for field in line.rstrip("\n").split("\t")]
            yield dict(pairs), [value for key, value in pairs if key == "altname"]


def number(name, find):
    return int(name) if name.isdigit() else find(name)


def owners(link):
    if "owner" in link:
        yield "uid", number(link["owner"], lambda name: pwd.getpwnam(name).pw_uid)
    if "group" in link:
        yield "gid", number(link["group"], lambda name: grp.getgrnam(name).gr_gid)


def add(ipr, link):
    """Makes the link with what can be said at its creation; gives its index."""
    name, mac = link["name"], {"address": link["mac"]} if "mac" in link else {}
    if link["kind"] == "bridge":
        ipr.link("add", ifname=name, kind="bridge", mtu=int(link["mtu"]), **mac,
                 br_mcast_snooping=int(link["snooping"]), br_stp_state=int(link["stp"]))
        return ipr.link_lookup(ifname=name)[0]
    flags = dict.fromkeys(("one_queue", "tun_excl", "persist", "nofilter"), 0)
    flags.update(no_pi=1, vnet_hdr=int(link["vnet_hdr"]), multi_queue=int(link["multi_queue"]))
    ipr.link("add", ifname=name, kind="tuntap", mode="tap", ifr=flags, **dict(owners(link)))
    index = ipr.link_lookup(ifname=name)[0]
    if mac:
        ipr.link("set", index=index, **mac)
    if link["mtu"] != "1500":
        ipr.link("set", index=index, mtu=int(link["mtu"]))
    return index


def make(ipr, path):
    indices = {}
    for link, altnames in read_list(path):
        index = indices[link["name"]] = add(ipr, link)
        if "alias" in link:
            ipr.link("set", index=index, ifalias=link["alias"])
        for altname in altnames:
            ipr.link("property_add", index=index, altname=altname)
        inet6 = {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", int(link["genmode"]))]}
        ipr.link("set", index=index, af_spec={"attrs": [("AF_INET6", inet6)]})
        if "master" in link:
            ipr.link("set", index=index, master=indices[link["master"]])
        if link["up"] == "1":
            ipr.link("set", index=index, state="up")


def main():
    from pyroute2 import IPRoute
    with IPRoute() as ipr:
        make(ipr, sys.argv[1])


if __name__ == "__main__":
    main()
