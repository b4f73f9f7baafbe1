import Foundation
import Testing

/// A profiler that is put between the program and MPI, as mpiP and IPM are.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct ProfilerTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// Counts calls, and says so when MPI is finalised.
    private static let source = """
        #include <mpi.h>
        #include <stdio.h>
        #include <string.h>
        #include <stdarg.h>
        static int starts, ends, broadcasts, gathers, open_rounds, outside;
        int MPI_Pcontrol(const int level, ...) {
            va_list list;
            va_start(list, level);
            const char *word = va_arg(list, const char *);
            if (level == 1 && strcmp(word, "round") == 0) ++starts, ++open_rounds;
            if (level == 0 && strcmp(word, "exit") == 0 && strcmp(va_arg(list, const char *), "round") == 0)
                ++ends, --open_rounds;
            va_end(list);
            return MPI_SUCCESS;
        }
        int MPI_Ibcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request) {
            ++broadcasts;
            return PMPI_Ibcast(data, count, type, root, comm, request);
        }
        int MPI_Igatherv(const void *send, int count, MPI_Datatype type, void *receive, const int counts[],
                         const int places[], MPI_Datatype into, int root, MPI_Comm comm, MPI_Request *request) {
            ++gathers;
            if (open_rounds != 1) ++outside;
            return PMPI_Igatherv(send, count, type, receive, counts, places, into, root, comm, request);
        }
        int MPI_Finalize(void) {
            printf("starts %d ends %d broadcasts %d gathers %d outside %d\\n", starts, ends, broadcasts > 4, gathers,
                   outside);
            fflush(stdout);
            return PMPI_Finalize();
        }
        """

    @Test(.enabled(if: (try? Program.run(["mpicc", "--version"]))?.status == 0, "needs mpicc and a C compiler"))
    func `A preloaded profiler sees plain MPI calls, and each round marked on every rank`() throws {
        let source = try folder.write(Self.source, to: "profiler.c")
        let library = folder.path + "/profiler.so"
        let compiled = try Program.run(["mpicc", "-shared", "-fPIC", "-o", library, source])
        try #require(compiled.status == 0, "\(compiled.errors)")
        let outcome = try Program.run(
            ranks: 3,
            ["--rounds", "4", "--dataset", "synthetic", "--model", "logistic", "--quiet", "--results", folder.path],
            environment: ["OMPI_MCA_mca_base_env_list": "LD_PRELOAD=\(library)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let line = "starts 4 ends 4 broadcasts 1 gathers 4 outside 0"
        #expect(outcome.outputLines == [line, line, line])
    }
}
