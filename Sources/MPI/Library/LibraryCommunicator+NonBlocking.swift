internal import CMPI

/// The non-blocking calls. A transfer may be several requests of the library; all are started before `start` returns.
extension LibraryCommunicator {
    package func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
        try start(transfer, reusing: nil)
    }

    package func start(
        _ transfer: Transfer, reusing former: (any PendingTransfer)?
    ) throws(MPIError) -> any PendingTransfer {
        if case .receive(let data, let source, let tag) = transfer {
            let pending = vacant(former, isReceive: true)
            let extent = try Extent(data, limit: maximumCount)
            try pending.add("MPI_Irecv") {
                MPI_Irecv(
                    data.base, extent.count, extent.datatype, Self.source(source), Self.tag(tag), handle, &$0.value)
            }
            return pending
        }
        let pending = vacant(former, isReceive: false)
        try add(transfer, to: pending)
        return pending
    }

    /// The transfer object to use: the former one, emptied, if it is this communicator's own, or a new one.
    private func vacant(_ former: (any PendingTransfer)?, isReceive: Bool) -> LibraryTransfer {
        guard let former = former as? LibraryTransfer, former.belongs(to: self) else {
            return LibraryTransfer(self, isReceive: isReceive)
        }
        former.clear(isReceive: isReceive)
        return former
    }

    /// Adds the requests of everything but a receive to a transfer.
    private func add(_ transfer: Transfer, to pending: LibraryTransfer) throws(MPIError) {
        switch transfer {
        case .barrier:
            try pending.add("MPI_Ibarrier") { MPI_Ibarrier(handle, &$0.value) }
        case .broadcast(let data, let root):
            for part in data.parts(of: maximumPart(of: data.datatype)) {
                try pending.add("MPI_Ibcast") {
                    MPI_Ibcast(part.base, part.length, data.datatype.handle, Self.argument(root), handle, &$0.value)
                }
            }
        case .gather(let send, let receive, let root):
            guard let count = equalPart(send.count) else {
                let counts = [Int](repeating: send.count, count: size)
                return try addGatherv(send, into: receive, counts: counts, root: root, to: pending)
            }
            let type = send.datatype.handle
            try pending.add("MPI_Igather") {
                MPI_Igather(send.base, count, type, receive.base, count, type, Self.argument(root), handle, &$0.value)
            }
        case .gatherv(let send, let receive, let counts, let root):
            try addGatherv(send, into: receive, counts: counts, root: root, to: pending)
        case .scatter(let send, let receive, let root):
            guard let count = equalPart(receive.count) else {
                return try addScatterMessages(send, into: receive, root: root, to: pending)
            }
            let type = receive.datatype.handle
            try pending.add("MPI_Iscatter") {
                MPI_Iscatter(send.base, count, type, receive.base, count, type, Self.argument(root), handle, &$0.value)
            }
        case .reduce(let data, let operation, let root):
            let isRoot = rank == root
            for part in data.parts(of: maximumPart(of: data.datatype)) {
                try pending.add("MPI_Ireduce") {
                    MPI_Ireduce(
                        isRoot ? Constant.inPlace : part.base, isRoot ? part.base : nil, part.length,
                        data.datatype.handle, operation.handle, Self.argument(root), handle, &$0.value)
                }
            }
        case .allReduce(let data, let operation):
            for part in data.parts(of: maximumPart(of: data.datatype)) {
                try pending.add("MPI_Iallreduce") {
                    MPI_Iallreduce(
                        Constant.inPlace, part.base, part.length, data.datatype.handle, operation.handle, handle,
                        &$0.value)
                }
            }
        case .send(let data, let destination, let tag):
            let extent = try Extent(data, limit: maximumCount)
            try pending.add("MPI_Isend") {
                MPI_Isend(
                    data.base, extent.count, extent.datatype, Self.argument(destination), Self.argument(tag), handle,
                    &$0.value)
            }
        case .receive:
            preconditionFailure("a receive has a status to record")
        }
    }

    /// The count argument of a collective with equal parts, if all parts together fit into one call.
    func equalPart(_ count: Int) -> Int32? {
        count <= maximumCount / size ? Int32(exactly: count) : nil
    }

    /// Adds the messages and the collective call of a gather, in the same order as the blocking form.
    private func addGatherv(
        _ send: MemoryRegion, into receive: MemoryRegion, counts: [Int], root: Int, to pending: LibraryTransfer
    ) throws(MPIError) {
        let plan = GatherPlan(
            send, into: receive, counts: counts, root: root, rank: rank, size: size, limit: maximumCount)
        try addMessages(of: plan, root: root, to: pending)
        let type = send.datatype.handle
        try pending.add("MPI_Igatherv") {
            MPI_Igatherv(
                send.base, plan.own, type, plan.target.base, plan.counts.elements, plan.displacements.elements, type,
                Self.argument(root), handle, &$0.value)
        }
        pending.keep(plan)
    }

    /// Starts the messages of a gather's long parts.
    func addMessages(of plan: borrowing GatherPlan, root: Int, to pending: LibraryTransfer) throws(MPIError) {
        for (source, region) in plan.incoming { try addReceive(region, from: source, to: pending) }
        if let region = plan.outgoing { try addSend(region, to: root, pending) }
    }

    /// Adds a scatter whose parts are too long for one call, as messages between the root and each rank.
    ///
    /// Every rank decides this by itself: parts are of equal length.
    private func addScatterMessages(
        _ send: MemoryRegion, into receive: MemoryRegion, root: Int, to pending: LibraryTransfer
    ) throws(MPIError) {
        guard rank == root else { return try addReceive(receive, from: root, to: pending) }
        for other in 0..<size {
            let part = send.slice(other * receive.count, count: receive.count)
            if other == rank { receive.copy(from: part) } else { try addSend(part, to: other, pending) }
        }
    }

    /// Begins a message on the duplicate communicator. Tag 0 is enough: messages of one pair of ranks keep
    /// their order.
    private func addSend(_ region: MemoryRegion, to other: Int, _ pending: LibraryTransfer) throws(MPIError) {
        let extent = try Extent(region, limit: maximumCount)
        try pending.add("MPI_Isend") {
            MPI_Isend(region.base, extent.count, extent.datatype, Self.argument(other), 0, messages, &$0.value)
        }
    }

    private func addReceive(_ region: MemoryRegion, from other: Int, to pending: LibraryTransfer) throws(MPIError) {
        let extent = try Extent(region, limit: maximumCount)
        try pending.add("MPI_Irecv") {
            MPI_Irecv(region.base, extent.count, extent.datatype, Self.argument(other), 0, messages, &$0.value)
        }
    }
}
