import FedCore
import Foundation
import Testing

/// The expected reasons are those of errno(3).
@Suite struct ErrorLineTests {
    private func line(_ body: () throws -> Void) throws -> String {
        let error = #expect(throws: (any Error).self) { try body() }
        return try #require(error).line
    }

    @Test func `Foundation's file errors are the file and the system's reason`() throws {
        #expect(
            try line { try Data([1]).write(to: URL(fileURLWithPath: "/dev/full")) }
                == "/dev/full: No space left on device")
        #expect(
            try line { _ = try Data(contentsOf: URL(fileURLWithPath: "/nowhere/a")) }
                == "/nowhere/a: No such file or directory")
        #expect(
            try line { _ = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/nowhere")) }
                == "/nowhere: No such file or directory")
        #expect(try line { _ = try Data(contentsOf: URL(fileURLWithPath: "/tmp")) } == "/tmp: Is a directory")
        #expect(
            try line {
                let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
                try full.write(contentsOf: Data([1]))
            } == "No space left on device")
        #expect(POSIXError(.EDQUOT).line == "Disk quota exceeded")
    }

    private struct Outer: Decodable {
        struct Inner: Decodable { let name: String }
        let list: [Inner]
    }

    @Test(arguments: [
        ("{", "the given data was not valid JSON"), ("{}", "'list' is missing"),
        (#"{"list":[{"name":"a"},{}]}"#, "list[1]: 'name' is missing"),
        (#"{"list":[{"name":3}]}"#, "list[0].name: expected to decode String but found number instead"),
    ])
    func `Decoding errors name the place`(text: String, says: String) throws {
        #expect(try line { _ = try JSONDecoder().decode(Outer.self, from: Data(text.utf8)) } == says)
    }

    @Test func `Errors of this project keep their words, on one line, without control characters`() throws {
        struct Own: Error, CustomStringConvertible { let description = "first\n  second \u{1B}[31m" }
        #expect(Own().line == "first second \\u{1b}[31m")
        #expect(
            ConfigurationError("--rounds is 0; it must be at least 1").line == "--rounds is 0; it must be at least 1")
    }

    @Test func `Nothing of Foundation's objects is left in any line`() throws {
        let errors: [any Error] = [
            CocoaError(.fileReadCorruptFile), CocoaError(.fileWriteOutOfSpace), POSIXError(.EIO),
            NSError(domain: NSCocoaErrorDomain, code: 99_999), NSError(domain: "some.domain", code: 7),
        ]
        for error in errors {
            #expect(!error.line.isEmpty)
            for raw in ["Domain=", "UserInfo", "NSUnderlying", "(null)"] {
                #expect(!error.line.contains(raw), "\(error.line)")
            }
        }
    }
}
