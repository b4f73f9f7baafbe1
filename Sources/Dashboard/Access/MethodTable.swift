import HTTPTypes
import Hummingbird
import Synchronization

/// Which methods each path has, so that a request with another is answered with 405 and the list
/// (https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6), and not as if there were no such path.
final class MethodTable: Sendable {
    /// A route: its segments, and the method.
    private typealias Route = (segments: [Substring], method: HTTPRequest.Method)

    /// Empty until the router is complete.
    private let routes = Mutex<[Route]>([])

    /// Takes the routes of a router that has them all.
    func fill(_ router: Router<PageContext>) {
        let all = router.routes.map { route in
            (segments: route.path.description.split(separator: "/"), method: route.method)
        }
        routes.withLock { $0 = all }
    }

    /// The methods of a path, in alphabetical order; none when there is no such path. What can be got has a HEAD, too.
    ///
    /// - Parameter path: of a request, without its query.
    func methods(of path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        let found = routes.withLock { $0.filter { Self.fits(segments, $0.segments) }.map(\.method) }
        let all = Set(found + (found.contains(.get) ? [.head] : []))
        return all.sorted { $0.rawValue < $1.rawValue }
    }

    /// Whether a path is one of a route's, whose segments may stand for any, and `**` for several.
    private static func fits(_ path: [Substring], _ route: [Substring]) -> Bool {
        if route.last == "**" {
            return path.count >= route.count && zip(path, route.dropLast()).allSatisfy(fits)
        }
        return path.count == route.count && zip(path, route).allSatisfy(fits)
    }

    /// Whether a segment is the route's, or that stands for any.
    private static func fits(_ segment: Substring, _ route: Substring) -> Bool {
        segment == route || route.hasPrefix("{") || route.hasPrefix(":")
    }
}
