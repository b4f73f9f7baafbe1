import Foundation

/// Files that `scripts/make-dataset-fixtures` wrote.
enum Fixture {
    static func path(_ name: String) -> String {
        Bundle.module.bundlePath + "/Fixtures/" + name
    }

    static func data(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }
    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try data(name)) }
}
