import FedCore
import Foundation
import Synchronization

/// Where releases meet a device that serves: orders come in on one thread, releases are loaded on others, and the thread that serves takes
/// both between two requests. It looks at a flag and never waits.
public final class ReleaseDesk: Sendable {
    /// What the serving thread has not taken yet, in order.
    enum Item: Sendable {
        /// An order of rank 0.
        case order(ReleaseOrder)
        /// A release is ready.
        case loaded(LoadedRelease)
        /// A release cannot be served here, for this reason.
        case failed(Int, String)
    }

    private let items = Mutex<[Item]>([])
    private let hasItems = Atomic(false)
    private let send: @Sendable (ReleaseNews) -> Void

    /// An empty desk.
    ///
    /// - Parameter send: Takes news to rank 0; called on the thread that serves.
    public init(send: @escaping @Sendable (ReleaseNews) -> Void) { self.send = send }

    /// Puts an order down. From any thread.
    public func post(_ order: ReleaseOrder) { put(.order(order)) }

    /// Puts anything down. From any thread.
    func put(_ item: Item) {
        items.withLock { $0.append(item) }
        hasItems.store(true, ordering: .releasing)
    }

    /// What has come since the last call; costs one read of a flag when there is nothing.
    func take() -> [Item] {
        guard hasItems.exchange(false, ordering: .acquiringAndReleasing) else { return [] }
        return items.withLock { items in
            defer { items.removeAll() }
            return items
        }
    }

    /// Tells rank 0, through the rank that has started this process. Called between two requests only, so that lines do not mix.
    func tell(_ news: ReleaseNews) { send(news) }

    /// Loads a release on a thread of its own, and puts it down here.
    ///
    /// A load that is no longer wanted when it is ready is left to whoever takes it: a thread cannot be ended from outside.
    func load(_ release: Release, by loader: ReleaseLoader) {
        Thread.detachNewThread { [self] in
            do {
                put(.loaded(try loader.load(release)))
            } catch {
                put(.failed(release.number, error.line))
            }
        }
    }
}
