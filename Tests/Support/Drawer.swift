package import FedCore
import Records

/// Keeps what a timeline hands over.
package final class Drawer: TimingSink, @unchecked Sendable {
    // Sendable: each is used by one rank's thread, and read after that has ended.
    package var events: [TimingEvent] = []
    package var batches = 0
    package var messages: [MessageCount] = []
    package var clockAtEnd: ClockReading?
    package var processor: ProcessorUse?
    package var isClosed = false

    package init() {}

    package func append(_ events: [TimingEvent]) {
        batches += 1
        self.events += events
    }
    package func replace(_ messages: [MessageCount]) { self.messages = messages }
    package func close(_ clockAtEnd: ClockReading?, _ processor: ProcessorUse?) {
        self.clockAtEnd = clockAtEnd
        self.processor = processor
        isClosed = true
    }
}
