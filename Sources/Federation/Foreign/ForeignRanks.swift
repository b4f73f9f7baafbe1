import FedCore
import MPI
import NeuralNet
import Records
import Runtime

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The client ranks of a job that are another program, such as Python's `fedmpi`: who they are, what they can do, and
/// what passes between them and this program before the first round (docs/WIRE.md, *Ranks of other programs*).
///
/// They speak the wire of every run. What they cannot derive, because they have neither models nor strategies of this
/// program, rank 0 tells them in a ``JobDescription``.
struct ForeignRanks {
    /// What such a rank says of its program: a word and the version of this handshake.
    private static let greeting = "client 1"

    /// Their ranks, ascending.
    let ranks: [Int]
    /// What ranks say that greet otherwise.
    private let stranger: (rank: Int, greeting: String)?
    /// Number of client ranks.
    private let clientRanks: Int

    /// Reads what each rank says of its program.
    init(_ processes: ProcessTable) {
        let programs = processes.programs
        ranks = programs.indices.filter { !programs[$0].isEmpty }
        stranger = ranks.first { programs[$0] != Self.greeting }.map { ($0, programs[$0]) }
        clientRanks = programs.count - 1
    }

    var isEmpty: Bool { ranks.isEmpty }

    /// Receives what they declare, on every rank. Collective; nothing happens without such ranks, or where this
    /// program runs the model and has the data.
    /// - Returns: nil when the model is this program's own, or there is nobody to declare anything.
    func declaration(
        _ settings: RunSettings, over communicator: any Communicator
    ) throws -> Result<ForeignClients, ConfigurationError>? {
        guard let first = ranks.first, ExternalModel.path(in: settings.model) != nil else { return nil }
        let bytes = try communicator.broadcastBytes([], root: first)
        guard let clients = try? JSONDecoder().decode(ForeignClients.self, from: Data(bytes)) else {
            return .failure(ConfigurationError("what rank \(first) declares of its data cannot be read"))
        }
        return .success(clients)
    }

    /// Tells them of the job. Collective; nothing happens without such ranks.
    func describe(_ job: Job?, over communicator: any Communicator) throws {
        guard !isEmpty else { return }
        let bytes = communicator.rank == 0 ? try job.map { try JSONEncoder().encode(JobDescription($0)) } : nil
        _ = try communicator.broadcastBytes(Array(bytes ?? Data()), root: 0)
    }

    /// Refuses a job that these ranks cannot take part in, and a model that this rank cannot run.
    /// - Parameter rank: this rank.
    func validate(_ settings: RunSettings, rank: Int) throws(ConfigurationError) {
        if let stranger {
            throw ConfigurationError(
                "rank \(stranger.rank) is '\(stranger.greeting.printable)' of another version: this fedmpi takes client "
                    + "ranks that are '\(Self.greeting)'; pip install ./python of its own source")
        }
        guard ExternalModel.path(in: settings.model) != nil else { return }
        if rank == 0, clientRanks > 0, ranks.count == clientRanks { return }
        throw ConfigurationError(
            "model '\(settings.model.printable)' is run by another program, and every client rank has to be one: "
                + "mpirun -np 1 fedmpi --model \(settings.model.printable) … : -np 4 python client.py")
    }
}
