import COneDNN

/// oneDNN's processor, an in-order queue on it, and how many threads work the queue off.
final class Engine {
    let handle: dnnl_engine_t
    let stream: dnnl_stream_t

    private let threads: Int32

    init(threads: Int) throws(OneDNNError) {
        self.threads = Int32(threads)
        // Primitives are made for a number of threads, too.
        omp_set_num_threads(self.threads)
        let engine = try create("dnnl_engine_create") { dnnl_engine_create(&$0, dnnl_cpu, 0) }
        do throws(OneDNNError) {
            stream = try create("dnnl_stream_create") {
                dnnl_stream_create(&$0, engine, UInt32(dnnl_stream_default_flags.rawValue))
            }
        } catch {
            dnnl_engine_destroy(engine)
            throw error
        }
        handle = engine
    }

    /// OpenMP keeps the number of threads for each thread that asks; another plan may have set another.
    func activate() {
        omp_set_num_threads(threads)
    }

    deinit {
        dnnl_stream_destroy(stream)
        dnnl_engine_destroy(handle)
    }
}

/// What the oneDNN that was found is, for a report.
public enum OneDNNLibrary {
    /// E.g. `2.6.3`.
    public static var version: String {
        guard let version = dnnl_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// The widest instruction set its kernels use on this processor, e.g. `avx512_core_bf16`.
    public static var instructionSet: String {
        String(cString: dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa()))
    }
}
