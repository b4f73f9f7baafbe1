public import FedCore

/// The place to which a rank's timing goes. The first two calls do not wait for the disk.
public protocol TimingSink: AnyObject {
    /// Takes the next events, about once a second.
    ///
    /// - Parameter events: the phases that have ended since the last call, in order.
    func append(_ events: [TimingEvent])
    /// Takes the counts of all messages so far, every few seconds.
    func replace(_ messages: [MessageCount])
    /// Returns when everything is written; nothing comes after it.
    ///
    /// - Parameters:
    ///   - clockAtEnd: the rank's clock beside rank 0's, read at the end; nil where it was not measured.
    ///   - processor: what processors did in the rank's time; nil where the system does not tell.
    func close(_ clockAtEnd: ClockReading?, _ processor: ProcessorUse?)
}
