#pragma once
#include <mpi.h>

/*
 * MPI's constants as members of a Swift type: `Constant.commWorld`.
 *
 * They are macros that contain casts. Swift imports none of Open MPI's and some of MPICH's, so all are given names of
 * their own.
 */
struct Constant;
#define FEDMPI_CONSTANT(type, value, name) \
    __attribute__((swift_name("getter:Constant." #name "()"))) \
    static inline type fedmpi_##name(void) { return value; }

struct Constant { char unused; };

FEDMPI_CONSTANT(MPI_Comm, MPI_COMM_WORLD, commWorld)
FEDMPI_CONSTANT(MPI_Comm, MPI_COMM_SELF, commSelf)
FEDMPI_CONSTANT(MPI_Comm, MPI_COMM_NULL, commNull)
FEDMPI_CONSTANT(MPI_Group, MPI_GROUP_NULL, groupNull)
FEDMPI_CONSTANT(MPI_Request, MPI_REQUEST_NULL, requestNull)
FEDMPI_CONSTANT(MPI_Datatype, MPI_DATATYPE_NULL, datatypeNull)
FEDMPI_CONSTANT(MPI_Errhandler, MPI_ERRORS_RETURN, errorsReturn)
FEDMPI_CONSTANT(MPI_Info, MPI_INFO_NULL, infoNull)
FEDMPI_CONSTANT(MPI_Status *, MPI_STATUS_IGNORE, statusIgnore)
FEDMPI_CONSTANT(void *, MPI_IN_PLACE, inPlace)

FEDMPI_CONSTANT(MPI_Datatype, MPI_FLOAT, float)
FEDMPI_CONSTANT(MPI_Datatype, MPI_DOUBLE, double)
FEDMPI_CONSTANT(MPI_Datatype, MPI_INT32_T, int32)
FEDMPI_CONSTANT(MPI_Datatype, MPI_INT64_T, int64)
FEDMPI_CONSTANT(MPI_Datatype, MPI_UINT8_T, uint8)
FEDMPI_CONSTANT(MPI_Datatype, MPI_UINT32_T, uint32)
FEDMPI_CONSTANT(MPI_Datatype, MPI_UINT64_T, uint64)

FEDMPI_CONSTANT(MPI_Op, MPI_SUM, sum)
FEDMPI_CONSTANT(MPI_Op, MPI_PROD, product)
FEDMPI_CONSTANT(MPI_Op, MPI_MIN, minimum)
FEDMPI_CONSTANT(MPI_Op, MPI_MAX, maximum)

FEDMPI_CONSTANT(int, MPI_ANY_SOURCE, anySource)
FEDMPI_CONSTANT(int, MPI_ANY_TAG, anyTag)
FEDMPI_CONSTANT(int, MPI_UNDEFINED, undefined)
FEDMPI_CONSTANT(int, MPI_COMM_TYPE_SHARED, sharedMemory)
FEDMPI_CONSTANT(int, MPI_SUCCESS, success)
FEDMPI_CONSTANT(int, MPI_THREAD_FUNNELED, threadFunneled)
FEDMPI_CONSTANT(int, MPI_MAX_ERROR_STRING, maxErrorString)
FEDMPI_CONSTANT(int, MPI_MAX_LIBRARY_VERSION_STRING, maxLibraryVersionString)

/*
 * Marks the rounds for a profiler that stands between the program and MPI, for which a library itself has no use; Swift
 * cannot call functions with `...`. IPM enters and leaves a region of this name; mpiP counts from 1 to 0.
 */
static inline void fedmpi_round_start(void) { MPI_Pcontrol(1, "round"); }
static inline void fedmpi_round_end(void) { MPI_Pcontrol(0, "exit", "round"); }

/* A handle is a pointer in Open MPI and an int in MPICH. As the field of a struct both have one spelling in Swift. */
struct CommHandle { MPI_Comm value; };
struct GroupHandle { MPI_Group value; };
struct RequestHandle { MPI_Request value; };
struct DatatypeHandle { MPI_Datatype value; };
