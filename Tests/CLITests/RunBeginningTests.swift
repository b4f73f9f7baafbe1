import FedCore
import Foundation
import Testing

@testable import fedmpi

@Suite struct RunBeginningTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ file: String) throws { try Data().write(to: folder.appendingPathComponent(file)) }

    @Test func `A folder that may yet become a run is waited for, which is said once, up to a limit`() throws {
        try write("partition.csv")  // the first file of a run
        let start = ContinuousClock.now
        var beginning = RunBeginning(in: folder, patience: 60, start: start)
        #expect(try beginning.look(at: start) == nil, "a run that was started a moment ago")
        let line = try #require(try beginning.look(at: start + .seconds(1)))
        #expect(line.contains("waiting up to 1 min 0 s for a run to begin in '"))
        #expect(line.contains(folder.lastPathComponent))
        #expect(try beginning.look(at: start + .seconds(59)) == nil)
        let error = #expect(throws: ConfigurationError.self) { try beginning.look(at: start + .seconds(60)) }
        #expect(try #require(error).description.contains("no run has begun in '"))
        #expect(try #require(error).description.hasSuffix("within 1 min 0 s"))
    }

    @Test func `A folder with other files is no run's, which is said at once`() throws {
        try write("variants.json")
        var beginning = RunBeginning(in: folder, patience: 60)
        let error = #expect(throws: ConfigurationError.self) { try beginning.look() }
        #expect(
            try #require(error).description.hasSuffix("is no run's folder: it has 'variants.json' and no config.json"))
        // What a served fleet leaves is told by name.
        try write("fleet.json")
        let served = #expect(throws: ConfigurationError.self) { try beginning.look() }
        #expect(try #require(served).description.contains("it is of `fedmpi serve`"))
    }
}
