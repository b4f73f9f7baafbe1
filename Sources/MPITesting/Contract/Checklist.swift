import MPI

/// What one rank found while it ran contract cases.
public final class Checklist {
    /// The checks that held.
    public private(set) var passed = 0
    /// One line for each check that did not.
    public private(set) var failures: [String] = []
    /// The case under way, for those lines.
    public var title = ""

    public init() {}

    public func expect(_ condition: Bool, _ fact: @autoclosure () -> String) {
        if condition { passed += 1 } else { failures.append("\(title): \(fact())") }
    }

    public func expectEqual<T: Equatable>(_ actual: T, _ expected: T, _ fact: @autoclosure () -> String) {
        expect(actual == expected, "\(fact()): expected \(expected), actual \(actual)")
    }

    /// Compares elements and names the first difference.
    public func expectEqual<T: Equatable>(_ actual: [T], _ expected: [T], _ fact: @autoclosure () -> String) {
        guard actual.count == expected.count else {
            return expect(false, "\(fact()): expected \(expected.count) elements, actual \(actual.count)")
        }
        let i = actual.indices.first { actual[$0] != expected[$0] }
        expect(i == nil, "\(fact()): element \(i ?? 0): expected \(expected[i ?? 0]), actual \(actual[i ?? 0])")
    }

    /// Expects an error of the library whose function contains a word and whose text is one line.
    public func expectError(_ word: String, _ fact: @autoclosure () -> String, _ body: () throws -> Void) throws {
        do {
            try body()
            expect(false, "\(fact()): no error")
        } catch let error as MPIError {
            expect(error.function.lowercased().contains(word), "\(fact()): function \(error.function)")
            expect(!error.message.isEmpty && !error.message.contains("\n"), "\(fact()): text \(error.message)")
            expect(error.code != 0, "\(fact()): code 0")
        }
    }
}
