import Cryptography

/// What a client gives each of its neighbours to keep: a share of the seed of its own mask, and one of its secret key for the masks that
/// it has in common with others. 80 bytes; sealed, 96.
enum HeldShares {
    /// Bytes of both shares.
    static let byteCount = 2 * SecretSharing.shareBytes
    /// Bytes of both shares and the tag.
    static let sealedBytes = byteCount + SealedText.tagBytes
    /// A key seals one text, so one nonce will do.
    private static let nonce = [UInt8](repeating: 0, count: SealedText.nonceBytes)

    /// Which of the two shares.
    enum Kind: UInt32 {
        /// Shares of the seed: asked for when the client has sent its masked vector.
        case seed = 1
        /// Shares of the secret key: asked for when it has not.
        case key = 2

        /// Where the share is among the 80 bytes.
        var places: Range<Int> {
            self == .seed ? 0..<SecretSharing.shareBytes : SecretSharing.shareBytes..<HeldShares.byteCount
        }
    }

    /// Seals shares for a neighbour.
    /// - Parameters:
    ///   - shares: 80 bytes.
    ///   - agreed: what both agreed on with their sealing keys.
    ///   - sender: whose secrets they are shares of.
    ///   - receiver: who is to keep them.
    static func seal(
        _ shares: Span<UInt8>, agreed: borrowing SecretBytes, from sender: Int, to receiver: Int, _ round: SecureRound
    ) -> [UInt8] {
        let info = round.info(.sealing, sender, receiver)
        let key = HKDF.derive(SealedText.keyBytes, from: agreed, info: info)
        return SealedText.seal(shares, key: key, nonce: nonce, associated: info)
    }

    /// Opens what a neighbour has sealed.
    /// - Throws: ``SecureAggregationError/sealedShares(client:)``, or ``SecureAggregationError/badShare(client:)`` when what was sealed are
    ///   no shares.
    static func open(
        _ sealed: [UInt8], agreed: borrowing SecretBytes, from sender: Int, to receiver: Int, _ round: SecureRound
    ) throws(SecureAggregationError) -> SecretBytes {
        let info = round.info(.sealing, sender, receiver)
        let key = HKDF.derive(SealedText.keyBytes, from: agreed, info: info)
        let shares: SecretBytes
        do throws(CryptographyError) {
            shares = try SealedText.open(sealed.span, key: key, nonce: nonce, associated: info)
        } catch {
            throw .sealedShares(client: sender)
        }
        guard areShares(shares) else { throw .badShare(client: sender) }
        return shares
    }

    private static func areShares(_ bytes: borrowing SecretBytes) -> Bool {
        bytes.count == byteCount && SecretSharing.isShare(bytes.span.extracting(Kind.seed.places))
            && SecretSharing.isShare(bytes.span.extracting(Kind.key.places))
    }
}
