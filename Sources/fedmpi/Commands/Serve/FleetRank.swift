import MPI
import Serving

/// What a rank of `fedmpi serve` does for its fleet.
final class FleetRank: FleetWork {
    private let job: ServingJob
    private let limits: DeviceProcess.Limits

    init(_ job: ServingJob, _ limits: DeviceProcess.Limits) {
        self.job = job
        self.limits = limits
    }

    func machine() throws -> DeviceProfiler.Machine { try DeviceProfiler().measure(name: MPIWorld.hostName) }

    func correct(of images: Range<Int>, heartbeat: () throws -> Void) throws -> [Int] {
        try Accuracies.correct(job.variants, on: job.test, images, heartbeat: heartbeat)
    }

    func start(_ task: DeviceTask) -> any ServedDevice { DeviceProcess(task, limits) }
}
