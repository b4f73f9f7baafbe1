import FedCore
import Foundation
import Testing

@testable import Datasets

/// Files that are no plain UTF-8 text.
@Suite struct TextFileTests {
    let tables: TextTables
    private static let text = "2,0.5\n0,3\n1,7\n"

    init() throws { tables = try TextTables() }

    @Test func gzipIsReadAsItIs() throws {
        let pair = try tables.open(gzip(Array(Self.text.utf8)), test: "1,1\n")
        #expect(pair.train.labels() == [2, 0, 1] && pair.train.read([1]).images == [3])
        #expect(tables.message(gzip(Array(Self.text.utf8)).dropLast(3)).hasPrefix("cannot decompress train.csv: "))
    }

    /// - Parameter width: bytes of a character, the low one first unless said.
    private static func wide(_ width: Int, highFirst: Bool = false) -> [UInt8] {
        text.utf8.flatMap { byte -> [UInt8] in
            let zeros = [UInt8](repeating: 0, count: width - 1)
            return highFirst ? zeros + [byte] : [byte] + zeros
        }
    }

    struct Other: Sendable {
        let bytes: [UInt8]
        let message: String
    }

    private static let utf16 = ": is UTF-16, not text in UTF-8: save it as UTF-8, e.g. with iconv -f UTF-16 -t UTF-8"
    private static let others: [Other] = [
        Other(bytes: [0xFF, 0xFE] + wide(2), message: utf16),
        Other(bytes: [0xFE, 0xFF] + wide(2, highFirst: true), message: utf16),
        Other(bytes: wide(2), message: utf16),
        Other(
            bytes: wide(4),
            message: ": is UTF-32, not text in UTF-8: save it as UTF-8, e.g. with iconv -f UTF-32 -t UTF-8"),
        Other(
            bytes: [0x28, 0xB5, 0x2F, 0xFD, 1],
            message: ": is compressed by zstd, not text in UTF-8: decompress it first"),
        Other(
            bytes: Array("<!DOCTYPE html>\n<html>".utf8),
            message: ": is a web page, not text in UTF-8: fetch the table itself"),
        Other(
            bytes: [0x50, 0x4B, 3, 4, 1],
            message: ": is a ZIP archive (.zip, .xlsx, .npz), not text in UTF-8: unpack it, or save the sheet as CSV; "
                + "arrays (.npz) are data set 'numpy:FILE'"),
    ]

    @Test(arguments: others) func whatIsNoTextIsCalledByItsName(other: Other) {
        #expect(tables.message(other.bytes) == "train.csv" + other.message)
    }
}
