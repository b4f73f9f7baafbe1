import Devices
import Testing

/// Joules by hand, from the constants that the measurements give.
struct EnergyTests {
    @Test func `milliampere-hours are charge, and become joules by the volts`() {
        // 3 Ah · 3600 s · 3.85 V.
        #expect(abs(EnergyConstants.joules(milliampereHours: 3_000, volts: 3.85) - 41_580) < 1e-6)
        // 500 mW for an hour are 1,800 J: 130 mAh at 3.85 V (1800 / 3.6 / 3.85 = 129.87), not 500.
        #expect(abs(EnergyConstants.joules(milliampereHours: 129.87, volts: 3.85) - 1_800) < 0.1)
    }

    @Test func `an update over LTE costs its bytes, and more for the tail`() throws {
        // 858,000 bytes at 5 Mbit/s take 1.3728 s; 438.39 · 5 + 1288.04 mW = 3.48 W; the tail 11.576 s · 1.06 W.
        var device = DeviceClass("phone")
        device[.up] = 5
        device.radio = .lte
        let connection = try #require(device.connection(isAway: false))
        let seconds = connection.secondsUp(bytes: 858_000)
        #expect(abs(seconds - 1.3728) < 1e-9)
        let energy = DeviceTurn(download: 0, training: 0, upload: seconds).energy(of: device, over: connection)
        #expect(abs(energy.up - 4.777) < 1e-3)
        #expect(abs(energy.tail - 12.271) < 1e-3)

        // Over WiFi 283.17 · 5 + 132.86 mW = 1.549 W, and hardly a tail: 0.238 s · 0.119 W.
        device.radio = .wifi
        let home = try #require(device.connection(isAway: false))
        let atHome = DeviceTurn(download: 0, training: 0, upload: seconds).energy(of: device, over: home)
        #expect(abs(atHome.up - 2.126) < 1e-3)
        #expect(abs(atHome.tail - 0.028) < 1e-3)
    }

    @Test func `a download's tail ends when the upload begins`() throws {
        var device = DeviceClass("phone")
        (device.radio, device[.up], device[.down], device[.trainWatts]) = (.lte, 10, 10, 2)
        let connection = try #require(device.connection(isAway: false))
        // 5 s of training at 2 W; the radio is awake for these 5 s, and 11.576 s after the upload.
        let turn = DeviceTurn(download: 1, training: 5, upload: 2)
        let energy = turn.energy(of: device, over: connection)
        #expect(abs(energy.compute - 10) < 1e-12)
        #expect(abs(energy.down - (0.5197 + 1.28804)) < 1e-9)
        #expect(abs(energy.up - 2 * (4.3839 + 1.28804)) < 1e-9)
        #expect(abs(energy.tail - 1.06 * (5 + 11.576)) < 1e-9)
        // One that goes away after 3 s has received, and trained for 2 s, with the radio awake.
        let part = turn.energy(of: device, over: connection, until: 3)
        #expect(abs(part.compute - 4) < 1e-12 && part.up == 0)
        #expect(abs(part.tail - 1.06 * 2) < 1e-9)
    }
}
