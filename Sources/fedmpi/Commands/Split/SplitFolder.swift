import Analysis
import FedCore
import Files
import Foundation
import Inference
import Runtime

/// The files of a run of split inference: a folder below the results folder with `split.json` and pictures.
///
/// It has no history, no checkpoint and no log, unlike a training run's folder: the report is all there is, and
/// it is written once, at the end.
enum SplitFolder {
    /// Makes the folder, so that a name that is taken is refused before the run and not after it.
    ///
    /// - Parameters:
    ///   - name: Value of `--run-name`.
    ///   - results: Folder of all results; made when missing.
    /// - Returns: The new folder.
    /// - Throws: `ConfigurationError` when it exists or cannot be made, or the name is none for a folder.
    static func make(_ name: String, in results: String) throws(ConfigurationError) -> URL {
        let url = try find(name, in: results)
        guard !FileManager.default.fileExists(atPath: url.path) else {
            throw ConfigurationError("the folder '\(url.path)' exists; choose another --run-name")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("cannot make the folder '\(url.path)': \(error.reasonLine)")
        }
        return url
    }

    /// Place of the folder, whether or not it is there.
    ///
    /// - Throws: `ConfigurationError` when the name is none for a folder, such as one with a slash.
    static func find(_ name: String, in results: String) throws(ConfigurationError) -> URL {
        let name = try FolderName(name, option: "--run-name").text
        return URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
    }

    /// The report as one line of JSON, for `--json`. The event line `{"event":"start"}` comes before it.
    static func line(_ report: SplitReport) throws -> String {
        String(
            decoding: try encoder([.sortedKeys, .withoutEscapingSlashes]).encode(SplitRecord(report)), as: UTF8.self)
    }

    /// Writes `split.json`, indented, as a whole or not at all.
    ///
    /// - Throws: `FileError` when the folder cannot be written to.
    static func write(_ report: SplitReport, to folder: URL) throws {
        let json = try encoder([.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]).encode(SplitRecord(report))
        try folder.appendingPathComponent("split.json").replaceContents(with: json)
    }

    /// Draws the run's pictures by one gnuplot process.
    ///
    /// - Returns: Why there are no pictures; nil when they are drawn.
    /// - Throws: `FileError` when the folder cannot be written to.
    static func draw(_ report: SplitReport, in folder: URL) throws -> String? {
        switch try Gnuplot.draw(SplitPictures.all(report), in: folder) {
        case .drawn: nil
        case .missing: Gnuplot.advice
        case .failed(let reason): "no pictures: gnuplot says: \(reason)"
        }
    }

    /// An encoder for ``SplitRecord``: keys with underscores, and numbers that JSON does not have as texts
    /// (`inf`, `nan`). `DemoRecords` decodes by the same convention.
    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}

/// The report as files show it: percentiles instead of histograms, and units in the names.
///
/// It is a type of its own so that the file's names stay as they are when the library's `SplitReport` changes.
/// Times are milliseconds where the name ends in `Ms` and seconds otherwise; shares are in [0, 1].
struct SplitRecord: Encodable {
    /// Percentiles of a stage's time for one image, in milliseconds.
    struct Latency: Encodable {
        let p50Ms, p95Ms, p99Ms, maxMs, meanMs: Double

        /// Converts seconds to milliseconds; nil without a measurement, so that a stage that never happened is
        /// absent.
        init?(_ summary: LatencyHistogram.Summary) {
            guard summary.count > 0 else { return nil }
            p50Ms = summary.p50 * 1000
            p95Ms = summary.p95 * 1000
            p99Ms = summary.p99 * 1000
            maxMs = summary.max * 1000
            meanMs = summary.mean * 1000
        }
    }

    /// One device's part of the run.
    struct Device: Encodable {
        let rank, images, answered, messages, sentBytes, receivedBytes, mostInFlight: Int
        let seconds, computingSeconds, processorSeconds: Double
        let latency: [String: Latency]
    }

    /// Kind of the line in the output of `--json`, where it stands beside `start`.
    let event = "split"
    let settings: SplitSettings
    let isLinkSimulated: Bool
    let model: String
    let layers, cut: Int
    let features, lost: [Int]
    let cuts: CutTable?
    let devices, images, imagesLost, imagesLostAnswered: Int
    let hosts: [String]
    let seconds, throughput, accuracy: Double
    let unsplitAccuracy: Double?
    let differences: Int?
    let bytes: SplitReport.Bytes
    let savedOfFloat, savedOfByte, deviceUtilisation: Double
    let serverUtilisation: Double?
    let latency: [String: Latency]
    let server: ServerReport?
    let alone: SplitReport.StagesAlone?
    let perDevice: [Device]

    /// Copies what the file shows. Cheap: histograms are reduced to five numbers each.
    init(_ report: SplitReport) {
        settings = report.settings
        isLinkSimulated = report.settings.isLinkSimulated
        model = report.model
        layers = report.layers
        cut = report.cut
        features = report.features
        lost = report.lost
        cuts = report.cuts
        devices = report.devices
        images = report.images
        imagesLost = report.imagesLost
        imagesLostAnswered = report.imagesLostAnswered
        hosts = report.hosts
        seconds = report.seconds
        throughput = report.throughput
        accuracy = report.accuracy
        unsplitAccuracy = report.unsplitAccuracy
        differences = report.differences
        bytes = report.bytes
        savedOfFloat = report.bytes.savedOfFloat
        savedOfByte = report.bytes.savedOfByte
        deviceUtilisation = report.deviceUtilisation
        serverUtilisation = report.serverUtilisation
        latency = Self.latency(report.latencies)
        server = report.server
        alone = report.alone
        perDevice = report.perDevice.map { device in
            Device(
                rank: device.rank, images: device.labels.count, answered: device.answered, messages: device.messages,
                sentBytes: device.sentBytes, receivedBytes: device.receivedBytes, mostInFlight: device.mostInFlight,
                seconds: device.seconds, computingSeconds: device.computingSeconds,
                processorSeconds: device.processorSeconds, latency: Self.latency(device.latencies))
        }
    }

    /// Percentiles by name of the stage, without stages that never happened.
    private static func latency(_ latencies: StageLatencies) -> [String: Latency] {
        Dictionary(
            uniqueKeysWithValues: latencies.stages.compactMap { stage in
                Latency(stage.histogram.summary).map { (stage.name, $0) }
            })
    }
}
