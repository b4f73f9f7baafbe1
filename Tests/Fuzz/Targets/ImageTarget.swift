import CZlib
import Datasets
import FedCore
import Foundation

/// A picture's file, decoded as those of a folder of pictures are.
struct ImageTarget: FuzzTarget {
    let name: String
    let seeds: [[UInt8]]
    let fields: [Field]
    /// Makes the checksums fit again, so that inputs reach what these guard.
    private let mendsChecksums: Bool
    private let originals: [Picture]

    private init(_ name: String, _ seeds: [[UInt8]], fields: [Field], mendsChecksums: Bool) throws {
        self.name = name
        self.seeds = seeds
        self.fields = fields
        self.mendsChecksums = mendsChecksums
        originals = try seeds.map { try Picture(decoding: $0, channels: 3, path: "picture") }
    }

    mutating func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        do {
            let picture = try Picture(decoding: input, channels: 3, path: "picture")
            try Violation.require(
                picture.width >= 1 && picture.height >= 1
                    && picture.pixels.count == picture.width * picture.height * 3, "pixels of another number")
            return picture == originals[seed] ? .equal : .different
        } catch let error as DatasetError {
            try Violation.require(!error.description.contains("\n"), "an error of more than one line: \(error)")
            return .refused
        }
    }

    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        guard mendsChecksums, random.integer(below: 8) > 0 else { return }
        // Behind the signature: length, kind, data and checksum of each chunk.
        var place = 8
        while place + 12 <= input.count {
            let length = input[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            guard place + 12 + length <= input.count else { return }
            let checked = Array(input[place + 4..<place + 8 + length])
            let sum = Self.big(Int(crc32(0, checked, UInt32(checked.count))))
            input.replaceSubrange(place + 8 + length..<place + 12 + length, with: sum)
            place += 12 + length
        }
    }

    /// Pictures of 4 × 4: grey of one bit, colours, a palette with alpha, and 16 bits with alpha, interlaced.
    static func png() throws -> ImageTarget {
        func rising(_ count: Int, by step: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * step) } }
        let palette: [UInt8] = chunk("PLTE", rising(12, by: 20)) + chunk("tRNS", [0, 128, 255])
        var bits: [UInt8] = []
        var colours: [UInt8] = []
        var places: [UInt8] = []
        for row: UInt8 in 0..<4 {
            bits += [0, row << 5]
            // Each row by another filter.
            colours += [row] + rising(12, by: 9)
            places += [0, row << 6 | 27]
        }
        // The rows of the passes of an interlaced picture of 4 × 4.
        let passes = [1, 1, 2, 2, 2, 4, 4].flatMap { pixels -> [UInt8] in [0] + rising(8 * pixels, by: 29) }
        let seeds = [
            file(depth: 1, colour: 0, data: bits), file(depth: 8, colour: 2, data: colours),
            file(depth: 2, colour: 3, before: palette, data: places),
            file(depth: 16, colour: 6, isInterlaced: true, data: passes),
        ]
        // The header's numbers, and the length of the next chunk.
        let words = [8, 16, 20, 33].map { Field(offset: $0, width: 4) }
        let fields = words + (24..<29).map { Field(offset: $0, width: 1) }
        return try ImageTarget("png", seeds, fields: fields, mendsChecksums: true)
    }

    /// Pictures of 4 × 4 as Pillow writes them: colour, grey, and colour in several scans.
    static func jpeg() throws -> ImageTarget {
        let seeds = [
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5mo
            q6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAEAAQDASIAAhEB
            AxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xAAeEAABBAEFAAAAAAAAAAAAAAADAAECEQQSEyJBYf/EABQBAQAAAAAAAAAAAAAAAAAAAAP/xAAWEQEB
            AQAAAAAAAAAAAAAAAAABABH/2gAMAwEAAhEDEQA/AJjDIbdd8k8NJJR4zq67f1ERErsSut//2Q==
            """,
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5mo
            q6T/wAALCAAEAAQBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EAB0QAAIBBAMAAAAAAAAAAAAAAAECAwAEEUEUITH/2gAIAQEAAD8AMs1w7yDlTAI5
            QYfPm+91/9k=
            """,
            """
            /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5mo
            q6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wgARCAAEAAQDASIAAhEB
            AxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xAAUAQEAAAAAAAAAAAAAAAAAAAAC/9oADAMBAAIQAxAAAAGAD//EABYQAQEBAAAAAAAAAAAAAAAAAAEA
            Av/aAAgBAQABBQLIt//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Bf//EABcQAQAD
            AAAAAAAAAAAAAAAAAAEAIjH/2gAIAQEABj8CbOz/xAAYEAACAwAAAAAAAAAAAAAAAAAAAREhMf/aAAgBAQABPyHBMMqZ/9oADAMBAAIAAwAAABD/AP/E
            ABYRAQEBAAAAAAAAAAAAAAAAAAEAEf/aAAgBAwEBPxBXW//EABYRAQEBAAAAAAAAAAAAAAAAAAEAEf/aAAgBAgEBPxBXb//EABgQAAMBAQAAAAAAAAAA
            AAAAAAERQQBh/9oACAEBAAE/EHEzgtU93//Z
            """,
        ].map { [UInt8](Data(base64Encoded: $0, options: .ignoreUnknownCharacters) ?? Data()) }
        // Lengths of the tables, and the frame header of the grey picture.
        let fields =
            [4, 22, 91, 93, 96, 98].map { Field(offset: $0, width: 2) }
            + [95, 100, 101].map { Field(offset: $0, width: 1) }
        return try ImageTarget("jpeg", seeds, fields: fields, mendsChecksums: false)
    }

    private static func file(
        depth: UInt8, colour: UInt8, isInterlaced: Bool = false, before: [UInt8] = [], data: [UInt8]
    ) -> [UInt8] {
        let header = big(4) + big(4) + [depth, colour, 0, 0, isInterlaced ? 1 : 0]
        var packed = [UInt8](repeating: 0, count: Int(compressBound(UInt(data.count))))
        var length = UInt(packed.count)
        compress2(&packed, &length, data, UInt(data.count), 9)
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + before
            + chunk("IDAT", Array(packed[..<Int(length)])) + chunk("IEND", [])
    }

    private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        let text = Array(kind.utf8) + body
        return big(body.count) + text + big(Int(crc32(0, text, UInt32(text.count))))
    }

    private static func big(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
