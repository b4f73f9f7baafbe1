import Launching

extension Launch {
    /// Ends a job that has lost ranks and done its work, with an exit code that takes lost output into account.
    ///
    /// - Parameters:
    ///   - code: the command's own exit code.
    ///   - endsJob: whether this rank ends the job; rank 0 does by default.
    static func leaveBehindLostRanks(code: Int32 = 0, endsJob: () -> Bool = { rank == 0 }) -> Never {
        leaveBehindLostRanks(exitCode: Console.code(code), endsJob: endsJob)
    }
}
