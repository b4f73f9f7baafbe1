import Cryptography
import MPI
import Records
import Runtime
import SecureAggregation

/// The public keys of the signatures of all clients of a run, against a server that may lie: what clients check each other's keys by.
///
/// They follow from the run's ``SecureMaster``, so that the server has no say in them: rank 1, which draws that, sends them to the others,
/// rank 0 included. In a deployment they come from whoever knows the devices.
struct SecureIdentities: Sendable {
    private static let keyBytes = SigningKey.byteCount
    /// 32 bytes for each client.
    private let bytes: [UInt8]

    /// Derives the keys of so many clients; some 30 µs each.
    init(_ master: SecureMaster, clients: Int) {
        bytes = (0..<clients).flatMap { SecureClient.signingKey(master: master.bytes, client: $0).publicKey }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The keys of a round's clients, in their order.
    func keys(of cohort: [Int]) -> [[UInt8]] {
        cohort.map { Array(bytes[Self.keyBytes * $0..<Self.keyBytes * ($0 + 1)]) }
    }

    /// Derives the keys on rank 1 and broadcasts them; a rank that is alone derives its own. Collective.
    /// - Parameter master: the run's secret, on the ranks that have it.
    /// - Returns: the keys; nil where keys are not signed, and for settings that every rank is about to refuse.
    static func share(
        _ settings: RunSettings, _ master: SecureMaster?, over communicator: any Communicator
    ) throws -> SecureIdentities? {
        guard settings.secureAggregation, settings.assumedServer == .semiMalicious,
            (try? settings.validate()) != nil
        else { return nil }
        // Rank 1, or the one that is alone.
        let source = min(1, communicator.size - 1)
        var bytes = Buffer<UInt8>(count: keyBytes * settings.clients)
        if let master, communicator.rank == source {
            bytes = Buffer(SecureIdentities(master, clients: settings.clients).bytes)
        }
        try communicator.broadcast(&bytes, root: source)
        return SecureIdentities(bytes: bytes.array())
    }
}
