import Glibc
import Testing
import Witness

@Suite(
  "hostile text in every key that takes text",
  .enabled(if: Gate.services && Gate.nft, "needs root, /dev/net/tun, iproute2, nft, dnsmasq and dhclient"))
struct HostileTests {
  @Test("the schema has the keys that this is about")
  func places() {
    let names = Set(StringPlace.all.map(\.testDescription))
    #expect(names.count > 150)
    #expect(StringPlace.all.filter { !$0.isRepeated }.count > 60)
    for name in [
      "name", "networks.net (name)", "networks.net.dhcp.boot.file", "networks.net.dns.hosts.printer (name)",
      "vms.vm (name)", "vms.vm.nics.eth0 (name)", "vms.vm.nics.eth0.device",
      "vms.vm.nics.eth0.forward (item)",
      "vms.vm.owner.user", "defaults.device", "networks.net.defaults.forward.listen",
    ] { #expect(names.contains(name), "\(name)") }
  }

  @Test(
    "it is refused with its place and exit 65, or passes `check` and then every reader of what is made of it",
    arguments: StringPlace.all)
  func place(_ place: StringPlace) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    var taken: [TakenText] = []
    for hostile in HostileText.texts(for: place) {
      var isJudged = false
      for ground in Ground.all where !isJudged {
        let placed = PlacedText(ground, hostile.text, at: place)
        let file = try files.write("hostile.conf", placed.text)
        let outcome = try run([Tools.vnetApply, "check", "--format", "json", file])
        let found = try JSON(parsing: outcome.stdout)
        if outcome.code == 0 {
          isJudged = true
          taken.append(TakenText(place: place, hostile: hostile, configuration: placed.text))
        } else {
          expect(outcome, exits: 65)
          isJudged = found.elements.contains { "\($0["line"].line):\($0["column"].line)" == placed.value }
          if !isJudged, ground == Ground.all.last {
            Issue.record("\(hostile.what): no diagnostic at \(placed.value)\n\(placed.text)\n\(outcome)")
          }
        }
      }
    }
    // Another one at each place, where there is no time for all, and at every fourth that repeats another.
    let number = StringPlace.all.firstIndex(of: place) ?? 0
    let turned = number % max(taken.count, 1)
    let most = place.isRepeated && number % 4 != 0 ? 0 : 1
    for each in Campaign.some(of: Array(taken[turned...] + taken[..<turned]), usually: most) {
      try Sink.expectAll(each)
    }
    // A file that asks for a socket of that path gets one, as long as it is applied.
    var left = stat()
    let isLeft = lstat(HostileText.canary, &left) == 0 && left.st_mode & S_IFMT != S_IFSOCK
    #expect(!isLeft, "something ran, or wrote where it should not")
  }
}
