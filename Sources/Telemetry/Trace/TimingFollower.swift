package import FedCore
package import Foundation
import Glibc
import Recording

/// Follows the timing files of a run under way: each look reads what the ranks have written since the one before.
///
/// Following costs the ranks nothing: they write these files anyway, about once a second. Of what has been read nothing is
/// kept but sums, so that the hundredth hour of a run takes no more memory than the first. Lines that are cut off are
/// read when they are whole.
///
/// A rank whose file is not here, because its node shares no file system, is a rank that nothing is known of.
package struct TimingFollower {
    /// What a rank has written since the last look.
    package struct News: Sendable, Equatable {
        /// Whose they are.
        package let rank: Int
        /// Where it runs, by its own word.
        package let host: String
        /// Number of the rank's events that come before these, those of earlier starts of the run included.
        package let first: Int
        /// In order of time, of this start of the run.
        package let events: [TimingEvent]
        /// Whether the rank came to its end, and nothing follows.
        package let isClosed: Bool
        /// Bounds how far off the rank's clock is, in microseconds; 0 where it was not measured.
        package let clockError: Double
    }

    /// A rank's file, and how far it has been read.
    private struct Follower {
        let path: String
        var decoder = TimingDecoder()
        var offset = 0
        /// Events that the decoder has given away.
        var events = 0
        /// What was last said of the rank beside its events.
        var wasClosed = false
        var isKnown = false
    }

    /// The run's start that is followed, in microseconds since 1970: others in the files are passed over.
    private let epoch: Int
    private var followers: [Follower]
    /// Microseconds that each rank has spent in each phase in this start.
    private var spent: [[Phase: Int]]

    /// The most bytes of a file that one look reads: a run's files may be long where it was continued.
    private static let limit = 16 << 20

    /// Prepares to follow; opens nothing.
    ///
    /// - Parameters:
    ///   - run: the run's folder.
    ///   - ranks: the number of ranks.
    ///   - epoch: which start of the run is followed.
    package init(run: URL, ranks: Int, epoch: Int) {
        self.epoch = epoch
        let folder = run.appendingPathComponent(TimingFiles.folder)
        followers = (0..<ranks).map { Follower(path: folder.appendingPathComponent(TimingFiles.events(rank: $0)).path) }
        spent = Array(repeating: [:], count: ranks)
    }

    /// Reads what is new. O(bytes that are new), and an attempt to open each rank's file.
    ///
    /// - Returns: a piece of news for each rank that has any, in their order.
    package mutating func look() -> [News] {
        followers.indices.compactMap { look(at: $0) }
    }

    /// Seconds that each rank has spent in each phase, as far as has been read.
    package var phases: [PhaseSeconds] {
        spent.enumerated().flatMap { rank, spent in
            Phase.allCases.compactMap { phase in
                spent[phase].map { PhaseSeconds(rank: rank, phase: phase, seconds: Double($0) / 1e6) }
            }
        }
    }

    /// Reads what is new of one rank.
    private mutating func look(at rank: Int) -> News? {
        let piece = Self.read(followers[rank].path, from: followers[rank].offset)
        followers[rank].offset += piece.count
        followers[rank].decoder.decode(piece)
        guard let last = followers[rank].decoder.sessions.last else { return nil }
        let (all, ofThis) = followers[rank].decoder.takeEvents(epoch: epoch)
        followers[rank].events += all
        for event in ofThis { spent[rank][event.phase, default: 0] += event.duration }
        let isClosed = last.isClosed && last.header.epoch == epoch
        guard last.header.epoch == epoch,
            !ofThis.isEmpty || isClosed != followers[rank].wasClosed || !followers[rank].isKnown
        else { return nil }
        (followers[rank].wasClosed, followers[rank].isKnown) = (isClosed, true)
        let errors = [last.header.clockAtStart, last.header.clockAtEnd].compactMap { $0?.error }
        return News(
            rank: rank, host: last.header.host, first: followers[rank].events - ofThis.count, events: ofThis,
            isClosed: isClosed, clockError: errors.max() ?? 0)
    }

    /// The bytes behind `offset`; none where the file cannot be read, or is a link.
    private static func read(_ path: String, from offset: Int) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return [] }
        let count = min(Int(status.st_size) - offset, limit)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
        }
    }
}
