import FedCore
import Testing

@testable import fedmpi

@Suite struct ArgumentBytesTests {
    @Test func `An argument that is not UTF-8 is refused as such`() throws {
        try ArgumentBytes.check([Array("--dataset".utf8), Array("csv:café".utf8), []])
        let error = ConfigurationError(
            "'csv:caf\u{FFFD}.csv' is not UTF-8; rename the file, or make a link to it and give that")
        #expect(throws: error) {
            try ArgumentBytes.check([Array("csv:caf".utf8) + [0xE9] + Array(".csv".utf8)])
        }
    }
}
