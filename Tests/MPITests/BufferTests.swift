import MPI
import Testing

@Suite struct BufferTests {
    @Test(arguments: [0, 1, 15, 1000, 3_000_000])
    func `a buffer is zero and aligned to a cache line`(count: Int) {
        let buffer = Buffer<Float>(count: count)
        #expect(buffer.count == count)
        #expect(buffer.array() == [Float](repeating: 0, count: count))
        buffer.span.withUnsafeBytes { #expect(Int(bitPattern: $0.baseAddress) % 64 == 0) }
    }

    @Test func `memory that was used before is zero again`() {
        for _ in 0..<20 {
            var buffer = Buffer<UInt64>(count: 500)
            #expect(buffer.array().allSatisfy { $0 == 0 })
            for i in 0..<500 { buffer[i] = .max }
        }
    }

    @Test func `spans and subscript see the same elements`() {
        var buffer = Buffer<Int32>([1, 2, 3])
        buffer[1] = 20
        var span = buffer.mutableSpan
        span[2] = 30
        #expect(buffer.span[1] == 20)
        #expect(buffer[2] == 30)
        #expect(buffer.array() == [1, 20, 30])
    }

    @Test func `a buffer of bytes holds a header and numbers`() {
        var bytes = Buffer<UInt8>(count: 64 + 3 * 4)
        bytes.withMutableSpan(of: UInt64.self, at: 8, count: 2) { header in
            header[0] = 0x0102_0304_0506_0708
            header[1] = 9
        }
        bytes.withMutableSpan(of: Float.self, at: 64, count: 3) { numbers in
            for i in 0..<3 { numbers[i] = Float(i) + 0.5 }
        }
        // Little-endian, as every platform that this package builds for.
        #expect(Array(bytes.array()[8..<17]) == [8, 7, 6, 5, 4, 3, 2, 1, 9])
        // 2.5 = 0x40200000
        #expect(Array(bytes.array()[72..<76]) == [0, 0, 0x20, 0x40])
        let sum = bytes.withSpan(of: Float.self, at: 64, count: 3) { $0[0] + $0[1] + $0[2] }
        #expect(sum == 4.5)
    }

    @Test func `an error passes through a typed view`() {
        struct Stop: Error, Equatable {}
        let bytes = Buffer<UInt8>(count: 8)
        #expect(throws: Stop()) {
            try bytes.withSpan(of: Float.self, at: 0, count: 2) { (_: Span<Float>) throws(Stop) in throw Stop() }
        }
    }

    @Test func `a view outside the buffer or off its alignment stops the program`() async {
        await #expect(processExitsWith: .failure) {
            Buffer<UInt8>(count: 16).withSpan(of: Double.self, at: 8, count: 2) { _ in }
        }
        await #expect(processExitsWith: .failure) {
            Buffer<UInt8>(count: 16).withSpan(of: Float.self, at: 2, count: 1) { _ in }
        }
        await #expect(processExitsWith: .failure) { _ = Buffer<Float>(count: 4)[4] }
    }
}
