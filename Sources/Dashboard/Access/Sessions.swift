import Foundation
import Synchronization

/// Browsers that have come in, by the random number in their cookie; and the links that let one in once.
///
/// Both are in memory alone: a dashboard that is started again asks again.
final class Sessions: Sendable {
    /// Who, and until when.
    private struct Session {
        let caller: Caller
        let end: Date
    }

    /// Guarded by one lock: both are small, and asked for once a request.
    private struct State {
        /// By the cookie's value.
        var sessions: [String: Session] = [:]
        /// By the link's code; gone once used.
        var links: [String: Session] = [:]
    }

    /// Touched under its lock only, as requests come on several threads.
    private let state = Mutex(State())
    /// How long a browser stays in: half a day, as a working day is shorter.
    static let duration: TimeInterval = 12 * 3600
    /// The most sessions that are kept; the oldest go.
    private static let most = 1000

    /// Lets a browser in.
    ///
    /// - Returns: the value of its cookie.
    func begin(_ caller: Caller, at now: Date = .now) -> String {
        let cookie = Tokens.random()
        state.withLock { state in
            state.sessions = state.sessions.filter { $0.value.end > now }
            if state.sessions.count >= Self.most,
                let oldest = state.sessions.min(by: { $0.value.end < $1.value.end })?.key
            {
                state.sessions[oldest] = nil
            }
            var caller = caller
            caller.isByCookie = true
            state.sessions[cookie] = Session(caller: caller, end: now + Self.duration)
        }
        return cookie
    }

    /// Who has this cookie; nil when nobody does, or no longer.
    func caller(with cookie: String, at now: Date = .now) -> Caller? {
        state.withLock { $0.sessions[cookie] }.flatMap { $0.end > now ? $0.caller : nil }
    }

    /// Forgets a browser.
    func end(_ cookie: String) { state.withLock { $0.sessions[cookie] = nil } }

    /// Makes the code of a link that lets one browser in, once, within half a day.
    func link(for caller: Caller, at now: Date = .now) -> String {
        let code = Tokens.random()
        state.withLock { $0.links[code] = Session(caller: caller, end: now + Self.duration) }
        return code
    }

    /// Uses a link.
    ///
    /// - Returns: who it was made for; nil when it was used before, has ended, or never was.
    func use(link code: String, at now: Date = .now) -> Caller? {
        state.withLock { $0.links.removeValue(forKey: code) }.flatMap { $0.end > now ? $0.caller : nil }
    }
}
