import FedCore
import Foundation
import RunStore
import Testing

@testable import RunQueue

/// A results folder with shell scripts in the place of fedmpi and mpirun, and the queues of it.
final class FakePrograms {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-queue-\(UUID().uuidString)")
    var results: String { folder.appendingPathComponent("results").path }

    /// What fedmpi does follows from the run's name.
    private static let fedmpi = """
        #!/bin/sh
        name= results= config= dry=
        for word in "$@"; do
            case $previous in
            --run-name | --sweep-name) name=$word ;;
            sweep) config=$word ;;
            --resume) name=${word##*/} ;;
            --results) results=$word ;;
            --config) config=$word ;;
            esac
            [ "$word" = --dry-run ] && dry=1
            previous=$word
        done
        if [ -n "$dry" ]; then
            [ -z "$config" ] || ! grep -q '"alpha" : "0"' "$config" ||
                { echo "fedmpi: '$config': --alpha is 0; it must be greater than 0" >&2; exit 2; }
            exit 0
        fi
        mkdir -p "$results/$name"
        echo '{}' >"$results/$name/config.json"
        echo "$name" >>"$results/starts"
        case $name in
        quick*) exit 0 ;;
        fails*) printf 'round 1\\nfedmpi: it went wrong\\nbye\\n' >&2; exit 1 ;;
        budget*) echo "fedmpi: the privacy budget is spent" >&2; exit 4 ;;
        sleeps*) trap 'echo "fedmpi: stopped, saved" >&2; exit 143' TERM; while :; do sleep 0.02; done ;;
        stubborn*) trap '' TERM; while :; do sleep 0.02; done ;;
        esac
        """

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try script("fedmpi", Self.fedmpi)
        try script("mpirun", "#!/bin/sh\nshift 2\nexec \"$@\"\n")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func script(_ name: String, _ text: String) throws {
        let file = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    /// A configuration with these programs; the launcher is the one beside fedmpi.
    func configuration(cores: Int = 4) throws -> QueueConfiguration {
        var configuration = try QueueConfiguration(
            results: results, program: folder.appendingPathComponent("fedmpi").path)
        configuration.cores = cores
        return configuration
    }

    func queue(cores: Int = 4) throws -> RunQueue { try RunQueue(configuration(cores: cores)) }

    /// Names of the runs that were started, once for each start.
    var starts: [String] {
        let text = (try? String(contentsOfFile: "\(results)/starts", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// A request for a run whose name says what it does.
    static func request(_ name: String, ranks: Int = 1) -> RunRequest {
        RunRequest(settings: ["rounds": 3], ranks: ranks, name: name, by: "anna")
    }
}

extension RunQueue {
    /// Has the queue look until a request stands as wanted; nil after ten seconds.
    @discardableResult
    func wait(for id: Int64, _ states: QueuedRun.State...) async throws -> QueuedRun {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            await step()
            let row = try #require(try store.queuedRun(id))
            if states.contains(row.state) { return row }
            if ContinuousClock.now > end {
                Issue.record("request \(id) is \(row.state): \(row.reason ?? "")")
                return row
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// Waits until a condition holds, at most ten seconds.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(10)
    while !condition() {
        if ContinuousClock.now > end { return false }
        try await Task.sleep(for: .milliseconds(10))
    }
    return true
}
