public import FedCore

/// Where a rank's timing goes. Neither call waits for the disk.
public protocol TimingSink: AnyObject {
    /// Takes the next events, about once a second.
    func append(_ events: [TimingEvent])
    /// Takes the counts of all messages so far, every few seconds.
    func replace(_ messages: [MessageCount])
    /// Returns when everything is written.
    func close(_ clockAtEnd: ClockReading?)
}
