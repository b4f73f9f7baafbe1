import Testing

@testable import Serving

@Suite struct DeviceReportTests {
    /// Joules by hand, with 1 W idle, 5 W computing, half of a core, 100 answers, 20 seconds.
    @Test(arguments: [
        // Stretched to twice its time: 5 s computed, 15 s idle.
        (DeviceReport.Figures.simulated, 10.0, 400.0),
        // Busy all the time, of which the kernel gives half.
        (.enforced, 20, 600),
        // 2 s of short passes, which the kernel lets run whole.
        (.enforced, 2, 280),
    ])
    func `Time in which the share forbids computing takes the power of idling`(
        figures: DeviceReport.Figures, busy: Double, joules: Double
    ) throws {
        var device = DeviceProfile(name: "d", cores: 1, ramMegabytes: 100, gflops: 1)
        device.cpuShare = 0.5
        device.idleWatts = 1
        device.busyWatts = 5
        var report = DeviceReport(index: 0, device: device)
        report.figures = figures
        var result = RequestLoop.PhaseResult(answersByStep: [100])
        result.answered = 100
        result.seconds = 20
        result.busySeconds = busy
        report.take([result])
        let found = try #require(report.joulesPerThousand)
        #expect(abs(found - joules) < 1e-9)
    }
}
