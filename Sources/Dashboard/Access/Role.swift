/// What a caller may do. Each role may do what the ones before it may.
public enum Role: String, Sendable, CaseIterable, Comparable, Codable {
    /// Look at everything.
    case read
    /// Start, stop and continue runs; tags and notes.
    case run
    /// Delete runs, move the aliases of models.
    case admin

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    /// Its place among the roles.
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Who makes a request.
struct Caller: Sendable, Equatable {
    /// The name that stands beside the token in the file of tokens.
    let name: String
    /// What the token allows.
    let role: Role
    /// Whether a browser's cookie says so: then a request that changes something must come from this dashboard's own pages.
    var isByCookie = false
}
