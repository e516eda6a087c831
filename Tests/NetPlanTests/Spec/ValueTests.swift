import NetPlan
import Testing

@Suite("Addresses, prefixes, MACs")
struct ValueTests {
  @Test(
    "an IPv6 address is written as RFC 5952 says",
    arguments: [
      // Section 4.1: no leading zeros; 4.2: the longest run, the first of equals, never one group; 4.3:
      // lower case.
      ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
      ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:DB8::AbCd", "2001:db8::abcd"),
      ("0:0:0:0:0:0:0:0", "::"), ("::1", "::1"), ("1::", "1::"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
      ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ])
  func canonical(_ text: String, _ expected: String) {
    #expect(IPAddress(text)?.description == expected)
  }

  @Test(
    "what is no address is refused",
    arguments: [
      "", ".", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::",
      "g::", ":1",
      "1:", "::1%eth0", "[::1]", "::192.0.2.1:1", "::1.2.3", "192.0.2", "192.0.2.1.1", "192.0.2.256",
      "192.0.2.01",
      "192.0.2.", ".192.0.2", "192.0.2.-1", "192.0.2.+1", "192.0.2.1 ", " 192.0.2.1", "0x1.2.3.4",
      "1e1.0.0.0",
      "１.2.3.4", "192.0.2.1\0",
    ])
  func noAddress(_ text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("what an address writes it reads, and so with its octets")
  func roundTrips() {
    var random = SplitMix64(seed: 5952)
    for _ in 0..<20_000 {
      // Runs of zero groups are what the form is about, so most bits are cleared.
      let bits = UInt128(random.next()) << 64 | UInt128(random.next())
      let mask = (0..<8).reduce(UInt128(0)) {
        $0 << 16 | (Bool.random(using: &random) ? 0xffff : $1 == 0 ? 0xff : 0)
      }
      let v6 = IPAddress(family: .ipv6, value: bits & mask)
      #expect(IPAddress(v6.description) == v6)
      #expect(IPAddress(octets: v6.octets) == v6)
      let v4 = IPAddress(family: .ipv4, value: bits)
      #expect(IPAddress(v4.description) == v4)
      #expect(IPAddress(octets: v4.octets) == v4)
      let mac = MACAddress(bits: random.next())
      #expect(MACAddress(mac.description) == mac)
      #expect(MACAddress(octets: mac.octets) == mac)
    }
  }

  @Test(
    "a prefix holds its first and last address and neither neighbour", arguments: [AddressFamily.ipv4, .ipv6])
  func prefixes(_ family: AddressFamily) throws {
    var random = SplitMix64(seed: 4632)
    for length in 0...family.bits {
      let address = IPAddress(family: family, value: UInt128(random.next()) << 64 | UInt128(random.next()))
      let prefix = try #require(IPPrefix(address, length: length))
      #expect(prefix.contains(address) && prefix.contains(prefix.address) && prefix.contains(prefix.last))
      #expect(IPPrefix(prefix.description) == prefix)
      if let before = prefix.address.advanced(by: -1) { #expect(!prefix.contains(before)) }
      if let after = prefix.last.advanced(by: 1) { #expect(!prefix.contains(after)) }
      #expect(prefix.overlaps(IPPrefix(host: address)) && IPPrefix.all(family).contains(prefix))
    }
    #expect(IPPrefix(.unspecified(family), length: family.bits + 1) == nil)
    #expect(IPPrefix(.unspecified(family), length: -1) == nil)
  }

  @Test(
    "what is no prefix is refused",
    arguments: [
      "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/024", "192.0.2.0/ 24", "192.0.2.0/-1",
      "192.0.2.0/24/24",
      "/24", "2001:db8::/129", "2001:db8::1/64",
    ])
  func noPrefix(_ text: String) {
    #expect(IPPrefix(text) == nil)
  }

  @Test("an address does not advance past its family's space")
  func edges() {
    #expect(IPAddress.v4(255, 255, 255, 255).advanced(by: 1) == nil)
    #expect(IPAddress.v4(0, 0, 0, 0).advanced(by: -1) == nil)
    #expect(IPAddress(family: .ipv6, value: .max).advanced(by: 1) == nil)
    #expect(IPAddress.v4(10, 0, 0, 255).advanced(by: 1) == .v4(10, 0, 1, 0))
    #expect(IPAddress.v4(10, 0, 1, 0).advanced(by: -256) == .v4(10, 0, 0, 0))
  }

  @Test("special addresses are known by their RFC's prefix")
  func special() throws {
    for text in ["127.0.0.1", "127.255.255.255", "::1"] { #expect(try #require(IPAddress(text)).isLoopback) }
    for text in ["126.255.255.255", "128.0.0.0", "::2"] { #expect(try !#require(IPAddress(text)).isLoopback) }
    for text in ["169.254.0.0", "fe80::", "febf::1"] { #expect(try #require(IPAddress(text)).isLinkLocal) }
    for text in ["169.253.255.255", "fec0::", "fe7f::"] {
      #expect(try !#require(IPAddress(text)).isLinkLocal)
    }
    for text in ["224.0.0.0", "239.255.255.255", "ff00::"] {
      #expect(try #require(IPAddress(text)).isMulticast)
    }
    for text in ["223.255.255.255", "240.0.0.0", "fe00::"] {
      #expect(try !#require(IPAddress(text)).isMulticast)
    }
  }

  @Test(
    "what is no MAC is refused",
    arguments: [
      "", "52:54:00:12:34", "52:54:00:12:34:56:78", "52-54:00:12:34:56", "525400123456", "52:54:00:12:34:5g",
      "52.54.00.12.34.56", "5:54:00:12:34:56", "52:54:00:12:34:5６",
    ])
  func noMAC(_ text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test("a MAC reads colons and hyphens in either case")
  func macForms() {
    #expect(MACAddress("52-54-00-AB-cd-EF")?.description == "52:54:00:ab:cd:ef")
    #expect(MACAddress("01:00:5e:00:00:01")?.isMulticast == true)
    #expect(MACAddress("02:00:00:00:00:01")?.isLocallyAdministered == true)
    #expect(MACAddress("00:00:00:00:00:00")?.isZero == true)
  }

  @Test(
    "a link's name is what dev_valid_name takes", arguments: ["a", "eth0.100", "br-lan_1", "fifteen-bytes-x"])
  func linkName(_ text: String) {
    #expect(LinkName(text)?.text == text)
  }

  @Test(
    "and nothing else",
    arguments: ["", ".", "..", "sixteen-bytes-xx", "a/b", "a:b", "a b", "a\tb", "a\n", "ünterface-abcdef"])
  func noLinkName(_ text: String) {
    #expect(LinkName(text) == nil)
  }

  @Test(
    "SHA-256 is that of FIPS 180-4's examples",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1000),
        "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
      ),
    ])
  func sha256(_ text: String, _ expected: String) {
    let digest = SHA256.hash(Array(text.utf8)).map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }.joined()
    #expect(digest == expected)
  }
}
