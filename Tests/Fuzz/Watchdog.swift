import Foundation
import Synchronization

/// Says which input it was when one never ends or ends the process.
enum Watchdog {
    /// Longer than any input takes, on a machine that is busy with other things too.
    static let patience = Duration.seconds(10)

    private static let state = Mutex<(input: String, start: ContinuousClock.Instant)?>(nil)
    /// For the signal handler, which may take no lock: the number of the input, and a line that precedes it.
    private static let index = Atomic<Int>(0)
    private static let lineCapacity = 256
    nonisolated(unsafe) private static let line = UnsafeMutablePointer<CChar>.allocate(capacity: lineCapacity)
    nonisolated(unsafe) private static var lineName = ""

    static func start() {
        line.initialize(repeating: 0, count: lineCapacity)
        for code in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            signal(code) { code in
                Watchdog.reportCrash()
                signal(code, SIG_DFL)
                raise(code)
            }
        }
        Thread.detachNewThread {
            while true {
                Thread.sleep(forTimeInterval: 0.5)
                let late = state.withLock { state in
                    state.flatMap { $0.start.duration(to: .now) > patience ? $0.input : nil }
                }
                if let late {
                    report("an input takes longer than \(patience); repeat with \(late)")
                    quit(1)
                }
            }
        }
    }

    static func begin(_ input: Int, of target: String, seed: UInt64) {
        if lineName != target {
            lineName = target
            let text = "fedmpi-fuzz: crashed; repeat with --target \(target) --seed \(seed) --iterations 1 --first "
            _ = text.withCString { strncpy(line, $0, lineCapacity - 1) }
        }
        index.store(input, ordering: .relaxed)
        let text = "--target \(target) --seed \(seed) --iterations 1 --first \(input)"
        state.withLock { $0 = (text, .now) }
    }

    static func end() {
        state.withLock { $0 = nil }
    }

    /// Only calls that are allowed in a signal handler.
    private static func reportCrash() {
        _ = write(STDERR_FILENO, line, strlen(line))
        var divisor = 1_000_000_000
        let number = index.load(ordering: .relaxed)
        while divisor > 0 {
            var digit = UInt8(ascii: "0") + UInt8(number / divisor % 10)
            _ = write(STDERR_FILENO, &digit, 1)
            divisor /= 10
        }
        var newline = UInt8(ascii: "\n")
        _ = write(STDERR_FILENO, &newline, 1)
    }
}

/// A line on standard error.
func report(_ line: String) {
    FileHandle.standardError.write(Data("fedmpi-fuzz: \(line)\n".utf8))
}

/// Ends the program.
func quit(_ code: Int32) -> Never {
    exit(code)
}
