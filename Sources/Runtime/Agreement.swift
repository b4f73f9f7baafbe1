package import FedCore
package import MPI

extension Communicator {
    /// Runs `body` on every rank; if it fails somewhere with an error that is the user's to mend, every rank gets the
    /// error of the lowest such rank. Collective.
    /// - Parameter timeline: told when this rank is done and waits for the others.
    package func agree(_ timeline: Timeline? = nil, on body: () throws -> Void) throws -> ConfigurationError? {
        var message: String?
        do {
            try body()
        } catch let error as any UserError {
            message = error.description
        }
        timeline?.enter(.wait)
        let texts = try allGatherText(message ?? "")
        guard let rank = texts.firstIndex(where: { !$0.isEmpty }) else { return nil }
        return ConfigurationError(rank == 0 ? texts[rank] : "rank \(rank): \(texts[rank])")
    }
}
