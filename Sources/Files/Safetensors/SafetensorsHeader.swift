#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The header of a weights file, a JSON object: one member for each tensor, and `__metadata__`.
///
/// Limits are checked before the JSON is parsed, because a parser spends memory on whatever it is given.
struct SafetensorsHeader: Codable {
    /// One tensor's member, as the file says it; not yet checked.
    struct Entry: Codable {
        /// The type by the format's name, such as `F32`.
        let dtype: String
        /// The extents, outermost first.
        let shape: [Int]
        // The format's own name.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let data_offsets: [Int]
    }

    /// The longest header that is read, in bytes: far more than any model here takes, and little enough to be
    /// read in a moment. The format allows 100 MB.
    static let largest = 4 << 20
    /// The most members of all objects in it, together: a tensor takes four.
    static let mostMembers = 20_000
    /// The bytes before it, which hold its length.
    static let prefixBytes = 8

    /// The tensors, by name.
    var tensors: [String: Entry]
    /// Text about the file, by key; empty where the file has none.
    var metadata: [String: String]

    init(tensors: [String: Entry], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The header's length in bytes, by the file's first bytes.
    ///
    /// - Throws: ``SafetensorsError`` when there are fewer than ``prefixBytes``, or the length is more than
    ///   ``largest``.
    static func byteCount(_ first: some Collection<UInt8>) throws(SafetensorsError) -> Int {
        guard first.count >= prefixBytes else {
            throw .wrongSize(expectedBytes: prefixBytes, actualBytes: first.count)
        }
        let length = first.prefix(prefixBytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // No file is so long: these bytes are something else.
        guard length < 1 << 40 else { throw .badHeader("what it begins with: it is no safetensors file") }
        guard length <= UInt64(largest) else {
            throw .badHeader("a header of \(length) bytes; the longest that is read has \(largest)")
        }
        return Int(length)
    }

    /// Reads the JSON text. What is far too long is refused before the time and the memory of reading it are spent.
    ///
    /// - Throws: ``SafetensorsError/badHeader(_:)``
    init(parsing text: ArraySlice<UInt8>) throws(SafetensorsError) {
        guard Self.hasFewMembers(text) else {
            throw .badHeader("its header has more than \(Self.mostMembers / 4) tensors, which no model here has")
        }
        do { self = try JSONDecoder().decode(SafetensorsHeader.self, from: Data(text)) } catch {
            throw .badHeader("its header is not the expected JSON")
        }
    }

    /// Counts colons outside of strings, each of which belongs to one member, in one pass without memory.
    private static func hasFewMembers(_ text: ArraySlice<UInt8>) -> Bool {
        var (members, isText, isEscaped) = (0, false, false)
        for byte in text {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isText.toggle()
            } else if isText {
                isEscaped = byte == UInt8(ascii: "\\")
            } else if byte == UInt8(ascii: ":") {
                members += 1
            }
        }
        return members <= mostMembers
    }

    // MARK: Codable

    /// A member's name, which may be any text.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        /// The one member that is no tensor.
        static let metadata = Key(stringValue: "__metadata__")
    }

    /// Takes `__metadata__` apart from the tensors.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        tensors = [:]
        metadata = [:]
        for key in container.allKeys {
            if key.stringValue == Key.metadata.stringValue {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                tensors[key.stringValue] = try container.decode(Entry.self, forKey: key)
            }
        }
    }

    /// Writes `__metadata__` only where there is any.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if !metadata.isEmpty { try container.encode(metadata, forKey: .metadata) }
        for (name, entry) in tensors { try container.encode(entry, forKey: Key(stringValue: name)) }
    }
}
