import Devices
import FedCore
import Testing

struct FleetStateTests {
    private static let day = 86_400.0

    @Test func `the clock may go in any steps`() {
        var (once, often) = (
            FleetState(Fleets.people, clients: 500, seed: 3), FleetState(Fleets.people, clients: 500, seed: 3)
        )
        once.advance(to: 3 * Self.day)
        for step in 1...432 { often.advance(to: Double(step) * 600) }
        for client in 0..<500 {
            #expect(once.state(of: client) == often.state(of: client))
            #expect(once.battery(of: client) == often.battery(of: client))
        }
        // A fleet that begins on the third day has the same states on it.
        let late = FleetState(Fleets.people, clients: 500, seed: 3, start: 3 * Self.day)
        for client in 0..<500 { #expect(late.state(of: client) == once.state(of: client)) }
    }

    @Test func `who could be asked is a part of who is connected, charged, and whatever else is asked for`() throws {
        var eligibility = Eligibility()
        eligibility.conditions = [.charging, .idle]
        let state = FleetState(Fleets.people, clients: 400, seed: 3, eligibility: eligibility)
        var told: [Double] = []
        let days = FleetDays(state, seconds: Self.day, interval: 3_600) { told.append($0) }
        for sample in days.samples {
            for share in [sample.connected, sample.charged, sample.powered, 1 - sample.inUse] {
                #expect(sample.eligible <= share + 1e-12)
            }
            // Boards, a tenth of the devices, are powered without ever charging.
            #expect(sample.powered > sample.charging)
        }
        #expect(told.count == 25 && told.last == 1)
        let always = try Fleet("f; a battery-mah=0 offline-hours=0 away-share=0 use-hours=0")
        let mains = FleetDays(FleetState(always, clients: 10, seed: 1), seconds: 7_200, interval: 3_600)
        for sample in mains.samples {
            #expect(sample.connected == 1 && sample.powered == 1 && sample.charged == 1 && sample.eligible == 1)
        }
    }

    @Test(arguments: Fleets.all.map(\.name))
    func `every device's books close`(name: String) throws {
        let fleet = try Fleet(name)
        var state = FleetState(fleet, clients: 300, seed: 5)
        for step in 1...336 {
            state.advance(to: Double(step) * 1_800)
            for client in stride(from: step % 7, to: 300, by: 7) {
                let device = state.deviceClass(of: client)
                guard let connection = device.connection(isAway: false) else { continue }
                let turn = DeviceTurn(download: 3, training: 200, upload: 5)
                state.spend(turn.energy(of: device, over: connection), of: client)
            }
        }
        for client in 0..<300 {
            let (battery, ledger) = state.books(of: client)
            let through = ledger.start + ledger.charged + ledger.mains
            #expect(abs(battery - ledger.balance) <= 1e-9 * through)
            #expect(battery >= 0 && battery <= state.deviceClass(of: client).batteryJoules * (1 + 1e-12))
            #expect(ledger.training.total > 0)
        }
    }

    @Test func `a saved fleet goes on with the same bits`() throws {
        var whole = FleetState(Fleets.people, clients: 200, seed: 9, start: 7 * 3_600)
        whole.advance(to: 1.37 * Self.day)
        for client in 0..<50 { whole.noteParticipation(client) }
        var resumed = FleetState(Fleets.people, clients: 200, seed: 9, start: 7 * 3_600)
        try resumed.restoreServerState(whole.serverState)
        for state in [whole, resumed] { #expect(state.participants == 50) }
        whole.advance(to: 4 * Self.day)
        resumed.advance(to: 4 * Self.day)
        #expect(whole.serverState == resumed.serverState)

        // Whatever is cut off or changed is refused, and nothing traps.
        let bytes = whole.serverState
        for length in [0, 8, 40, bytes.count - 1] {
            #expect(throws: ConfigurationError.self) { try resumed.restoreServerState(Array(bytes.prefix(length))) }
        }
        var damaged = bytes
        damaged.replaceSubrange(0..<8, with: [UInt8](repeating: 0xFF, count: 8))
        #expect(throws: ConfigurationError.self) { try resumed.restoreServerState(damaged) }
    }

    @Test func `a battery falls by what is used, and is charged by the charger's watts`() throws {
        // Never charged, never used: 0.5 W from a battery of 1000 mAh · 3.6 V · 3.6 = 12,960 J.
        let lamp = try Fleet(
            "lamp; lamp battery-mah=1000 volts=3.6 idle-watts=0.5 use-hours=0 charge-share=0 top-ups=0")
        var state = FleetState(lamp, clients: 1, seed: 1)
        let start = state.battery(of: 0)
        #expect(start >= 0.3 * 12_960 && start <= 12_960)
        state.advance(to: 2_000)
        #expect(abs(state.battery(of: 0) - (start - 1_000)) < 1e-9)
        // Empty after 12,960 J at most, and then it takes no more.
        state.advance(to: Self.day)
        #expect(state.battery(of: 0) == 0 && state.isEmpty(0) && !state.isEligible(0) && state.emptied == 1)
        let books = state.books(of: 0)
        #expect(abs(books.ledger.idle - start) < 1e-6)
        #expect(state.drained == 0, "it would have been empty without training, too")
        // What is asked of an empty battery is not taken.
        var energy = TurnEnergy()
        energy.compute = 5
        #expect(state.spend(energy, of: 0).total == 0)
    }

    @Test func `training that empties a battery is told from use that does`() throws {
        let lamp = try Fleet(
            "lamp; lamp battery-mah=1000 volts=3.6 idle-watts=0.01 use-hours=0 charge-share=0 top-ups=0")
        var state = FleetState(lamp, clients: 2, seed: 1)
        var energy = TurnEnergy()
        energy.compute = 20_000
        #expect(state.spend(energy, of: 1).total == state.books(of: 1).ledger.start)
        state.advance(to: 3_600)
        #expect(state.battery(of: 1) == 0 && state.battery(of: 0) > 0)
        #expect(state.emptied == 1 && state.drained == 1)
    }

    @Test func `a device on the mains has no battery, and is there unless it is offline`() throws {
        let server = try Fleet("s; s battery-mah=0 radio=wired away-share=0 offline-hours=0 use-hours=0")
        var state = FleetState(server, clients: 20, seed: 2)
        state.advance(to: 2 * Self.day)
        #expect(state.eligible() == Array(0..<20))
        #expect(state.charge(of: 3) == 1 && state.emptied == 0 && state.chargePercentiles([0.5]).isEmpty)
    }

    @Test func `who is asked meets every condition`() {
        for conditions in [[], [.charging], [.idle, .unmetered], [.charging, .idle, .unmetered]]
            as [Set<Eligibility.Condition>]
        {
            var eligibility = Eligibility()
            (eligibility.conditions, eligibility.leastCharge) = (conditions, 0.4)
            var state = FleetState(Fleets.people, clients: 2_000, seed: 4, eligibility: eligibility)
            state.advance(to: 1.9 * Self.day)
            let eligible = state.eligible()
            #expect(!eligible.isEmpty && eligible.count < 2_000)
            for client in eligible {
                let (now, device) = (state.state(of: client), state.deviceClass(of: client))
                #expect(!now.contains(.offline) && (device.isOnMains || state.charge(of: client) > 0.4))
                if conditions.contains(.charging) { #expect(now.contains(.charging) || device.isOnMains) }
                if conditions.contains(.idle) { #expect(!now.contains(.inUse)) }
                if conditions.contains(.unmetered) { #expect(!now.contains(.away)) }
            }
        }
    }

    @Test func `a device goes away when its connection does, or when its battery is low`() throws {
        var state = FleetState(Fleets.people, clients: 3_000, seed: 6, start: 19 * 3_600)
        let turn = DeviceTurn(download: 10, training: 7_000, upload: 30)
        var (gone, stayed) = (0, 0)
        for client in state.eligible() {
            guard let departure = state.departure(of: client, from: turn, energy: 1) else {
                stayed += 1
                var later = state
                if stayed % 100 == 0 {
                    // Still connected at the end.
                    later.advance(to: state.now + turn.seconds - 1)
                    #expect(!later.state(of: client).contains(.offline))
                }
                continue
            }
            gone += 1
            #expect(departure.seconds >= 0 && departure.seconds <= turn.seconds)
            guard !departure.isByBattery else { continue }
            // Just then it cannot send.
            var later = state
            later.advance(to: state.now + departure.seconds)
            #expect(!later.canSend(client))
        }
        #expect(gone > 20 && stayed > gone)

        // From 12,960 J · 0.3 at least down to a tenth, at 1 W: 2,592 s at least, and 11,664 s at most.
        let lamp = try Fleet(
            "lamp; lamp battery-mah=1000 volts=3.6 idle-watts=1 use-hours=0 charge-share=0 top-ups=0 offline-hours=0")
        var lamps = FleetState(lamp, clients: 1, seed: 1)
        let room = lamps.battery(of: 0) - 1_296
        let found = lamps.departure(of: 0, from: DeviceTurn(download: 0, training: 20_000, upload: 0), energy: 0)
        #expect(found?.isByBattery == true)
        let leaves = try #require(found?.seconds)
        #expect(abs(leaves - room) < 1e-6)
        #expect(lamps.batteryEnd(0, of: DeviceTurn(download: 0, training: 20_000, upload: 0), energy: 0) == leaves)
        #expect(lamps.batteryEnd(0, of: DeviceTurn(download: 0, training: room - 1, upload: 0), energy: 0) == nil)
    }
}
