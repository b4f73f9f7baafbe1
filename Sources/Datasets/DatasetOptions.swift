public import FedCore

/// What a source may need to open a data set; each takes what concerns it.
public struct DatasetOptions: Sendable, Equatable, Codable {
    /// Seed of generated images. Every rank needs the same.
    public var seed: UInt64 = 0
    /// Clients of the run: a generated training split holds `clients × samplesPerClient` samples. At least 1.
    public var clients = 5
    /// At least 1.
    public var samplesPerClient = 600
    /// What the source takes by name.
    public var named: NamedOptions = [:]
    /// The classes, in the order of the labels, that a model has learnt: labels that are texts become classes by this list,
    /// not by what there is. Empty: by what there is.
    public var classNames: [String] = []
    /// Folder for decompressed files. Without it: `FEDMPI_CACHE`, or the first writable one of
    /// `XDG_CACHE_HOME/fedmpi` (else `HOME/.cache/fedmpi`) and `TMPDIR/fedmpi-UID` (else `/tmp/fedmpi-UID`).
    public var cacheFolder: String?

    /// The defaults: seed 0, 5 clients of 600 samples, the cache where the environment says.
    public init() {}
}
