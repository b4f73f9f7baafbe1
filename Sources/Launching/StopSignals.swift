import CProcess
import Foundation
package import Runtime

/// The signals that ask the run to stop: SIGINT, SIGTERM, and SIGUSR1, by which `scripts/mpirun` asks for either. Their
/// handlers only raise a flag, which the run looks at: nearly nothing else is allowed within a handler.
package enum StopSignals {
    /// All of them.
    private static let numbers = [SIGINT, SIGTERM, SIGUSR1]
    /// The flag of this process. Which of the two a launcher has got is reported, whatever it has passed on.
    private static let flag = StopFlag { $0 == SIGINT || Launch.wasInterrupted ? SIGINT : SIGTERM }

    /// Bytes of the handlers' stack: room for the registers of any processor, some 10 KB, and more.
    private static let stackBytes = 1 << 16

    /// Whether a stop has been asked for. Safe from any thread.
    package static var isRaised: Bool { flag.isRaised }

    /// Installs the handlers: from here on these signals raise the flag, instead of ending the process. To be called on
    /// the thread that computes, because an alternative stack belongs to one thread.
    ///
    /// The handlers have a stack of their own: oneDNN's matrix kernels use the stack pointer for other things, so that
    /// a handler's frame on the stack in use could land in the middle of the heap.
    ///
    /// - Returns: the flag, which the run checks.
    package static func raiseFlag() -> StopFlag {
        // Made here: a handler must not.
        let flag = flag
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in StopSignals.flag.raise(number) }
        // Never freed: a signal may come at any time.
        let stack = UnsafeMutableRawPointer.allocate(byteCount: stackBytes, alignment: 64)
        var place = stack_t(ss_sp: stack, ss_flags: 0, ss_size: stackBytes)
        sigaltstack(&place, nil)
        // Without SA_RESTART: a write that nobody reads must end, too.
        action.sa_flags = SA_ONSTACK
        sigemptyset(&action.sa_mask)
        // A launcher may have left them blocked.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers {
            sigaction(number, &action, nil)
            sigaddset(&signals, number)
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        watchLauncher()
        return flag
    }

    /// Raises the flag when the launcher has ended without a word, as `mpirun` does at its second signal: nobody is left who
    /// would end this process, or hear of what it does. A rank with a guardian ends with that instead.
    private static func watchLauncher() {
        guard Launch.isUnderLauncher, !Guardian.isOverThis else { return }
        let launcher = getppid()
        Thread.detachNewThread {
            while getppid() == launcher { usleep(100_000) }
            flag.raise(SIGTERM)
        }
    }

    /// Restores the default: from here on these signals end the process again.
    static func lower() {
        for number in numbers { signal(number, SIG_DFL) }
    }
}
