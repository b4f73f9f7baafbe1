/// A checked name of a run, a sweep or a fleet, which is also the name of its folder: one path component that cannot
/// lead out of the results folder, and that can be shown on a terminal.
public struct FolderName: Equatable, Sendable, CustomStringConvertible {
    /// Most bytes in a name of a file on common file systems.
    static let longest = 255

    /// The name.
    public let text: String

    /// Checks a name.
    /// - Parameters:
    ///   - text: the name, 1 … 255 bytes of UTF-8.
    ///   - option: flag that the name was given by, such as `--run-name`, for the error.
    /// - Throws: `ConfigurationError` when it is empty, `.` or `..`, too long, or has a slash or a character that
    ///   cannot be shown as itself.
    public init(_ text: String, option: String) throws(ConfigurationError) {
        // Scalars, because a slash with an accent is another character, and a slash all the same to the file system.
        let isOneName = !text.unicodeScalars.contains("/") && text != "." && text != ".." && !text.isEmpty
        guard isOneName else {
            throw ConfigurationError("\(option) '\(text.printable)' is not a folder name")
        }
        if text.firstUnprintable != nil {
            throw ConfigurationError(
                "\(option) '\(text.printable)' is not a folder name: it has a character that cannot be shown")
        }
        guard text.utf8.count <= Self.longest else {
            throw ConfigurationError(
                "\(option) is not a folder name: it has \(text.utf8.count) bytes; at most \(Self.longest) can be")
        }
        self.text = text
    }

    public var description: String { text }
}
