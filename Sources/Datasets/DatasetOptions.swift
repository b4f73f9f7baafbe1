public import FedCore

/// Everything besides the choice itself that opening a data set may need. Each source reads the fields that
/// concern it.
///
/// Rank 0 sends the options to all ranks, which is why they are `Codable`: equal options and equal files give
/// equal data sets on every rank.
public struct DatasetOptions: Sendable, Equatable, Codable {
    /// Seed of generated images and of held-out test samples, unless option `seed` of the data set gives
    /// another. It must be equal on all ranks.
    public var seed: UInt64 = 0
    /// Number of clients of the run, at least 1: a generated training split holds `clients × samplesPerClient`
    /// samples, of which there may be at most 2³² − 1.
    public var clients = 5
    /// Number of generated training samples for each client, at least 1.
    public var samplesPerClient = 600
    /// Options that the source takes by name, as given with `--dataset-options`; an option that the source does
    /// not know is refused.
    public var named: NamedOptions = [:]
    /// Class names that a trained model has learnt, in the order of its outputs. Labels that are texts are
    /// numbered by this list, so that they mean to the model what they meant in training. Empty: numbered by
    /// the labels found in the file.
    public var classNames: [String] = []
    /// Whether samples of a test split of its own may come without a label or targets, because they are to be predicted.
    /// Text tables alone know of such samples.
    public var testMayLackLabels = false
    /// The columns of the text table that a model was trained on, by which rows to predict are read without that table. Nil:
    /// the table itself shows them.
    public var table: TableColumns?
    /// What stands for values that are missing in a text table, for each feature: the means of the rows that a model was
    /// trained on. Nil: the means of the rows to train on.
    public var filling: [Float]?
    /// Folder for decompressed and converted copies of files. When nil: the folder in `FEDMPI_CACHE`, or else
    /// the first writable one of `XDG_CACHE_HOME/fedmpi` (else `HOME/.cache/fedmpi`) and `TMPDIR/fedmpi-UID`
    /// (else `/tmp/fedmpi-UID`).
    public var cacheFolder: String?

    /// The defaults: seed 0, 5 clients of 600 samples, the cache where the environment says.
    public init() {}
}
