import COneDNN

/// oneDNN's processor, an in-order stream on it, and the number of threads of its primitives.
///
/// Each plan has an engine of its own. With oneDNN's OpenMP runtime a primitive is done when its call returns, so
/// nobody waits for the stream.
final class Engine {
    /// oneDNN's engine: the processor.
    let handle: dnnl_engine_t
    /// oneDNN's stream, on which primitives are executed.
    let stream: dnnl_stream_t

    /// OpenMP threads of each primitive.
    let threads: Int32

    /// Makes an engine and its stream.
    /// - Parameter threads: OpenMP threads of each primitive, > 0.
    /// - Throws: `OneDNNError` when the library has no engine for this processor.
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

    /// Sets the calling thread's number of OpenMP threads to this engine's; to be called before primitives are
    /// executed, because OpenMP keeps one number for each thread that calls it, and another plan may have set another.
    func activate() {
        omp_set_num_threads(threads)
    }

    deinit {
        dnnl_stream_destroy(stream)
        dnnl_engine_destroy(handle)
    }
}
