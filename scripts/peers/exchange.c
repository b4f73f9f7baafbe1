/* A round's exchange in C: a flat model down by MPI_Bcast and up by MPI_Gatherv; of two ranks also a ping-pong, the model by
   plain messages there and back. Prints the medians in microseconds.
   mpicc -O2 exchange.c -o exchange && mpirun -np 6 ./exchange 214538 200 */
#include "median.h"
#include <mpi.h>
#include <stdio.h>

enum { warm_up = 5 };

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    if (argc != 3) {
        fprintf(stderr, "usage: exchange FLOATS ROUNDS\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    int rank, size, floats = atoi(argv[1]), rounds = atoi(argv[2]);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    float *weights = calloc(floats, sizeof *weights);
    float *updates = rank ? NULL : malloc((size_t)floats * size * sizeof *updates);
    int *counts = malloc(size * sizeof *counts), *offsets = malloc(size * sizeof *offsets);
    for (int i = 0; i < size; i++) {
        counts[i] = i ? floats : 0;
        offsets[i] = i ? (i - 1) * floats : 0;
    }
    double *seconds = malloc(rounds * sizeof *seconds);
    for (int round = -warm_up; round < rounds; round++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        MPI_Bcast(weights, floats, MPI_FLOAT, 0, MPI_COMM_WORLD);
        MPI_Gatherv(weights, counts[rank], MPI_FLOAT, updates, counts, offsets, MPI_FLOAT, 0, MPI_COMM_WORLD);
        if (round >= 0) seconds[round] = MPI_Wtime() - start;
    }
    if (!rank) printf("exchange %.1f us\n", 1e6 * median(seconds, rounds));

    for (int round = -warm_up; round < rounds && size == 2; round++) {
        double start = MPI_Wtime();
        if (rank) {
            MPI_Recv(weights, floats, MPI_FLOAT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(weights, floats, MPI_FLOAT, 0, 0, MPI_COMM_WORLD);
        } else {
            MPI_Send(weights, floats, MPI_FLOAT, 1, 0, MPI_COMM_WORLD);
            MPI_Recv(weights, floats, MPI_FLOAT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        }
        if (round >= 0) seconds[round] = MPI_Wtime() - start;
    }
    if (!rank && size == 2) printf("ping-pong %.1f us\n", 1e6 * median(seconds, rounds));
    MPI_Finalize();
}
