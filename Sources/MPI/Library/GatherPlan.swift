/// How parts of any length come together at the root with a call whose counts and displacements are C `int`.
///
/// A rank knows only its own count, and all must agree. So a part of more than `limit / size` elements travels as a
/// message of its own, and the shorter parts by the collective call, which all ranks join. At the root their counts fit
/// together into `limit`; if their places do not, because longer parts lie between them, the call fills a staging area
/// from which they are copied.
struct GatherPlan: ~Copyable {
    /// What this rank gives to the collective call.
    let own: Int32
    /// This rank's part, if it travels as a message.
    private(set) var outgoing: MemoryRegion?
    /// At the root, the other ranks' parts that travel as messages.
    private(set) var incoming: [(source: Int, region: MemoryRegion)] = []
    /// At the root, where the collective call writes.
    private(set) var target: MemoryRegion
    /// At the root, one count per rank for the collective call.
    private(set) var counts: Buffer<Int32>
    /// At the root, one displacement per rank for the collective call.
    private(set) var displacements: Buffer<Int32>
    private var staging: Buffer<UInt64>?
    private var staged: [(from: MemoryRegion, to: MemoryRegion)] = []

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
