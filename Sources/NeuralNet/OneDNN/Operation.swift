import COneDNN

/// A primitive before it is made, and the tensors of a plan that it works on.
struct Operation {
    /// The operation with its implementation.
    let descriptor: PrimitiveDescriptor
    /// Tensors by oneDNN's argument numbers, such as `DNNL_ARG_SRC`.
    var tensors: [(argument: Int32, tensor: Tensor)]

    /// Makes the primitive, with the tensors' addresses.
    /// - Parameters:
    ///   - memory: memory of the plan.
    ///   - scratch: memory for the primitive's own use, unless it is among the tensors.
    ///   - engine: engine of the plan.
    func bound(to memory: PlanMemory, scratch: Arena? = nil, engine: Engine) throws(OneDNNError) -> Primitive {
        var views: [(argument: Int32, memory: Memory)] = []
        for (argument, tensor) in tensors {
            views.append((argument, try Memory(tensor.descriptor, at: memory.address(of: tensor), engine: engine)))
        }
        if let scratch {
            views.append((DNNL_ARG_SCRATCHPAD, try Memory(descriptor.scratchpad, at: scratch.base, engine: engine)))
        }
        return try Primitive(descriptor, views, engine: engine)
    }
}
