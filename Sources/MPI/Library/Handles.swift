internal import CMPI

/// MPI's handle for an element type. Handles are asked for at each call: they may be addresses known only at run time.
extension Datatype {
    var handle: MPI_Datatype {
        switch self {
        case .float: Constant.float
        case .double: Constant.double
        case .int32: Constant.int32
        case .int64: Constant.int64
        case .uint8: Constant.uint8
        case .uint32: Constant.uint32
        case .uint64: Constant.uint64
        }
    }
}

/// MPI's handle for an operation.
extension ReduceOperation {
    var handle: MPI_Op {
        switch self {
        case .sum: Constant.sum
        case .product: Constant.product
        case .minimum: Constant.minimum
        case .maximum: Constant.maximum
        }
    }
}

/// What the library's status says, in Swift's types.
extension Status {
    init(_ status: MPI_Status) throws(MPIError) {
        var status = status
        var byteCount: MPI_Count = 0
        // Unlike `MPI_Get_count`, whose result is an `int`, this counts messages of any length.
        try check("MPI_Get_elements_x") { MPI_Get_elements_x(&status, Constant.uint8, &byteCount) }
        self.init(source: Int(status.MPI_SOURCE), tag: Int(status.MPI_TAG), byteCount: Int(byteCount))
    }
}

/// The datatype and count with which one call moves a region, however long it is.
///
/// A count is a C `int`. A longer region is one element of a derived type (MPI 3.1 §4.1.2): blocks of `limit`
/// elements and the rest. So a message stays one message, and a receiver need not know how the sender counted.
/// Good for sends and receives only: reductions do not take derived types.
struct Extent: ~Copyable {
    /// The count argument: the region's count, or 1 for a derived type.
    let count: Int32
    /// The derived type, freed with this value; nil where the count fits.
    private let derived: DatatypeHandle?
    private let basic: Datatype

    var datatype: MPI_Datatype { derived?.value ?? basic.handle }

    /// Makes the datatype for one transfer; no library call where the count fits.
    init(_ region: MemoryRegion, limit: Int) throws(MPIError) {
        basic = region.datatype
        if region.count <= limit, let count = Int32(exactly: region.count) {
            self.count = count
            derived = nil
            return
        }
        var block = DatatypeHandle(value: Constant.datatypeNull)
        var whole = DatatypeHandle(value: Constant.datatypeNull)
        let (blocks, rest) = region.count.quotientAndRemainder(dividingBy: limit)
        guard let blockCount = Int32(exactly: blocks), let blockLength = Int32(exactly: limit) else {
            preconditionFailure("\(region.count) elements are too many for one message")
        }
        let basicHandle = region.datatype.handle
        try check("MPI_Type_contiguous") { MPI_Type_contiguous(blockLength, basicHandle, &block.value) }
        defer { MPI_Type_free(&block.value) }
        var lengths = [blockCount, Int32(rest)]
        var offsets = [MPI_Aint(0), MPI_Aint(blocks * limit * region.datatype.byteCount)]
        var types = [DatatypeHandle(value: block.value), DatatypeHandle(value: basicHandle)].map(\.value)
        try check("MPI_Type_create_struct") {
            MPI_Type_create_struct(2, &lengths, &offsets, &types, &whole.value)
        }
        try check("MPI_Type_commit") { MPI_Type_commit(&whole.value) }
        count = 1
        derived = whole
    }

    deinit {
        // A type in use by a transfer under way lives on inside the library until that is complete.
        guard var derived else { return }
        MPI_Type_free(&derived.value)
    }
}
