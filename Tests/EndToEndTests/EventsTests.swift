import Foundation
import Testing

/// What `--json` prints, beside docs/events.schema.json.
@Suite(.enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct EventsTests {
    private let folder: Folder
    /// The schema of each event, by its name.
    private let schemas: [String: [String: Any]]

    init() throws {
        folder = try Folder()
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/events.schema.json").standardizedFileURL
        let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        schemas = try #require(schema?["$defs"] as? [String: [String: Any]])
    }

    private static let job = [
        "--model", "logistic", "--dataset", "synthetic", "--samples-per-client", "40", "--clients", "4", "--json",
    ]

    /// The events of a command; each has what its schema requires, and nothing that the schema does not know.
    private func events(_ ranks: Int?, _ arguments: [String]) throws -> [String] {
        let outcome = try Program.run(ranks: ranks, Self.job + arguments + ["--results", folder.path])
        return try outcome.outputLines.map { line in
            let event = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let name = try #require(event["event"] as? String)
            let schema = try #require(schemas[name], "\(name)")
            let properties = try #require(schema["properties"] as? [String: [String: Any]])
            for key in try #require(schema["required"] as? [String]) { #expect(event[key] != nil, "\(name): \(key)") }
            for (key, value) in event {
                guard let property = properties[key] else {
                    // Only a round has metrics that no schema can name.
                    #expect(name == "round" && value is NSNumber, "\(name): \(key)")
                    continue
                }
                switch property["type"] as? String {
                case "string": #expect(value is String, "\(key)")
                case "integer", "number": #expect(value is NSNumber || value is String, "\(key)")
                case "array": #expect(value is [Any], "\(key)")
                case "object": #expect(value is [String: Any], "\(key)")
                default: break
                }
            }
            return name
        }
    }

    @Test func `Every event of a run is as its schema says`() throws {
        #expect(
            try events(3, ["--rounds", "2", "--client-test", "0.2", "--metrics-port", "0"]) == [
                "metrics", "start", "round", "round", "end",
            ])
        let faulty = try events(3, ["--rounds", "2", "--inject", "nan:rank=1@round=1,phase=train"])
        #expect(faulty.contains("fault") && faulty.last == "end")
        #expect(try events(nil, ["--rounds", "2", "--privacy", "central", "--noise", "1"]).last == "end")
    }

    @Test func `A refusal is an event, too`() throws {
        #expect(try events(nil, ["--rounds", "-1"]) == ["error"])
        #expect(try events(2, ["--strategy", "fedavgg"]) == ["error"])
    }
}
