import CZlib

/// PNG files by the format's definition (ISO/IEC 15948): one chunk of data, no filter.
enum TinyPNG {
    /// - Parameters:
    ///   - colour: the format's colour type: 0 grey, 2 colour.
    ///   - rows: the bytes of each row.
    static func file(width: Int, height: Int, depth: UInt8 = 8, colour: UInt8 = 2, rows: [[UInt8]]) -> [UInt8] {
        let header = big(width) + big(height) + [depth, colour, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("IDAT", packed(rows.flatMap { [0] + $0 })) + chunk("IEND", [])
    }

    private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        let text = Array(kind.utf8) + body
        return big(body.count) + text + big(Int(crc32(0, text, UInt32(text.count))))
    }

    private static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var length = compressBound(UInt(bytes.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        compress2(&packed, &length, bytes, UInt(bytes.count), 9)
        return Array(packed[..<Int(length)])
    }

    private static func big(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
