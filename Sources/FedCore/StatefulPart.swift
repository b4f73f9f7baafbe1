/// A part of the server that may remember something from round to round: a strategy, an aggregation rule, a selection
/// rule or a stage. Its memory is written into every checkpoint, and given back when the run is continued.
public protocol StatefulPart: Sendable {
    /// Everything that the part remembers, as bytes in a layout of its own; empty when it remembers nothing.
    var serverState: [UInt8] { get }

    /// Restores what `serverState` gave, so that the run continues with the same bits.
    /// - Parameter state: bytes from a file, which may be damaged or of another version: they must never cause a trap.
    /// - Throws: `ConfigurationError` when the bytes are not this part's.
    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError)
}
