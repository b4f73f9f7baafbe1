import FedCore

/// The updates that devices of a simulated fleet have trained offline: each device's own, oldest first, from the round in
/// which they are made until they count or are dropped.
///
/// ```
///             make                    send                  commit
///  a rank ──────────► staged ─ commit ─► kept ─────────► arrived ───────► counted
///                       │                 │ expire, or a newer one in its place
///                  a repeated         expired, overwritten
///                  attempt: forgotten
/// ```
///
/// A round's steps are taken when it counts (``commit()``): an attempt that is repeated leaves no update behind, as those
/// of connected devices leave none; what a device has sent in it stays at the server, and counts once, in the round's last
/// attempt. So each update that was made ends in exactly one way: ``Books``.
///
/// ```swift
/// var held = HeldUpdates(room: 4, lifetime: 86_400)
/// held.beginAttempt()
/// held.make(HeldUpdates.Entry(client, update))    // it has gone away, and trains on
/// held.commit()                                   // the round counts without it
/// held.beginAttempt()
/// held.send(held.ready(client, at: now).count, of: client)
/// for entry in held.arrived { … }                 // into the sum of this attempt
/// held.commit()
/// ```
///
/// A value without a clock and without randomness. Memory: 4 bytes for each number of each update that is kept; a copy of
/// the ledger shares them.
struct HeldUpdates: Sendable {
    /// An update and whose it is.
    struct Entry: Sendable, Equatable {
        let client: Int
        var update: HeldUpdate

        /// Joins them.
        init(_ client: Int, _ update: HeldUpdate) { (self.client, self.update) = (client, update) }
    }

    /// What became of all updates since the run's start; with those that are kept or have arrived, the sum is ``made``.
    struct Books: Sendable, Equatable {
        /// Made in rounds that counted.
        var made = 0
        /// In the mean of some round.
        var counted = 0
        /// Dropped for their age.
        var expired = 0
        /// Dropped for a newer one.
        var overwritten = 0
        /// Left out of the mean for what they hold.
        var refused = 0

        /// The fields in the order in which a state keeps them.
        static let fields: [any WritableKeyPath<Books, Int> & Sendable] = [
            \.made, \.counted, \.expired, \.overwritten, \.refused,
        ]
    }

    /// Updates that a device keeps at most; 0 where none keeps any.
    let room: Int
    /// Seconds after which a device drops one.
    let lifetime: Double
    /// What each device keeps, oldest first; no empty lists.
    private var kept: [Int: [HeldUpdate]] = [:]
    /// What has been sent in the round under way, in the order of arrival.
    private(set) var arrived: [Entry] = []
    /// What has been made in the attempt under way.
    private var staged: [Entry] = []
    /// What became of those before.
    private(set) var books = Books()

    /// Keeps nothing yet.
    /// - Parameters:
    ///   - room: updates that a device keeps at most.
    ///   - lifetime: seconds after which it drops one; infinite for never.
    init(room: Int, lifetime: Double = .infinity) { (self.room, self.lifetime) = (room, lifetime) }

    /// Updates that are kept. O(devices that keep some).
    var count: Int { kept.values.reduce(0) { $0 + $1.count } }

    /// Devices that keep some, ascending.
    var clients: [Int] { kept.keys.sorted() }

    /// Whether a device is still making an update: it has been asked, and has gone away.
    func isTraining(_ client: Int, at now: Double) -> Bool { (kept[client]?.last?.made ?? 0) > now }

    /// What a device could send at a moment, oldest first: all but the one that it is still making.
    func ready(_ client: Int, at now: Double) -> ArraySlice<HeldUpdate> {
        guard let updates = kept[client] else { return [] }
        return (updates.last?.made ?? 0) > now ? updates.dropLast() : updates[...]
    }

    /// Begins an attempt at a round: what the attempt before made is forgotten.
    mutating func beginAttempt() { staged.removeAll(keepingCapacity: true) }

