import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct DistillTests {
    /// A small teacher in a folder of its own, as `teacher`.
    private static func trainTeacher() throws -> Folder {
        let folder = try Folder()
        let outcome = try Program.run(
            ranks: nil,
            ["--model", "edgecnn-medium", "--results", folder.path, "--run-name", "teacher"] + data + quiet)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return folder
    }

    private static let data = [
        "--dataset", "synthetic", "--samples-per-client", "80", "--clients", "3", "--rounds", "2", "--lr", "0.02",
    ]
    private static let quiet = ["--no-report", "--timing", "off", "--no-history", "--json"]

    private static func distill(
        ranks: Int?, in folder: Folder, name: String, _ more: [String] = []
    ) throws -> Program.Outcome {
        try Program.run(
            ranks: ranks,
            ["distill", "--teacher", folder.path + "/teacher", "--student", "edgecnn-small,logistic"] + data + quiet
                + ["--results", folder.path, "--run-name", name] + more)
    }

    private static func weights(_ folder: Folder, _ run: String) throws -> Data {
        try Data(contentsOf: folder.url.appendingPathComponent("\(run)/model.safetensors"))
    }

    private static let runs = ["edgecnn-small", "edgecnn-small-scratch", "logistic", "logistic-scratch"]

    @Test func `A chain of students ends with the same bits over any number of ranks`() throws {
        let folder = try Self.trainTeacher()
        for (name, ranks) in [("one", nil), ("two", 2), ("four", 4)] {
            let outcome = try Self.distill(ranks: ranks, in: folder, name: name)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let result = try #require(try outcome.events().last)
            #expect(
                (result["students"] as? [[String: Any]])?.map { $0["teacher"] as? String } == [
                    "edgecnn-medium", "edgecnn-small",
                ])
            for run in Self.runs {
                #expect(
                    try Self.weights(folder, "\(name)-\(run)") == Self.weights(folder, "one-\(run)"), "\(name) \(run)")
            }
        }
        #expect(try Self.weights(folder, "one-logistic") != Self.weights(folder, "one-logistic-scratch"))
    }

    @Test func `A chain that was interrupted goes on, and keeps the students that were finished`() throws {
        let folder = try Self.trainTeacher()
        let files = FileManager.default
        let first = try Self.distill(ranks: 3, in: folder, name: "chain")
        let weights = try Self.runs.map { try Self.weights(folder, "chain-\($0)") }
        // As if it had been stopped before the last round of one run, and before another.
        try files.removeItem(at: folder.url.appendingPathComponent("chain-logistic/model.safetensors"))
        try files.removeItem(at: folder.url.appendingPathComponent("chain-logistic-scratch"))
        let kept = folder.url.appendingPathComponent("chain-edgecnn-small/model.safetensors").path
        let written = try files.attributesOfItem(atPath: kept)[.modificationDate] as? Date
        let second = try Self.distill(ranks: 2, in: folder, name: "chain")
        #expect(second.status == 0 && second.output == first.output, "\(second.errors)")
        #expect(try Self.runs.map { try Self.weights(folder, "chain-\($0)") } == weights)
        #expect(try files.attributesOfItem(atPath: kept)[.modificationDate] as? Date == written)

        // A finished student of another teacher cannot stand beside the others.
        try files.removeItem(at: folder.url.appendingPathComponent("teacher/model.safetensors"))
        try files.copyItem(
            at: folder.url.appendingPathComponent("chain-logistic/model.safetensors"),
            to: folder.url.appendingPathComponent("teacher/model.safetensors"))
        let third = try Self.distill(ranks: 2, in: folder, name: "chain")
        #expect(third.status == 2 && third.errorLines.count == 1 && third.errors.contains("another teacher"))
    }

    @Test func `Without a word of clients there are as many as the teacher had, and no lock is left`() throws {
        let folder = try Self.trainTeacher()
        let outcome = try Program.run(
            ranks: 2,
            [
                "distill", "--teacher", folder.path + "/teacher", "--student", "logistic", "--samples-per-client", "80",
                "--rounds", "1", "--no-report", "--timing", "off", "--no-history", "--results", folder.path,
                "--run-name", "same",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.outputLines
        // Two ranks have one client rank; the teacher had three clients.
        #expect(lines.contains { $0.hasPrefix("data      synthetic, 3 clients, ") }, "\(outcome.output)")
        #expect(lines.contains { $0.hasPrefix("teacher   ") && $0.hasSuffix(" % on the test set") })
        #expect(lines.contains { $0.hasPrefix("1/2  same-logistic  ") && $0.contains(" the teacher") })
        #expect(lines.contains { $0.hasPrefix("next      fedmpi variants ") })
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/same/lock"))
        #expect(FileManager.default.fileExists(atPath: folder.path + "/same/distillation.json"))
        #expect(outcome.errors.isEmpty, "nothing is drawn where nobody watches: \(outcome.errors)")
    }

    @Test func `A student is registered with the teacher that it learnt from`() throws {
        let folder = try Self.trainTeacher()
        #expect(try Self.distill(ranks: nil, in: folder, name: "chain").status == 0)
        func models(_ words: String...) throws -> Program.Outcome {
            let outcome = try Program.run(ranks: nil, ["models"] + words + ["--results", folder.path])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome
        }
        // Before its teacher is registered the student knows its file by its digest.
        _ = try models("register", "student", folder.path + "/chain-edgecnn-small")
        #expect(try models("show", "student@1").output.contains("(not registered)"))
        _ = try models("register", "teacher", folder.path + "/teacher")
        #expect(
            try models("show", "student@1").outputLines.contains {
                $0.split(separator: " ") == ["made", "from", "teacher@1"]
            })
    }

    @Test func `Bad input gets one line, exit code 2, and leaves nothing`() throws {
        let folder = try Self.trainTeacher()
        let teacher = ["--student", "logistic", "--teacher", folder.path + "/teacher"]
        let cases: [(arguments: [String], says: String)] = [
            (["--student", "logistic"], "--teacher is missing"),
            (["--student", "logistic", "--teacher", "/nowhere"], "'/nowhere'"),
            (["--student", "resnet", "--teacher", folder.path + "/teacher"], "unknown model 'resnet'"),
            (teacher + ["--temperature", "inf"], "--temperature"),
            (teacher + ["--central", "--clients", "3"], "--central"),
            (teacher + ["--patience", "3"], "--no-baseline"),
        ]
        for (arguments, says) in cases {
            let results = folder.path + "/none"
            let outcome = try Program.run(ranks: 3, ["distill"] + arguments + ["--results", results], seconds: 30)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(arguments)")
            #expect(outcome.errorLines.count == 1 && outcome.errors.contains(says), "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: results))
        }
        let outcome = try Program.run(ranks: 3, ["--temperature", "2"], seconds: 30)
        #expect(outcome.status == 2 && outcome.errorLines.count == 1 && outcome.errors.contains("--teacher"))
    }
}
