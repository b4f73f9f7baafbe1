import Records

extension Job {
    /// η of the clients' SGD in a round.
    package func learningRate(round: Int) -> Float {
        // Never 0, which some strategies divide by.
        max(Float(Double(settings.lr) * schedule.factor(round: round)), .leastNormalMagnitude)
    }
}
