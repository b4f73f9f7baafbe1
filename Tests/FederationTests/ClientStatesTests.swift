import Foundation
import Testing

@testable import Federation
@testable import Records

/// What clients keep between rounds, on the disk.
@Suite struct ClientStatesTests {
    static func read(_ states: ClientStates, _ client: Int) throws -> [Float] {
        var state = [Float](repeating: .nan, count: states.floats)
        var span = state.mutableSpan
        try states.read(client, into: &span)
        return state
    }

    static func write(_ states: ClientStates, _ client: Int, _ state: [Float]) throws {
        try states.stage(client, state.span)
    }

    @Test func `A client has zeros before its first round, and then what it left`() throws {
        let states = try ClientStates(floats: 2, in: nil)
        #expect(try Self.read(states, 7) == [0, 0])
        try Self.write(states, 7, [1, -2])
        #expect(try Self.read(states, 7) == [0, 0], "the round is not over")
        try states.commit()
        #expect(try Self.read(states, 7) == [1, -2])
        #expect(try Self.read(states, 8) == [0, 0])
    }

    @Test func `What a repeated round left is forgotten`() throws {
        let states = try ClientStates(floats: 1, in: nil)
        try Self.write(states, 1, [5])
        states.discard()
        try Self.write(states, 2, [6])
        try states.commit()
        #expect(try Self.read(states, 1) == [0])
        #expect(try Self.read(states, 2) == [6])
    }

    @Test func `A mark leads back to what was there`() throws {
        try StrategyRunTests.withFolder { folder in
            let states = try ClientStates(floats: 1, in: folder)
            try Self.write(states, 1, [1])
            try states.commit()
            let mark = states.mark
            try Self.write(states, 1, [2])
            try Self.write(states, 2, [3])
            try states.commit()
            let resumed = try ClientStates(floats: 1, in: folder, from: mark)
            #expect(try Self.read(resumed, 1) == [1])
            #expect(try Self.read(resumed, 2) == [0])
        }
    }

    @Test func `Out-of-date states are left behind, and files that nothing needs are deleted`() throws {
        try StrategyRunTests.withFolder { folder in
            let states = try ClientStates(floats: 1, in: folder)
            var marks: [ClientStateMark] = []
            for round in 0..<200 {
                for client in 0..<3 { try Self.write(states, client, [Float(round * 10 + client)]) }
                try states.commit()
                marks.append(states.mark)
            }
            let last = try #require(marks.last)
            #expect(last.generation > 1)
            #expect(last.records < 4 * 3 + 64)
            #expect(try Self.read(states, 2) == [1992])
            ClientStateMark.removeFiles(in: folder, notNeededBy: [last])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["client-states.\(last.generation)"])
        }
    }

    @Test func `States whose folder was deleted and made again are in it again with the next mark`() throws {
        try StrategyRunTests.withFolder { folder in
            let states = try ClientStates(floats: 1, in: folder)
            try Self.write(states, 3, [5])
            try states.commit()
            try FileManager.default.removeItem(atPath: folder)
            _ = states.mark  // without a folder there is no checkpoint either
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let mark = states.mark
            try Self.write(states, 3, [6])
            try states.commit()
            #expect(try Self.read(states, 3) == [6])
            #expect(try Self.read(ClientStates(floats: 1, in: folder, from: mark), 3) == [5])
        }
    }

    @Test func `A damaged state is refused by its client`() throws {
        try StrategyRunTests.withFolder { folder in
            let states = try ClientStates(floats: 4, in: folder)
            try Self.write(states, 3, [1, 2, 3, 4])
            try states.commit()
            let mark = states.mark
            let url = URL(fileURLWithPath: folder).appendingPathComponent("client-states.1")
            var data = try Data(contentsOf: url)
            data[data.count - 1] ^= 1
            try data.write(to: url)
            let resumed = try ClientStates(floats: 4, in: folder, from: mark)
            #expect(throws: ClientStatesError.self) { try Self.read(resumed, 3) }
        }
    }

    @Test func `A file of another model, or one cut off, is refused`() throws {
        try StrategyRunTests.withFolder { folder in
            let states = try ClientStates(floats: 4, in: folder)
            try Self.write(states, 3, [1, 2, 3, 4])
            try states.commit()
            let mark = states.mark
            #expect(throws: ClientStatesError.self) { try ClientStates(floats: 5, in: folder, from: mark) }
            let beyond = ClientStateMark(generation: 1, records: 2)
            #expect(throws: ClientStatesError.self) { try ClientStates(floats: 4, in: folder, from: beyond) }
            let other = ClientStateMark(generation: 2, records: 1)
            #expect(throws: ClientStatesError.self) { try ClientStates(floats: 4, in: folder, from: other) }
        }
    }

    @Test func `Without a folder nothing is left behind`() throws {
        var states: ClientStates? = try ClientStates(floats: 1, in: nil)
        let folder = try #require(states?.folder)
        #expect(FileManager.default.fileExists(atPath: folder + "/client-states.1"))
        states = nil
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func `A link in the place of a file is replaced or refused, not followed`() throws {
        try StrategyRunTests.withFolder { folder in
            let outside = folder + "/outside"
            let path = folder + "/client-states.1"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: outside))
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: outside)
            #expect(throws: ClientStatesError.self) {
                try ClientStates(floats: 1, in: folder, from: ClientStateMark(generation: 1, records: 0))
            }
            let states = try ClientStates(floats: 1, in: folder)
            try Self.write(states, 0, [3])
            try states.commit()
            #expect(try Self.read(states, 0) == [3])
            #expect(try Data(contentsOf: URL(fileURLWithPath: outside)) == Data("mine".utf8))
        }
    }
}
