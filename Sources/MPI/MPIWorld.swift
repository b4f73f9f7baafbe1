internal import CMPI
internal import CProcess

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The MPI job this process is a rank of; a process started without `mpirun` is a job of one rank.
///
/// ```swift
/// MPIWorld.run { world in print("rank \(world.rank) of \(world.size)") }
/// ```
public enum MPIWorld {
    /// Initialises MPI, runs `body` with the communicator of all ranks, and finalises; collective over the job.
    ///
    /// MPI may then be called from this thread only (`MPI_THREAD_FUNNELED`, MPI 3.1 §12.4.3); other threads may
    /// compute. A process runs this once, because MPI cannot be initialised again (§8.7). An error that leaves
    /// `body` ends the whole job: this rank prints `rank N: message` on standard error and aborts with code 1.
    /// It does not finalise, because other ranks may sit in a collective that will never complete.
    ///
    /// - Returns: what `body` returns, after `MPI_Finalize`, which may wait for all ranks.
    public static func run<R>(_ body: (any Communicator) throws -> R) -> R {
        let world: LibraryCommunicator
        do {
            world = try initialize()
        } catch {
            report("\(error)")
            exit(1)
        }
        do {
            let result = try body(world)
            try world.free()
            try check("MPI_Finalize") { MPI_Finalize() }
            return result
        } catch {
            report("rank \(world.rank): \(error)")
            abort(code: 1)
        }
    }

    /// Ends the whole job with an exit code, at once, from any rank (`MPI_Abort`, MPI 3.1 §8.7); buffered
    /// output is flushed first.
    public static func abort(code: Int) -> Never {
        fflush(nil)
        let status = Int32(clamping: code)
        if isRunning {
            // Alone there is nobody to end, and where the launcher can be asked directly the library is not needed: it
            // would print a banner.
            var size: Int32 = 0
            if MPI_Comm_size(Constant.commWorld, &size) == Constant.success, size == 1 { _exit(status) }
            pmix_end_job(status)
        }
        MPI_Abort(Constant.commWorld, status)
        _exit(status)
    }

    /// Ends this process without finalising, for a job that has lost a rank: finalising would wait for the dead.
    ///
    /// Takes 0.3 s longer than an exit, so that the launcher reads the last lines of output.
    public static func exitWithoutFinalizing(code: Int) -> Never {
        fflush(nil)
        // Open MPI's launcher drops what it has not read yet when a rank leaves without finalising.
        usleep(300_000)
        _exit(Int32(clamping: code))
    }

    /// Whether MPI is initialised and not yet finalised; may be asked at any time.
    public static var isRunning: Bool {
        var initialized: Int32 = 0
        var finalized: Int32 = 0
        MPI_Initialized(&initialized)
        MPI_Finalized(&finalized)
        return initialized != 0 && finalized == 0
    }

    /// The first line of the library's name for itself, such as `Open MPI v4.1.4, package: …`; may be asked
    /// before `run`.
    public static var libraryVersion: String {
        var length: Int32 = 0
        let text = text(capacity: Int(Constant.maxLibraryVersionString)) { _ = MPI_Get_library_version($0, &length) }
        return oneLine(String(text.prefix { !$0.isNewline }))
    }

    /// The version of the MPI standard that the library implements, such as `3.1`; may be asked before `run`.
    public static var standardVersion: String {
        var version: Int32 = 0
        var subversion: Int32 = 0
        MPI_Get_version(&version, &subversion)
        return "\(version).\(subversion)"
    }

    /// The name of the machine this process runs on, at most 254 bytes.
    public static var hostName: String {
        text(capacity: 255) { _ = gethostname($0, 255) }
    }

    /// Seconds since some moment in the past, from MPI's clock (`MPI_Wtime`, MPI 3.1 §8.6); not comparable
    /// between hosts. MPI must be running.
    public static var wallClock: Double { MPI_Wtime() }

    /// Tells a profiler (`MPI_Pcontrol`, MPI 3.1 §14.2) that a round starts; does nothing when MPI is not running.
    public static func markRoundStart() { if isRunning { fedmpi_round_start() } }

    /// Tells a profiler that a round is over; does nothing when MPI is not running.
    public static func markRoundEnd() { if isRunning { fedmpi_round_end() } }

    /// Writes a line on standard error in one piece, so that lines of several ranks do not mix.
    private static func report(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Initialises MPI, and makes its errors codes before the first call that could fail.
    private static func initialize() throws(MPIError) -> LibraryCommunicator {
        var provided: Int32 = 0
        try check("MPI_Init_thread") { MPI_Init_thread(nil, nil, Constant.threadFunneled, &provided) }
        guard provided >= Constant.threadFunneled else {
            throw MPIError(function: "MPI_Init_thread", code: 0, message: "the library allows no other threads")
        }
        try check("MPI_Comm_set_errhandler") {
            MPI_Comm_set_errhandler(Constant.commSelf, Constant.errorsReturn)
        }
        return try LibraryCommunicator(Constant.commWorld, isOwned: false)
    }
}

extension Communicator {
    /// The machine of every rank, in rank order and on every rank; collective, one broadcast of 256 bytes per rank.
    public func hostNames() throws(MPIError) -> [String] {
        try texts(MPIWorld.hostName)
    }

    /// A short text of every rank, in rank order and on every rank; collective, one broadcast per rank.
    ///
    /// - Parameters:
    ///   - own: this rank's; what does not fit is cut off.
    ///   - size: bytes of each, the same on every rank.
    public func texts(_ own: String, atMost size: Int = 256) throws(MPIError) -> [String] {
        var texts: [String] = []
        for root in 0..<self.size {
            var text = Buffer<UInt8>(count: size)
            if root == rank {
                for (i, byte) in own.utf8.prefix(size).enumerated() { text[i] = byte }
            }
            try broadcast(&text, root: root)
            texts.append(String(decoding: text.array().prefix { $0 != 0 }, as: UTF8.self))
        }
        return texts
    }
}
