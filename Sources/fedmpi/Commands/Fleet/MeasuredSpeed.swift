import Foundation
import Serving

/// The speed of this machine, for classes of a fleet file that state `gflops: measured`: measured once, when the first
/// asks, on one core, for some tenths of a second.
final class MeasuredSpeed {
    private var found: Result<Double, any Error>?

    /// Nothing is measured before somebody asks, so that a file without such a class takes no time.
    init() {}

    /// GFLOP/s of one core, to three digits, as ``line()`` prints it; 1 where it could not be measured, which ``line()``
    /// throws.
    func gigaflops() -> Double {
        let known = found ?? Result { try DeviceProfiler().measure().profile.gflopsPerCore }.map(Self.rounded)
        found = known
        return (try? known.get()) ?? 1
    }

    /// What to write into the file in place of `measured`; nil when nobody asked.
    /// - Throws: `OneDNNError` when it could not be measured.
    func line() throws -> String? {
        guard let speed = try found?.get() else { return nil }
        return
            "measured  one core of this machine: write 'gflops: \(speed)' into the file in place of 'measured'; a run takes no other"
    }

    /// The number to three digits, so that two measurements of a quiet machine often agree: it repeats within some per cent.
    private static func rounded(_ speed: Double) -> Double {
        guard speed > 0, speed.isFinite else { return 1 }
        let unit = pow(10, floor(log10(speed)) - 2)
        let digits = (speed / unit).rounded()
        // By division where the unit is below 1, so that no digits appear behind the third.
        return unit >= 1 ? digits * unit : digits / (1 / unit).rounded()
    }
}
