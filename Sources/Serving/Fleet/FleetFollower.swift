/// Rank 0's part in a change of releases: offers what is wanted to every device that serves, collects what they say, and lets all take it over
/// once each has found it no worse, or none. Devices go by their index.
///
/// It sends nothing itself and waits for nobody: a device that ends or is lost while a release is tried no longer has a say.
struct FleetFollower {
    private let following: ReleaseFollowing
    private let names: [String]
    private var nextLook = ContinuousClock.now
    /// The release that all serve, or are to.
    private(set) var current = 0
    /// The release that is tried.
    private(set) var trying: Int?
    /// The latest release that each device was offered, and the one that it serves or was told to.
    private var offered: [Int: Int] = [:]
    private var serving: [Int: Int] = [:]
    /// Devices that have found it no worse.
    private var content: Set<Int> = []

    /// Begins; all devices serve release 0.
    ///
    /// - Parameter names: The devices', by index.
    init(_ following: ReleaseFollowing, names: [String]) {
        (self.following, self.names) = (following, names)
    }

    /// Looks after everything; to be called often.
    ///
    /// - Parameters:
    ///   - devices: Those that serve at present.
    ///   - heartbeat: Keeps ranks from being taken for lost.
    /// - Returns: Orders for devices, to be sent in this order.
    mutating func look(
        _ devices: [Int], heartbeat: () throws -> Void
    ) throws -> [(device: Int, order: ReleaseOrder)] {
        var orders: [(device: Int, order: ReleaseOrder)] = []
        offered = offered.filter { devices.contains($0.key) }
        serving = serving.filter { devices.contains($0.key) }
        content = content.filter { devices.contains($0) }
        let source = following.source
        if ContinuousClock.now >= nextLook, !devices.isEmpty {
            source.beat(serving: current)
            let wanted = try source.wanted(heartbeat: heartbeat)
            nextLook = .now + following.interval
            if let number = trying, wanted != number {
                orders += drop(number)
                source.note(.superseded, of: number)
            }
            if wanted != current, trying == nil {
                (trying, content) = (wanted, [])
                source.note(.offered(devices: devices.count), of: wanted)
            }
        }
        for device in devices {
            if let number = trying {
                guard offered[device] != number else { continue }
                offered[device] = number
                orders.append((device, .offer(source.release(number))))
            } else if serving[device, default: 0] != current {
                // It began when the others had decided: it has release 0 still.
                (offered[device], serving[device]) = (current, current)
                var release = source.release(current)
                release.trial = nil
                orders.append((device, .offer(release)))
            }
        }
        if let number = trying, !devices.isEmpty, content.isSuperset(of: devices) {
            (trying, current) = (nil, number)
            for device in devices {
                serving[device] = number
                orders.append((device, .adopt(number)))
            }
            source.note(.adopted, of: number)
        }
        return orders
    }

    /// Takes what a device says.
    ///
    /// - Returns: Orders for devices.
    mutating func take(_ news: ReleaseNews, from device: Int) -> [(device: Int, order: ReleaseOrder)] {
        let source = following.source
        switch news {
        case .answered(let number):
            source.note(.answeredFirst, of: number)
        case .tookOver(let number):
            source.note(.tookOver(device: device), of: number)
        case .unfit(let number, let reason):
            source.note(.unfit(device: device, reason), of: number)
            if trying == number { return refuse(number, ["\(names[device]): \(reason)"]) }
        case .tried(let number, let report):
            source.note(.tried(device: device, report), of: number)
            guard trying == number else { return [] }
            guard report.refusals.isEmpty else {
                return refuse(number, report.refusals.map { "\(names[device]): \($0)" })
            }
            content.insert(device)
        }
        return []
    }

    /// Gives up what was not decided when the load is over.
    mutating func finish() {
        if let number = trying { following.source.note(.undecided, of: number) }
        trying = nil
    }

    /// Ends a trial because a device has refused the release, and tells the source why.
    ///
    /// - Parameter reasons: With the device's name in front.
    private mutating func refuse(_ number: Int, _ reasons: [String]) -> [(device: Int, order: ReleaseOrder)] {
        let orders = drop(number)
        following.source.note(.refused(reasons), of: number)
        return orders
    }

    /// Ends a trial: devices that were offered the release go on without it.
    private mutating func drop(_ number: Int) -> [(device: Int, order: ReleaseOrder)] {
        trying = nil
        content = []
        return offered.keys.filter { offered[$0] == number }.sorted().map { ($0, .drop(number)) }
    }
}