    /// Drops what was made too long ago. O(updates that are kept).
    /// - Returns: how many.
    mutating func expire(at now: Double) -> Int {
        guard lifetime < .infinity else { return 0 }
        var dropped = 0
        for client in clients {
            guard let updates = kept[client] else { continue }
            let old = updates.prefix { now - $0.made > lifetime }.count
            removeOldest(old, of: client)
            dropped += old
        }
        books.expired += dropped
        return dropped
    }

    /// Takes a device's oldest updates to the server.
    /// - Parameters:
    ///   - count: how many, at most as many as are ready.
    ///   - client: the device.
    mutating func send(_ count: Int, of client: Int) {
        guard let updates = kept[client] else { return }
        arrived += updates.prefix(count).map { Entry(client, $0) }
        removeOldest(count, of: client)
    }

    /// Removes updates that have arrived and cannot be added up.
    /// - Parameter places: indices of ``arrived``, ascending.
    mutating func refuse(_ places: [Int]) {
        for place in places.reversed() { arrived.remove(at: place) }
        books.refused += places.count
    }

    /// Notes what a device makes in the attempt under way. It is kept from the round's end on, if that counts.
    /// - Precondition: its device keeps nothing that is made later.
    mutating func make(_ entry: Entry) { staged.append(entry) }

    /// Ends a round that counts: what has arrived is in its mean, and what was made in its last attempt is kept. A device
    /// without room drops its oldest.
    /// - Returns: how many were dropped for newer ones.
    mutating func commit() -> Int {
        books.counted += arrived.count
        books.made += staged.count
        arrived.removeAll(keepingCapacity: true)
        var dropped = 0
        for entry in staged {
            kept[entry.client, default: []].append(entry.update)
            guard let count = kept[entry.client]?.count, count > room else { continue }
            removeOldest(count - room, of: entry.client)
            dropped += count - room
        }
        staged.removeAll(keepingCapacity: true)
        books.overwritten += dropped
        return dropped
    }

    /// Removes the first updates of a device's list.
    private mutating func removeOldest(_ count: Int, of client: Int) {
        guard count > 0 else { return }
        kept[client]?.removeFirst(count)
        if kept[client]?.isEmpty ?? false { kept[client] = nil }
    }
}

// What a checkpoint keeps: the ledger between two rounds.
extension HeldUpdates {
    /// Everything that is kept, and the books; empty where devices keep nothing. O(numbers that are kept).
    /// - Precondition: no round is under way.
    var serverState: [UInt8] {
        guard room > 0 else { return [] }
        var writer = StateWriter()
        for field in Books.fields { writer.write(books[keyPath: field]) }
        writer.write(kept) { updates, writer in
            writer.write(updates.count)
            for update in updates { update.write(to: &writer) }
        }
        return writer.bytes
    }

    /// Restores what ``serverState`` gave.
    /// - Parameters:
    ///   - state: bytes from a file, which are not trusted.
    ///   - clients: number of clients of the run.
    ///   - floats: numbers of an update.
    /// - Throws: `ConfigurationError` when they are not a ledger's of this run.
    mutating func restore(_ state: [UInt8], clients: Int, floats: Int) throws(ConfigurationError) {
        guard room > 0 else { return }
        var reader = StateReader(state, of: "what devices keep offline")
        var books = Books()
        for field in Books.fields { books[keyPath: field] = try reader.integer(in: 0...1 << 48) }
        let room = room
        let kept = try reader.table { (reader) throws(ConfigurationError) in
            var updates: [HeldUpdate] = []
            for _ in 0..<(try reader.integer(in: 1...room)) { updates.append(try HeldUpdate(&reader, floats: floats)) }
            return updates
        }
        try reader.finish()
        (self.books, self.kept) = (books, kept)
        let ended = books.counted + books.expired + books.overwritten + books.refused
        guard kept.keys.allSatisfy({ $0 < clients }), books.made == ended + count else { throw reader.refusal }
    }
}
