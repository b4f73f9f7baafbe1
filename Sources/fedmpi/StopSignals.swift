import Federation
import Foundation

/// SIGINT and SIGTERM ask the run to stop. Their handlers only raise a flag; the run looks at it.
enum StopSignals {
    private static let flag = StopFlag()

    /// From here on these signals raise the flag, instead of ending the process.
    static func raiseFlag() -> StopFlag {
        // Made here: a handler must not.
        let flag = flag
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in StopSignals.flag.raise(number) }
        action.sa_flags = SA_RESTART
        sigemptyset(&action.sa_mask)
        for number in [SIGINT, SIGTERM] { sigaction(number, &action, nil) }
        return flag
    }
}
