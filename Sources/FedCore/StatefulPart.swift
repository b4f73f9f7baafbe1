/// A part of the server that remembers something from round to round: what it remembers is in every checkpoint, and a run that
/// goes on has it again.
public protocol StatefulPart: Sendable {
    /// Everything that the part remembers, as bytes of its own layout; empty when it remembers nothing.
    var serverState: [UInt8] { get }

    /// Takes back what `serverState` gave.
    /// - Throws: `ConfigurationError` when the bytes are not this part's; it must not trap, whatever they are.
    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError)
}
