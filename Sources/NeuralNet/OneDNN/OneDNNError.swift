import COneDNN

/// The error for a call that oneDNN refused.
///
/// A model's shapes are checked when it is made, so this is no user's mistake: memory is exhausted (`out_of_memory`),
/// or the installed library has no implementation of an operation (`unimplemented`).
public struct OneDNNError: Error, Equatable, CustomStringConvertible {
    /// The C function, and in parentheses the operation it was called for, where that helps.
    public let function: String
    /// The library's name of the status, e.g. `unimplemented` or `out_of_memory`.
    public let status: String

    /// One line: `dnnl_primitive_desc_create (convolution) failed: unimplemented`.
    public var description: String { "\(function) failed: \(status)" }
}

/// Turns a status into an error that names the function. Inlined, because passes call it for each primitive.
@inline(__always)
func check(_ function: StaticString, _ status: dnnl_status_t) throws(OneDNNError) {
    guard status == dnnl_success else {
        throw OneDNNError(function: "\(function)", status: String(cString: dnnl_status2str(status)))
    }
}

/// The object that a C function makes through a pointer.
/// - Throws: `OneDNNError` with the function's name when its status is not success, or it made no object.
func create(
    _ function: String, _ body: (inout OpaquePointer?) -> dnnl_status_t
) throws(OneDNNError) -> OpaquePointer {
    var handle: OpaquePointer?
    let status = body(&handle)
    guard status == dnnl_success, let handle else {
        throw OneDNNError(function: function, status: String(cString: dnnl_status2str(status)))
    }
    return handle
}
