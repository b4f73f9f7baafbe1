import Foundation
import Recording
import Records

/// Says on standard error where a run's bits depend on more than its settings: its ranks have different instruction sets, or
/// its earlier rounds were computed by another one.
final class VectorsNotice: RoundObserver {
    /// What computes now.
    private let environment: RunEnvironment
    /// What computed the rounds before; nil of a run that begins.
    private let earlier: String?

    /// - Parameters:
    ///   - folder: the folder of a run that is continued; nil of one that begins.
    ///   - environment: of this process.
    init(resuming folder: URL?, _ environment: RunEnvironment) {
        struct Configuration: Decodable { let environment: RunEnvironment }
        self.environment = environment
        let data = folder.flatMap { try? Data(contentsOf: $0.appendingPathComponent("config.json")) }
        earlier = data.flatMap { try? JSONDecoder().decode(Configuration.self, from: $0) }?.environment.oneDNN
    }

    func runStarted(_ run: RunDescription) {
        if let difference = run.instructionSets.difference {
            Console.error(
                "fedmpi: warning: ranks compute by different instructions (\(difference)): the weights' last bits depend on "
                    + "which rank trains which client; mpirun -x ONEDNN_MAX_CPU_ISA=AVX2, or what all have, keeps them equal"
            )
        }
        let now = environment.of(run).oneDNN
        if let earlier, earlier != now {
            Console.error(
                "fedmpi: warning: the rounds before were computed by oneDNN \(earlier), these are by \(now): the weights' last "
                    + "bits are not those of a run on one kind of processor")
        }
    }
}
