/// What the ranks of a fleet can do.
public protocol FleetWork: AnyObject {
    /// Measures the machine this rank runs on. Takes a second at most.
    func machine() throws -> DeviceProfiler.Machine

    /// How many of the test images each variant gets right.
    /// - Parameter heartbeat: to be called several times a second.
    func correct(of images: Range<Int>, heartbeat: () throws -> Void) throws -> [Int]

    /// Starts to serve as a device, beside this thread.
    func start(_ task: DeviceTask) throws -> any ServedDevice
}

/// A device that serves.
public protocol ServedDevice: AnyObject {
    /// What it came to; nil as long as it serves. Does not block.
    func report() throws -> DeviceReport?

    /// Ends it before its time.
    func end()
}
