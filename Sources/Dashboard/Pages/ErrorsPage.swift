import Foundation
import HTTPTypes
import RunStore

/// What a trained model gets wrong on its test set: the confusion, and the errors of which it is surest as pictures. `fedmpi predict`
/// finds them; it is asked when somebody looks.
struct ErrorsPage {
    let run: StoredRun
    let answer: PredictAnswer

    /// Everything below the heading.
    var html: HTML {
        let matrix = answer.confusion ?? []
        let names = matrix.indices.map { label in
            answer.errors.first { $0.label == label }?.labelName ?? "\(label)"
        }
        let map = Heatmap(confusion: matrix, names: names)
        let pictures = answer.errors.html { error in
            let place = error.row.map { "row \($0)" } ?? "image \(error.image ?? 0)"
            let source = error.pixels.flatMap { Bitmap($0, shape: error.shape ?? [])?.address }
            let picture: HTML? = source.map {
                "<img src=\"\($0)\" width=\"84\" height=\"84\" alt=\"\(place)\">"
            }
            return """
                <figure>\(picture)<figcaption>\(error.labelName ?? "\(error.label)"), taken for \(error.name ?? "\(error.class)") \
                <small>(\(Words.percent(error.probability)), \(place))</small></figcaption></figure>
                """
        }
        return """
            \(RunPage.tabs(of: run, at: "/errors"))
            <p>Of \(answer.data) it gets \(Words.percent(answer.accuracy)) right.</p>
            <div class="charts">\(map.html)</div><h2>The errors of which it is surest</h2><div class="gallery">\(pictures)</div>
            """
    }
}

/// What `fedmpi predict --worst N --quiet` prints.
struct PredictAnswer: Sendable {
    /// An error with its image.
    struct Failure: Decodable, Sendable {
        let image, row: Int?
        let `class`, label: Int
        let probability: Double
        let name, labelName: String?
        let shape, pixels: [Int]?
    }

    private struct Summary: Decodable {
        let data: String
        let accuracy: Double?
        let confusion: [[Int]]?
    }

    /// The images or rows in words.
    let data: String
    let accuracy: Double?
    let confusion: [[Int]]?
    let errors: [Failure]

    /// Asks the program. Seconds.
    ///
    /// - Parameters:
    ///   - program: path of `fedmpi`.
    ///   - folder: the run's.
    /// - Throws: `APIError` with the program's words when it refuses.
    init(askedOf program: String, _ folder: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["predict", "--model", folder.path, "--worst", "24", "--quiet", "--batch", "64"]
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw APIError(.serviceUnavailable, "fedmpi cannot be started")
        }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let line = String(decoding: said, as: UTF8.self).split(separator: "\n").last.map(String.init)
            throw APIError(.conflict, line ?? "fedmpi predict has failed")
        }
        let lines = data.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first else { throw APIError(.conflict, "fedmpi predict has said nothing") }
        let summary = try JSON.read(Summary.self, first)
        (self.data, accuracy, confusion) = (summary.data, summary.accuracy, summary.confusion)
        self.errors = try lines.dropFirst().map { try JSON.read(Failure.self, $0) }
    }
}

/// A picture as an address that holds it: a bitmap, which needs no compression.
struct Bitmap {
    /// `data:image/bmp;base64,…`
    let address: String

    /// Makes a picture of grey or coloured numbers.
    ///
    /// - Parameters:
    ///   - pixels: from 0 to 255, in the order of the shape.
    ///   - shape: `[channels, height, width]` with one channel or three.
    /// - Returns: nil for what is no picture.
    init?(_ pixels: [Int], shape: [Int]) {
        guard shape.count == 3, shape[0] == 1 || shape[0] == 3, shape.allSatisfy({ (1...512).contains($0) }),
            pixels.count == shape.reduce(1, *)
        else { return nil }
        let (height, width) = (shape[1], shape[2])
        let line = (width * 3 + 3) / 4 * 4
        func little(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        // Header and information header of a bitmap with 24 bits a pixel, rows from the bottom, blue first.
        var bytes: [UInt8] = Array("BM".utf8) + little(54 + line * height, 4) + little(0, 4) + little(54, 4)
        bytes += little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(24, 2) + little(0, 4)
        bytes += little(line * height, 4) + little(2835, 4) + little(2835, 4) + little(0, 8)
        for y in (0..<height).reversed() {
            for x in 0..<width {
                for channel in [2, 1, 0] {
                    let plane = shape[0] == 1 ? 0 : channel
                    bytes.append(UInt8(clamping: pixels[(plane * height + y) * width + x]))
                }
            }
            bytes += [UInt8](repeating: 0, count: line - width * 3)
        }
        address = "data:image/bmp;base64," + Data(bytes).base64EncodedString()
    }
}
