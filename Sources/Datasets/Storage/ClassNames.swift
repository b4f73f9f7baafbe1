import FedCore

/// Reads and checks names of classes that files give. They are printed in tables, so invisible characters are
/// refused.
enum ClassNames {
    /// The lines of a text file without the blanks around them and without empty ones, as CIFAR's archives list
    /// names.
    ///
    /// - Parameters:
    ///   - path: path of the file.
    ///   - count: number of names expected.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when there is another number of them, or one cannot
    ///   be shown.
    static func lines(of path: String, count: Int) throws(DatasetError) -> [String] {
        let file = try MappedFile(path: path)
        guard let text = String(validating: file.copy(0..<file.count), as: UTF8.self) else {
            throw .malformed(file: path, reason: "is not UTF-8")
        }
        let names = text.split { $0.isNewline }.map { trimmed($0) }.filter { !$0.isEmpty }
        guard names.count == count else {
            throw .malformed(file: path, reason: "names \(names.count) classes, and there are \(count)")
        }
        for (label, name) in names.enumerated() {
            guard let scalar = name.firstUnprintable else { continue }
            throw .malformed(file: path, reason: "the name of class \(label) holds \(describe(scalar))")
        }
        return names
    }

    /// A text without the blanks around it, of any kind that Unicode knows.
    static func trimmed(_ text: some StringProtocol) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(String.UnicodeScalarView(scalars[first...last]))
    }

    /// A character that cannot be shown, for messages, e.g. `U+200B, which is not shown`.
    static func describe(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits), which is not shown"
    }
}
