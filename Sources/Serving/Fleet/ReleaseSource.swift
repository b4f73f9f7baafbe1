/// Where the releases of a fleet come from: `fedmpi` asks its registry, tests have lists. Rank 0 alone calls it.
public protocol ReleaseSource: AnyObject {
    /// The release that devices should serve now. Called once an interval, so it must cost little when nothing has changed.
    ///
    /// What cannot be served at all (another signature, a file that was changed) is the source's to refuse: it says so, and goes on to
    /// name the release before.
    ///
    /// - Parameter heartbeat: To be called several times a second by what takes longer, so that no rank is taken for lost.
    /// - Returns: The number of the release that is wanted: 0 is what the fleet began with.
    func wanted(heartbeat: () throws -> Void) throws -> Int

    /// A release that ``wanted(heartbeat:)`` has named, with its bytes.
    func release(_ number: Int) -> Release

    /// Told what has become of a release.
    func note(_ event: ReleaseEvent, of release: Int)

    /// Called now and then while devices serve.
    ///
    /// - Parameter number: The release that they serve.
    func beat(serving number: Int)
}

/// What happens to a release, as rank 0 learns of it.
public enum ReleaseEvent: Sendable, Equatable {
    /// It goes to the devices, and is tried on so many.
    case offered(devices: Int)
    /// The first request was answered by it, while it was tried.
    case answeredFirst
    /// A device has decided. What refuses it is in the report.
    case tried(device: Int, TrialReport)
    /// A device cannot serve it.
    case unfit(device: Int, String)
    /// All devices take it over.
    case adopted
    /// A device answers by it alone.
    case tookOver(device: Int)
    /// It is given up, for these reasons of devices.
    case refused([String])
    /// Another one is wanted before it was decided.
    case superseded
    /// The load ended before it was decided.
    case undecided
}

/// What a fleet does about releases.
public struct ReleaseFollowing {
    /// Names the releases.
    public let source: any ReleaseSource
    /// How often it is asked.
    public let interval: Duration

    /// Follows a source.
    ///
    /// - Parameter interval: > 0.
    public init(_ source: any ReleaseSource, interval: Duration) {
        (self.source, self.interval) = (source, interval)
    }
}
