/// The predicted throughput and latency of every boundary of a model, and the boundary that is best for an objective.
///
/// A pure function of measured times: it runs nothing, so a table can be made for a machine or a link that is not
/// there. Predictions are those of a pipeline of devices, link and server: a batch's latency is the sum of its stages,
/// and the throughput of all devices is the smallest of what each resource allows (``Limit``). It is printed and
/// written into `split.json` as ``SplitReport/cuts``.
public struct CutTable: Sendable, Codable {
    /// The circumstances that a table's predictions hold for: message size, window, link, and how ranks share hosts.
    public struct Conditions: Sendable, Codable {
        /// Images in a message.
        public var batch: Int
        /// Messages that a device may have unanswered at a time.
        public var window: Int
        /// The link of one device: the largest latency and the smallest bandwidth of all devices, since all have
        /// equally many images and the slowest decides when the run is over.
        public var link: LinkEstimate
        /// Bytes a second that the server's own link takes from all devices together, each way; nil when no limit is
        /// known.
        public var serverBandwidth: Double?
        /// The hosts of the job. Ranks of one host compete for its cores.
        public var hosts: [Host]

        /// The ranks of one host and the cores that they share.
        public struct Host: Sendable, Codable {
            /// Device ranks on the host, ≥ 0.
            public var devices: Int
            /// Whether rank 0 is on this host and competes for its cores, too.
            public var hasServer: Bool
            /// Logical cores of the host, > 0.
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

        /// Devices of the job, on all hosts.
        var devices: Int { hosts.reduce(0) { $0 + $1.devices } }
    }

    /// What an image costs when the model is cut at one boundary, as measured by `CutMeasurement`. Times are processor
    /// seconds of one image in a full batch.
    public struct Costs: Sendable, Codable {
        /// The layers before the cut and the encoding, on the slowest device.
        public var deviceSeconds: Double
        /// The part of ``deviceSeconds`` in which a processor here is busy; nil: all of it. Less where a device that is slower
        /// than this machine is simulated, and the rank sleeps for the rest.
        public var busyDeviceSeconds: Double?
        /// The decoding and the layers behind the cut; 0 when all layers are on the devices.
        public var serverSeconds: Double
        /// Bytes of one image on the way to the server, with its share of the message's header.
        public var upBytes: Double
        /// Bytes of one image's answer, with its share of the header.
        public var downBytes: Double

        public init(deviceSeconds: Double, serverSeconds: Double, upBytes: Double, downBytes: Double) {
            self.deviceSeconds = deviceSeconds
            self.serverSeconds = serverSeconds
            self.upBytes = upBytes
            self.downBytes = downBytes
        }
    }

    /// The resource that keeps the throughput of a boundary from being higher. Raw values stand in `split.json`.
    public enum Limit: String, Sendable, Codable {
        /// The devices' layers; the server's layers; a link's bandwidth; messages that may be unanswered (more would
        /// hide more latency); and the cores that ranks of a host share.
        case device, server, link, window, cores
    }

    /// The prediction for one boundary.
    public struct Row: Sendable, Codable {
        /// Index of the first layer behind the boundary: 0 has all layers on the server, the number of layers all on
        /// the devices.
        public var cut: Int
        /// What the prediction is made from.
        public var costs: Costs
        /// Predicted images a second, of all devices together.
        public var throughput: Double
        /// The resource that is used up first at this throughput.
        public var limit: Limit
        /// Predicted seconds of one batch from a device that is alone: its layers, the way up, the server's layers, the
        /// way down, without any queue.
        public var latency: Double
    }

    /// The conditions that all rows hold for.
    public let conditions: Conditions
    /// The boundaries in ascending order, from 0 (everything on the server) to the one behind the last layer.
    public let rows: [Row]
    /// What ``best`` was chosen for.
    public let objective: SplitSettings.Objective
    /// The cut to use: of those within 3 % of the best score, which is the noise of the measurements, the one with the
    /// fewest bytes on the way up.
    public let best: Int

    /// Relative difference below which two measured rates are taken for equal.
    private static let noise = 0.03

    /// Predicts every boundary and chooses the best.
    ///
    /// - Parameters:
    ///   - costs: Measured costs by cut, from 0 on; not empty. The last one has all layers on the devices and sends
    ///     nothing.
    ///   - conditions: Batch, window, links and hosts of the run.
    ///   - objective: The quantity that ``best`` maximises (throughput) or minimises (latency).
    /// - Complexity: O(boundaries · hosts).
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

    /// Predicts one boundary.
    ///
    /// With `d` devices, batch `b` and window `w`, the limits in images a second are:
    /// - devices: `d / deviceSeconds`,
    /// - server: `1 / serverSeconds`,
    /// - link: the bandwidth over the larger of the bytes up and down,
    /// - window: `d · w · b / latency` (Little's law: `w` batches of each device under way, each for `latency`),
    /// - cores: ``coreLimit(_:server:_:)``.
    private static func row(_ cut: Int, _ costs: Costs, _ conditions: Conditions, isWhole: Bool) -> Row {
        let devices = Double(conditions.devices)
        let batch = Double(conditions.batch)
        let compute = batch * costs.deviceSeconds
        guard !isWhole else {
            let cores = coreLimit(costs.busyDeviceSeconds ?? costs.deviceSeconds, server: 0, conditions)
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
            (
                .cores,
                coreLimit(
                    costs.busyDeviceSeconds ?? costs.deviceSeconds, server: costs.serverSeconds, conditions)
            ),
        ]
        let least = limits.min { $0.1 < $1.1 } ?? (.device, 0)
        return Row(cut: cut, costs: costs, throughput: least.1, limit: least.0, latency: latency)
    }

    /// The throughput of all devices at which some host's cores are all busy. A host with a share of the devices
    /// computes that share of the images' device seconds, and all of their server seconds if it has the server.
    ///
    /// - Parameters:
    ///   - device: Processor seconds of an image on a device.
    ///   - server: Processor seconds of an image on the server.
    /// - Returns: Images a second, the least over the hosts.
    private static func coreLimit(_ device: Double, server: Double, _ conditions: Conditions) -> Double {
        conditions.hosts.map { host in
            let share = Double(host.devices) / Double(conditions.devices)
            return Double(host.cores) / (share * device + (host.hasServer ? server : 0))
        }.min() ?? .infinity
    }
}
