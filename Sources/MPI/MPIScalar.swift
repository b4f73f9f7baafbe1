/// The element types that cross between ranks; the raw values are no part of any file or message.
public enum Datatype: UInt8, Sendable, CaseIterable {
    case float, double, int32, int64, uint8, uint32, uint64

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .uint8: 1
        case .float, .int32, .uint32: 4
        case .double, .int64, .uint64: 8
        }
    }
}

/// A Swift number type that MPI moves and reduces: exactly the types of ``Datatype``.
///
/// All-zero bytes are the number zero in each of them, which ``Buffer`` relies on. Integers have fixed widths,
/// and `Int` is missing on purpose: what crosses between machines has one size everywhere.
public protocol MPIScalar: BitwiseCopyable, Sendable {
    /// MPI's name for this type.
    static var datatype: Datatype { get }
}

extension Float: MPIScalar {
    public static var datatype: Datatype { .float }
}
extension Double: MPIScalar {
    public static var datatype: Datatype { .double }
}
extension Int32: MPIScalar {
    public static var datatype: Datatype { .int32 }
}
extension Int64: MPIScalar {
    public static var datatype: Datatype { .int64 }
}
extension UInt8: MPIScalar {
    public static var datatype: Datatype { .uint8 }
}
extension UInt32: MPIScalar {
    public static var datatype: Datatype { .uint32 }
}
extension UInt64: MPIScalar {
    public static var datatype: Datatype { .uint64 }
}
