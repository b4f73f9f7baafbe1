package import MPI

/// A message to or from a worker under way, kept until it is complete; one that never completes because its peer died is
/// leaked.
package final class PendingMessage {
    /// The other side.
    package let worker: Int
    /// MPI's side of it; nil once it has been taken.
    private var request: Request<Buffer<UInt8>>?

    /// A message that has been started.
    ///
    /// - Parameters:
    ///   - worker: the other side.
    ///   - request: owns the bytes until the transfer is over.
    package init(_ worker: Int, _ request: consuming Request<Buffer<UInt8>>) {
        self.worker = worker
        self.request = .some(request)
    }

    /// The message's bytes once it is complete.
    package func completed() throws -> Buffer<UInt8>? {
        guard var request = request.take() else { return nil }
        if try request.test() { return try request.wait() }
        self.request = .some(request)
        return nil
    }
}

extension [PendingMessage] {
    /// Moves messages along, and forgets those that are complete.
    package mutating func advance() throws {
        var underWay: [PendingMessage] = []
        for pending in self {
            if case .none = try pending.completed() { underWay.append(pending) }
        }
        self = underWay
    }
}
