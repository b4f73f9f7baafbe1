import Devices
import FedCore
import NeuralNet
import Runtime
import Testing

@testable import Inference

/// Devices of a fleet in split inference: what they can hold, how long they take, and what does not go together.
struct SplitDeviceTests {
    private static func device(_ name: String, _ quantities: [DeviceQuantityKind: Double]) -> SplitDevice {
        var device = DeviceClass(name)
        for (kind, value) in quantities { device[kind] = value }
        return SplitDevice(device)
    }

    private static func settings(_ change: (inout SplitSettings) -> Void = { _ in }) -> SplitSettings {
        var settings = SplitSettings()
        settings.batch = 2
        settings.devices = [
            device("small", [.memory: 60, .gigaflops: 0.5, .up: 4]),
            device("large", [.memory: 4_096, .gigaflops: 50]),
        ]
        change(&settings)
        return settings
    }

    @Test func `Ranks are the classes' devices in turn, with their links`() {
        let settings = Self.settings()
        #expect((0..<5).map { settings.device(of: $0)?.name } == [nil, "small", "large", "small", "large"])
        #expect(settings.link(of: 1).megabitsPerSecond == 4 && settings.link(of: 2).megabitsPerSecond == 10)
        #expect(settings.link(of: 0).isIdeal && settings.isLinkSimulated)
        #expect(SplitSettings().device(of: 1) == nil)
    }

    @Test func `Memory counts what a device is given, by hand`() throws {
        // 784 → 16 → 10: 784·16 + 16 and 16·10 + 10 parameters. The widest layer reads 784 numbers and writes 784 (flatten).
        let model = try ModelText("flatten, linear 16, relu | linear").model(for: DataForm([1, 28, 28], outputs: 10))
        let parameters = 784 * 16 + 16 + 16 * 10 + 10
        #expect(model.inferenceBytes(batch: 2) == 4 * (parameters + 2 * 2 * 784))
        #expect(model.inferenceBytes(batch: 1, number: 1) == parameters + 2 * 784)
        let whole = Self.settings()
        #expect(whole.deviceBytes(model, cut: 0) == model.inferenceBytes(batch: 2))
        let front = Self.settings { $0.deviceHas = .front }
        #expect(front.deviceBytes(model, cut: 3) == 4 * (784 * 16 + 16 + 2 * 2 * 784))
        // 60 KB hold neither, 4 MB both; without a rank of the small class nobody minds.
        #expect(!whole.fits(model, cut: 0, ranks: 3) && whole.fits(model, cut: 0, ranks: 1))
        #expect(throws: Never.self) { try front.checkMemory(model, cut: 0, ranks: 3) }
        for (settings, cut) in [(whole, nil), (whole, 3), (front, 3)] as [(SplitSettings, Int?)] {
            let error = #expect(throws: ConfigurationError.self) { try settings.checkMemory(model, cut: cut, ranks: 3) }
            #expect(error?.description.hasPrefix("device 'small' of --fleet has 60 KB") == true)
        }
    }

    @Test func `A pass takes as long as the device's GFLOP/s say, and no less`() throws {
        let model = try ModelText("flatten, linear 100, relu | linear").model(for: DataForm([1, 28, 28], outputs: 10))
        let device = Self.device("slow", [.gigaflops: 0.001])
        // 2 · (784 · 100 + 100 · 10) operations at 10⁶ a second.
        #expect(abs(device.secondsPerImage(model) - 0.1588) < 1e-9)
        let pace = try #require(SplitPace(Self.device("slow", [.gigaflops: 0.01]), model, stop: StopFlag()))
        let start = MonotonicClock.now
        try pace.wait(since: start, images: 2)
        #expect(MonotonicClock.now - start >= 31_760_000)
        // One that was slower than the device does not wait.
        let late = MonotonicClock.now
        try pace.wait(since: late - 1_000_000_000, images: 2)
        #expect(MonotonicClock.now - late < 20_000_000)
        let stop = StopFlag()
        stop.raise(15)
        #expect(throws: (any Error).self) {
            try #require(SplitPace(device, model, stop: stop)).wait(since: MonotonicClock.now, images: 1)
        }
        #expect(SplitPace(nil, model, stop: stop) == nil)
    }

    @Test func `Links of alike devices, and devices that cannot be, are refused`() {
        #expect(throws: ConfigurationError.self) { try Self.settings { $0.bandwidthMbps = 3 }.validate() }
        for change: (inout SplitDevice) -> Void in [
            { $0.memoryBytes = 0 }, { $0.gigaflops = .nan }, { $0.gigaflops = 0 }, { $0.linkMegabits = -1 },
        ] {
            var settings = Self.settings()
            var device = Self.device("a", [:])
            change(&device)
            settings.devices = [device]
            #expect(throws: ConfigurationError.self) { try settings.validate() }
        }
    }
}
