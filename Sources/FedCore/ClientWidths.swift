/// The widths of the models that a federation's clients train: shares of the channels of each hidden layer, and which
/// client has which. Drawn from (seed, client) and fixed for the run, so that every rank knows it without a message.
///
/// This is the one place that says how wide a client's model is; whatever else may decide it, such as a device's
/// memory, decides it here.
///
/// ```swift
/// let widths = try ClientWidths("1:0.2, 0.5:0.8", seed: 42)   // a fifth of the clients trains whole models
/// let width = widths.widths[widths.width(ofClient: 7)]
/// ```
public struct ClientWidths: Sendable, Equatable {
    /// The widths, each in (0, 1], from the widest on, no two alike.
    public let widths: [Double]
    /// The probability that a client has each width; together 1.
    public let shares: [Double]
    private let seed: UInt64

    /// Reads widths as a user writes them: numbers in (0, 1] between commas, each perhaps with a colon and the share of
    /// the clients that have it. Without shares all are equally frequent. The order does not matter.
    /// - Parameters:
    ///   - text: such as `1, 0.5, 0.25` or `1:0.2, 0.5:0.8`.
    ///   - seed: the run's seed.
    /// - Throws: `ConfigurationError` when a width or a share is outside its range, a width comes twice, only some have
    ///   shares, or these do not add up to 1.
    public init(_ text: String, seed: UInt64) throws(ConfigurationError) {
        var found: [(width: Double, share: Double?)] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { part in
                Double(part.filter { $0 != " " })
            }
            guard parts.count <= 2, let width = parts.first ?? nil, width > 0, width <= 1,
                parts.count == 1 || parts[1].map({ $0 > 0 && $0 <= 1 }) == true
            else {
                throw ConfigurationError(
                    "--widths '\(text.printable)': each is a number above 0 and up to 1, perhaps with a colon and the share of "
                        + "the clients that have it, e.g. 1,0.5,0.25 or 1:0.2,0.5:0.8")
            }
            found.append((width, parts.count == 2 ? parts[1] : nil))
        }
        found.sort { $0.width > $1.width }
        guard Set(found.map(\.width)).count == found.count, found.count <= Self.most else {
            throw ConfigurationError(
                "--widths '\(text.printable)': at most \(Self.most) widths, no two alike")
        }
        let given = found.compactMap(\.share)
        guard given.isEmpty || given.count == found.count && abs(given.reduce(0, +) - 1) < 1e-6 else {
            throw ConfigurationError(
                "--widths '\(text.printable)': all widths have shares, or none has, and the shares add up to 1")
        }
        widths = found.map(\.width)
        shares = given.isEmpty ? [Double](repeating: 1 / Double(found.count), count: found.count) : given
        self.seed = seed
    }

    /// Number of channels of a hidden layer in a model of some width: ⌈share · channels⌉, but for the rounding of decimal
    /// shares, and at least 1.
    public static func channels(_ share: Double, of channels: Int) -> Int {
        max(1, Int((share * Double(channels) - 1e-9).rounded(.up)))
    }

    /// The largest number of widths: each has a compiled model on every rank.
    private static let most = 16

    /// The width of a client's model: an index into ``widths``, the same for the whole run. O(widths).
    public func width(ofClient client: Int) -> Int {
        var random = RandomStream(seed: seed, .width, client: client)
        var rest = random.uniformDouble()
        for (index, share) in shares.enumerated() {
            rest -= share
            if rest < 0 { return index }
        }
        return widths.count - 1  // the shares add up to a little less than 1
    }
}
