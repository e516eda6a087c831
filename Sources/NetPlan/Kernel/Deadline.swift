internal import Glibc

/// Milliseconds since boot, suspended time included (CLOCK_BOOTTIME, clock_gettime(2)): no setting of the date moves it, and
/// it does not outlive the kernel state that it is about.
package enum Deadline {
  package static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
  }
}
