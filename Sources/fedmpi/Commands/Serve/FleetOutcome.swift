import Analysis
import FedCore
import Federation
import Foundation
import Serving

/// What a fleet has done: its files, its tables, and the exit code. On rank 0, when MPI is finalised.
struct FleetOutcome {
    struct Model: Encodable {
        let path: String
        let name: String
        let parameters: Int
        let storedBytes: Int
        let accuracy: Double
    }

    let reports: [DeviceReport]
    /// By host.
    let machines: [String: DeviceProfiler.Machine]
    let models: [Model]
    /// What the accuracies are of.
    let testImages: String
    let folder: URL
    /// The run was asked to stop before all devices had served: there is no time for pictures.
    var interruption: Interruption?

    /// Prints and writes everything, and says on standard error who is missing.
    ///
    /// - Returns: 0: every device has served, but for those that no model fits; 3: some are missing, because something went
    ///   wrong; 1: all are; 2: no model fits any device.
    func finish(json: Bool, verbose: Bool) -> Int32 {
        if reports.allSatisfy(\.isRefused) {
            let reasons = reports.map { "device '\($0.device.name)': \($0.failure ?? "")" }
            Console.error("fedmpi: " + (reasons.first ?? "") + (reasons.count > 1 ? "; so it is for all devices" : ""))
            return 2
        }
        do {
            let notes = try writeFiles()
            if json {
                Console.output(String(decoding: try encoded(pretty: false), as: UTF8.self))
            } else {
                Console.output(
                    FleetText(reports: reports, machines: machines, testImages: testImages).text(verbose: verbose))
                Console.output("\n" + notes.joined(separator: "\n"))
            }
        } catch {
            Console.error("fedmpi: cannot write to '\(folder.relativePath)': \(error.line)")
            return 1
        }
        let missing = reports.filter { $0.failure != nil && !$0.isRefused }
        guard let first = missing.first else { return 0 }
        var line = "\(missing.count) of \(Format.count(reports.count, "device")) "
        line += missing.count == 1 ? "is missing: " : "are missing: "
        line += "\(first.device.name): \(first.failure ?? "")"
        if missing.count > 1 { line += "; " + missing.dropFirst().map(\.device.name).joined(separator: ", ") }
        let hasServed = reports.contains { $0.failure == nil }
        if hasServed { line += "; the others are in '\(folder.relativePath)'" }
        Console.error("fedmpi: " + (interruption.map { "\($0), " } ?? "") + line)
        return hasServed ? 3 : 1
    }

    private struct File: Encodable {
        let results: String
        let machines: [String: DeviceProfiler.Machine]
        let testImages: String
        let models: [Model]
        let devices: [FleetRecord]
    }

    private func encoded(pretty: Bool) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(
            File(
                results: folder.relativePath, machines: machines, testImages: testImages, models: models,
                devices: reports.map(FleetRecord.init)
            ))
    }

    /// - Returns: lines that say where things are.
    private func writeFiles() throws -> [String] {
        try encoded(pretty: true).write(to: folder.appendingPathComponent("fleet.json"), options: .atomic)
        let csv = ([FleetRecord.csvHeader] + reports.map { FleetRecord($0).csv }).joined(separator: "\n") + "\n"
        try Data(csv.utf8).write(to: folder.appendingPathComponent("fleet.csv"), options: .atomic)
        let note = "results   \(folder.relativePath)/fleet.json, fleet.csv"
        let pictures = interruption == nil ? reports.compactMap(AdaptationPicture.init).map(\.picture) : []
        guard !pictures.isEmpty else { return [note] }
        switch try Gnuplot.draw(pictures, in: folder) {
        case .drawn:
            return [
                note, "pictures  " + pictures.map { "\(folder.relativePath)/\($0.name).png" }.joined(separator: ", "),
            ]
        case .missing: return [note, Gnuplot.advice]
        case .failed(let reason): return [note, "no pictures: gnuplot says: \(reason)"]
        }
    }
}
