import Launching

extension Launch {
    /// Ends a job that has lost ranks and done its work, with an exit code that knows of output that was lost.
    static func leaveBehindLostRanks(code: Int32 = 0, endsJob: () -> Bool = { rank == 0 }) -> Never {
        leaveBehindLostRanks(exitCode: Console.code(code), endsJob: endsJob)
    }
}
