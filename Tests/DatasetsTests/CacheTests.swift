import Foundation
import Synchronization
import Testing

@testable import Datasets

@Suite struct CacheTests {
    let folder: TemporaryFolder
    let cache: Cache

    init() throws {
        folder = try TemporaryFolder()
        cache = Cache(folder: folder.path + "/cache")
    }

    /// The decompressed bytes, and how often the file was decompressed for them.
    private func open(_ path: String, length: Int, in cache: Cache? = nil) throws -> (bytes: [UInt8], made: Int) {
        var made = 0
        let file = try (cache ?? self.cache).decompressed(path) { _ in
            made += 1
            return length
        }
        return (file.copy(0..<file.count), made)
    }

    private func copyName() throws -> String {
        try #require(try folder.names(in: "cache").first { !$0.hasSuffix(".lock") })
    }

    @Test func decompressesOnce() throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        #expect(try open(path, length: 3) == ([1, 2, 3], 1))
        #expect(try open(path, length: 3) == ([1, 2, 3], 0))
        let name = try copyName()
        #expect(name.hasPrefix("a.gz."))
        #expect(try folder.names(in: "cache") == [name, name + ".lock"])
    }

    @Test func filesOfOneNameInTwoFoldersAreKeptApart() throws {
        let first = try folder.write(gzip([1]), to: "one/a.gz")
        let second = try folder.write(gzip([2]), to: "two/a.gz")
        #expect(try open(first, length: 1) == ([1], 1))
        #expect(try open(second, length: 1) == ([2], 1))
        #expect(try open(first, length: 1) == ([1], 0))
    }

    @Test func oneFileByTwoPathsIsKeptOnce() throws {
        let path = try folder.write(gzip([1]), to: "a.gz")
        #expect(try open(path, length: 1).made == 1)
        #expect(try open(folder.path + "/./cache/../a.gz", length: 1).made == 0)
    }

    @Test func aNewerSourceReplacesTheCopy() throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        _ = try open(path, length: 3)
        try folder.write(gzip([7, 8, 9]), to: "a.gz")
        #expect(try open(path, length: 3) == ([7, 8, 9], 1))
        #expect(try folder.names(in: "cache").count == 2)
    }

    @Test func anOldMappingSurvivesTheReplacement() throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        let old = try cache.decompressed(path) { _ in 3 }
        try folder.write(gzip([7, 8, 9, 10]), to: "a.gz")
        let new = try cache.decompressed(path) { _ in 4 }
        #expect(old.copy(0..<3) == [1, 2, 3])
        #expect(new.copy(0..<4) == [7, 8, 9, 10])
    }

    @Test(arguments: [0, 1, 64, 127, 128, 129, 130]) func aCopyCutShortIsMadeAgain(length: Int) throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        _ = try open(path, length: 3)
        let name = "cache/" + (try copyName())
        try folder.write(Array(try folder.read(name).prefix(length)), to: name)
        #expect(try open(path, length: 3) == ([1, 2, 3], 1))
        #expect(try open(path, length: 3) == ([1, 2, 3], 0))
    }

    @Test func aCopyThatIsTooLongIsMadeAgain() throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        _ = try open(path, length: 3)
        let name = "cache/" + (try copyName())
        try folder.write(try folder.read(name) + [0], to: name)
        #expect(try open(path, length: 3) == ([1, 2, 3], 1))
    }

    @Test func aCopyWithAnotherHeaderIsMadeAgain() throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        _ = try open(path, length: 3)
        let name = "cache/" + (try copyName())
        var bytes = try folder.read(name)
        // Magic, length, the six numbers that name the source, its digest, padding.
        for index in [0, 8, 16, 24, 32, 40, 48, 56, 64, 95, 127] {
            bytes[index] ^= 1
            try folder.write(bytes, to: name)
            #expect(try open(path, length: 3) == ([1, 2, 3], 1))
            bytes[index] ^= 1
        }
    }

    @Test func nothingIsLeftOfAFailedDecompression() throws {
        let path = try folder.write(Array(gzip([1, 2, 3]).dropLast()), to: "a.gz")
        #expect(throws: DatasetError.self) { try open(path, length: 3) }
        #expect(try folder.names(in: "cache").allSatisfy { $0.hasSuffix(".lock") })
    }

    @Test func theEnvironmentSaysWhere() {
        func folders(_ environment: [String: String]) -> [String] {
            Cache(folder: nil) { environment[$0] }.folders
        }
        let user = geteuid()
        #expect(Cache(folder: "/a") { _ in "/b" }.folders == ["/a"])
        #expect(folders(["FEDMPI_CACHE": "/c", "HOME": "/h"]) == ["/c"])
        #expect(
            folders(["XDG_CACHE_HOME": "/x", "HOME": "/h", "TMPDIR": "/t"]) == ["/x/fedmpi", "/t/fedmpi-\(user)"])
        #expect(folders(["HOME": "/h"]) == ["/h/.cache/fedmpi", "/tmp/fedmpi-\(user)"])
        #expect(folders(["FEDMPI_CACHE": "", "XDG_CACHE_HOME": ""]) == ["/tmp/fedmpi-\(user)"])
    }

    @Test func anUnusableFolderOfTheUsersChoiceIsNamed() throws {
        let path = try folder.write(gzip([1]), to: "a.gz")
        // Nothing can be made below a file, not even by root.
        let below = path + "/below"
        let error = #expect(throws: DatasetError.self) { try open(path, length: 1, in: Cache(folder: below)) }
        #expect(
            "\(error, default: "")" == "cannot keep decompressed files in \(below): Not a directory; "
                + "set FEDMPI_CACHE to a writable folder")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self")))
    func aFolderThatCannotBeWrittenIsNamed() throws {
        let path = try folder.write(gzip([1]), to: "a.gz")
        // Not even root can make a file there.
        let error = #expect(throws: DatasetError.self) { try open(path, length: 1, in: Cache(folder: "/proc/self")) }
        #expect("\(error, default: "")".hasPrefix("cannot keep decompressed files in /proc/self: "))
    }

    @Test func withoutAChoiceTheNextFolderIsTried() throws {
        let path = try folder.write(gzip([1]), to: "a.gz")
        let environment = ["HOME": path, "TMPDIR": folder.path]
        let cache = Cache(folder: nil) { environment[$0] }
        #expect(try open(path, length: 1, in: cache) == ([1], 1))
        #expect(try open(path, length: 1, in: cache) == ([1], 0))
        #expect(try folder.names().contains("fedmpi-\(geteuid())"))
    }

    @Test func aLinkInThePlaceOfTheTemporaryFolderIsNotFollowed() throws {
        let path = try folder.write(gzip([1]), to: "a.gz")
        try folder.write([], to: "elsewhere/file")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/fedmpi-\(geteuid())", withDestinationPath: folder.path + "/elsewhere")
        let environment = ["TMPDIR": folder.path]
        let error = #expect(throws: DatasetError.self) {
            try open(path, length: 1, in: Cache(folder: nil) { environment[$0] })
        }
        #expect("\(error, default: "")".contains("it belongs to another user"))
    }

    @Test func manyAtOnceOnAColdCacheDecompressOnce() throws {
        let data = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        let path = try folder.write(gzip(data), to: "a.gz")
        let results = Mutex<[(right: Bool, made: Int)]>([])
        let threads = (0..<8).map { _ in
            Thread {
                let result = try? open(path, length: data.count)
                results.withLock { $0.append((result?.bytes == data, result?.made ?? -1)) }
            }
        }
        for thread in threads { thread.start() }
        while results.withLock({ $0.count }) < threads.count { usleep(1000) }
        let all = results.withLock { $0 }
        #expect(all.allSatisfy { $0.right })
        #expect(all.map { $0.made }.reduce(0, +) == 1)
        #expect(try folder.names(in: "cache").count == 2)
    }

    @Test func aStoppedHolderOfTheLockDoesNotStopTheRest() throws {
        let path = folder.path + "/lock"
        let ran = try OpenFile.locking(path, patience: .seconds(5)) { () throws(DatasetError) in
            try OpenFile.locking(path, patience: .milliseconds(50)) { true }
        }
        #expect(ran)
    }

    private func setTimes(of path: String) {
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, path, &times, 0)
    }

    /// As container layers and rsync leave them: one size, one time of modification.
    @Test func anotherFileOfTheSameSizeAndTimeIsNoticed() throws {
        let path = try folder.write(gzip([1, 2, 3]), to: "a.gz")
        setTimes(of: path)
        #expect(try open(path, length: 3) == ([1, 2, 3], 1))
        #expect(try open(path, length: 3) == ([1, 2, 3], 0))
        let other = try folder.write(gzip([7, 8, 9]), to: "b.gz")
        setTimes(of: other)
        rename(other, path)
        #expect(try open(path, length: 3) == ([7, 8, 9], 1))
        // The same inode, written in place.
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.write(contentsOf: Data(gzip([4, 5, 6])))
        try file.close()
        setTimes(of: path)
        #expect(try open(path, length: 3) == ([4, 5, 6], 1))
        #expect(try open(path, length: 3) == ([4, 5, 6], 0))
    }

    /// Where times and inodes tell nothing, the bytes do: all of them without times in parts of seconds, else blocks.
    @Test(arguments: [0, 5]) func theContentIsLookedAt(nanoseconds: Int) throws {
        let size = 1 << 20
        let status = OpenFile.Status(
            byteCount: size, inode: 1, modifiedSeconds: 1, modifiedNanoseconds: 0, changedSeconds: 1,
            changedNanoseconds: nanoseconds)
        var bytes = [UInt8](repeating: 0, count: size)
        func mark() throws -> SourceMark {
            try SourceMark(of: OpenFile(reading: folder.write(bytes, to: "data")), status)
        }
        let before = try mark()
        #expect(try mark() == before && before.bytes.count == 80)
        // The first, a middle and the last block; then a place between blocks.
        for place in [0, 7 * (size - 4096) / 15, size - 1, 5000] {
            bytes[place] = 1
            #expect(try (mark() == before) == (place == 5000 && nanoseconds > 0), "\(place)")
            bytes[place] = 0
        }
    }

    @Test func aLongNameIsNoFaultOfTheCaches() throws {
        let path = try folder.write(gzip([1]), to: String(repeating: "ü", count: 125) + ".gz")
        #expect(try open(path, length: 1) == ([1], 1))
        #expect(try open(path, length: 1) == ([1], 0))
        #expect(try copyName().utf8.count < 230)
    }

    @Test func aFileThatChangesWhileItIsReadIsRefused() throws {
        let path = try folder.write([1, 2, 3], to: "a")
        #expect(throws: DatasetError.changed(file: path)) {
            try cache.copy(of: path) { _, write throws(DatasetError) in
                _ = try? folder.write([1, 2, 3, 4], to: "a")
                let bytes: [UInt8] = [1]
                try bytes.withUnsafeBufferPointer { bytes throws(DatasetError) in
                    try write(UnsafeRawBufferPointer(bytes))
                }
            }
        }
        #expect(try folder.names(in: "cache").allSatisfy { $0.hasSuffix(".lock") })
    }
}
