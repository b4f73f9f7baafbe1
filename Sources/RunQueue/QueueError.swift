/// What cannot be done with a request as it stands. Settings that do not work are a `ConfigurationError` instead.
public enum QueueError: Error, Equatable, CustomStringConvertible {
    /// There is no such request or run; one line.
    case unknown(String)
    /// It stands otherwise than was thought; one line.
    case conflict(String)

    public var description: String {
        switch self {
        case .unknown(let line), .conflict(let line): line
        }
    }
}
