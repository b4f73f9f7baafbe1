import Records

extension Job {
    /// The learning rate η of the clients' SGD in a round, by `--lr` and its schedule.
    /// - Parameter round: the round, from 1.
    /// - Returns: a positive number, even where the schedule comes to 0.
    package func learningRate(round: Int) -> Float {
        // Never 0, which some strategies divide by.
        max(Float(Double(settings.lr) * schedule.factor(round: round)), .leastNormalMagnitude)
    }
}
