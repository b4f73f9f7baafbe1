// swift-tools-version: 6.2
import PackageDescription

/// `FEDMPI_MPI=mpich swift build --scratch-path .build-mpich` builds against MPICH instead of Open MPI.
let mpiPackage = Context.environment["FEDMPI_MPI"] == "mpich" ? "mpich" : "ompi-c"

/// What every target is compiled with. `FEDMPI_WARNINGS=error`, which CI sets, lets no warning pass.
let common: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["FEDMPI_WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : [])

/// Lets a getter return a `Span` that depends on its owner.
let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

/// Computes also in debug builds, where the tests train whole runs: without optimisation these take most of the time.
let fast: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "fedmpi",
    products: [
        .executable(name: "fedmpi", targets: ["fedmpi"]),
        .executable(name: "mpi-conformance", targets: ["MPIConformance"]),
        .executable(name: "training-throughput", targets: ["TrainingThroughput"]),
        .executable(name: "aggregation-throughput", targets: ["AggregationThroughput"]),
        .executable(name: "fedmpi-fuzz", targets: ["Fuzz"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // C libraries: a module map and a header each.
        .systemLibrary(name: "CMPI", pkgConfig: mpiPackage),
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CCrypto"),
        .systemLibrary(name: "CSQLite"),
        // No library: the processor's checksum instruction as inline C.
        .systemLibrary(name: "CCRC32C"),
        // No library: fork, the cores of a process, and what the launcher's own library offers.
        .systemLibrary(name: "CProcess"),

        // Transport.
        .target(name: "MPI", dependencies: ["CMPI", "CProcess"], swiftSettings: lifetimes + fast),
        .target(name: "MPITesting", dependencies: ["MPI"]),

        // Vocabulary: imports no other Swift target.
        .target(name: "FedCore", dependencies: ["CCRC32C"], swiftSettings: lifetimes + fast),
        .target(name: "Cryptography", dependencies: ["CCrypto"]),
        // Files in folders that somebody else may have made.
        .target(name: "Files", dependencies: ["FedCore"]),

        // Plug-ins: one folder, one catalog each.
        .target(name: "Strategies", dependencies: ["FedCore"], swiftSettings: fast),
        .target(name: "Aggregation", dependencies: ["FedCore"], swiftSettings: fast),
        .target(name: "Selection", dependencies: ["FedCore"], swiftSettings: fast),
        .target(name: "NeuralNet", dependencies: ["COneDNN", "FedCore"], swiftSettings: fast),
        .target(name: "Datasets", dependencies: ["CZlib", "FedCore", "Cryptography"], swiftSettings: fast),

        .target(name: "ONNX", dependencies: ["FedCore", "NeuralNet"]),

        // Machinery.
        .target(name: "EdgeSim", dependencies: ["MPI", "FedCore"]),
        .target(
            name: "Federation",
            dependencies: [
                "MPI", "FedCore", "Files", "Cryptography", "Strategies", "Aggregation", "Selection", "NeuralNet",
                "Datasets", "EdgeSim",
            ],
            swiftSettings: fast),
        .target(
            name: "Recording",
            dependencies: ["FedCore", "Files", "Cryptography", "NeuralNet", "Datasets", "Federation"]),

        .target(
            name: "SplitLearning", dependencies: ["MPI", "FedCore", "NeuralNet", "Datasets", "Federation"]),
        .target(
            name: "Inference",
            dependencies: [
                "MPI", "FedCore", "NeuralNet", "Datasets", "EdgeSim", "Federation",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]),

        .target(
            name: "Serving",
            dependencies: ["CProcess", "MPI", "FedCore", "NeuralNet", "Datasets", "Federation", "Inference"],
            swiftSettings: lifetimes),

        // Reading: sees only what Recording wrote.
        .target(name: "Analysis", dependencies: ["FedCore", "Files", "Recording"]),
        .target(
            name: "RunStore",
            dependencies: ["CSQLite", "FedCore", "Files", "Cryptography", "NeuralNet", "Federation", "Recording"]),

        // Composition: the only target that knows everybody.
        .executableTarget(
            name: "fedmpi",
            dependencies: [
                "CProcess", "MPI", "FedCore", "Files", "Strategies", "Aggregation", "Selection", "NeuralNet",
                "Datasets", "ONNX", "EdgeSim", "Federation", "SplitLearning", "Recording", "Inference", "Serving",
                "Analysis",
                "RunStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Unit tests, without mpirun.
        .testTarget(name: "MPITests", dependencies: ["MPI", "MPITesting"]),
        .testTarget(name: "FedCoreTests", dependencies: ["FedCore"]),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "StrategiesTests", dependencies: ["Strategies", "FedCore"]),
        .testTarget(name: "AggregationTests", dependencies: ["Aggregation", "FedCore"]),
        .testTarget(name: "SelectionTests", dependencies: ["Selection", "FedCore"]),
        .testTarget(
            name: "NeuralNetTests", dependencies: ["NeuralNet", "FedCore"], resources: [.copy("Fixtures")]),
        .testTarget(name: "ONNXTests", dependencies: ["ONNX", "NeuralNet", "FedCore"]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["CZlib", "Datasets", "FedCore"], resources: [.copy("Fixtures")]),
        .testTarget(name: "EdgeSimTests", dependencies: ["EdgeSim", "MPI", "MPITesting"]),
        .testTarget(
            name: "FederationTests",
            dependencies: [
                "Federation", "Recording", "MPI", "MPITesting", "FedCore", "Strategies", "Aggregation", "Selection",
                "NeuralNet", "Datasets", "EdgeSim",
            ]),
        .testTarget(
            name: "SplitLearningTests",
            dependencies: ["SplitLearning", "Federation", "Recording", "MPI", "MPITesting", "FedCore", "NeuralNet"]),
        .testTarget(
            name: "RecordingTests",
            dependencies: ["Recording", "Federation", "FedCore", "Files", "Cryptography", "NeuralNet", "Datasets"]),
        .testTarget(
            name: "InferenceTests",
            dependencies: [
                "Inference", "MPI", "MPITesting", "FedCore", "NeuralNet", "Datasets", "Federation",
            ]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "Serving", "Inference", "Federation", "MPI", "MPITesting", "FedCore", "NeuralNet", "Datasets",
            ]),
        .testTarget(name: "AnalysisTests", dependencies: ["Analysis", "FedCore", "Files", "Recording"]),
        .testTarget(
            name: "RunStoreTests",
            dependencies: ["CSQLite", "RunStore", "Recording", "Federation", "FedCore", "NeuralNet", "Datasets"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "fedmpi", "Serving", "MPI", "MPITesting", "FedCore", "Federation", "NeuralNet", "Datasets",
                "Recording", "Analysis", "RunStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Whole runs of the release binary under mpirun; skipped unless FEDMPI_BINARY names it.
        .testTarget(name: "EndToEndTests"),

        // Programs that scripts run.
        .executableTarget(
            name: "MPIConformance", dependencies: ["MPI", "MPITesting"], path: "Tests/MPIConformance"),
        .executableTarget(
            name: "TrainingThroughput", dependencies: ["NeuralNet", "FedCore"], path: "Tests/TrainingThroughput"),
        .executableTarget(
            name: "AggregationThroughput", dependencies: ["Aggregation", "FedCore"],
            path: "Tests/AggregationThroughput"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CZlib", "MPI", "FedCore", "Cryptography", "NeuralNet", "Datasets", "Federation", "SplitLearning",
                "Recording", "Analysis",
            ],
            path: "Tests/Fuzz"),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + common
}
