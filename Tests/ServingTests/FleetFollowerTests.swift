import Foundation
import Testing

@testable import Serving

/// Rank 0's decisions, with devices that say what the tests have them say.
@Suite struct FleetFollowerTests {
    private final class Source: ReleaseSource {
        var number = 0
        var events: [ReleaseEvent] = []

        func wanted(heartbeat: () throws -> Void) throws -> Int { number }
        func release(_ number: Int) -> Release {
            Release(number: number, name: "m@\(number)", models: [], trial: TrialRules())
        }
        func note(_ event: ReleaseEvent, of release: Int) { events.append(event) }
        func beat(serving number: Int) {}
    }

    private let source = Source()

    private func follower() -> FleetFollower {
        FleetFollower(ReleaseFollowing(source, interval: .zero), names: ["a", "b", "c"])
    }

    private func report(_ refusals: String...) -> TrialReport {
        TrialReport(
            requests: 400, oldRequests: 400, images: 300, p50Ms: 1, p95Ms: 1, oldP50Ms: 1, oldP95Ms: 1, accuracy: 1,
            oldAccuracy: 1, agreement: 1, refusals: refusals)
    }

    /// Orders as text: device, word, number, and whether it is to be tried.
    private func texts(_ orders: [(device: Int, order: ReleaseOrder)]) -> [String] {
        orders.map { device, order in
            switch order {
            case .offer(let release): "\(device) \(release.trial == nil ? "take" : "try") \(release.number)"
            case .adopt(let number): "\(device) adopt \(number)"
            case .drop(let number): "\(device) drop \(number)"
            }
        }
    }

    @Test func `All take a release over when each has found it no worse`() throws {
        var follower = follower()
        #expect(try follower.look([0, 1], heartbeat: {}).isEmpty)
        source.number = 1
        #expect(texts(try follower.look([0, 1], heartbeat: {})) == ["0 try 1", "1 try 1"])
        #expect(try follower.look([0, 1], heartbeat: {}).isEmpty)
        #expect(follower.take(.tried(1, report()), from: 0).isEmpty)
        #expect(try follower.look([0, 1], heartbeat: {}).isEmpty && follower.current == 0)
        #expect(follower.take(.tried(1, report()), from: 1).isEmpty)
        #expect(texts(try follower.look([0, 1], heartbeat: {})) == ["0 adopt 1", "1 adopt 1"])
        #expect(follower.current == 1 && source.events.contains(.adopted))
        // One that begins later has the first release still.
        #expect(texts(try follower.look([0, 2], heartbeat: {})) == ["2 take 1"])
        #expect(try follower.look([0, 2], heartbeat: {}).isEmpty)
    }

    @Test func `One device that finds it worse has it dropped everywhere`() throws {
        var follower = follower()
        source.number = 1
        _ = try follower.look([0, 1], heartbeat: {})
        _ = follower.take(.tried(1, report()), from: 0)
        #expect(texts(follower.take(.tried(1, report("slower: x", "worse: y")), from: 1)) == ["0 drop 1", "1 drop 1"])
        #expect(source.events.last == .refused(["b: slower: x", "b: worse: y"]))
        // A verdict that was under way changes nothing, and what was refused is not offered while the source does not want it.
        source.number = 0
        #expect(follower.take(.tried(1, report()), from: 0).isEmpty)
        #expect(try follower.look([0, 1], heartbeat: {}).isEmpty && follower.current == 0)
    }

    @Test func `One that cannot be loaded is refused with the device's reason`() throws {
        var follower = follower()
        source.number = 1
        _ = try follower.look([0, 2], heartbeat: {})
        #expect(texts(follower.take(.unfit(1, "no memory"), from: 2)) == ["0 drop 1", "2 drop 1"])
        #expect(source.events.last == .refused(["c: no memory"]))
    }

    @Test func `A device that ends while it tries has no say; without any nothing is decided`() throws {
        var follower = follower()
        source.number = 1
        _ = try follower.look([0, 1], heartbeat: {})
        _ = follower.take(.tried(1, report()), from: 0)
        #expect(texts(try follower.look([0], heartbeat: {})) == ["0 adopt 1"])
        source.number = 2
        _ = try follower.look([0], heartbeat: {})
        #expect(try follower.look([], heartbeat: {}).isEmpty && follower.current == 1)
        follower.finish()
        #expect(source.events.last == .undecided)
    }

    @Test func `An alias that is moved on ends the trial, and the newer one is tried`() throws {
        var follower = follower()
        source.number = 1
        _ = try follower.look([0], heartbeat: {})
        source.number = 2
        #expect(texts(try follower.look([0], heartbeat: {})) == ["0 drop 1", "0 try 2"])
        source.number = 0
        #expect(texts(try follower.look([0], heartbeat: {})) == ["0 drop 2"])
        #expect(source.events.filter { $0 == .superseded }.count == 2)
    }
}
