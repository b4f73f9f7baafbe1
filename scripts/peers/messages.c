/* What messages cost between two ranks, for a LogGP model: times one way by size, the sender's own time for a small
   message, and the time from one small message to the next when many are sent. Lines "NAME BYTES SECONDS"; with the
   argument "start" it only starts and ends, which is what MPI itself takes.
   mpicc -O2 messages.c -o messages && mpirun -np 2 ./messages */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { burst = 64, most_bytes = 1 << 24 };

static int compare(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* The fastest tenth: what is slower has waited for other processes of the machine. */
static double undisturbed(double *values, int count) {
    qsort(values, count, sizeof *values, compare);
    return values[count / 10];
}

/* Half of the time there and back. */
static double one_way(char *bytes, int size, int repetitions, int rank, double *seconds) {
    for (int i = -5; i < repetitions; i++) {
        double start = MPI_Wtime();
        if (rank == 0) {
            MPI_Send(bytes, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
            MPI_Recv(bytes, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(bytes, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(bytes, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
        }
        if (i >= 0) seconds[i] = (MPI_Wtime() - start) / 2;
    }
    return undisturbed(seconds, repetitions);
}

/* The sender's time for each of a few messages, and the time for each of many until the last is answered. */
static void flood(char *bytes, int count, int rank, double *sent, double *answered) {
    double start = MPI_Wtime();
    for (int i = 0; i < count; i++) {
        if (rank == 0) MPI_Send(bytes, 8, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
        else MPI_Recv(bytes, 8, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    *sent = (MPI_Wtime() - start) / count;
    if (rank == 0) MPI_Recv(bytes, 1, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    else MPI_Send(bytes, 1, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
    *answered = (MPI_Wtime() - start) / count;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (argc == 1) {
        char *bytes = calloc(most_bytes, 1);
        double seconds[1000], sent[200], answered[200];
        for (int size = 1; size <= most_bytes; size *= 4) {
            double way = one_way(bytes, size, size > 1 << 16 ? 30 : 1000, rank, seconds);
            if (!rank) printf("way %d %.9f\n", size, way);
        }
        for (int i = 0; i < 200; i++) flood(bytes, burst / 8, rank, &sent[i], &answered[i]);
        if (!rank) printf("overhead 8 %.9f\n", undisturbed(sent, 200));
        for (int i = 0; i < 200; i++) flood(bytes, burst * 8, rank, &sent[i], &answered[i]);
        if (!rank) printf("gap 8 %.9f\n", undisturbed(answered, 200));
    }
    MPI_Finalize();
}
