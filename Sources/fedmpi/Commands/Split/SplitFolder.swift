import Analysis
import FedCore
import Files
import Foundation
import Inference
import Runtime

/// What a run of split inference leaves: `split.json`, and pictures.
enum SplitFolder {
    /// - Throws: `ConfigurationError` when it exists or cannot be made.
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

    static func find(_ name: String, in results: String) throws(ConfigurationError) -> URL {
        let name = try FolderName(name, option: "--run-name").text
        return URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
    }

    static func line(_ report: SplitReport) throws -> String {
        String(
            decoding: try encoder([.sortedKeys, .withoutEscapingSlashes]).encode(SplitRecord(report)), as: UTF8.self)
    }

    static func write(_ report: SplitReport, to folder: URL) throws {
        let json = try encoder([.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]).encode(SplitRecord(report))
        try folder.appendingPathComponent("split.json").replaceContents(with: json)
    }

    /// - Returns: why there are no pictures, if there are none.
    static func draw(_ report: SplitReport, in folder: URL) throws -> String? {
        switch try Gnuplot.draw(SplitPictures.all(report), in: folder) {
        case .drawn: nil
        case .missing: Gnuplot.advice
        case .failed(let reason): "no pictures: gnuplot says: \(reason)"
        }
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}

/// The report as a file shows it: figures instead of histograms, units in the names.
struct SplitRecord: Encodable {
    struct Latency: Encodable {
        let p50Ms, p95Ms, p99Ms, maxMs, meanMs: Double

        init?(_ summary: LatencyHistogram.Summary) {
            guard summary.count > 0 else { return nil }
            p50Ms = summary.p50 * 1000
            p95Ms = summary.p95 * 1000
            p99Ms = summary.p99 * 1000
            maxMs = summary.max * 1000
            meanMs = summary.mean * 1000
        }
    }

    struct Device: Encodable {
        let rank, images, answered, messages, sentBytes, receivedBytes, mostInFlight: Int
        let seconds, computingSeconds, processorSeconds: Double
        let latency: [String: Latency]
    }

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

    private static func latency(_ latencies: StageLatencies) -> [String: Latency] {
        Dictionary(
            uniqueKeysWithValues: latencies.stages.compactMap { stage in
                Latency(stage.histogram.summary).map { (stage.name, $0) }
            })
    }
}
