public import Foundation

/// The form of records in files: what writes a run's folder and what reads it share it.
///
/// A record is a JSON object, and a log an array of them. Numbers that are not finite, which JSON does not have, are strings.
/// Who reads is tolerant: an earlier version may lack fields, a later one have others, and a program that was killed has left
/// the last record cut off.
public enum RecordFormat {
    /// The log of rounds in a run's folder: ``RoundRecord``s.
    public static let roundLogName = "round_log.json"
    /// The log of what went wrong: ``FaultRecord``s.
    public static let faultsName = "faults.json"
    /// ``ClientAccuracies`` after the last evaluated round.
    public static let clientAccuraciesName = "client_accuracy.json"

    /// ``ClientEpsilon``s at the end of a run.
    public static let clientEpsilonsName = "client_epsilon.json"

    /// A record as it stands in a file.
    public static func text(of record: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return Array(try encoder.encode(record))
    }

    /// A decoder of records.
    public static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }

    /// Finds the records of a log, or of a part of one that does not begin inside a record. O(bytes)
    /// - Returns: the places of those that are whole, in their order, and whether the last one is cut off.
    public static func places(in log: Span<UInt8>) -> (whole: [Range<Int>], isCut: Bool) {
        var whole: [Range<Int>] = []
        var depth = 0
        var start = 0
        var isInString = false
        var isEscaped = false
        for i in log.indices {
            let byte = log[i]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"):
                if depth == 0 { start = i }
                depth += 1
            case UInt8(ascii: "}") where depth > 0:
                depth -= 1
                if depth == 0 { whole.append(start..<(i + 1)) }
            default: break
            }
        }
        return (whole, depth > 0)
    }

    /// Whether a file may be a log: its first sign opens an array.
    public static func opensArray(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.first { $0 != 0x20 && !(0x09...0x0d).contains($0) } == UInt8(ascii: "[")
    }
}
