import HTTPTypes
import Hummingbird
import Synchronization

/// What the server has answered, for `/metrics`.
final class RequestCounters: Sendable {
    /// What is counted.
    private struct State {
        var byStatus: [Int: Int] = [:]
        var seconds = 0.0
    }

    /// Touched under its lock only.
    private let state = Mutex(State())

    /// Counts a response.
    func count(_ status: HTTPResponse.Status, seconds: Double) {
        state.withLock { state in
            state.byStatus[status.code, default: 0] += 1
            state.seconds += seconds
        }
    }

    /// Responses by code, by number, and the seconds that all of them took.
    var totals: (byStatus: [(code: Int, count: Int)], seconds: Double) {
        state.withLock { state in
            (state.byStatus.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, state.seconds)
        }
    }
}

/// Counts every response, refused ones among them.
struct CountingMiddleware: RouterMiddleware {
    let counters: RequestCounters

    func handle(
        _ request: Request, context: PageContext, next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        counters.count(response.status, seconds: (ContinuousClock.now - start) / .seconds(1))
        return response
    }
}
