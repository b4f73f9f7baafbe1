import MPI
import MPITesting
import Testing

@testable import Runtime

@Suite struct ClockAlignmentTests {
    @Test func `The answer was given in the middle of the round trip`() {
        let offset = ClockAlignment.Offset(sent: 1_000, answered: 5_000, received: 1_400)
        #expect(offset == ClockAlignment.Offset(offset: 1_200 - 5_000, error: 200))
    }

    @Test func `A clock that is ahead is found to be so, within the error`() throws {
        let ahead = [0, 3_000_000, -70_000_000_000]
        let offsets = try ThreadRanks.run(3) { world -> ClockAlignment.Offset? in
            let shift = ahead[world.rank]
            let clock = { MonotonicClock.now + shift }
            guard world.rank > 0 else {
                try ClockAlignment.lead(on: world, patience: .seconds(10), clock: clock)
                return nil
            }
            return try ClockAlignment.follow(on: world, patience: .seconds(10), clock: clock)
        }
        for rank in 1..<3 {
            let found = try #require(offsets[rank])
            #expect(found.error > 0 && abs(found.offset + ahead[rank]) <= found.error, "rank \(rank)")
        }
    }

    @Test func `A rank that does not answer costs the patience and no more`() throws {
        let offsets = try ThreadRanks.run(3) { world -> Bool in
            switch world.rank {
            case 0: try ClockAlignment.lead(on: world, patience: .milliseconds(50))
            case 2: return try ClockAlignment.follow(on: world, patience: .milliseconds(100)) == nil
            default: break
            }
            return true
        }
        #expect(offsets == [true, true, true])
    }
}
