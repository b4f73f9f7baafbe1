import Foundation

extension Error {
    /// The error as one line that a person can read, whoever made it.
    ///
    /// Foundation's errors are objects of a domain and a code with others inside, and Swift's decoders name types:
    /// both are reduced to the reason, e.g. `results/a.json: no such file or directory`. An error of this project's is
    /// its own description.
    public var line: String { ErrorText.oneLine(ErrorText.of(self, namesFile: true)) }

    /// ``line`` without the file that Foundation names, for a message that has named it already.
    public var reasonLine: String { ErrorText.oneLine(ErrorText.of(self, namesFile: false)) }
}

private enum ErrorText {
    /// The text on one line, safe to print: messages may quote bytes of a file or of a peer.
    static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
    }

    /// The reason in words.
    /// - Parameter namesFile: whether the file of a Foundation error stands before the reason.
    static func of(_ error: any Error, namesFile: Bool) -> String {
        switch error {
        case let error as DecodingError: return text(of: error)
        case EncodingError.invalidValue(_, let context): return text(of: context.codingPath, context.debugDescription)
        default: break
        }
        // Bridging is a cast for Foundation's errors; for Swift's own it makes an object of another domain.
        let bridged = error as NSError
        switch bridged.domain {
        case NSPOSIXErrorDomain: return system(bridged.code)
        case NSCocoaErrorDomain: return foundation(bridged, namesFile)
        default: return type(of: error) is NSError.Type ? bridged.localizedDescription : "\(error)"
        }
    }

    /// The system's own reason, with the file before it, as far as they are known.
    private static func foundation(_ error: NSError, _ namesFile: Bool) -> String {
        let file =
            error.userInfo[NSFilePathErrorKey] as? String ?? (error.userInfo[NSURLErrorKey] as? URL)?.path
        let reason: String
        if let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error {
            reason = of(cause, namesFile: false)
        } else if let said = error.userInfo[debugDescriptionKey] as? String {
            reason = plain(said)
        } else {
            reason = plain(error.localizedDescription.replacing("The operation could not be completed. ", with: ""))
        }
        guard namesFile, let file else { return reason }
        return "\(file): \(reason)"
    }

    private static func system(_ code: Int) -> String { String(cString: strerror(Int32(truncatingIfNeeded: code))) }

    private static func text(of error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): text(of: context.codingPath, "'\(key.stringValue)' is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            text(of: context.codingPath, context.debugDescription)
        @unknown default: "it cannot be decoded"
        }
    }

    private static func text(of path: [any CodingKey], _ reason: String) -> String {
        let place = path.reduce(into: "") { place, key in
            if let index = key.intValue {
                place += "[\(index)]"
            } else {
                place += (place.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return (place.isEmpty ? "" : "\(place): ") + plain(reason)
    }

    /// A sentence as it stands after a colon: lower case at its beginning, without a full stop.
    private static func plain(_ sentence: String) -> String {
        let text = sentence.hasSuffix(".") ? sentence.dropLast() : sentence[...]
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

/// `debugDescriptionKey` of other platforms.
private let debugDescriptionKey = "NSDebugDescription"
