/* A round's exchange in C: a flat model down by MPI_Bcast and up by MPI_Gatherv; prints the median in microseconds.
   mpicc -O2 exchange.c -o exchange && mpirun -np 6 ./exchange 214538 200 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    if (argc != 3) {
        fprintf(stderr, "usage: exchange FLOATS ROUNDS\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    int rank, size, floats = atoi(argv[1]), rounds = atoi(argv[2]), warm_up = 5;
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
    if (!rank) {
        qsort(seconds, rounds, sizeof *seconds, compare);
        printf("%.0f us\n", 1e6 * seconds[rounds / 2]);
    }
    MPI_Finalize();
}
