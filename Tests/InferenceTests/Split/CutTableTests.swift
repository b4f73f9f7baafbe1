import Inference
import Testing

/// The choice of a cut, from tables made up.
struct CutTableTests {
    /// A model of three layers: 1 ms, 1 ms, 8 ms of work; 4,000, 1,000, 100 and 0 bytes cross.
    private func table(
        bandwidth: Double, latency: Double = 0, server: Double = 0.1, window: Int = 1_000, cores: Int = 64,
        for objective: SplitSettings.Objective = .throughput
    ) -> CutTable {
        let work = [1e-3, 1e-3, 8e-3]
        let bytes = [4_000.0, 1_000, 100, 0]
        let costs = (0...3).map { cut in
            CutTable.Costs(
                deviceSeconds: work[..<cut].reduce(1e-6, +), serverSeconds: server * work[cut...].reduce(1e-6, +),
                upBytes: bytes[cut], downBytes: cut == 3 ? 0 : 8)
        }
        let hosts = (0...2).map { CutTable.Conditions.Host(devices: $0 == 0 ? 0 : 1, hasServer: $0 == 0, cores: cores) }
        return CutTable(
            costs,
            CutTable.Conditions(
                batch: 1, window: window, link: LinkEstimate(latency: latency, bandwidth: bandwidth), hosts: hosts),
            for: objective)
    }

    @Test func `the slower the link, the later the cut`() {
        // Two devices and the server's 1.0001 ms, 0.9001 ms, 0.8001 ms, nothing; the devices' half of 1 µs, 1.001 ms,
        // 2.001 ms, 10.001 ms.
        let fast = table(bandwidth: 1e9)
        #expect(fast.best == 1)
        #expect(fast.rows.map { $0.limit } == [.server, .server, .device, .device])
        #expect(abs(fast.rows[0].throughput - 1 / 1.0001e-3) < 1)
        #expect(table(bandwidth: 1e9, server: 0.01).best == 0)
        let slow = table(bandwidth: 2e6, server: 0.01)
        #expect(slow.best == 1)
        #expect(slow.rows[0].limit == .link && abs(slow.rows[0].throughput - 1_000) < 1e-6)
        #expect(table(bandwidth: 5e4, server: 0.01).best == 2)
        #expect(table(bandwidth: 1e3, server: 0.01).best == 3)
    }

    @Test func `the latency of a batch is the sum of its way`() {
        let rows = table(bandwidth: 1e6, latency: 5e-3, for: .latency).rows
        // 1.001 ms + (5 + 1) ms up + 0.9001 ms + (5 + 0.008) ms down.
        #expect(abs(rows[1].latency - 12.9091e-3) < 1e-9)
        #expect(abs(rows[3].latency - 10.001e-3) < 1e-9)
        #expect(table(bandwidth: 1e6, latency: 5e-3, for: .latency).best == 3)
        #expect(table(bandwidth: 1e9, latency: 0, for: .latency).best == 0)
    }

    @Test func `a window that is too small limits, and so do cores that are shared`() {
        let row = table(bandwidth: 1e9, latency: 50e-3, window: 2).rows[2]
        #expect(row.limit == .window)
        // Two devices with 2 images in 2.001 ms + 100 ms + 0.8001 ms each, and a microsecond for the bytes.
        #expect(abs(row.throughput - 4 / 102.8012e-3) < 0.01)
        let costs = [
            CutTable.Costs(deviceSeconds: 1e-3, serverSeconds: 1e-3, upBytes: 1, downBytes: 1),
            CutTable.Costs(deviceSeconds: 2e-3, serverSeconds: 0, upBytes: 0, downBytes: 0),
        ]
        let conditions = CutTable.Conditions(
            batch: 1, window: 8, link: LinkEstimate(latency: 0, bandwidth: 1e9),
            hosts: [CutTable.Conditions.Host(devices: 4, hasServer: true, cores: 2)])
        let shared = CutTable(costs, conditions, for: .throughput)
        #expect(shared.rows.map { $0.limit } == [.server, .cores])
        #expect(abs(shared.rows[1].throughput - 1_000) < 1e-9)
    }

    @Test func `of equally good cuts the one with the fewest bytes is taken`() {
        let costs =
            [512.0, 128, 256].map {
                CutTable.Costs(deviceSeconds: 1e-3, serverSeconds: 1e-6, upBytes: $0, downBytes: 1)
            } + [CutTable.Costs(deviceSeconds: 2e-3, serverSeconds: 0, upBytes: 0, downBytes: 0)]
        let conditions = CutTable.Conditions(
            batch: 1, window: 8, link: LinkEstimate(latency: 0, bandwidth: 1e12),
            hosts: [CutTable.Conditions.Host(devices: 1, hasServer: true, cores: 64)])
        #expect(CutTable(costs, conditions, for: .throughput).best == 1)
    }

    @Test func `a link is the line through what was measured`() {
        let link = LinkEstimate(fitting: [64, 1_024, 8_192, 65_536].map { ($0, 2e-3 + Double($0) / 12.5e6) })
        #expect(abs(link.latency - 2e-3) < 1e-9 && abs(link.bandwidth / 12.5e6 - 1) < 1e-6)
        #expect(abs(link.seconds(bytes: 12_500) - 3e-3) < 1e-9)
        // Noise that makes longer messages faster is no negative bandwidth.
        #expect(LinkEstimate(fitting: [(64, 2e-6), (65_536, 1e-6)]).bandwidth > 1e9)
    }
}
