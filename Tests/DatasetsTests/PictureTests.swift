import FedCore
import Foundation
import Testing

@testable import Datasets

/// Expected values are Pillow's, from `scripts/make-picture-fixtures`.
@Suite struct PictureTests {
    private struct Expected: Decodable {
        let decoded: [String: [String: [Int]]]
        let resized: [String: [Int]]

        static func read() throws -> Expected {
            try JSONDecoder().decode(Expected.self, from: Fixture.data("pictures.json"))
        }
    }

    private func picture(_ name: String, channels: Int = 3) throws -> Picture {
        try Picture(decoding: Fixture.bytes(name), channels: channels, path: name)
    }

    /// Largest difference of a byte.
    private func difference(_ picture: Picture, _ expected: [Int]) -> Int {
        guard picture.pixels.count == expected.count else { return .max }
        return zip(picture.pixels, expected).map { abs(Int($0) - $1) }.max() ?? .max
    }

    private static let files = [
        "rgb.png", "palette.png", "palette-alpha.png", "rgba.png", "grey.png", "grey-alpha.png", "bits.png",
        "noise.png",
        "rgb16.png", "interlaced.png",
    ]

    @Test(arguments: files) func aPNGIsReadExactly(name: String) throws {
        let expected = try Expected.read().decoded[name]
        #expect(try picture(name).pixels.map { Int($0) } == expected?["RGB"])
        #expect(try picture(name, channels: 1).pixels.map { Int($0) } == expected?["L"])
    }

    // Two versions of the library may round differently.
    @Test(arguments: ["rgb.jpg", "grey.jpg", "progressive.jpg"]) func aJPEGIsReadAsElsewhere(name: String) throws {
        let expected = try Expected.read().decoded[name]
        #expect(difference(try picture(name), try #require(expected?["RGB"])) <= 2)
        #expect(difference(try picture(name, channels: 1), try #require(expected?["L"])) <= 2)
    }

    /// A PNG of 16-bit grey by its definition: the high byte counts.
    @Test func sixteenBitsOfGreyBecomeEight() throws {
        let grey = TinyPNG.file(width: 2, height: 1, depth: 16, colour: 0, rows: [[0x12, 0xFF, 0xFE, 0x00]])
        #expect(try Picture(decoding: grey, channels: 1, path: "").pixels == [0x12, 0xFE])
    }

    @Test(arguments: [(3, 4), (14, 22), (5, 20), (7, 1), (1, 11), (6, 10), (16, 3)])
    func resizesAsPillowDoes(height: Int, width: Int) throws {
        let expected = try #require(try Expected.read().resized["\(height)x\(width)"])
        let resized = try picture("noise.png").resized(height: height, width: width)
        #expect(resized.height == height && resized.width == width)
        #expect(resized.pixels.map { Int($0) } == expected)
    }

    private func message(_ bytes: [UInt8], _ name: String) -> String {
        let error = #expect(throws: DatasetError.self) { try Picture(decoding: bytes, channels: 3, path: name) }
        return "\(error, default: "")"
    }

    @Test(arguments: ["rgb.png", "rgb.jpg"]) func damageIsOneLineWithTheFile(name: String) throws {
        let bytes = try Fixture.bytes(name)
        for count in [4, bytes.count / 2, bytes.count - 20] {
            let text = message(Array(bytes[..<count]), name)
            #expect(text.hasPrefix("\(name): cannot be decoded as ") && !text.contains("\n"))
        }
        #expect(message([1, 2, 3], "x.png") == "x.png: is neither PNG nor JPEG")
        #expect(message(Array("<html>".utf8), "x.png") == "x.png: is neither PNG nor JPEG: it is a web page")
        #expect(message([], "x.png") == "x.png: is empty")
        #expect(
            message(try Fixture.bytes("cmyk.jpg"), "x.jpg")
                == "x.jpg: is a JPEG of printing colours (CMYK); save it as RGB")
    }

    @Test func oneWrongByteOfAPNGIsFound() throws {
        var bytes = try Fixture.bytes("rgb.png")
        let data = try #require(bytes.firstRange(of: Array("IDAT".utf8))?.upperBound)
        bytes[data + 8] ^= 1
        #expect(message(bytes, "x.png").hasPrefix("x.png: cannot be decoded as PNG: "))
    }

    @Test func aSizeBeyondReasonIsRefusedBeforeItIsAllocated() throws {
        // The JPEG's frame header: FF C0, length, precision, height, width.
        var bytes = try Fixture.bytes("rgb.jpg")
        let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xEA, 0x60, 0xEA, 0x60])
        #expect(message(bytes, "bomb.jpg").hasPrefix("bomb.jpg: is 60000×60000 pixels; at most 16384 a side"))
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x1F, 0x40, 0x1F, 0x40])
        #expect(
            message(bytes, "bomb.jpg")
                == "bomb.jpg: is damaged: its \(bytes.count) bytes cannot hold 8000×8000 pixels")
        let png = TinyPNG.file(width: 8000, height: 8000, depth: 8, colour: 2, rows: [[0, 0, 0]])
        #expect(message(png, "b.png") == "b.png: is damaged: its \(png.count) bytes cannot hold 8000×8000 pixels")
    }
}
