/// The program's version.
public enum Version {
    public static let current = "0.1.0"
}

/// What a run's result or speed may depend on besides its settings.
public struct RunEnvironment: Codable, Sendable {
    /// The MPI library's own words.
    public let mpi: String
    /// oneDNN's version and the instruction set it uses.
    public let oneDNN: String

    public init(mpi: String, oneDNN: String) {
        self.mpi = mpi
        self.oneDNN = oneDNN
    }

    private enum CodingKeys: String, CodingKey {
        case mpi
        case oneDNN = "onednn"
    }
}
