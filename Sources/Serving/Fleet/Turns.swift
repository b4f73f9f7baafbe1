import MPI

/// Lets ranks of one host work one after another, so that they do not disturb each other's times.
public struct Turns {
    private let host: any Communicator
    private let atOnce: Int
    private static let tag = 1

    /// - Parameters:
    ///   - host: the ranks of one host.
    ///   - atOnce: how many of them may work at the same time, at least 1.
    public init(_ host: any Communicator, atOnce: Int) {
        self.host = host
        self.atOnce = atOnce
    }

    /// Does some work in this rank's turn. Every rank of the host calls it once; who waits sleeps.
    public func take<Result>(_ work: () throws -> Result) throws -> Result {
        if host.rank >= atOnce {
            _ = try host.startReceive(into: Buffer<UInt8>(count: 1), from: host.rank - atOnce, tag: Self.tag).wait()
        }
        let result = try work()
        if host.rank + atOnce < host.size {
            _ = try host.startSend(Buffer<UInt8>(count: 1), to: host.rank + atOnce, tag: Self.tag).wait()
        }
        return result
    }
}
