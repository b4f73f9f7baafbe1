import COneDNN

/// oneDNN refused a call.
public struct OneDNNError: Error, Equatable, CustomStringConvertible {
    /// The C function, and in parentheses what it was called for, if that helps.
    public let function: String
    /// The library's name of the status, e.g. `unimplemented` or `out_of_memory`.
    public let status: String

    public var description: String { "\(function) failed: \(status)" }
}

/// Turns a status into an error that names the function.
@inline(__always)
func check(_ function: StaticString, _ status: dnnl_status_t) throws(OneDNNError) {
    guard status == dnnl_success else {
        throw OneDNNError(function: "\(function)", status: String(cString: dnnl_status2str(status)))
    }
}

/// The object a C function put out, or its status as an error.
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
