/// What each boundary of a model would cost, and the one that is best: measured times in, predictions out.
public struct CutTable: Sendable, Codable {
    /// What the predictions are for.
    public struct Conditions: Sendable, Codable {
        /// Images of a message, and messages unanswered at most.
        public var batch: Int
        public var window: Int
        /// The slowest device's, since all have equally many images.
        public var link: LinkEstimate
        /// Bytes a second that the server takes of all devices together; nil: no limit is known.
        public var serverBandwidth: Double?
        /// What is known of each host: devices on it, whether it is the server's, and its cores.
        public var hosts: [Host]

        public struct Host: Sendable, Codable {
            public var devices: Int
            public var hasServer: Bool
            public var cores: Int

            public init(devices: Int, hasServer: Bool, cores: Int) {
                self.devices = devices
                self.hasServer = hasServer
                self.cores = cores
            }
        }

        public init(
            batch: Int, window: Int, link: LinkEstimate, serverBandwidth: Double? = nil, hosts: [Host]
        ) {
            self.batch = batch
            self.window = window
            self.link = link
            self.serverBandwidth = serverBandwidth
            self.hosts = hosts
        }

        var devices: Int { hosts.reduce(0) { $0 + $1.devices } }
    }

    /// What was measured of one boundary: processor seconds of an image.
    public struct Costs: Sendable, Codable {
        /// The layers before the cut and the encoding, on the slowest device.
        public var deviceSeconds: Double
        /// The decoding and the layers behind the cut.
        public var serverSeconds: Double
        /// Bytes of one image on the way up, and of its answer.
        public var upBytes: Double
        public var downBytes: Double

        public init(deviceSeconds: Double, serverSeconds: Double, upBytes: Double, downBytes: Double) {
            self.deviceSeconds = deviceSeconds
            self.serverSeconds = serverSeconds
            self.upBytes = upBytes
            self.downBytes = downBytes
        }
    }

    /// What limits the throughput.
    public enum Limit: String, Sendable, Codable {
        case device, server, link, window, cores
    }

    /// One boundary.
    public struct Row: Sendable, Codable {
        public var cut: Int
        public var costs: Costs
        /// Images a second of all devices, and what keeps it from being more.
        public var throughput: Double
        public var limit: Limit
        /// Seconds of one batch from a device that is alone.
        public var latency: Double
    }

    public let conditions: Conditions
    /// From cut 0 to the one behind the last layer.
    public let rows: [Row]
    public let objective: SplitSettings.Objective
    /// The cut that is best for the objective; of those that are as good, but for noise, the one with the fewest bytes on
    /// the way up.
    public let best: Int

    /// What measured times are apart without a reason, as a share.
    private static let noise = 0.03

    /// - Parameter costs: of the cuts from 0 on; the last has all layers on the devices, and sends nothing.
    public init(_ costs: [Costs], _ conditions: Conditions, for objective: SplitSettings.Objective) {
        precondition(!costs.isEmpty, "no cut to choose from")
        self.conditions = conditions
        self.objective = objective
        rows = costs.indices.map { cut in
            Self.row(cut, costs[cut], conditions, isWhole: cut == costs.count - 1)
        }
        // The larger the better.
        let scores = rows.map { objective == .throughput ? $0.throughput : 1 / $0.latency }
        let enough = (1 - Self.noise) * (scores.max() ?? 0)
        best = rows.indices.filter { scores[$0] >= enough }.min { costs[$0].upBytes < costs[$1].upBytes } ?? 0
    }

    private static func row(_ cut: Int, _ costs: Costs, _ conditions: Conditions, isWhole: Bool) -> Row {
        let devices = Double(conditions.devices)
        let batch = Double(conditions.batch)
        let compute = batch * costs.deviceSeconds
        guard !isWhole else {
            let cores = coreLimit(costs.deviceSeconds, server: 0, conditions)
            let alone = devices / costs.deviceSeconds
            return Row(
                cut: cut, costs: costs, throughput: min(alone, cores), limit: cores < alone ? .cores : .device,
                latency: compute)
        }
        let link = conditions.link
        let latency =
            compute + link.seconds(bytes: batch * costs.upBytes) + batch * costs.serverSeconds
            + link.seconds(bytes: batch * costs.downBytes)
        let limits: [(Limit, Double)] = [
            (.device, devices / costs.deviceSeconds),
            (.server, 1 / costs.serverSeconds),
            (
                .link,
                min(devices * link.bandwidth, conditions.serverBandwidth ?? .infinity)
                    / max(costs.upBytes, costs.downBytes)
            ),
            (.window, devices * Double(conditions.window) * batch / latency),
            (.cores, coreLimit(costs.deviceSeconds, server: costs.serverSeconds, conditions)),
        ]
        let least = limits.min { $0.1 < $1.1 } ?? (.device, 0)
        return Row(cut: cut, costs: costs, throughput: least.1, limit: least.0, latency: latency)
    }

    /// Images a second, of all devices, at which a host's cores are all busy.
    private static func coreLimit(_ device: Double, server: Double, _ conditions: Conditions) -> Double {
        conditions.hosts.map { host in
            let share = Double(host.devices) / Double(conditions.devices)
            return Double(host.cores) / (share * device + (host.hasServer ? server : 0))
        }.min() ?? .infinity
    }
}
