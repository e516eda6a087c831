"""The lines of the table: what was measured, and what it may be at most."""
import traffic
from report import Row


def of_competitors(bench):
    nics = bench.nics
    yield Row(f"`ip -batch`, and `nft -f`, apply {nics:,} NICs", bench.median("ip apply"), "s")
    yield Row(f"the best C (`bench/floor.c`), and `nft -f`, apply {nics:,} NICs", bench.median("floor apply"), "s")
    yield Row("the best C / `ip -batch`, with filters", bench.ratio("floor apply", "ip apply"), "×")
    yield Row(f"`ip -batch` deletes {nics:,} NICs", bench.median("ip remove"), "s")
    yield Row(f"the best C deletes {nics:,} NICs", bench.median("floor remove"), "s")


def of_ours(bench):
    nics, ten, fifty = bench.planned
    # Reading is two programs for whoever has no third.
    bench.samples["both lists"] = [a + b for a, b in zip(bench.samples["show"], bench.samples["list"])]
    yield Row(f"cold apply, {nics:,} bridged TAPs on two bridges", bench.median("ours apply"), "s")
    yield Row("… / `ip -batch` in its natural order", bench.ratio("ours apply", "ip apply"), "×", 0.75)
    yield Row("… / the best C of the same end state", bench.ratio("ours apply", "floor apply"), "×", 1.3)
    yield Row("… memory", bench.median("ours KiB") / 1024, "MiB")
    yield Row(f"pyroute2, and `nft -f`, apply {nics:,} NICs", bench.median("pyroute2 apply"), "s")
    yield Row(f"ifupdown2 (`ifreload -a`), and `nft -f`, apply {nics:,} NICs", bench.median("ifupdown2 apply"), "s")
    yield Row("`ifreload -a` that changes nothing", bench.median("ifupdown2 again"), "s")
    yield Row(f"`ip -d -j link show` of {nics:,}", bench.median("show"), "s")
    yield Row("`nft -j list table` of their filters", bench.median("list"), "s")
    yield Row(f"apply that changes nothing, {nics:,} NICs", bench.median("ours again"), "s")
    yield Row("… / both lists", bench.ratio("ours again", "both lists"), "×", 2.0)
    yield Row(f"change one NIC of {nics:,}", bench.median("ours change"), "s")
    yield Row("… more than the run that changes nothing",
              1000 * (bench.median("ours change") - bench.median("ours again")), "ms", 3)
    yield Row(f"remove of {nics:,} NICs", bench.median("ours remove"), "s")
    yield Row("… / `ip -batch` deleting the same", bench.median("ours remove") / bench.median("ip remove"), "×", 0.05)
    yield Row("rollback of an apply that failed at the last TAP, from that call on", bench.median("rollback"), "s")
    yield Row("… / `ip -batch` deleting the same", bench.median("rollback") / bench.median("ip remove"), "×", 0.05)
    yield Row(f"plan {ten:,} NICs offline", bench.median(f"plan {ten}"), "s", 0.3)
    yield Row("… memory", bench.median(f"plan {ten} KiB") / 1024, "MiB", 60)
    yield Row(f"… / plan {nics:,}", bench.ratio(f"plan {ten}", f"plan {nics}"), "×", 11)
    yield Row(f"plan {fifty:,} NICs offline", bench.median(f"plan {fifty}"), "s")
    yield Row("… memory", bench.median(f"plan {fifty} KiB") / 1024, "MiB")
    yield Row(f"… / plan {ten:,}", bench.ratio(f"plan {fifty}", f"plan {ten}"), "×")
    for size, seconds in bench.curves["vnet-apply"].items():
        if size != nics:
            theirs = bench.curves["the best C"][size]
            yield Row(f"cold apply, {size:,} NICs", seconds, "s")
            yield Row("… / the best C of the same end state", seconds / theirs, "×")
    yield Row("start (`--version`)", 1000 * bench.median("start"), "ms", 6)
    for stream, (few, _, ratio) in bench.traffic.items():
        yield Row(f"a TCP stream {stream}, on a host with {len(traffic.GUESTS)} NICs", few / 1e9, "Gbit/s")
        yield Row(f"… slower where {nics:,} NICs have filters and forwards", 100 * (1 - ratio), "%", 3)
