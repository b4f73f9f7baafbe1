internal import CMPI

/// An MPI call that failed (MPI 3.1 §8.3).
///
/// Error handlers of all communicators return codes instead of aborting, so that a rank can say what it was
/// about. After an error the standard leaves the state of MPI undefined, so in most places the job ends; what
/// the runtime does after the loss of a rank works with the libraries that it is tested with.
public struct MPIError: Error, CustomStringConvertible, Equatable {
    /// The C function, such as `MPI_Bcast`; of the non-blocking forms, `MPI_Ibcast` or `MPI_Test`.
    public let function: String
    /// The code it returned, whose numbers are the library's own; 0 where the call succeeded with an unusable result.
    public let code: Int
    /// The library's text for the code, on one line.
    public let message: String

    /// Makes an error of an implementation of ``Communicator`` that is not the library.
    public init(function: String, code: Int, message: String) {
        self.function = function
        self.code = code
        self.message = message
    }

    /// One line with function, code and text.
    public var description: String { "\(function) failed with code \(code): \(message)" }

    /// Asks the library for the text of a code.
    init(function: String, code: Int32) {
        var length: Int32 = 0
        let text = text(capacity: Int(Constant.maxErrorString)) { _ = MPI_Error_string(code, $0, &length) }
        self.init(function: function, code: Int(code), message: oneLine(text))
    }
}

/// Runs one MPI call and turns a code other than success into an error; free of cost when it succeeds.
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
