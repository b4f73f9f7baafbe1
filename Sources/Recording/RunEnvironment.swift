/// The program's version, which stands in `config.json`, checkpoints and model files.
public enum Version {
    /// Major, minor and patch.
    public static let current = "0.1.0"
}

/// The libraries that a run's result or speed may depend on besides its settings.
public struct RunEnvironment: Codable, Sendable {
    /// The MPI library's own words, such as `Open MPI v4.1.4, …`.
    public let mpi: String
    /// oneDNN's version and the instruction set it uses, which decides the last bits of a result.
    public let oneDNN: String

    /// Makes the description of this process's libraries; this target links none of them.
    public init(mpi: String, oneDNN: String) {
        self.mpi = mpi
        self.oneDNN = oneDNN
    }

    private enum CodingKeys: String, CodingKey {
        case mpi
        case oneDNN = "onednn"
    }
}
