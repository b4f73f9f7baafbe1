/// Joules of one device since the run's start, simulated: where they came from, and where they went.
///
/// It closes: the battery is what it was at the start, plus what came in, minus what went out.
public struct EnergyLedger: Sendable, Equatable {
    /// In the battery at the start.
    public var start = 0.0
    /// Charged into the battery.
    public var charged = 0.0
    /// Taken from the mains directly, while it was on a charger or had no battery.
    public var mains = 0.0
    /// Spent while nothing happened.
    public var idle = 0.0
    /// Spent on its owner's use.
    public var use = 0.0
    /// Spent on training, by phase.
    public var training = TurnEnergy()

    /// What the battery must hold by these books.
    public var balance: Double { start + charged + mains - idle - use - training.total }

    /// The numbers in the order in which a state keeps them.
    static let fields: [any WritableKeyPath<EnergyLedger, Double> & Sendable] = [
        \.start, \.charged, \.mains, \.idle, \.use, \.training.compute, \.training.up, \.training.down, \.training.tail,
    ]
}

/// Joules of training in rounds, by phase; simulated.
public struct TurnEnergy: Sendable, Equatable {
    /// By the processor.
    public var compute = 0.0
    /// By the radio, sending.
    public var up = 0.0
    /// By the radio, receiving.
    public var down = 0.0
    /// By the radio, staying awake after a transfer.
    public var tail = 0.0

    public init() {}

    /// All phases.
    public var total: Double { compute + up + down + tail }

    /// The same phases, as a part of each.
    func scaled(by factor: Double) -> TurnEnergy {
        var energy = self
        energy.compute *= factor
        energy.up *= factor
        energy.down *= factor
        energy.tail *= factor
        return energy
    }

    /// Adds another turn's, phase by phase.
    public mutating func add(_ other: TurnEnergy) {
        compute += other.compute
        up += other.up
        down += other.down
        tail += other.tail
    }
}

/// A device's turn in a round as a sequence of phases: it receives, waits, trains and sends.
/// ```
/// download │ delay │ training │ upload │ tail
/// receives           computes   sends    radio awake
/// ```
///
/// The radio's tail after the download lasts until the upload begins, or as long as it lasts; that after the upload is paid for whole.
public struct DeviceTurn: Sendable, Equatable {
    /// Seconds of receiving the weights.
    public var download: Double
    /// Seconds before training begins.
    public var delay: Double
    /// Seconds of training.
    public var training: Double
    /// Seconds of sending the update.
    public var upload: Double
    /// How often the device receives, trains and sends: more than once under an edge that has several turns.
    public var times: Int

    /// Joins the phases.
    public init(download: Double, delay: Double = 0, training: Double, upload: Double, times: Int = 1) {
        (self.download, self.delay, self.training, self.upload) = (download, delay, training, upload)
        self.times = times
    }

    /// Seconds from the round's start until the update is at the server, the last one of several. Nothing is counted for
    /// waiting in between.
    public var seconds: Double { delay + Double(times) * (download + training + upload) }

    /// Joules that the turn takes, besides idling, until it ends or the device goes.
    /// - Parameters:
    ///   - device: the class.
    ///   - connection: what it sends and receives with.
    ///   - end: seconds from the start after which nothing more is done; infinite for the whole turn.
    public func energy(
        of device: DeviceClass, over connection: DeviceClass.Connection, until end: Double = .infinity
    ) -> TurnEnergy {
        var energy = TurnEnergy()
        var left = max(end, 0)
        func part(_ seconds: Double) -> Double {
            let part = min(seconds, left)
            left -= part
            return part
        }
        let radio = connection.radio.power
        for time in 0..<times {
            let receiving = part(download)
            energy.down += radio.joulesDown(seconds: receiving, megabitsPerSecond: connection.down)
            let (waiting, computing) = (time == 0 ? part(delay) : 0, part(training))
            energy.compute += device[.trainWatts] * computing
            if receiving > 0 { energy.tail += radio.joulesOfTail(pause: waiting + computing) }
            let sending = part(upload)
            energy.up += radio.joulesUp(seconds: sending, megabitsPerSecond: connection.up)
            // Others under the edge are slower: the radio falls asleep before the next turn.
            if sending > 0 { energy.tail += radio.joulesOfTail() }
        }
        return energy
    }
}
