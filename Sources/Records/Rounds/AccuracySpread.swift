/// How unequally a model serves the clients, from one accuracy for each client, however many samples it has.
///
/// A mean hides who pays for it: the worst tenth and the index of fairness show that.
public struct AccuracySpread: Codable, Sendable, Equatable {
    /// The mean over the clients, in [0, 1].
    public var mean: Double
    /// The median over the clients; the mean of the middle two where their number is even.
    public var median: Double
    /// The mean over the tenth of the clients, rounded up, that the model serves worst.
    ///
    /// T. Li, M. Sanjabi, A. Beirami, V. Smith, *Fair Resource Allocation in Federated Learning*, ICLR 2020,
    /// arXiv:1905.10497: worst and best 10 %, and the variance over devices.
    public var worst10: Double
    /// The mean over the tenth of the clients, rounded up, that the model serves best.
    public var best10: Double
    /// The standard deviation of the clients, who are the whole population.
    public var deviation: Double
    /// Jain's index of fairness, (Σx)² / (n Σx²): 1 when all clients fare alike, 1/n when one has everything.
    ///
    /// R. Jain, D. Chiu, W. Hawe, *A Quantitative Measure of Fairness and Discrimination for Resource Allocation in
    /// Shared Computer Systems*, DEC-TR-301, 1984.
    public var jain: Double
    /// The mean loss over all samples together.
    public var loss: Double

    /// Sums up the clients' accuracies.
    ///
    /// - Parameters:
    ///   - accuracies: one for each client, in [0, 1], in any order.
    ///   - loss: the mean loss over all samples.
    /// - Precondition: there is a client.
    /// - Complexity: O(n log n).
    package init(_ accuracies: [Double], loss: Double) {
        precondition(!accuracies.isEmpty)
        let sorted = accuracies.sorted()
        let count = sorted.count
        func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
        let mean = mean(sorted)
        let tenth = (count + 9) / 10
        let squares = sorted.reduce(0) { $0 + $1 * $1 }
        self.mean = mean
        median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
        worst10 = sorted.prefix(tenth).reduce(0, +) / Double(tenth)
        best10 = sorted.suffix(tenth).reduce(0, +) / Double(tenth)
        deviation = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
        let sum = sorted.reduce(0, +)
        // Clients that all have nothing fare alike.
        jain = squares > 0 ? sum * sum / (Double(count) * squares) : 1
        self.loss = loss
    }
}
