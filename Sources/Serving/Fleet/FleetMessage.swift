/// Something that rank 0 has a rank of the fleet do.
public enum FleetOrder: Codable, Sendable {
    /// The measurement of the machine that the rank runs on.
    case machine
    /// The count of how many of these test images each variant gets right.
    case accuracies(Range<Int>)
    /// The service as a device, in a process of its own.
    case device(DeviceTask)
}

/// The result of an order, of the same case.
public enum FleetAnswer: Codable, Sendable {
    /// The measured machine.
    case machine(DeviceProfiler.Machine)
    /// Number of images classified right, by variant.
    case correct([Int])
    /// What came of serving.
    case device(DeviceReport)
}

/// A message of rank 0 to a rank, as JSON.
enum FleetCommand: Codable {
    /// An order with its number, which the answer repeats.
    case order(Int, FleetOrder)
    /// An order about a release, for the device that the rank serves as.
    case release(ReleaseOrder)
    /// There are no more orders. Where ranks were lost, MPI cannot be finalised.
    case end(hasLostRanks: Bool)
}

/// A message of a rank to rank 0, as JSON.
enum FleetReply: Codable {
    /// The result of the order of a number.
    case answer(Int, FleetAnswer)
    /// What its device says of a release, with the number of the order to serve.
    case news(Int, ReleaseNews)
    /// It knows that there are no more orders.
    case shutdownAcknowledged
}
