/// All client ranks are lost, and none comes back.
package struct NoClientRanks: Error, CustomStringConvertible {
    /// Why each is lost, by worker.
    package let reasons: [String]

    package var description: String {
        let ranks = reasons.enumerated().map { "rank \($0 + 1): \($1)" }
        return "no client rank is left; " + ranks.joined(separator: "; ")
    }
}
