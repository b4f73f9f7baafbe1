public import FedCore

// What a checkpoint keeps: the clock and the books. States are drawn again.
extension FleetState: StatefulPart {
    public var serverState: [UInt8] {
        var writer = StateWriter()
        for number in [now, roundStart, joules] { writer.write(number) }
        writer.write(rounds)
        writer.write(count)
        for client in 0..<count {
            // Not brought up to date: the same sums in other pieces would have other last bits.
            writer.write(batteries[client])
            writer.write(since[client])
            for field in EnergyLedger.fields { writer.write(ledgers[client][keyPath: field]) }
            writer.write(spared[client])
            writer.write((wasEmpty[client] ? 1 : 0) + (tookPart[client] ? 2 : 0) + (wasDrained[client] ? 4 : 0))
        }
        return writer.bytes
    }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(state, of: "the fleet")
        let now = try reader.number(in: 0...1e11)
        roundStart = try reader.number(in: 0...now)
        joules = try reader.number(in: 0...Double.greatestFiniteMagnitude)
        rounds = try reader.integer(in: 0...Int(UInt32.max))
        _ = try reader.integer(in: count...count)
        self.now = now
        for client in 0..<count {
            batteries[client] = try reader.number(in: 0...(capacities[Int(classes[client])] * (1 + 1e-12)))
            since[client] = try reader.number(in: 0...now)
            for field in EnergyLedger.fields {
                ledgers[client][keyPath: field] = try reader.number(in: 0...Double.greatestFiniteMagnitude)
            }
            spared[client] = try reader.number(in: 0...(capacities[Int(classes[client])] * (1 + 1e-12)))
            let marks = try reader.integer(in: 0...7)
            (wasEmpty[client], wasDrained[client]) = (marks & 1 != 0, marks & 4 != 0)
            if marks & 2 != 0 { noteParticipation(client) }
            days[client] = Int32(now / 86_400)
            placeInDay(client)
        }
        try reader.finish()
    }
}
