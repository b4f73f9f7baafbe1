import FedCore

/// The command line's arguments as the system hands them over.
///
/// Where their bytes are not UTF-8 Swift puts replacement characters in their place. Such a text names no file, or,
/// worse, another file, and the error would show a name that the user did not type. So `Main` checks the bytes before
/// anything is parsed.
enum ArgumentBytes {
    /// Checks that all arguments are UTF-8.
    ///
    /// - Parameter arguments: the bytes of each argument, without the program's name.
    /// - Throws: `ConfigurationError` that names the first argument that is not UTF-8, with its bytes made printable.
    /// - Complexity: O(bytes).
    static func check(_ arguments: [[UInt8]] = commandLine) throws(ConfigurationError) {
        for bytes in arguments where String(validating: bytes, as: UTF8.self) == nil {
            throw ConfigurationError(
                "'\(String(decoding: bytes, as: UTF8.self).printable)' is not UTF-8; rename the file, or make a link to it and "
                    + "give that")
        }
    }

    /// The bytes of this process's arguments, without the program's name.
    private static var commandLine: [[UInt8]] {
        (1..<max(1, Int(CommandLine.argc))).map { index in
            guard let text = CommandLine.unsafeArgv[index] else { return [] }
            var bytes: [UInt8] = []
            var place = text
            while place.pointee != 0 {
                bytes.append(UInt8(bitPattern: place.pointee))
                place += 1
            }
            return bytes
        }
    }
}
