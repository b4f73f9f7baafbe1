// What a round of secure aggregation is measured by.
extension Metric {
    /// Seconds of a round that secure aggregation adds, but for the masking itself: keys, shares, unmasking.
    public static let secureSeconds = secure(
        "secure_seconds", "secure aggregation s", unit: "s", decimals: 3, .sum, "time")
    /// Bytes that it adds, both ways, beside the masked vectors.
    public static let secureBytes = secure("secure_bytes", "bytes of keys and shares", unit: "bytes", .sum, "bytes")
    /// Clients with which each client shares its secrets.
    public static let secureDegree = secure("secure_degree", "neighbours", .last, "secure aggregation")
    /// Shares that a secret is put together from.
    public static let secureThreshold = secure("secure_threshold", "threshold", .last, "secure aggregation")
    /// Clients that left before they had advertised keys.
    public static let secureKeysLeft = secure("secure_left_keys", "left before keys", .sum, "clients that left")
    /// Clients that left before they had shared their secrets.
    public static let secureSharesLeft = secure("secure_left_shares", "left before shares", .sum, "clients that left")
    /// Clients that left before they had sent a masked vector.
    public static let secureVectorLeft = secure("secure_left_vector", "left before vectors", .sum, "clients that left")
    /// Clients that are in the sum and left before it was unmasked.
    public static let secureUnmaskingLeft = secure(
        "secure_left_unmasking", "left before unmasking", .sum, "clients that left")

    /// All of them, in the order of the columns.
    public static let secureAggregation = [
        secureSeconds, secureBytes, secureDegree, secureThreshold, secureKeysLeft, secureSharesLeft, secureVectorLeft,
        secureUnmaskingLeft,
    ]

    private static func secure(
        _ name: String, _ title: String, unit: String = "", decimals: Int = 0, _ whole: Whole, _ group: String
    ) -> Metric {
        Metric(name, title: title, unit: unit, decimals: decimals, whole: whole, group: group, isInTable: false)
    }
}
