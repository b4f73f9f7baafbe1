/// What rank 0 has a rank of a fleet do.
public enum FleetOrder: Codable, Sendable {
    /// To measure its machine.
    case machine
    /// To say how many of these test images each variant gets right.
    case accuracies(Range<Int>)
    /// To serve as a device.
    case device(DeviceTask)
}

/// What comes of an order.
public enum FleetAnswer: Codable, Sendable {
    case machine(DeviceProfiler.Machine)
    /// By variant.
    case correct([Int])
    case device(DeviceReport)
}

/// What rank 0 tells a rank.
enum FleetCommand: Codable {
    /// Orders are numbered; the answer bears the number.
    case order(Int, FleetOrder)
    /// There are no more. Where ranks were lost MPI cannot be finalised.
    case end(hasLostRanks: Bool)
}

/// What a rank tells rank 0.
enum FleetReply: Codable {
    case answer(Int, FleetAnswer)
    /// It has understood that there are no more orders.
    case farewell
}
