import Analysis
import FedCore
import Federation
import Files
import Foundation
import NeuralNet
import Records
import Serving

/// The end of `fedmpi serve` on rank 0: files, tables, and the exit code. Made by ``Serve`` when all devices have
/// reported or are missing; carried out when MPI is finalised, or earlier when ranks are lost or the run is
/// stopped.
struct FleetOutcome {
    /// A model in `fleet.json`.
    struct Model: Encodable {
        /// Path as the user gave it.
        let path: String
        let name: String
        let parameters: Int
        /// Bytes of the weights as they are stored.
        let storedBytes: Int
        /// Share of the test images that it gets right, in [0, 1].
        let accuracy: Double

        /// Whether it is in whole numbers of eight bits.
        var isInt8: Bool { name.hasSuffix(" \(Variant.Precision.int8.rawValue)") }
    }

    /// A report for each device, also for those that are missing.
    let reports: [DeviceReport]
    /// Measured machines by host.
    let machines: [String: DeviceProfiler.Machine]
    /// The models that were offered to the devices.
    let models: [Model]
    /// The test images that the accuracies are of, in words.
    let testImages: String
    /// The run's folder. It has been removed when no model fits any device.
    let folder: URL
    /// What became of versions that aliases were moved to while the fleet served.
    var releases: [ReleaseRecord] = []
    /// Whether devices of a host served at the same time.
    var areAtOnce = false
    /// Answers of a new version that each device decides upon.
    var trialRequests = TrialRules().requests
    /// Set when the run was asked to stop before all devices had served: there is no time for pictures then.
    var interruption: Interruption?

    /// Prints and writes everything, and says on standard error which devices are missing.
    ///
    /// - Parameters:
    ///   - json: Whether an object is printed instead of tables.
    ///   - verbose: Whether tables come with the reasons.
    /// - Returns: The exit code: ``code``, or 1 when the files cannot be written.
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
                    FleetText(
                        reports: reports, machines: machines, testImages: testImages, releases: releases,
                        hasInt8: models.contains { $0.isInt8 }, areAtOnce: areAtOnce, trialRequests: trialRequests
                    ).text(verbose: verbose))
                Console.output("\n" + notes.joined(separator: "\n"))
            }
        } catch {
            Console.error("fedmpi: cannot write to '\(folder.relativePath)': \(error.line)")
            return 1
        }
        if let complaint { Console.error("fedmpi: " + complaint) }
        return code
    }

    /// The exit code: 0 when every device has served but for those that no model fits; 3 when some are missing
    /// because something went wrong; 1 when none has served because of that; 2 when no model fits any device,
    /// which the user has to mend.
    var code: Int32 {
        if reports.allSatisfy(\.isRefused) { return 2 }
        if missing.isEmpty { return 0 }
        return hasServed ? 3 : 1
    }

    /// The line that says what is missing and why; nil when there is nothing to say. Of several reasons the first
    /// is given: they are often the same, and `fleet.json` has all.
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

    /// Devices that have not served because something went wrong; those that no model fits are not among them.
    private var missing: [DeviceReport] { reports.filter { $0.failure != nil && !$0.isRefused } }

    /// Whether any device has served.
    private var hasServed: Bool { reports.contains { $0.failure == nil } }

    /// The contents of `fleet.json`, and the object that `--json` prints.
    private struct File: Encodable {
        let results: String
        let machines: [String: DeviceProfiler.Machine]
        let testImages: String
        let models: [Model]
        /// Absent where no alias was moved.
        let releases: [ReleaseRecord]?
        let devices: [FleetRecord]
    }

    /// The object as JSON, indented for the file and in one line for the terminal.
    private func encoded(pretty: Bool) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(
            File(
                results: folder.relativePath, machines: machines, testImages: testImages, models: models,
                releases: releases.isEmpty ? nil : releases, devices: reports.map(FleetRecord.init)
            ))
    }

    /// Writes `fleet.json`, `fleet.csv`, and a picture for each device whose load had phases.
    ///
    /// - Returns: Lines for the user that say where things are, or why there are no pictures.
    /// - Throws: `FileError` when the folder cannot be written to.
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
                note,
                "pictures  \(folder.relativePath)/\(pictures[0].name).png"
                    + (pictures.count > 1 ? " and \(pictures.count - 1) more" : ""),
            ]
        case .missing: return [note, Gnuplot.advice]
        case .failed(let reason): return [note, "no pictures: gnuplot says: \(reason)"]
        }
    }
}
