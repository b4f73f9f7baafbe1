/// A measurement of memory bandwidth: `a ← b + s·c` over vectors that no cache holds, the triad of the STREAM
/// benchmark.
///
/// J. D. McCalpin, *Memory Bandwidth and Machine Balance in Current High Performance Computers*, IEEE TCCA Newsletter,
/// December 1995. As there, the bytes are those that the formula names: two vectors read and one written, without the
/// read that a write may cost.
enum Triad {
    /// Elements of each vector: 32 MB, beyond the caches of most processors.
    private static let count = 4_000_000

    /// Measures one thread, in processor time; the best pass counts, since passes can only be disturbed towards slower.
    /// Takes 96 MB of memory.
    ///
    /// - Parameter seconds: How long passes are repeated; there are three at least.
    /// - Returns: GB/s (10⁹ bytes).
    static func gigabytesPerSecond(seconds: Double) -> Double {
        var a = [Double](repeating: 0, count: count)
        let b = [Double](repeating: 1, count: count)
        let c = [Double](repeating: 2, count: count)
        var best = Duration.seconds(3600)
        var pass = 0
        let begin = ContinuousClock.now
        repeat {
            pass += 1
            let start = ProcessorTime.ofThread
            run(&a, b, c, factor: Double(pass))
            best = min(best, ProcessorTime.ofThread - start)
        } while pass < 3 || ContinuousClock.now - begin < .seconds(seconds)
        precondition(a[count - 1] == 1 + 2 * Double(pass), "the triad is wrong")
        return Double(3 * count * MemoryLayout<Double>.stride) / (best / .nanoseconds(1))
    }

    /// One pass. Not inlined, so that the compiler cannot drop passes whose result is overwritten.
    @inline(never)
    private static func run(_ a: inout [Double], _ b: [Double], _ c: [Double], factor: Double) {
        var a = a.mutableSpan
        let (b, c) = (b.span, c.span)
        for i in 0..<count { a[unchecked: i] = b[unchecked: i] + factor * c[unchecked: i] }
    }
}
