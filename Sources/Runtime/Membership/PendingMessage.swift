package import MPI

/// A message to or from a worker under way, kept until it is complete; one that never completes because its peer died is
/// leaked.
package final class PendingMessage {
    package let worker: Int
    private var request: Request<Buffer<UInt8>>?

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
