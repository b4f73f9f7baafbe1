import Cryptography

/// Bytes of clients' messages, for whoever has to have room for them.
public enum SecureMessageSize {
    /// Bytes of advertised keys, which are signed where the server may lie.
    public static func advertisement(_ adversary: SecureAdversary) -> Int {
        MessageHead.byteCount + 2 * X25519PrivateKey.byteCount
            + (adversary == .curiousServer ? 0 : SigningKey.signatureBytes)
    }
    /// Bytes of the sealed shares for so many neighbours.
    public static func keyShares(neighbours: Int) -> Int {
        MessageHead.byteCount + 32 + neighbours * (4 + HeldShares.sealedBytes)
    }
    /// Bytes of a masked vector.
    public static func maskedInput(_ ring: RingFormat, count: Int) -> Int {
        MessageHead.byteCount + ring.packedBytes(count: count)
    }
    /// Bytes of the shares of so many neighbours' secrets, and, in a complete graph, of the client's own.
    public static func unmaskAnswer(neighbours: Int) -> Int {
        MessageHead.byteCount + (neighbours + 1) * (8 + SecretSharing.shareBytes)
    }
}
