/// The way in which parts of any length come together at the root with a call whose counts and displacements
/// are C `int`.
///
/// A rank knows only its own count, and all must agree. So a part of more than `limit / size` elements travels
/// as a message of its own, and the shorter parts by the collective call, which all ranks join. At the root
/// their counts fit together into `limit`; if their places do not, because longer parts lie between them, the
/// call fills a staging area from which they are copied.
struct GatherPlan: ~Copyable {
    /// The count that this rank gives to the collective call; 0 if its part travels as a message.
    let own: Int32
    /// This rank's part, if it travels as a message.
    private(set) var outgoing: MemoryRegion?
    /// The other ranks' parts that travel as messages; empty but at the root.
    private(set) var incoming: [(source: Int, region: MemoryRegion)] = []
    /// The memory that the collective call writes at the root: the caller's or the staging area.
    private(set) var target: MemoryRegion
    /// One count per rank for the collective call; empty but at the root.
    private(set) var counts: Buffer<Int32>
    /// One displacement per rank for the collective call, in elements; empty but at the root.
    private(set) var displacements: Buffer<Int32>
    /// The staging area, in words of 8 bytes so that every element type is aligned; nil where places fit into `int`.
    private var staging: Buffer<UInt64>?
    /// The short parts in the staging area, each with its place in the caller's memory.
    private var staged: [(from: MemoryRegion, to: MemoryRegion)] = []

    /// Plans one gather; copies the root's own part at once if it is long.
    ///
    /// - Parameters:
    ///   - send: this rank's part.
    ///   - receive: at the root, room for all parts; elsewhere ignored.
    ///   - counts: at the root, the number of elements of each rank; elsewhere ignored.
    ///   - root: the rank that collects.
    ///   - rank: this rank.
    ///   - size: the number of ranks.
    ///   - limit: the largest count and displacement of a call; `Int32.max` but in tests.
    /// - Complexity: O(size) at the root, O(1) elsewhere, without the copies.
    init(
        _ send: MemoryRegion, into receive: MemoryRegion, counts: [Int], root: Int, rank: Int, size: Int, limit: Int
    ) {
        let longest = limit / size
        let isLong = send.count > longest
        own = isLong ? 0 : Int32(send.count)
        target = receive
        guard rank == root else {
            if isLong { outgoing = send }
            self.counts = Buffer(count: 0)
            displacements = Buffer(count: 0)
            return
        }

        self.counts = Buffer(count: size)
        displacements = Buffer(count: size)
        var short: [(rank: Int, region: MemoryRegion)] = []
        var start = 0
        for (source, count) in counts.enumerated() {
            let region = receive.slice(start, count: count)
            if count <= longest {
                short.append((source, region))
                self.counts[source] = Int32(count)
                displacements[source] = Int32(clamping: start)
            } else if source == rank {
                region.copy(from: send)
            } else {
                incoming.append((source, region))
            }
            start += count
        }
        if start > limit { stage(short) }
    }

    /// Turns the call to a staging area in which the short parts lie without gaps.
    private mutating func stage(_ short: [(rank: Int, region: MemoryRegion)]) {
        let count = short.reduce(0) { $0 + $1.region.count }
        let area = Buffer<UInt64>(count: (count * target.datatype.byteCount + 7) / 8)
        target = MemoryRegion(base: area.region.base, count: count, datatype: target.datatype)
        staging = consume area
        var start = 0
        for (rank, region) in short {
            displacements[rank] = Int32(start)
            staged.append((target.slice(start, count: region.count), region))
            start += region.count
        }
    }

    /// Puts staged parts in their places; called once, when all transfers are complete.
    mutating func finish() {
        for (source, destination) in staged { destination.copy(from: source) }
        staged = []
        staging = nil
    }
}
