import Cryptography
import MPI
import Records
import Runtime

/// The secret of a run from which all secrets of its clients follow, so that any rank can take any client over. It is in no log, no
/// checkpoint and no message to rank 0; a resumed run has another.
///
/// This is for one operator who owns all ranks, and could look at every update anyway. A device of its own draws secrets of its own.
final class SecureMaster: Sendable {
    /// 32 bytes.
    let bytes: SecretBytes

    private init(_ bytes: consuming SecretBytes) { self.bytes = bytes }

    /// Draws a secret.
    convenience init() { self.init(SecretBytes.random(count: 32)) }

    /// Draws the secret on rank 1 and sends it to the other client ranks; rank 0 has it only where it is alone. To be called on every
    /// rank.
    /// - Returns: the secret; nil without secure aggregation, and on rank 0.
    static func share(_ settings: RunSettings, over communicator: any Communicator) throws -> SecureMaster? {
        guard settings.secureAggregation else { return nil }
        guard communicator.size > 1 else { return SecureMaster() }
        guard communicator.rank > 0 else { return nil }
        guard communicator.rank == 1 else {
            var bytes = Buffer<UInt8>(count: 32)
            try communicator.receive(into: &bytes, from: 1, tag: ControlMessage.Tag.mail)
            return SecureMaster(SecretBytes(copying: bytes.array()))
        }
        let drawn = SecretBytes.random(count: 32)
        for rank in 2..<max(communicator.size, 2) {
            try communicator.send(Self.message(drawn), to: rank, tag: ControlMessage.Tag.mail)
        }
        return SecureMaster(drawn)
    }

    private static func message(_ secret: borrowing SecretBytes) -> Buffer<UInt8> {
        var bytes = Buffer<UInt8>(count: 32)
        for i in 0..<32 { bytes[i] = secret.span[i] }
        return bytes
    }
}
