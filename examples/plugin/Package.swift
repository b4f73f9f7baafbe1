// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "plugin",
    dependencies: [.package(name: "fedmpi", path: "../..")],
    targets: [
        .executableTarget(name: "plugin", dependencies: [.product(name: "FedMPI", package: "fedmpi")])
    ]
)
