public import MPI

/// A fact about communicators, checked by all ranks of one together.
public struct ContractCase: Sendable, CustomStringConvertible {
    public let title: String
    /// The fewest ranks it makes sense for.
    public let minimumSize: Int
    private let body: @Sendable (any Communicator, Checklist) throws -> Void

    init(
        _ title: String, minimumSize: Int = 1, _ body: @escaping @Sendable (any Communicator, Checklist) throws -> Void
    ) {
        self.title = title
        self.minimumSize = minimumSize
        self.body = body
    }

    public var description: String { title }

    /// Runs the case; collective. What does not hold goes to the checklist; an error ends the case.
    public func run(on communicator: any Communicator, _ checklist: Checklist) throws {
        guard communicator.size >= minimumSize else { return }
        checklist.title = title
        try body(communicator, checklist)
    }
}

/// What every implementation of ``Communicator`` keeps: the library, rank threads, the loopback and decorators of them.
public enum CommunicatorContract {
    public static let all: [ContractCase] =
        collectives + nonBlocking + messages + groups + errors

    /// One case for each scalar type.
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

/// The scalars of the contract, with numbers to move.
protocol SampleScalar: MPIScalar, Comparable {
    init(_ value: Int)
}

extension Float: SampleScalar {}
extension Double: SampleScalar {}
extension Int32: SampleScalar {}
extension Int64: SampleScalar {}
extension UInt8: SampleScalar {}
extension UInt32: SampleScalar {}
extension UInt64: SampleScalar {}

extension SampleScalar {
    /// What rank `rank` has at index `i`: below 40, so that the sum of six ranks fits into a byte.
    static func sample(_ rank: Int, _ i: Int) -> Self { Self((rank * 11 + i * 7 + i / 40) % 40) }

    static func samples(_ rank: Int, count: Int) -> [Self] { (0..<count).map { sample(rank, $0) } }
}
