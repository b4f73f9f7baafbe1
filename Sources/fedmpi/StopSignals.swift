import Federation
import Foundation

/// SIGINT and SIGTERM ask the run to stop. Their handlers only raise a flag; the run looks at it.
enum StopSignals {
    private static let flag = StopFlag()

    static var isRaised: Bool { flag.isRaised }

    /// From here on these signals raise the flag, instead of ending the process.
    static func raiseFlag() -> StopFlag {
        // Made here: a handler must not.
        let flag = flag
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in StopSignals.flag.raise(number) }
        // Without SA_RESTART: a write that nobody reads must end, too.
        action.sa_flags = 0
        sigemptyset(&action.sa_mask)
        // A launcher may have left them blocked.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] {
            sigaction(number, &action, nil)
            sigaddset(&signals, number)
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        return flag
    }

    /// From here on these signals end the process again.
    static func lower() {
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
