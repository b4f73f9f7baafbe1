import FedCore

/// The devices of a fleet at a moment of simulated time: what is true of each, and what is in its battery.
///
/// Time goes forward in any steps; a device costs something only when its state changes, some twenty times a day. All of
/// it is drawn from the seed, or computed from what the caller says that devices spent: equal calls give equal bits, on
/// any machine.
///
/// Memory: about 250 bytes a device. Seconds count from a Monday's midnight.
public struct FleetState: Sendable {
    /// The fleet.
    public let fleet: Fleet
    /// Who is asked.
    public let eligibility: Eligibility
    /// The moment, in seconds.
    public internal(set) var now: Double

    let seed: UInt64
    /// Index of each device's class.
    let classes: [UInt8]
    let habits: [DeviceClass.Habits]
    /// Records by which devices live instead of by their habits; none without a trace.
    let traces: [DeviceTrace]
    /// Which of the records is each device's; empty without a trace.
    let recordOf: [Int32]
    /// The most pieces of a day.
    let dayCapacity: Int
    /// Joules of a full battery, by class.
    let capacities: [Double]
    /// Watts of charging, idling and use, by class.
    let watts: [(charging: Double, idle: Double, use: Double)]
    /// Whether a device may take part, by class and by its state's 16 values, battery apart.
    /// Looked up for every device in every round: a table of 16 for each class.
    let admitted: [Bool]
    /// Joules above which a device is asked, by class; below any on the mains.
    let leastJoules: [Double]
    /// Whether a class can train the model at all.
    var fits: [Bool]

    /// Joules in each battery when its books were last brought up to date.
    var batteries: [Double]
    /// When that was.
    var since: [Double]
    /// When the device's present state ends.
    var until: [Double]
    var states: [DeviceState]
    /// Place of the present piece in the device's day, and the number of pieces.
    var places: [(present: UInt16, count: UInt16)]
    var days: [Int32]
    var carries: [SIMD4<UInt16>]
    /// Minutes and states of each device's day, ``dayCapacity`` for each.
    var minutes: [UInt16]
    var pieces: [DeviceState]
    /// The books of each device.
    var ledgers: [EnergyLedger]
    /// Joules that would be in each battery if nobody had trained.
    var spared: [Double]
    /// Whether a battery has been empty.
    var wasEmpty: [Bool]
    /// Whether it has been while it would not have been without training.
    var wasDrained: [Bool]
    /// Whether a device's work has counted.
    var tookPart: [Bool]
    /// Devices whose work has counted.
    public internal(set) var participants = 0
    /// When the last round began, in seconds.
    public var roundStart: Double
    /// Rounds so far.
    public var rounds = 0
    /// Joules of training in rounds so far, of all devices.
    public var joules = 0.0
    var day = DeviceDay()

    /// Puts devices into the state that they have at a moment, with batteries between 30 and 100 % full.
    /// - Parameters:
    ///   - fleet: their classes.
    ///   - clients: number of devices.
    ///   - seed: seed of the run.
    ///   - start: the moment, in seconds from a Monday's midnight, ≥ 0.
    ///   - eligibility: who is asked.
    ///   - traces: records of days, one of which is drawn for each device; by none devices have their classes' habits.
    /// - Complexity: O(clients), about two microseconds each.
    public init(
        _ fleet: Fleet, clients: Int, seed: UInt64, start: Double = 0, eligibility: Eligibility = Eligibility(),
        traces: [DeviceTrace] = []
    ) {
        (self.fleet, self.seed, self.eligibility, self.traces) = (fleet, seed, eligibility, traces)
        dayCapacity = traces.map(\.mostPiecesOfDay).max() ?? DeviceDay.capacity
        recordOf =
            traces.isEmpty
            ? []
            : (0..<clients).map { client in
                var random = RandomStream(seed: seed, .fleet, client: client, salt: 3)
                return Int32(random.integer(below: traces.count))
            }
        now = start
        classes = (0..<clients).map { UInt8(fleet.index(ofClient: $0, seed: seed)) }
        habits = fleet.classes.map { DeviceClass.Habits($0) }
        capacities = fleet.classes.map(\.batteryJoules)
        watts = fleet.classes.map { ($0[.chargeWatts], $0[.idleWatts], $0[.useWatts]) }
        fits = fleet.classes.map { _ in true }
        admitted = fleet.classes.flatMap { device in
            (UInt8(0)..<16).map { eligibility.admits(DeviceState(rawValue: $0), of: device) }
        }
        leastJoules = fleet.classes.map { $0.isOnMains ? -1 : eligibility.leastCharge * $0.batteryJoules }
        batteries = [Double](repeating: 0, count: clients)
        since = [Double](repeating: start, count: clients)
        until = batteries
        states = [DeviceState](repeating: [], count: clients)
        places = [(UInt16, UInt16)](repeating: (0, 0), count: clients)
        days = [Int32](repeating: Int32(start / 86_400), count: clients)
        carries = [SIMD4<UInt16>](repeating: SIMD4(repeating: 0), count: clients)
        minutes = [UInt16](repeating: 0, count: clients * dayCapacity)
        pieces = [DeviceState](repeating: [], count: clients * dayCapacity)
        ledgers = [EnergyLedger](repeating: EnergyLedger(), count: clients)
        spared = batteries
        wasEmpty = [Bool](repeating: false, count: clients)
        (wasDrained, tookPart) = (wasEmpty, wasEmpty)
        roundStart = start
        for client in 0..<clients {
            let capacity = capacities[Int(classes[client])]
            var random = RandomStream(seed: seed, .fleet, client: client, salt: 2)
            batteries[client] = capacity * (0.3 + 0.7 * random.uniformDouble())
            ledgers[client].start = batteries[client]
            spared[client] = batteries[client]
            placeInDay(client)
        }
    }

