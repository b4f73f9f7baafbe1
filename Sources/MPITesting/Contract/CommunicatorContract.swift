public import MPI

/// A fact about communicators, checked by all ranks of one together.
///
/// A case is a program that every rank runs on the communicator under test. It reports to a ``Checklist`` instead of a
/// test framework, so that the same case runs in a unit test over threads and in a program under `mpirun`.
///
/// ```swift
/// ContractCase("allReduce combines single numbers") { world, checks in
///     let ranks = try world.allReduce(Int64(1), .sum)
///     checks.expectEqual(ranks, Int64(world.size), "sum of ones")
/// }
/// ```
public struct ContractCase: Sendable, CustomStringConvertible {
    /// The fact, as a sentence; it names the case in test reports.
    public let title: String
    /// The fewest ranks it makes sense for; smaller communicators pass it over.
    public let minimumSize: Int
    /// The program of a rank.
    private let body: @Sendable (any Communicator, Checklist) throws -> Void

    /// Declares a case.
    ///
    /// - Parameters:
    ///   - title: the fact, as a sentence.
    ///   - minimumSize: the fewest ranks that it needs.
    ///   - body: the program of each rank; it leaves no message and no transfer behind.
    init(
        _ title: String, minimumSize: Int = 1, _ body: @escaping @Sendable (any Communicator, Checklist) throws -> Void
    ) {
        self.title = title
        self.minimumSize = minimumSize
        self.body = body
    }

    /// The title.
    public var description: String { title }

    /// Runs the case; collective. What does not hold goes to the checklist; an error ends the case.
    ///
    /// Some cases receive from any source, so a caller puts a barrier between two of them.
    ///
    /// - Throws: an error of the communicator that the case does not expect. Other ranks may then wait for ever.
    public func run(on communicator: any Communicator, _ checklist: Checklist) throws {
        guard communicator.size >= minimumSize else { return }
        checklist.title = title
        try body(communicator, checklist)
    }
}

/// The rules that every implementation of ``Communicator`` keeps.
///
/// Run over the MPI library (Open MPI and MPICH, whole and with calls cut into parts of one and of 24 elements), over
/// rank threads and over the loopback; a new implementation or decorator joins by running the same list:
///
/// ```swift
/// let checks = Checklist()
/// for contractCase in CommunicatorContract.all {
///     try contractCase.run(on: communicator, checks)
///     try communicator.barrier()
/// }
/// ```
public enum CommunicatorContract {
    /// Every case: collectives, their non-blocking forms, messages, groups, errors. Meant for up to six ranks.
    public static let all: [ContractCase] =
        collectives + nonBlocking + messages + groups + errors

    /// Makes one case for each scalar type, because each is a branch of its own in every implementation.
    ///
    /// - Parameters:
    ///   - title: the fact; "of Float" and so on is added.
    ///   - minimumSize: the fewest ranks that it needs.
    ///   - body: the program of each rank, given the type.
    static func perType(
        _ title: String, minimumSize: Int = 1,
        _ body: @escaping @Sendable (any SampleScalar.Type, any Communicator, Checklist) throws -> Void
    ) -> [ContractCase] {
        let types: [any SampleScalar.Type] = [
            Float.self, Double.self, Int32.self, Int64.self, UInt8.self, UInt32.self, UInt64.self,
        ]
        return types.map { type in
            ContractCase("\(title) of \(type)", minimumSize: minimumSize) { try body(type, $0, $1) }
        }
    }
}

/// The scalars of the contract, with numbers to move. All samples are small whole numbers, exact in each type.
protocol SampleScalar: MPIScalar, Comparable {
    /// Makes the number; traps where the type cannot hold it.
    init(_ value: Int)
}

extension Float: SampleScalar {}
extension Double: SampleScalar {}
extension Int32: SampleScalar {}
extension Int64: SampleScalar {}
extension UInt8: SampleScalar {}
extension UInt32: SampleScalar {}
extension UInt64: SampleScalar {}

/// Numbers that say where they come from.
extension SampleScalar {
    /// The element at index `i` of what rank `rank` sends.
    ///
    /// It is below 40, so that the sum of six ranks fits into a byte, and differs between ranks and between
    /// neighbours, so that a part in the wrong place shows.
    static func sample(_ rank: Int, _ i: Int) -> Self { Self((rank * 11 + i * 7 + i / 40) % 40) }

    /// The first `count` elements of what a rank sends.
    static func samples(_ rank: Int, count: Int) -> [Self] { (0..<count).map { sample(rank, $0) } }
}
