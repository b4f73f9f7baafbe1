import MPI

/// The findings of one rank while it runs contract cases.
///
/// A check that fails does not end the case: the other ranks may be in a collective with this one. The caller
/// reads `failures` at the end, and sums up `passed`, to see that anything was checked at all.
public final class Checklist {
    /// The number of checks that held.
    public private(set) var passed = 0
    /// One line for each check that did not hold.
    public private(set) var failures: [String] = []
    /// The case under way, which begins those lines.
    public var title = ""

    /// The length of the long transfers, in elements.
    public let longest: Int
    /// The lengths to try: none, one, few and many elements. Programs do send nothing: a rank without clients
    /// in a round.
    var lengths: [Int] { [0, 1, 5, longest] }

    /// Makes an empty list.
    ///
    /// - Parameter longest: the length of the long transfers in elements. The default makes 4.8 KB of floats,
    ///   more than libraries and rank threads buffer for a send. Communicators that cut transfers into small
    ///   parts take less.
    public init(longest: Int = 1200) {
        self.longest = longest
    }

    /// Notes whether a condition holds; `fact` says what was checked, and is only asked for when it does not.
    public func expect(_ condition: Bool, _ fact: @autoclosure () -> String) {
        if condition { passed += 1 } else { failures.append("\(title): \(fact())") }
    }

    /// Compares two values and shows both if they differ.
    public func expectEqual<T: Equatable>(_ actual: T, _ expected: T, _ fact: @autoclosure () -> String) {
        expect(actual == expected, "\(fact()): expected \(expected), actual \(actual)")
    }

    /// Compares elements, and names only the first difference: arrays here are too long for a message.
    public func expectEqual<T: Equatable>(_ actual: [T], _ expected: [T], _ fact: @autoclosure () -> String) {
        guard actual.count == expected.count else {
            return expect(false, "\(fact()): expected \(expected.count) elements, actual \(actual.count)")
        }
        let i = actual.indices.first { actual[$0] != expected[$0] }
        expect(i == nil, "\(fact()): element \(i ?? 0): expected \(expected[i ?? 0]), actual \(actual[i ?? 0])")
    }

    /// Expects an error of the library whose function contains a word and whose text is one line.
    ///
    /// - Parameters:
    ///   - word: a part of the C function's name, in lower case; implementations may call `MPI_Ibcast` or `MPI_Bcast`.
    ///   - fact: what was tried.
    ///   - body: the call that is to fail.
    /// - Throws: an error of another kind than `MPIError`.
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
