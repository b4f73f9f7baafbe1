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

/// Talks to people, or writes a file once: without optimisation the first release build is a minute shorter. On one
/// thread: `swift build` compiles other modules meanwhile, and without optimisation two threads are slower.
let unhurried: [SwiftSetting] = [.unsafeFlags(["-Onone", "-num-threads", "1"], .when(configuration: .release))]

let package = Package(
    name: "fedmpi",
    products: [
        .executable(name: "fedmpi", targets: ["fedmpi"]),
        .executable(name: "fedmpi-dashboard", targets: ["fedmpi-dashboard"]),
        // For programs with plug-ins of their own: examples/plugin is one.
        .library(name: "FedMPI", targets: ["FedMPI"]),
        .executable(name: "mpi-conformance", targets: ["MPIConformance"]),
        .executable(name: "queue-process", targets: ["QueueProcess"]),
        .executable(name: "training-throughput", targets: ["TrainingThroughput"]),
        .executable(name: "aggregation-throughput", targets: ["AggregationThroughput"]),
        .executable(name: "compression-throughput", targets: ["CompressionThroughput"]),
        .executable(name: "secure-aggregation-throughput", targets: ["SecureAggregationThroughput"]),
        .executable(name: "fedmpi-fuzz", targets: ["Fuzz"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries: a module map and a header each.
        .systemLibrary(name: "CMPI", pkgConfig: mpiPackage),
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CZstd"),
        .systemLibrary(name: "CPNG"),
        .systemLibrary(name: "CJPEG"),
        .systemLibrary(name: "CCrypto"),
        .systemLibrary(name: "CGcrypt"),
        .systemLibrary(name: "CSQLite"),
        // No library: the processor's checksum instruction as inline C.
        .systemLibrary(name: "CCRC32C"),
        // No library: fork, the cores of a process, and what the launcher's own library offers.
        .systemLibrary(name: "CProcess"),

        // No library: loops for AVX2, which Swift, as it compiles for every x86-64, cannot have.
        .target(name: "CVectors", cSettings: [.unsafeFlags(["-O2"])]),

        // Transport.
        .target(name: "MPI", dependencies: ["CProcess", "CMPI"], swiftSettings: lifetimes + fast),
        .target(name: "MPITesting", dependencies: ["MPI"]),

        // Vocabulary: imports no other Swift target.
        .target(name: "FedCore", dependencies: ["CCRC32C", "CVectors"], swiftSettings: lifetimes + fast),
        .target(
            name: "Cryptography", dependencies: ["CCrypto", "CGcrypt", "CVectors"], swiftSettings: lifetimes + fast),
        // Files in folders that somebody else may have made.
        .target(name: "Files", dependencies: ["FedCore"], swiftSettings: fast),

        // What releases about the data cost: accountants of differential privacy.
        .target(name: "Privacy", dependencies: ["FedCore"], swiftSettings: fast),

        // Sums of vectors that nobody but their owners may see: masks that cancel out.
        .target(
            name: "SecureAggregation", dependencies: ["CVectors", "FedCore", "Cryptography"],
            swiftSettings: lifetimes + fast),

        // Vocabulary of a run: its settings, records and files. Neither MPI nor oneDNN.
        .target(name: "Devices", dependencies: ["FedCore", "Cryptography"], swiftSettings: fast),
        .target(name: "Records", dependencies: ["FedCore", "Devices"], swiftSettings: fast),

        // Plug-ins: one folder, one catalog each.
        .target(name: "Strategies", dependencies: ["FedCore"], swiftSettings: fast),
        .target(name: "Aggregation", dependencies: ["CVectors", "FedCore"], swiftSettings: fast),
        .target(name: "Selection", dependencies: ["FedCore"], swiftSettings: fast),
        .target(name: "Codecs", dependencies: ["CZlib", "CZstd", "FedCore"], swiftSettings: fast),
        .target(name: "NeuralNet", dependencies: ["COneDNN", "CVectors", "FedCore", "Files"], swiftSettings: fast),
        .target(
            name: "Datasets", dependencies: ["CZlib", "CPNG", "CJPEG", "FedCore", "Cryptography"], swiftSettings: fast),

        .target(name: "ONNX", dependencies: ["FedCore", "NeuralNet"], swiftSettings: fast),

        // What every kind of job needs of its ranks: who lives, what time it is, when to stop.
        .target(
            name: "Runtime",
            dependencies: [
                "MPI", "FedCore", "Devices", "Records", .product(name: "Histogram", package: "hdrhistogram-swift"),
            ], swiftSettings: fast),

        // Machinery.
        .target(
            name: "Federation",
            dependencies: [
                "MPI", "FedCore", "Cryptography", "Files", "Devices", "Records", "Runtime", "Strategies", "Aggregation",
                "Privacy", "SecureAggregation", "Selection", "Codecs", "NeuralNet", "Datasets",
            ],
            swiftSettings: fast),
        .target(
            name: "Recording",
            dependencies: ["FedCore", "Cryptography", "Files", "Records"]),

        // The library: what a program with plug-ins of its own imports.
        .target(
            name: "FedMPI",
            dependencies: [
                "MPI", "FedCore", "Cryptography", "Devices", "Records", "Runtime", "Strategies", "Aggregation",
                "Selection", "Codecs", "NeuralNet", "Datasets", "Federation", "Recording",
            ]),

        .target(
            name: "SplitLearning",
            dependencies: ["MPI", "FedCore", "Records", "Runtime", "NeuralNet", "Datasets", "Federation"]),
        .target(
            name: "Inference",
            dependencies: ["MPI", "FedCore", "Codecs", "Devices", "Runtime", "NeuralNet", "Datasets"]),

        .target(
            name: "Serving",
            dependencies: [
                "CProcess", "MPI", "FedCore", "Cryptography", "Files", "Records", "Runtime", "NeuralNet", "Datasets",
                "Inference",
            ],
            swiftSettings: lifetimes),

        // What a run tells others while it goes on: metrics for Prometheus, OTLP for collectors.
        .target(name: "Telemetry", dependencies: ["FedCore", "Cryptography", "Records", "Recording"]),

        // Reading: sees only what Recording wrote.
        .target(
            name: "Analysis",
            dependencies: ["FedCore", "Cryptography", "Files", "Records", "Recording", "Telemetry"],
            swiftSettings: unhurried),
        .target(
            name: "RunStore",
            dependencies: ["CSQLite", "FedCore", "Cryptography", "Files", "Records", "Recording"],
            swiftSettings: unhurried),
        // What starts runs and keeps them: neither MPI nor oneDNN.
        .target(name: "RunQueue", dependencies: ["CProcess", "FedCore", "Files", "Records", "RunStore"]),

        // Jobs: what a program does with runs, without the words and the tables of a command line.
        .target(
            name: "Launching", dependencies: ["CProcess", "MPI", "FedCore", "Records", "Runtime"],
            swiftSettings: unhurried),
        .target(
            name: "Experiments",
            dependencies: [
                "MPI", "FedCore", "Cryptography", "Files", "Records", "Runtime", "NeuralNet", "Datasets", "Federation",
                "Inference", "Recording", "RunStore", "Analysis", "Launching",
            ],
            swiftSettings: unhurried),

        // Composition: the only target that knows everybody.
        .executableTarget(
            name: "fedmpi",
            dependencies: [
                "CProcess", "MPI", "FedCore", "Cryptography", "Files", "Privacy", "Devices", "Records", "Runtime",
                "NeuralNet", "Datasets", "ONNX", "Federation", "SplitLearning", "Inference", "Serving", "Recording",
                "RunStore", "Telemetry", "Analysis", "Launching", "Experiments",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"), .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: unhurried),

        // Pages and a REST API for runs: a program of its own, so that what trains needs no web server.
        .target(
            name: "Dashboard",
            dependencies: [
                "FedCore", "Cryptography", "Files", "Records", "Recording", "RunStore", "RunQueue", "Analysis",
                "Telemetry",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Assets")]),
        .executableTarget(
            name: "fedmpi-dashboard",
            dependencies: [
                "FedCore", "Recording", "RunQueue", "Dashboard",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: unhurried),

        // Unit tests, without mpirun, and what several of them need.
        .target(name: "TestSupport", dependencies: ["FedCore", "Records"], path: "Tests/Support"),
        .testTarget(name: "MPITests", dependencies: ["MPI", "MPITesting"]),
        .testTarget(name: "FedCoreTests", dependencies: ["CVectors", "FedCore"]),
        .testTarget(name: "CryptographyTests", dependencies: ["CVectors", "Cryptography"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "PrivacyTests", dependencies: ["FedCore", "Privacy"]),
        .testTarget(
            name: "SecureAggregationTests", dependencies: ["FedCore", "Cryptography", "SecureAggregation"],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "StrategiesTests", dependencies: ["FedCore", "Strategies"]),
        .testTarget(name: "AggregationTests", dependencies: ["CVectors", "FedCore", "Aggregation"]),
        .testTarget(name: "SelectionTests", dependencies: ["FedCore", "Selection"]),
        .testTarget(name: "CodecsTests", dependencies: ["FedCore", "Codecs"]),
        .testTarget(
            name: "NeuralNetTests", dependencies: ["CVectors", "FedCore", "Files", "NeuralNet"],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "ONNXTests", dependencies: ["FedCore", "NeuralNet", "ONNX"], exclude: ["Fixtures"]),
        .testTarget(
            name: "DatasetsTests", dependencies: ["CZlib", "FedCore", "Datasets"], resources: [.copy("Fixtures")]),
        .testTarget(name: "DevicesTests", dependencies: ["FedCore", "Devices"]),
        .testTarget(name: "RecordsTests", dependencies: ["FedCore", "Records"]),
        .testTarget(
            name: "RuntimeTests",
            dependencies: ["MPI", "MPITesting", "FedCore", "Devices", "Records", "Runtime", "TestSupport"]),
        .testTarget(
            name: "FederationTests",
            dependencies: [
                "MPI", "MPITesting", "TestSupport", "FedCore", "Cryptography", "Files", "Devices", "Records",
                "Runtime", "Strategies", "Aggregation", "Selection", "Codecs", "NeuralNet", "Datasets", "Federation",
                "Recording", "Privacy", "SecureAggregation",
            ]),
        .testTarget(name: "FedMPITests", dependencies: ["FedCore", "Records", "FedMPI"]),
        .testTarget(
            name: "SplitLearningTests",
            dependencies: [
                "MPI", "MPITesting", "TestSupport", "FedCore", "Cryptography", "Records", "NeuralNet", "Federation",
                "SplitLearning",
                "Recording",
            ]),
        .testTarget(
            name: "RecordingTests",
            dependencies: [
                "FedCore", "Cryptography", "Files", "Records", "NeuralNet", "Datasets", "Federation", "Recording",
            ]),
        .testTarget(
            name: "InferenceTests",
            dependencies: [
                "MPI", "MPITesting", "TestSupport", "FedCore", "Devices", "Runtime", "NeuralNet", "Datasets",
                "Federation", "Inference",
            ]),
        .testTarget(
            name: "ServingTests",
            dependencies: [
                "MPI", "MPITesting", "TestSupport", "FedCore", "Records", "Runtime", "NeuralNet", "Datasets",
                "Federation",
                "Inference", "Serving",
            ]),
        .testTarget(
            name: "TelemetryTests", dependencies: ["FedCore", "Files", "Records", "Recording", "Telemetry", "Analysis"]),
        .testTarget(name: "AnalysisTests", dependencies: ["FedCore", "Files", "Recording", "Analysis"]),
        .testTarget(
            name: "RunStoreTests",
            dependencies: [
                "CSQLite", "FedCore", "Cryptography", "Records", "NeuralNet", "Datasets", "Federation", "Recording",
                "RunStore",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "RunQueueTests", dependencies: ["FedCore", "Records", "RunStore", "RunQueue"]),
        .testTarget(name: "DashboardTests", dependencies: ["FedCore", "RunStore", "Dashboard"]),
        .testTarget(
            name: "LaunchingTests", dependencies: ["Records", "Launching"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: [
                "MPI", "MPITesting", "FedCore", "Records", "Runtime", "NeuralNet", "Datasets", "Federation", "Analysis",
                "Experiments",
            ]),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "MPITesting", "FedCore", "Privacy", "Devices", "Records", "NeuralNet", "Datasets", "Federation",
                "SplitLearning", "Serving", "Recording", "RunStore", "Telemetry", "Analysis", "Experiments", "fedmpi",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Whole runs of the release binary under mpirun; skipped unless FEDMPI_BINARY names it.
        .testTarget(name: "EndToEndTests"),

        // Programs that scripts run.
        .executableTarget(
            name: "MPIConformance", dependencies: ["MPI", "MPITesting"], path: "Tests/MPIConformance"),
        .executableTarget(
            name: "QueueProcess", dependencies: ["FedCore", "RunStore", "RunQueue"], path: "Tests/QueueProcess"),
        .executableTarget(
            name: "TrainingThroughput", dependencies: ["FedCore", "NeuralNet"], path: "Tests/TrainingThroughput"),
        .executableTarget(
            name: "CompressionThroughput", dependencies: ["FedCore", "Codecs"], path: "Tests/CompressionThroughput"),
        .executableTarget(
            name: "SecureAggregationThroughput", dependencies: ["FedCore", "Cryptography", "SecureAggregation"],
            path: "Tests/SecureAggregationThroughput"),
        .executableTarget(
            name: "AggregationThroughput", dependencies: ["FedCore", "Aggregation"],
            path: "Tests/AggregationThroughput"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CZlib", "MPI", "FedCore", "Runtime", "Cryptography", "Files", "Devices", "Records", "NeuralNet",
                "ONNX",
                "Datasets", "Codecs",
                "Federation", "SecureAggregation", "SplitLearning", "Recording", "Analysis",
            ],
            path: "Tests/Fuzz"),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + common
}

// `FEDMPI_ONLY=StrategiesTests`: that target and what it needs, no program. Else one changed line means that everything above it
// is compiled, and the tests of all targets are linked, before a single one runs (`scripts/test-target`).
if let only = Context.environment["FEDMPI_ONLY"] {
    let targets = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
    var needed: Set<String> = []
    var open = [only]
    while let name = open.popLast() {
        guard let target = targets[name], needed.insert(name).inserted else { continue }
        for dependency in target.dependencies {
            switch dependency {
            case .byNameItem(let name, _), .targetItem(let name, _): open.append(name)
            default: break
            }
        }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products = []
}
