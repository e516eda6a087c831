extension RawSpan {
  // Each of these stops the program on an offset outside the span, as a subscript does; callers have compared
  // lengths before.

  @inline(__always)
  func loadU8(_ offset: Int) -> UInt8 { unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func loadU16(_ offset: Int) -> UInt16 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
  }

  @inline(__always)
  func loadU32(_ offset: Int) -> UInt32 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  @inline(__always)
  func loadI32(_ offset: Int) -> Int32 { unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Int32.self) }

  @inline(__always)
  func loadU64(_ offset: Int) -> UInt64 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Fails unless there are `size` bytes: the fixed structure at the head of a message.
  func require(_ size: Int) throws(MalformedMessage) {
    guard byteCount >= size else {
      throw MalformedMessage(attribute: nil, expected: .structure(size), length: byteCount)
    }
  }

  /// Text up to the first NUL or the end; bytes that are not UTF-8 are replaced.
  func text() -> String {
    unsafe withUnsafeBytes { bytes in
      let end = unsafe bytes.firstIndex(of: 0) ?? bytes.count
      return unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<end]), as: UTF8.self)
    }
  }

  package func array() -> [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

extension [UInt8] {
  package var rawSpan: RawSpan {
    @_lifetime(borrow self) get { unsafe span.bytes }
  }
}
