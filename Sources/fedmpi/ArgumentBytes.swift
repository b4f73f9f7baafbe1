import FedCore

/// Arguments as the system hands them over. Where their bytes are not UTF-8 the language puts another text in their place, which
/// names no file.
enum ArgumentBytes {
    /// - Throws: `ConfigurationError` that names the first argument that is not UTF-8.
    static func check(_ arguments: [[UInt8]] = commandLine) throws(ConfigurationError) {
        for bytes in arguments where String(validating: bytes, as: UTF8.self) == nil {
            throw ConfigurationError(
                "'\(String(decoding: bytes, as: UTF8.self).printable)' is not UTF-8; rename the file, or make a link to it and "
                    + "give that")
        }
    }

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
