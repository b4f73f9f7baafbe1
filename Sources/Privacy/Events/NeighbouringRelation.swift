/// When two data sets count as neighbours: what a guarantee hides.
///
/// A guarantee is worth nothing without it: (ε, δ) under one relation is another (ε, δ) under
/// the next. A record is whatever the mechanism clips: an example in DP-SGD, a client in
/// DP-FedAvg.
public enum NeighbouringRelation: String, Sendable, Hashable, CaseIterable {
    /// One record is there or is not. Poisson sampling is accounted under it. The usual one.
    case addOrRemoveOne = "add-or-remove-one"
    /// One record is exchanged for another; the number of records is public. Sampling of a
    /// fixed size is accounted under it. Two clipped records differ by up to twice the clipping
    /// norm, and noise multipliers are of that.
    case replaceOne = "replace-one"
    /// One record is exchanged for one that contributes zero, so that the order and the number
    /// of steps stay what they were. Aggregation by trees is accounted under it (Kairouz et
    /// al., *Practical and Private (Deep) Learning Without Sampling or Shuffling*, ICML 2021,
    /// arXiv 2103.00039).
    case zeroOutOne = "zero-out-one"

    /// In words, for reports.
    public var meaning: String {
        switch self {
        case .addOrRemoveOne: "one record is added or removed"
        case .replaceOne: "one record is replaced by another"
        case .zeroOutOne: "one record is replaced by one that contributes zero"
        }
    }
}
