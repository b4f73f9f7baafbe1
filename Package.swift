// swift-tools-version: 6.2
import PackageDescription

/// `FEDMPI_MPI=mpich swift build --scratch-path .build-mpich` builds against MPICH instead of Open MPI.
let mpiPackage = Context.environment["FEDMPI_MPI"] == "mpich" ? "mpich" : "ompi-c"

let package = Package(
    name: "fedmpi",
    products: [.executable(name: "fedmpi", targets: ["fedmpi"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries: a module map and a header each.
        .systemLibrary(name: "CMPI", pkgConfig: mpiPackage),
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CZlib"),

        // Transport.
        .target(name: "MPI", dependencies: ["CMPI"]),
        .target(name: "MPITesting", dependencies: ["MPI"]),

        // Vocabulary: imports nothing.
        .target(name: "FedCore"),

        // Plug-ins: one folder, one catalog each.
        .target(name: "Strategies", dependencies: ["FedCore"]),
        .target(name: "NeuralNet", dependencies: ["COneDNN", "FedCore"]),
        .target(name: "Datasets", dependencies: ["CZlib", "FedCore"]),

        // Machinery.
        .target(
            name: "Federation",
            dependencies: [
                "MPI", "FedCore", "Strategies", "NeuralNet", "Datasets",
            ]),
        .target(
            name: "Recording",
            dependencies: [
                "FedCore", "NeuralNet", "Federation", .product(name: "Crypto", package: "swift-crypto"),
            ]),

        // Composition: the only target that knows everybody.
        .executableTarget(
            name: "fedmpi",
            dependencies: [
                "MPI", "FedCore", "Strategies", "NeuralNet", "Datasets", "Federation", "Recording",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ]),
    ]
)
