/// What a rank of a fleet can do. `fedmpi` implements it with processes; tests implement it without.
public protocol FleetWork: AnyObject {
    /// Measures the machine that this rank runs on; blocks for a second at most.
    func machine() throws -> DeviceProfiler.Machine

    /// Counts how many test images each variant gets right. Blocks.
    ///
    /// - Parameters:
    ///   - images: Indices in the test set.
    ///   - heartbeat: Called several times a second, so that this rank is not taken for lost.
    /// - Returns: Counts by variant.
    func correct(of images: Range<Int>, heartbeat: () throws -> Void) throws -> [Int]

    /// Starts to serve as a device, beside the calling thread; returns at once.
    func start(_ task: DeviceTask) throws -> any ServedDevice
}

/// A device that serves, as the rank that started it sees it.
public protocol ServedDevice: AnyObject {
    /// Its report; nil as long as it serves. Does not block.
    ///
    /// - Throws: When the rank itself cannot go on; a device that failed has a report with a failure.
    func report() throws -> DeviceReport?

    /// Tells it of a release. Does not block for long; a device that has ended hears nothing.
    ///
    /// - Throws: When the release's files cannot be written on this host.
    func tell(_ order: ReleaseOrder) throws

    /// What it has said of releases since the last call. Does not block.
    func news() -> [ReleaseNews]

    /// Ends it before its time, e.g. when the run is stopped.
    func end()
}
