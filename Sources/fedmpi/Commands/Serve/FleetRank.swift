import MPI
import Serving

/// The work that a rank of `fedmpi serve` can do, asked for by the fleet's server: measure its host, count what
/// models get right, start devices as processes. Tests have another `FleetWork`, without processes.
final class FleetRank: FleetWork {
    private let job: ServingJob
    /// How long a device's process may take or be stopped.
    private let limits: DeviceProcess.Limits

    init(_ job: ServingJob, _ limits: DeviceProcess.Limits) {
        self.job = job
        self.limits = limits
    }

    /// Measures the host, by its own name; blocks for a second at most.
    func machine() throws -> DeviceProfiler.Machine { try DeviceProfiler().measure(name: MPIWorld.hostName) }

    /// Counts, by model, how many of some test images are classified right. Blocks; calls `heartbeat` between
    /// batches.
    func correct(of images: Range<Int>, heartbeat: () throws -> Void) throws -> [Int] {
        try Accuracies.correct(job.variants, on: job.test, images, heartbeat: heartbeat)
    }

    /// Starts a device's process; returns at once. It reads the models where this rank has them.
    func start(_ task: DeviceTask) -> any ServedDevice {
        var task = task
        for (index, path) in job.paths.enumerated() { task.models[index].path = path }
        return DeviceProcess(task, limits)
    }
}
