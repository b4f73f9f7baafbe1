internal import CMPI

/// An MPI call failed.
public struct MPIError: Error, CustomStringConvertible, Equatable {
    /// The C function, such as `MPI_Bcast`.
    public let function: String
    /// The code it returned.
    public let code: Int
    /// The library's text for the code, on one line.
    public let message: String

    public init(function: String, code: Int, message: String) {
        self.function = function
        self.code = code
        self.message = message
    }

    public var description: String { "\(function) failed with code \(code): \(message)" }

    init(function: String, code: Int32) {
        var length: Int32 = 0
        let text = text(capacity: Int(Constant.maxErrorString)) { _ = MPI_Error_string(code, $0, &length) }
        self.init(function: function, code: Int(code), message: oneLine(text))
    }
}

/// Runs one MPI call and turns a code other than success into an error.
@inline(__always)
func check(_ function: StaticString, _ call: () -> Int32) throws(MPIError) {
    let code = call()
    guard code == Constant.success else { throw MPIError(function: "\(function)", code: code) }
}

/// A text of the library with its line breaks and runs of white space made single spaces.
func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
}

/// The text that a C function leaves in a buffer of at most `capacity` bytes.
func text(capacity: Int, _ fill: (UnsafeMutablePointer<CChar>) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity + 1) { buffer in
        buffer.initialize(repeating: 0)
        guard let start = buffer.baseAddress else { return "" }
        fill(start)
        return String(cString: start)
    }
}
