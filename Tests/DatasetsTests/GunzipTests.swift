import Testing

@testable import Datasets

@Suite struct GunzipTests {
    let folder: TemporaryFolder
    /// More than one chunk of input and of output, and not very compressible.
    static let data = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7 ^ $0) }

    init() throws { folder = try TemporaryFolder() }

    private func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
        let file = try OpenFile(reading: try folder.write(bytes, to: "data.gz"))
        var result: [UInt8] = []
        try Gunzip.decompress(file) { result += $0 }
        return result
    }

    private func reason(_ bytes: [UInt8]) throws -> String? {
        let error = #expect(throws: DatasetError.self) { try decompress(bytes) }
        guard case .badGzip(let file, let reason) = error else { return nil }
        #expect(file == folder.path + "/data.gz")
        return reason
    }

    @Test func givesBackWhatWasCompressed() throws {
        #expect(try decompress(gzip(Self.data)) == Self.data)
        #expect(try decompress(gzip([])) == [])
    }

    @Test func joinsConcatenatedMembers() throws {
        #expect(try decompress(gzip([1, 2]) + gzip([]) + gzip([3])) == [1, 2, 3])
    }

    @Test func aFileCutShortIsRefused() throws {
        let whole = gzip(Self.data)
        for count in [0, 1, 5, 10, 1000, whole.count / 2, whole.count - 1] {
            #expect(
                try reason(Array(whole.prefix(count))) == "the file ends in the middle of the compressed data")
        }
    }

    @Test func bytesAfterTheEndAreRefused() throws {
        #expect(try reason(gzip([1, 2]) + [0]) == "bytes after the end of the compressed data")
        #expect(try reason(gzip([1, 2]) + Array("more".utf8)) == "bytes after the end of the compressed data")
    }

    @Test func otherFormatsAreRefused() throws {
        #expect(try reason(Array("not compressed at all".utf8)) == "incorrect header check")
    }

    @Test func aDamagedByteIsFound() throws {
        var damaged = gzip(Self.data)
        damaged[damaged.count / 2] ^= 0x10
        #expect(try reason(damaged) != nil)
        var wrongChecksum = gzip(Self.data)
        wrongChecksum[wrongChecksum.count - 6] ^= 1
        #expect(try reason(wrongChecksum) == "incorrect data check")
    }
}
