internal import CMPI

/// The blocking calls. What would not fit into one call is cut up by rules that depend only on numbers that all
/// ranks know.
extension LibraryCommunicator {
    package func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
        switch transfer {
        case .barrier:
            try check("MPI_Barrier") { MPI_Barrier(handle) }
        case .broadcast(let data, let root):
            for part in data.parts(of: maximumPart(of: data.datatype)) {
                try check("MPI_Bcast") {
                    MPI_Bcast(part.base, part.length, data.datatype.handle, Self.argument(root), handle)
                }
            }
        case .gather(let send, let receive, let root):
            guard let count = equalPart(send.count) else {
                let counts = [Int](repeating: send.count, count: size)
                return try gatherv(send, into: receive, counts: counts, root: root)
            }
            let type = send.datatype.handle
            try check("MPI_Gather") {
                MPI_Gather(send.base, count, type, receive.base, count, type, Self.argument(root), handle)
            }
        case .gatherv(let send, let receive, let counts, let root):
            return try gatherv(send, into: receive, counts: counts, root: root)
        case .scatter(let send, let receive, let root):
            guard let count = equalPart(receive.count) else { return try waitFor(start(transfer)) }
            let type = receive.datatype.handle
            try check("MPI_Scatter") {
                MPI_Scatter(send.base, count, type, receive.base, count, type, Self.argument(root), handle)
            }
        case .reduce(let data, let operation, let root):
            for part in data.parts(of: maximumPart(of: data.datatype)) {
                try reduce(part, of: data.datatype, operation, root: root)
            }
        case .allReduce(let data, let operation):
            for part in data.parts(of: maximumPart(of: data.datatype)) {
                try check("MPI_Allreduce") {
                    MPI_Allreduce(
                        Constant.inPlace, part.base, part.length, data.datatype.handle, operation.handle, handle)
                }
            }
        case .send(let data, let destination, let tag):
            let extent = try Extent(data, limit: maximumCount)
            try check("MPI_Send") {
                MPI_Send(
                    data.base, extent.count, extent.datatype, Self.argument(destination), Self.argument(tag), handle)
            }
        case .receive(let data, let source, let tag):
            let extent = try Extent(data, limit: maximumCount)
            var status = MPI_Status()
            try check("MPI_Recv") {
                MPI_Recv(
                    data.base, extent.count, extent.datatype, Self.source(source), Self.tag(tag), handle, &status)
            }
            return try Status(status)
        }
        return nil
    }

    /// Reduces one part in place, around a defect of MPICH.
    private func reduce(
        _ part: MemoryRegion.Part, of datatype: Datatype, _ operation: ReduceOperation, root: Int
    ) throws(MPIError) {
        var send = part.base
        // MPICH 4.0 and 4.1 crash on `MPI_IN_PLACE` at a root other than 0: github.com/pmodels/mpich/issues/6540.
        let byteCount = Int(part.length) * datatype.byteCount
        let copy = Buffer<UInt8>(count: rank == root && root != 0 ? byteCount : 0)
        if rank == root {
            send = root == 0 ? Constant.inPlace : copy.region.base
            if root != 0, let base = part.base { send?.copyMemory(from: base, byteCount: byteCount) }
        }
        try check("MPI_Reduce") {
            MPI_Reduce(
                send, part.base, part.length, datatype.handle, operation.handle, Self.argument(root), handle)
        }
        // The library reads the copy until here.
        _ = consume copy
    }

    /// Gathers with long parts as messages: these are begun before the collective call and awaited after it.
    private func gatherv(
        _ send: MemoryRegion, into receive: MemoryRegion, counts: [Int], root: Int
    ) throws(MPIError) -> Status? {
        var plan = GatherPlan(
            send, into: receive, counts: counts, root: root, rank: rank, size: size, limit: maximumCount)
        let messages = LibraryTransfer(self)
        try addMessages(of: plan, root: root, to: messages)
        let type = send.datatype.handle
        try check("MPI_Gatherv") {
            MPI_Gatherv(
                send.base, plan.own, type, plan.target.base, plan.counts.elements, plan.displacements.elements, type,
                Self.argument(root), handle)
        }
        _ = try waitFor(messages)
        plan.finish()
        return nil
    }

    /// Waits with sleeps for what has no blocking call of its own.
    private func waitFor(_ transfer: any PendingTransfer) throws(MPIError) -> Status? {
        _ = try Backoff.default.wait { () throws(MPIError) in try transfer.test() }
        return transfer.status
    }
}
