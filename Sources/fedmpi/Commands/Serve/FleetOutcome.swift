import Analysis
import FedCore
import Federation
import Files
import Foundation
import Records
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
    /// - Returns: the exit code.
    func finish(json: Bool, verbose: Bool) -> Int32 {
        if code == 2 {
            Console.error("fedmpi: " + (complaint ?? ""))
            return code
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
        if let complaint { Console.error("fedmpi: " + complaint) }
        return code
    }

    /// 0: every device has served, but for those that no model fits; 3: some are missing, because something went wrong; 1: none
    /// has served, because of that; 2: no model fits any device.
    var code: Int32 {
        if reports.allSatisfy(\.isRefused) { return 2 }
        if missing.isEmpty { return 0 }
        return hasServed ? 3 : 1
    }

    /// What there is to complain of; nil: nothing.
    var complaint: String? {
        guard let first = missing.first else {
            guard code == 2, let refused = reports.first else { return nil }
            return "device '\(refused.device.name)': \(refused.failure ?? "")"
                + (reports.count > 1 ? "; so it is for all devices" : "")
        }
        var line = interruption.map { "\($0), " } ?? ""
        line += "\(missing.count) of \(Format.count(reports.count, "device")) "
        line += missing.count == 1 ? "is missing: " : "are missing: "
        line += "\(first.device.name): \(first.failure ?? "")"
        if missing.count > 1 { line += "; " + missing.dropFirst().map(\.device.name).joined(separator: ", ") }
        return line + (hasServed ? "; the others are in '\(folder.relativePath)'" : "")
    }

    private var missing: [DeviceReport] { reports.filter { $0.failure != nil && !$0.isRefused } }

    private var hasServed: Bool { reports.contains { $0.failure == nil } }

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
        try folder.appendingPathComponent("fleet.json").replaceContents(with: encoded(pretty: true))
        let csv = ([FleetRecord.csvHeader] + reports.map { FleetRecord($0).csv }).joined(separator: "\n") + "\n"
        try folder.appendingPathComponent("fleet.csv").replaceContents(with: csv)
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