    /// Number of devices.
    public var count: Int { classes.count }

    /// The class of a device, as an index of the fleet's.
    public func classIndex(of client: Int) -> Int { Int(classes[client]) }

    /// Notes that a device's work has counted.
    public mutating func noteParticipation(_ client: Int) {
        if !tookPart[client] { participants += 1 }
        tookPart[client] = true
    }

    /// The class of a device.
    public func deviceClass(of client: Int) -> DeviceClass { fleet.classes[Int(classes[client])] }

    /// States which classes can train the model; all by default.
    public mutating func setFits(_ fits: [Bool]) {
        precondition(fits.count == fleet.classes.count)
        self.fits = fits
    }

    /// Whether a device can train the model.
    public func fits(_ client: Int) -> Bool { fits[Int(classes[client])] }

    /// What is true of a device at this moment.
    public func state(of client: Int) -> DeviceState { states[client] }

    /// Joules in a device's battery at this moment; 0 for one on the mains.
    public func battery(of client: Int) -> Double { level(batteries[client], client, seconds: now - since[client]) }

    /// Joules that would be in it if nobody had trained.
    func untrained(_ client: Int) -> Double { level(spared[client], client, seconds: now - since[client]) }

    /// A battery after seconds of a device's present state.
    private func level(_ battery: Double, _ client: Int, seconds: Double) -> Double {
        let kind = Int(classes[client])
        guard capacities[kind] > 0 else { return 0 }
        if states[client].contains(.charging) {
            return min(battery + watts[kind].charging * seconds, capacities[kind])
        }
        return max(battery - load(of: client) * seconds, 0)
    }

    /// Watts that a device takes at this moment, besides training.
    func load(of client: Int) -> Double {
        let watts = watts[Int(classes[client])]
        return watts.idle + (states[client].contains(.inUse) ? watts.use : 0)
    }

    /// A device's battery and its books at this moment.
    public func books(of client: Int) -> (battery: Double, ledger: EnergyLedger) {
        var books = Books(battery: batteries[client], ledger: ledgers[client])
        settle(&books, client, seconds: now - since[client])
        return (books.battery, books.ledger)
    }

    /// Charge of a device, from 0 to 1; 1 on the mains.
    public func charge(of client: Int) -> Double {
        let capacity = capacities[Int(classes[client])]
        return capacity > 0 ? battery(of: client) / capacity : 1
    }

    /// Whether a device has a battery, and it is empty.
    public func isEmpty(_ client: Int) -> Bool {
        capacities[Int(classes[client])] > 0 && battery(of: client) == 0
    }

    /// Whether a device can be asked at this moment.
    /// A battery at just the least charge is not asked. O(1).
    public func isEligible(_ client: Int) -> Bool {
        let kind = Int(classes[client])
        return fits[kind] && admitted[kind << 4 | Int(states[client].rawValue)]
            && battery(of: client) > leastJoules[kind]
    }

    /// The devices that can be asked, ascending. O(devices).
    public func eligible() -> [Int] { (0..<count).filter(isEligible) }

    /// Devices whose battery has been empty at some time. O(devices).
    public var emptied: Int {
        (0..<count).count { wasEmpty[$0] || isEmpty($0) }
    }

    /// Moves the clock; the batteries of all devices change meanwhile.
    /// - Parameter time: seconds, not before ``now``.
    /// - Complexity: O(devices), and some hundred nanoseconds for each change of a state.
    public mutating func advance(to time: Double) {
        precondition(time >= now, "time goes forward: from \(now) to \(time)")
        for client in 0..<count where until[client] <= time {
            while until[client] <= time { enterNextPiece(client) }
        }
        now = time
    }

    /// Takes what a turn of training costs from a device's battery, or from the mains while it is on a charger.
    /// - Returns: what was taken: less than asked for if the battery was empty before.
    @discardableResult
    /// The device's state at this moment decides where it comes from, for the whole turn, and the books are brought up to date first.
    public mutating func spend(_ energy: TurnEnergy, of client: Int) -> TurnEnergy {
        settle(client, to: now)
        let total = energy.total
        if isPowered(client) {
            ledgers[client].mains += total
            ledgers[client].training.add(energy)
            return energy
        }
        let part = total > batteries[client] ? energy.scaled(by: batteries[client] / total) : energy
        ledgers[client].training.add(part)
        batteries[client] = total > batteries[client] ? 0 : batteries[client] - total
        noteEmpty(client)
        return part
    }
}

