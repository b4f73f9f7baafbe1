import Cryptography
public import FedCore
import Foundation

/// A file with records of devices' days, by which the devices of a fleet live instead of by their classes' habits.
///
/// A run's settings carry where the file is and its SHA-256. The records themselves stay on rank 0: days are known there
/// alone, and what the other ranks need of a turn is told to them. A run that is continued reads the file again, and
/// refuses another one.
public struct FleetTrace: Sendable, Equatable {
    /// A format of such files. Raw values are keys of fleet files.
    public enum Format: String, Sendable, CaseIterable {
        /// The state traces of FLASH; see ``FlashRecords``.
        case flash
        /// The availability of FedScale's clients; see ``FedScaleRecords``.
        case fedscale
    }

    /// How the file is written.
    public let format: Format
    /// Where the file is.
    public let path: String
    /// The file's SHA-256, as 64 hexadecimal digits.
    public let digest: String

    /// Larger files are refused: FLASH's whole data have some ten gigabytes, its sample a hundredth of that.
    private static let mostBytes = 2 << 30

    /// Names a file: reads all of it, so that what is wrong with it is said before a run begins.
    /// - Throws: `ConfigurationError` when it cannot be read, or has no record that can be used.
    public init(_ format: Format, at path: String) throws(ConfigurationError) {
        let data = try Self.contents(of: path)
        (self.format, self.path, digest) = (format, path, Self.digest(of: data))
        _ = try Self.records(data, format, path)
    }

    /// The records, in an order that follows from the file alone.
    /// - Throws: `ConfigurationError` when the file cannot be read, or is not the one that was named.
    public func records() throws(ConfigurationError) -> TraceRecords {
        let data = try Self.contents(of: path)
        try check(data)
        return try Self.records(data, format, path)
    }

    /// Refuses a file that is not the one that was named, or is not there.
    public func check() throws(ConfigurationError) { try check(Self.contents(of: path)) }

    /// Refuses bytes that are not the named file's.
    private func check(_ data: Data) throws(ConfigurationError) {
        let found = Self.digest(of: data)
        guard found == digest else {
            throw ConfigurationError(
                "the trace '\(path.printable)' is not the one that the fleet was made with: its SHA-256 begins with "
                    + "\(found.prefix(12)), that one's with \(digest.prefix(12))")
        }
    }

    /// The bytes of a file.
    /// - Throws: `ConfigurationError` when it cannot be read, or is too large.
    private static func contents(of path: String) throws(ConfigurationError) -> Data {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw ConfigurationError("cannot read the trace '\(path.printable)'")
        }
        guard data.count <= mostBytes else {
            throw ConfigurationError("the trace '\(path.printable)' has more than 2 GB: give a part of it")
        }
        return data
    }

    /// SHA-256, 64 hexadecimal digits; a gigabyte takes about a second.
    private static func digest(of data: Data) -> String {
        var hash = SHA256()
        hash.update(data)
        return hash.finalize().hexadecimal
    }

    /// The records in a file's bytes, some of which can be used.
    /// - Throws: `ConfigurationError` that does not name the file.
    public static func records(in bytes: [UInt8], _ format: Format) throws(ConfigurationError) -> TraceRecords {
        try read(Data(bytes), format)
    }

    private static func read(_ data: Data, _ format: Format) throws(ConfigurationError) -> TraceRecords {
        let records = try format == .flash ? FlashRecords.read(data) : FedScaleRecords.read(data)
        guard !records.devices.isEmpty else {
            throw ConfigurationError("none of its \(NumberText.count(records.leftOut, "record")) can be used")
        }
        return records
    }

    /// Reads the bytes of a file.
    /// - Throws: `ConfigurationError` that names the file.
    private static func records(
        _ data: Data, _ format: Format, _ path: String
    ) throws(ConfigurationError) -> TraceRecords {
        do throws(ConfigurationError) {
            return try read(data, format)
        } catch {
            throw ConfigurationError("the trace '\(path.printable)': \(error)")
        }
    }
}

/// The records of a file.
public struct TraceRecords: Sendable {
    /// Those that can be used.
    public var devices: [DeviceTrace] = []
    /// How many are left out, because nothing can be told from them.
    public var leftOut = 0
}

// As a part of a fleet's text.
extension FleetTrace: CustomStringConvertible {
    /// `@flash SHA256 PATH`, the path without spaces and semicolons.
    public var description: String { "@\(format.rawValue) \(digest) \(Self.escaped(path))" }

    /// Reads ``description``. The file is not touched: other ranks do not have it.
    /// - Throws: `ConfigurationError` when it is none.
    init(text: String) throws(ConfigurationError) {
        let words = text.dropFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, let format = Format(rawValue: words[0]), words[1].utf8.count == 64,
            words[1].allSatisfy(\.isHexDigit), let path = words[2].removingPercentEncoding, !path.isEmpty
        else { throw ConfigurationError("'\(text.printable)' names no trace") }
        (self.format, digest, self.path) = (format, words[1], path)
    }

    /// The path in letters, digits and `/._-`; every other byte as `%` and two digits.
    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            let scalar = Character(UnicodeScalar(byte))
            let isPlain = byte < 128 && (scalar.isLetter || scalar.isNumber || "/._-".contains(scalar))
            let digits = String(byte, radix: 16)
            return isPlain ? String(scalar) : "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