// Time and energy of one device.
extension FleetState {
    private struct Books {
        var battery: Double
        var ledger: EnergyLedger
    }

    /// Whether what a device spends comes from the mains.
    public func isPowered(_ client: Int) -> Bool {
        states[client].contains(.charging) || capacities[Int(classes[client])] == 0
    }

    /// Brings the books of a device up to date.
    /// After it, `since` is the moment, and a question about it costs nothing. A moment must not be beyond the present piece's end.
    private mutating func settle(_ client: Int, to time: Double) {
        var books = Books(battery: batteries[client], ledger: ledgers[client])
        settle(&books, client, seconds: time - since[client])
        spared[client] = level(spared[client], client, seconds: time - since[client])
        (batteries[client], ledgers[client], since[client]) = (books.battery, books.ledger, time)
        noteEmpty(client)
    }

    /// Notes that a battery is empty, if it is.
    private mutating func noteEmpty(_ client: Int) {
        guard batteries[client] == 0, !isPowered(client) else { return }
        wasEmpty[client] = true
        if spared[client] > 0 { wasDrained[client] = true }
    }

    /// Lets seconds of the present state pass.
    /// On a charger, or without a battery, what is spent comes from the mains, and the battery takes the charger's watts until it is full.
    /// Otherwise the battery falls until it is empty; what would have been spent after that is not.
    private func settle(_ books: inout Books, _ client: Int, seconds: Double) {
        guard seconds > 0 else { return }
        let kind = Int(classes[client])
        let watts = watts[kind]
        let isUsed = states[client].contains(.inUse)
        let (idle, use) = (watts.idle * seconds, isUsed ? watts.use * seconds : 0)
        if isPowered(client) {
            books.ledger.idle += idle
            books.ledger.use += use
            books.ledger.mains += idle + use
            let charged = min(watts.charging * seconds, capacities[kind] - books.battery)
            guard charged > 0 else { return }
            books.ledger.charged += charged
            books.battery += charged
            return
        }
        let load = idle + use
        if load <= books.battery {
            books.ledger.idle += idle
            books.ledger.use += use
            books.battery -= load
        } else {
            // Off from the moment at which it is empty.
            let part = books.battery / load
            books.ledger.idle += idle * part
            books.ledger.use += use * part
            books.battery = 0
        }
    }

    /// Ends a device's present state and begins the next, on the next day if need be.
    /// - Precondition: the piece's end has come; several may have ended since.
    private mutating func enterNextPiece(_ client: Int) {
        settle(client, to: until[client])
        places[client].present += 1
        if places[client].present == places[client].count {
            days[client] += 1
            drawDay(client)
            places[client].present = 0
        }
        readPiece(client)
    }

    /// Draws the day of a device at `now`, and finds the piece that `now` is in.
    mutating func placeInDay(_ client: Int) {
        if traces.isEmpty {
            makeDay(Int(days[client]) - 1, of: client, carried: SIMD4(repeating: 0))
            carries[client] = day.carry
        }
        drawDay(client)
        let minute = (now - Double(days[client]) * 86_400) / 60
        let first = client * dayCapacity
        var present = 0
        while present + 1 < Int(places[client].count), Double(minutes[first + present + 1]) <= minute { present += 1 }
        places[client].present = UInt16(present)
        readPiece(client)
    }

    /// Draws the device's day by the carry of the day before.
    /// Its pieces go into the device's part of ``minutes`` and ``pieces``, which has room for any day.
    private mutating func drawDay(_ client: Int) {
        makeDay(Int(days[client]), of: client, carried: carries[client])
        carries[client] = day.carry
        let first = client * dayCapacity
        for (i, piece) in day.pieces.enumerated() {
            minutes[first + i] = piece.minute
            pieces[first + i] = piece.state
        }
        places[client].count = UInt16(day.pieces.count)
    }

    /// Makes a day of a device in ``day``: from its record, or drawn by its class's habits.
    mutating func makeDay(_ number: Int, of client: Int, carried: SIMD4<UInt16>) {
        if traces.isEmpty {
            day.draw(habits[Int(classes[client])], client: client, day: number, seed: seed, carried: carried)
        } else {
            day.take(traces[Int(recordOf[client])], day: number)
        }
    }

    /// Reads state and end of the present piece.
    private mutating func readPiece(_ client: Int) {
        let (present, count) = (Int(places[client].present), Int(places[client].count))
        let place = client * dayCapacity + present
        states[client] = pieces[place]
        let end = present + 1 < count ? Double(minutes[place + 1]) : Double(DeviceDay.minutes)
        until[client] = Double(days[client]) * 86_400 + end * 60
    }
}
